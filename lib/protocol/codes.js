// SPDX-License-Identifier: MIT
'use strict';

// Every code of an error and of a warning: holdfast_codes.h.
// Written by `node scripts/protocol.js --fix`.

/** @typedef {keyof typeof ERRORS} ErrorCode */
/** @typedef {keyof typeof WARNINGS} WarningCode */

/** Errors, and what each says. */
const ERRORS = Object.freeze({
  HF_NO_MEMORY: 'out of memory: free some, or lower max and maxResultBytes',
  ENOTFOUND: 'the host name could not be resolved: check the host in the URL',
  HF_TLS: 'TLS could not be established with the server',
  HF_AUTH: 'authentication with the server failed',
  HF_PROTOCOL: 'the server broke the protocol: is this really PostgreSQL?',
  HF_ACQUIRE_TIMEOUT:
    'timeout exceeded when trying to connect: no connection became free, raise max or connectionTimeoutMillis',
  HF_QUEUE_FULL: 'too many calls are waiting: shed load, or raise queueMax',
  HF_CONNECT_TIMEOUT:
    'Connection terminated due to connection timeout: the server did not answer, check host, port and firewall',
  HF_QUERY_TIMEOUT:
    'Query read timeout: the statement ran longer than timeoutMillis and was cancelled',
  HF_DEADLINE: 'the call did not succeed by its deadline',
  HF_ABORTED: 'the call was aborted by its signal',
  HF_POOL_CLOSED: 'the pool was ended: make a new one to go on',
  HF_RELEASED: 'the client was released: acquire a new one with pool.connect()',
  HF_PARAM_INVALID: 'a value cannot be sent to the server',
  HF_COPY_UNSUPPORTED:
    'query() cannot run COPY, whose data are a stream: use copyFrom() or copyTo()',
  HF_RESULT_TOO_LARGE:
    'the result is over maxResultBytes: use LIMIT, or raise it',
  HF_OUTCOME_UNKNOWN:
    'Connection terminated unexpectedly: whether the work is durable is unknown',
  HF_BREAKER_OPEN:
    'the database cannot be reached and the next probe is too late',
  HF_SESSION_REQUIRED: 'this needs a session of its own: set DIRECT_URL',
  HF_TRANSACTION_OPEN:
    'query() left a transaction open, it was rolled back: use transaction()',
  HF_COMMIT_ROLLED_BACK:
    'COMMIT was answered with ROLLBACK: an earlier statement had failed',
  HF_SILENT:
    'Connection terminated unexpectedly: the server fell silent and two probes failed',
  HF_ROLLED_BACK: 'a ROLLBACK given after it on the same client ended it',
  HF_HOOK_FAILED: "onConnect or a 'connect' listener failed: see the cause",
  HF_NO_BINARY:
    'no binary of this package fits the platform: the message says what helps',
  HF_TOO_MANY_POOLS:
    '`getPool()` was given a fifth pool that differs by a function only: define it once, or give `key`',
  HF_NO_OPENTELEMETRY: '`@opentelemetry/api` is not installed',
  HF_VALUE_MISSING:
    'a `:name` of the text has no value: give it in `values`, null for NULL',
  HF_VALUE_UNUSED:
    'a value has no `:name` in the text: write the name, or leave the value out',
  HF_TEMPLATE_INVALID:
    'a template cannot become SQL: the message says which part of it, and what to write instead',
  HF_RESULT_UNREADABLE:
    'the statement was done, but a value of its result cannot be read as its type: the message says why',
});

/** Warnings, and when each comes. */
const WARNINGS = Object.freeze({
  HF_OPTIONS: 'an option has less effect than it seems',
  HF_OPTIONS_DIFFER:
    'two calls of `getPool()` set different sizes: the first one stays; set it in one place',
  HF_POOL_PER_FUNCTION:
    'a second pool differs from the first only by a function: define it once, or give `key`; `detail` has both places',
  HF_TOO_MANY_POOLS: 'the fifth such pool was refused',
  HF_TWO_COPIES:
    'two copies of this package are installed, each with pools of its own',
  HF_CLIENT_LEAKED:
    'a client was garbage-collected without `release()`; `detail` has where it was taken',
  HF_SELF_LOCK:
    'a call without a deadline waits for a connection while all are held by clients that do nothing',
  HF_SHARED_LISTENER:
    'a `connect` listener on the pool of `getPool()` only sees connections opened later: use `onConnect`',
  HF_HOOK_FAILED:
    '`onConnect` or a `connect` listener failed while no call waited, and there is no `error` listener',
  HF_SESSION_REQUIRED:
    'SQL in a connect hook was refused behind a transaction pooler',
  HF_DIRECT_TLS: 'the direct connection string asks for weaker TLS',
  HF_LISTENER: 'a callback of yours threw: a listener, `onRetry`, `idempotent`',
  HF_CACHE_NOTIFY: '`cacheNotifyChannel` cannot be listened to',
  HF_SECRET_SHORT: 'the secret of `resetRoute()` is too short',
  HF_PRISMA_VERSION:
    'this version of Prisma does not expose what `retryExtension()` needs',
  HF_FALLBACK: "the pool is pg's, because of `fallback`",
  HF_ENVIRONMENT:
    "an environment variable overrides the connection string in this build's libpq",
  HF_NOT_AWAITED:
    'the function given to a retry helper returned nothing while its query was running: `() => { pool.query(…) }` instead of `() => pool.query(…)`',
  HF_ENGINE:
    'the engine had to skip something, rolled back the transaction of a released client, or a `SET` was sent behind a pooler; the text says which',
});

module.exports = { ERRORS, WARNINGS };
