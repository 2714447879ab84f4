// SPDX-License-Identifier: MIT
'use strict';

// The arguments of query() and connect(), and the retry helper around a call.

const { argumentError } = require('../validate/argument-error.js');
const { callWith } = require('../engine/callbacks.js');
const { FLAG } = require('../protocol/operations.js');
const { leaseError, readCache } = require('./cache.js');
const { addSettings } = require('./call-settings.js');
const { nowMillis } = require('../platform/clock.js');
const { contextOf, currentContext } = require('../retry/context.js');
const { paramError, refusal } = require('../errors/errors.js');
const { areNamed, bindNames } = require('./named-parameters.js');
const { readRetry } = require('./call-retry.js');
const { readValueOptions } = require('../values/value-options.js');
const { checkKeys } = require('../validate/keys.js');
const { readBoolean, readMillis } = require('../validate/values.js');
const { eitherSignal, isSignal } = require('../platform/signals.js');

/** @typedef {import('./call.js').Call} Call */

/**
 * Statements that clean up are not refused because earlier work was aborted.
 * The engine's scanner sees it behind a comment as well, but a call of the
 * addon for each statement costs more than this is worth: a ROLLBACK that is
 * refused is made up for when the client is released.
 */
const UNDOES = /^\s*(?:rollback|abort)\b/i;

/**
 * What query() takes as an object, `pg`'s keys and ours. Others are ignored,
 * as `pg` does: query builders pass objects of their own.
 * @typedef {object} QueryConfig
 * @property {string} text
 * @property {unknown[] | Record<string, unknown>} [values] by number or by name
 * @property {string} [name]
 * @property {string} [rowMode] 'array' for rows as arrays
 * @property {import('../values/types.js').CustomTypes} [types]
 * @property {string} [int8] 'string', 'number' or 'bigint'
 * @property {string} [json] 'parse', 'bigint' or 'text'
 * @property {string} [dates] 'date', 'text' or 'temporal'
 * @property {string} [queryMode] 'extended' forbids the simple protocol
 * @property {number} [query_timeout] as timeoutMillis
 * @property {number} [timeoutMillis] for one attempt
 * @property {number} [deadlineMillis] for waiting, repeating and running
 * @property {AbortSignal} [signal]
 * @property {boolean} [readOnly]
 * @property {boolean} [idempotent]
 * @property {boolean} [exactlyOnce]
 * @property {boolean | {maxRetries?: number}} [retry]
 * @property {import('./cache.js').CacheOptions} [cache] answer from the
 *   cache, and store the result there
 * @property {object} [settings] of the server, for this statement alone
 * @property {unknown} [context] what a retry helper gave its function
 * @property {unknown} [callback]
 */

/**
 * @param {any} signal
 * @returns {AbortSignal}
 */
function checkSignal(signal) {
  if (!isSignal(signal)) {
    throw argumentError('signal must be an AbortSignal');
  }
  return signal;
}

/**
 * @param {unknown} text
 * @returns {string}
 */
function checkText(text) {
  if (typeof text !== 'string') {
    throw argumentError(
      'text, the first argument of query(), must be a string',
    );
  }
  if (text.includes('\0')) {
    throw paramError('text, the SQL, contains a NUL character');
  }
  return text;
}

/**
 * @param {Call} call with its text
 * @param {unknown} values
 */
function readValues(call, values) {
  // As in pg, what is false or null is not given.
  if (!values) {
    return;
  }
  if (Array.isArray(values)) {
    call.values = values;
  } else if (areNamed(values)) {
    call.given = call.text;
    Object.assign(call, bindNames(call.text, values));
  } else {
    throw argumentError(
      'values, the second argument of query(), must be an array, or an object ' +
        'with the values of names',
    );
  }
}

/**
 * `query(callback)` without a statement: as in pg, the callback gets the error.
 * @param {any} callback
 * @returns {Promise<any> | undefined}
 */
function refuseFunction(callback) {
  return callWith(callback, 'HoldfastQuery', () => {
    throw argumentError(
      'Passing a function as the first parameter to pool.query is not supported',
    );
  });
}

/**
 * Refuses what a pool on libpq cannot run.
 * @param {any} config
 */
function checkConfig(config) {
  if (config === null || typeof config !== 'object') {
    throw argumentError(
      'the first argument of query() must be SQL text or an object with text',
    );
  }
  if (config.binary) {
    throw argumentError('binary results are not supported: leave out `binary`');
  }
  if (config.types && typeof config.types.getTypeParser !== 'function') {
    throw argumentError('types needs a function getTypeParser(oid, format)');
  }
}

/**
 * @param {Call} call
 * @param {QueryConfig} config
 */
function readFlags(call, config) {
  call.flags |=
    (readBoolean(config.readOnly, 'readOnly') ? FLAG.READ_ONLY : 0) |
    (readBoolean(config.idempotent, 'idempotent') ? FLAG.IDEMPOTENT : 0) |
    (readBoolean(config.exactlyOnce, 'exactlyOnce') ? FLAG.EXACTLY_ONCE : 0) |
    (config.queryMode === 'extended' ? FLAG.EXTENDED : 0);
  const { retry = null, deadlineMillis } =
    /** @type {{retry?: unknown, deadlineMillis?: unknown}} */ (config);
  if (retry !== null) {
    // With a deadline of its own the call waits for a connection that long, and
    // for a server that was there before.
    call.flags =
      retry === false && deadlineMillis === undefined
        ? call.flags | FLAG.FAIL_NEW
        : call.flags & ~FLAG.FAIL_FAST;
  }
}

/**
 * @param {Call} call
 * @param {QueryConfig} config
 * @param {import('./named-texts.js').NamedTexts} names
 */
function readText(call, config, names) {
  const { name } = config;
  if (name === undefined || name === null || name === '') {
    call.text = checkText(config.text);
    return;
  }
  if (typeof name !== 'string' || name.includes('\0')) {
    throw argumentError('name must be a string without NUL characters');
  }
  call.text = checkText(names.textOf(name, config.text));
  call.name = name;
  call.names = names;
  call.flags |= FLAG.NAMED;
}

/**
 * Reads query()'s object into the call.
 * @param {Call} call
 * @param {QueryConfig} config
 * @param {unknown} values
 * @param {import('./named-texts.js').NamedTexts} names
 */
function readConfig(call, config, values, names) {
  checkConfig(config);
  readText(call, config, names);
  readValues(call, values || config.values);
  call.rowAsArray = config.rowMode === 'array';
  if (config.types) {
    call.types = config.types;
    call.hasOwnTypes = true;
  }
  call.valueOptions = readValueOptions(config);
  readFlags(call, config);
  const timeout = config.timeoutMillis ?? config.query_timeout;
  if (timeout !== undefined) {
    call.timeout = readMillis(timeout, 'timeoutMillis');
  }
  if (config.deadlineMillis !== undefined) {
    call.deadline = readMillis(config.deadlineMillis, 'deadlineMillis');
    call.flags |= call.deadline > 0 ? FLAG.CALLER_DEADLINE : 0;
  }
  if (config.cache !== undefined && config.cache !== null) {
    call.cache = readCache(config.cache);
    call.flags |= FLAG.CACHE;
  }
  addSettings(call, config.settings);
  call.retries = readRetry(config.retry);
  if (config.signal !== undefined && config.signal !== null) {
    call.signal = checkSignal(config.signal);
  }
  call.run = contextOf(config.context) ?? contextOf(config.signal);
}

/**
 * @param {Call | import('./acquire.js').Acquire} call
 * @param {AbortSignal | undefined} signal
 */
function joinSignal(call, signal) {
  if (signal !== undefined && signal !== call.signal) {
    call.signal =
      call.signal === null ? signal : eitherSignal(call.signal, signal);
  }
}

/**
 * @param {Call | import('./acquire.js').Acquire} call
 * @param {import('../retry/context.js').JoinedRun} run
 */
function joinDeadline(call, run) {
  if (run.deadlineAt > 0 && !run.finished) {
    const left = Math.max(1, Math.ceil(run.deadlineAt - nowMillis()));
    call.deadline = call.deadline > 0 ? Math.min(call.deadline, left) : left;
    call.flags |= run.callerDeadline ? FLAG.CALLER_DEADLINE : 0;
  }
}

/**
 * Joins a call to the retry helper around it.
 * @param {Call | import('./acquire.js').Acquire} call
 * @param {import('../retry/context.js').JoinedRun} run
 */
function joinRun(call, run) {
  call.run = run;
  joinDeadline(call, run);
  const left = run.remainingRetries;
  call.retries = call.retries < 0 ? left : Math.min(call.retries, left);
  call.flags |= run.idempotent ? FLAG.IDEMPOTENT : 0;
  joinSignal(call, run.signal);
}

/**
 * Reads query()'s arguments. Throws what is wrong with them.
 * @param {Call} call with the pool's defaults
 * @param {any} config
 * @param {unknown} values
 * @param {import('./named-texts.js').NamedTexts} names
 */
function readArguments(call, config, values, names) {
  if (typeof config === 'string') {
    call.text = checkText(config);
    readValues(call, values);
  } else {
    readConfig(call, config, values, names);
  }
}

/**
 * Reads the arguments of a pool's query().
 * @param {Call} call
 * @param {any} config
 * @param {unknown} values
 * @param {import('./named-texts.js').NamedTexts} names
 */
function readCall(call, config, values, names) {
  readArguments(call, config, values, names);
  const run = call.run ?? currentContext();
  if (run !== undefined) {
    joinRun(call, run);
  }
  refuseAborted(call.signal);
}

/**
 * Binds a statement to a helper's signal, and to a deadline of its caller's.
 * @param {Call} call
 * @param {import('../retry/context.js').JoinedRun} run
 */
function bindTo(call, run) {
  joinSignal(call, run.signal);
  if (run.callerDeadline) {
    joinDeadline(call, run);
  }
}

/**
 * Reads the arguments of a client's query(). A statement on a lease is not
 * repeated, and only a deadline of the caller's bounds it.
 * @param {Call} call
 * @param {any} config
 * @param {unknown} values
 * @param {import('./lease-state.js').LeaseState} lease
 */
function readLeaseCall(call, config, values, { run, signal, names }) {
  readArguments(call, config, values, names);
  if (call.cache !== null) {
    throw leaseError();
  }
  if ((call.flags & FLAG.EXACTLY_ONCE) !== 0) {
    throw argumentError(
      'exactlyOnce is for pool.query() and pool.transaction(): what a client ' +
        'runs belongs to a transaction of its own',
    );
  }
  const joined = call.run ?? currentContext() ?? run;
  const isBound = joined !== undefined || signal !== undefined;
  if (isBound && !UNDOES.test(call.text)) {
    if (joined !== undefined) {
      bindTo(call, joined);
    }
    if (run !== undefined && run !== joined) {
      bindTo(call, run);
    }
    joinSignal(call, signal);
  }
  call.run = joined;
  refuseAborted(call.signal);
}

/** @param {AbortSignal | null | undefined} signal */
function refuseAborted(signal) {
  if (signal?.aborted) {
    throw abortedError(signal);
  }
}

/**
 * @param {AbortSignal} signal
 * @returns {Error}
 */
function abortedError(signal) {
  return refusal('HF_ABORTED', undefined, {
    phase: 'local',
    cause: signal.reason,
  });
}

module.exports = {
  abortedError,
  checkConfig,
  checkKeys,
  checkSignal,
  checkText,
  joinRun,
  joinSignal,
  readBoolean,
  readCall,
  readLeaseCall,
  readMillis,
  readValues,
  refuseAborted,
  refuseFunction,
};
