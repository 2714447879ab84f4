/* SPDX-License-Identifier: MIT */
/*
 * Every code of an error and of a warning, with its sentence. lib/protocol and
 * the documents are checked against these three tables. What is written in
 * backquotes is code.
 */
#ifndef HOLDFAST_CODES_H
#define HOLDFAST_CODES_H

/*
 * X(enumerator, code seen by the user, default sentence).
 * The sentence says what to do. An empty code means: the code comes from the
 * SQLSTATE (HF_SERVER_ERROR) or from errno's name (HF_SOCKET_ERROR).
 */
#define HF_STATUS_MAP(X)                                                       \
  X(HF_OK, "", "success")                                                      \
  X(HF_NO_MEMORY,                                                              \
    "HF_NO_MEMORY",                                                            \
    "out of memory: free some, or lower max and maxResultBytes")               \
  X(HF_SERVER_ERROR, "", "the server reported an error")                       \
  X(HF_SOCKET_ERROR, "", "the connection to the server failed")                \
  X(HF_NAME_ERROR,                                                             \
    "ENOTFOUND",                                                               \
    "the host name could not be resolved: check the host in the URL")          \
  X(HF_TLS_ERROR, "HF_TLS", "TLS could not be established with the server")    \
  X(HF_AUTH_ERROR, "HF_AUTH", "authentication with the server failed")         \
  X(HF_PROTOCOL_ERROR,                                                         \
    "HF_PROTOCOL",                                                             \
    "the server broke the protocol: is this really PostgreSQL?")               \
  X(HF_ACQUIRE_TIMEOUT,                                                        \
    "HF_ACQUIRE_TIMEOUT",                                                      \
    "timeout exceeded when trying to connect: no connection became free, "     \
    "raise max or connectionTimeoutMillis")                                    \
  X(HF_QUEUE_FULL,                                                             \
    "HF_QUEUE_FULL",                                                           \
    "too many calls are waiting: shed load, or raise queueMax")                \
  X(HF_CONNECT_TIMEOUT,                                                        \
    "HF_CONNECT_TIMEOUT",                                                      \
    "Connection terminated due to connection timeout: the server did not "     \
    "answer, check host, port and firewall")                                   \
  X(HF_QUERY_TIMEOUT,                                                          \
    "HF_QUERY_TIMEOUT",                                                        \
    "Query read timeout: the statement ran longer than timeoutMillis and was " \
    "cancelled")                                                               \
  X(HF_DEADLINE, "HF_DEADLINE", "the call did not succeed by its deadline")    \
  X(HF_ABORTED, "HF_ABORTED", "the call was aborted by its signal")            \
  X(HF_POOL_CLOSED,                                                            \
    "HF_POOL_CLOSED",                                                          \
    "the pool was ended: make a new one to go on")                             \
  X(HF_RELEASED,                                                               \
    "HF_RELEASED",                                                             \
    "the client was released: acquire a new one with pool.connect()")          \
  X(HF_PARAM_INVALID,                                                          \
    "HF_PARAM_INVALID",                                                        \
    "a value cannot be sent to the server")                                    \
  X(HF_COPY_UNSUPPORTED,                                                       \
    "HF_COPY_UNSUPPORTED",                                                     \
    "query() cannot run COPY, whose data are a stream: use copyFrom() or "     \
    "copyTo()")                                                                \
  X(HF_RESULT_TOO_LARGE,                                                       \
    "HF_RESULT_TOO_LARGE",                                                     \
    "the result is over maxResultBytes: use LIMIT, or raise it")               \
  X(HF_OUTCOME_UNKNOWN,                                                        \
    "HF_OUTCOME_UNKNOWN",                                                      \
    "Connection terminated unexpectedly: whether the work is durable is "      \
    "unknown")                                                                 \
  X(HF_BREAKER_OPEN,                                                           \
    "HF_BREAKER_OPEN",                                                         \
    "the database cannot be reached and the next probe is too late")           \
  X(HF_SESSION_REQUIRED,                                                       \
    "HF_SESSION_REQUIRED",                                                     \
    "this needs a session of its own: set DIRECT_URL")                         \
  X(HF_TRANSACTION_OPEN,                                                       \
    "HF_TRANSACTION_OPEN",                                                     \
    "query() left a transaction open, it was rolled back: use transaction()")  \
  X(HF_COMMIT_ROLLED_BACK,                                                     \
    "HF_COMMIT_ROLLED_BACK",                                                   \
    "COMMIT was answered with ROLLBACK: an earlier statement had failed")      \
  X(HF_SILENT,                                                                 \
    "HF_SILENT",                                                               \
    "Connection terminated unexpectedly: the server fell silent and two "      \
    "probes failed")                                                           \
  X(HF_ROLLED_BACK,                                                            \
    "HF_ROLLED_BACK",                                                          \
    "a ROLLBACK given after it on the same client ended it")                   \
  X(HF_HOOK_FAILED,                                                            \
    "HF_HOOK_FAILED",                                                          \
    "onConnect or a 'connect' listener failed: see the cause")

/* X(code, sentence): errors that are raised in JavaScript alone. */
#define HF_LOCAL_CODE_MAP(X)                                                   \
  X("HF_NO_BINARY",                                                            \
    "no binary of this package fits the platform: the message says what "      \
    "helps")                                                                   \
  X("HF_TOO_MANY_POOLS",                                                       \
    "`getPool()` was given a fifth pool that differs by a function only: "     \
    "define it once, or give `key`")                                           \
  X("HF_NO_OPENTELEMETRY", "`@opentelemetry/api` is not installed")            \
  X("HF_VALUE_MISSING",                                                        \
    "a `:name` of the text has no value: give it in `values`, null for NULL")  \
  X("HF_VALUE_UNUSED",                                                         \
    "a value has no `:name` in the text: write the name, or leave the value "  \
    "out")                                                                     \
  X("HF_TEMPLATE_INVALID",                                                     \
    "a template cannot become SQL: the message says which part of it, and "    \
    "what to write instead")                                                   \
  X("HF_RESULT_UNREADABLE",                                                    \
    "the statement was done, but a value of its result cannot be read as its " \
    "type: the message says why")

/* X(code, sentence): warnings, of process.on('warning'). */
#define HF_WARNING_MAP(X)                                                      \
  X("HF_OPTIONS", "an option has less effect than it seems")                   \
  X("HF_OPTIONS_DIFFER",                                                       \
    "two calls of `getPool()` set different sizes: the first one stays; set "  \
    "it in one place")                                                         \
  X("HF_POOL_PER_FUNCTION",                                                    \
    "a second pool differs from the first only by a function: define it "      \
    "once, or give `key`; `detail` has both places")                           \
  X("HF_TOO_MANY_POOLS", "the fifth such pool was refused")                    \
  X("HF_TWO_COPIES",                                                           \
    "two copies of this package are installed, each with pools of its own")    \
  X("HF_CLIENT_LEAKED",                                                        \
    "a client was garbage-collected without `release()`; `detail` has where "  \
    "it was taken")                                                            \
  X("HF_SELF_LOCK",                                                            \
    "a call without a deadline waits for a connection while all are held by "  \
    "clients that do nothing")                                                 \
  X("HF_SHARED_LISTENER",                                                      \
    "a `connect` listener on the pool of `getPool()` only sees connections "   \
    "opened later: use `onConnect`")                                           \
  X("HF_HOOK_FAILED",                                                          \
    "`onConnect` or a `connect` listener failed while no call waited, and "    \
    "there is no `error` listener")                                            \
  X("HF_SESSION_REQUIRED",                                                     \
    "SQL in a connect hook was refused behind a transaction pooler")           \
  X("HF_DIRECT_TLS", "the direct connection string asks for weaker TLS")       \
  X("HF_LISTENER",                                                             \
    "a callback of yours threw: a listener, `onRetry`, `idempotent`")          \
  X("HF_CACHE_NOTIFY", "`cacheNotifyChannel` cannot be listened to")           \
  X("HF_SECRET_SHORT", "the secret of `resetRoute()` is too short")            \
  X("HF_PRISMA_VERSION",                                                       \
    "this version of Prisma does not expose what `retryExtension()` needs")    \
  X("HF_FALLBACK", "the pool is pg's, because of `fallback`")                  \
  X("HF_ENVIRONMENT",                                                          \
    "an environment variable overrides the connection string in this build's " \
    "libpq")                                                                   \
  X("HF_NOT_AWAITED",                                                          \
    "the function given to a retry helper returned nothing while its query "   \
    "was running: `() => { pool.query(…) }` instead of `() => pool.query(…)`") \
  X("HF_ENGINE",                                                               \
    "the engine had to skip something, rolled back the transaction of a "      \
    "released client, or a `SET` was sent behind a pooler; the text says "     \
    "which")

#endif
