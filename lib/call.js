// SPDX-License-Identifier: MIT
'use strict';

// One call of query(): its arguments read, its statement handed to the port,
// and its promise or callback settled.

const { AsyncResource } = require('node:async_hooks');

const { FLAG } = require('./batch.js');
const { nowMillis } = require('./clock.js');
const { contextOf, currentContext } = require('./context.js');
const { isOurs, paramError, usageError } = require('./errors.js');
const { encodeParams } = require('./params.js');
const { rethrowLater } = require('./port.js');
const { mayHaveWritten } = require('./reads.js');
const types = require('./types.js');

const INT_MAX = 2147483647;
const NULL_MARK = '\u0001';
const NULL_MARK_CODE = 1;

/**
 * What query() takes as an object, `pg`'s keys and ours. Others are ignored,
 * as `pg` does: query builders pass objects of their own.
 * @typedef {object} QueryConfig
 * @property {string} text
 * @property {unknown[]} [values]
 * @property {string} [name]
 * @property {string} [rowMode] 'array' for rows as arrays
 * @property {import('./types.js').CustomTypes} [types]
 * @property {string} [queryMode] 'extended' forbids the simple protocol
 * @property {number} [query_timeout] as timeoutMillis
 * @property {number} [timeoutMillis] for one attempt
 * @property {number} [deadlineMillis] for waiting, repeating and running
 * @property {AbortSignal} [signal]
 * @property {boolean} [readOnly]
 * @property {boolean} [idempotent]
 * @property {boolean} [exactlyOnce]
 * @property {boolean | {maxRetries?: number}} [retry]
 * @property {unknown} [context] what a retry helper gave its function
 * @property {unknown} [callback]
 */

/** @typedef {(error: any, result?: any) => void} Callback */

/**
 * A statement whose result is waited for. Its owner, a pool or a client, is
 * told how it went before the caller is.
 * @typedef {object} Owner
 * @property {(call: Call, connection: number, error: unknown) => void} settled
 * @property {(call: Call, error: any) => any} explain
 */

class Call {
  index = 0;
  generation = 0;
  counted = true;
  text = '';
  name = '';
  flags = 0;
  /** In ms, 0 = none. */
  timeout = 0;
  deadline = 0;
  retries = -1;
  rowAsArray = false;
  /** Whether another result of the same statement follows. */
  more = false;
  /** @type {string | null} */
  command = null;
  /** @type {unknown[] | null} */
  values = null;
  /** @type {AbortSignal | null} */
  signal = null;
  /** @type {import('./context.js').JoinedRun | undefined} */
  run = undefined;
  /** @type {(value: any) => void} */
  resolve;
  /** @type {(error: any) => void} */
  reject;
  /** @type {any[] | null} */
  #results = null;
  /** @type {{thrown: unknown} | null} */
  #failed = null;
  #owner;
  /** @type {import('./port.js').Port | null} */
  #port = null;

  /**
   * @param {Owner} owner
   * @param {import('./types.js').CustomTypes} customTypes
   * @param {(value: any) => void} resolve
   * @param {(error: any) => void} reject
   */
  constructor(owner, customTypes, resolve, reject) {
    this.#owner = owner;
    this.types = customTypes;
    this.resolve = resolve;
    this.reject = reject;
  }

  /**
   * Hands the statement to the port. Throws, before anything is sent, what is
   * wrong with the values.
   * @param {import('./port.js').Port} port
   * @param {number} kind
   * @param {number} target
   * @param {number} acquire how long to wait for a connection
   */
  submit(port, kind, target, acquire) {
    // The caller's own code may run in here and call query() itself, so this
    // comes before the first field is pushed.
    const texts = this.values === null ? null : encodeParams(this.values);
    this.values = null;
    const decode = types.builtinMask(this.types);
    this.#port = port;
    port.push(this.text);
    let fields = 1;
    if (this.name !== '') {
      port.push(this.name);
      fields += 1;
    }
    if (texts !== null) {
      for (let i = 0; i < texts.length; i++) {
        const text = texts[i];
        if (text === null) {
          port.push(NULL_MARK);
        } else if (text.charCodeAt(0) === NULL_MARK_CODE) {
          port.push(NULL_MARK + text);
        } else {
          port.push(text);
        }
      }
      fields += texts.length;
    }
    port.addTimed(
      kind,
      fields,
      target,
      this,
      this.flags,
      decode,
      this.deadline,
      acquire,
      this.timeout,
      this.retries,
    );
    if (this.signal !== null) {
      this.signal.addEventListener('abort', this);
    }
  }

  /** The signal was aborted: EventTarget's name for a listener's method. */
  handleEvent() {
    this.#port?.abort(this);
  }

  /**
   * @param {import('./results.js').Result} result
   * @param {import('./port.js').Told} told
   */
  onResult(result, told) {
    this.command = result.command;
    this.more = told.more;
    this.#failed ??= told.failed;
    if (told.more) {
      this.#results ??= [];
      this.#results.push(result);
      this.#owner.settled(this, 0, undefined);
      return;
    }
    this.signal?.removeEventListener('abort', this);
    if (this.run !== undefined && told.attempts > 1) {
      this.run.spend(told.attempts - 1);
    }
    this.#owner.settled(this, told.connection, undefined);
    if (this.#failed !== null) {
      this.reject(this.#failed.thrown);
    } else if (this.#results !== null) {
      this.#results.push(result);
      this.resolve(this.#results);
    } else {
      this.resolve(result);
    }
  }

  /** @param {any} error */
  onError(error) {
    this.more = false;
    this.signal?.removeEventListener('abort', this);
    if (this.run !== undefined && error.attempts > 1) {
      this.run.spend(error.attempts - 1);
    }
    if (this.signal?.aborted && error.code === 'HF_ABORTED') {
      error.cause ??= this.signal.reason;
    }
    this.#owner.settled(this, 0, error);
    this.reject(this.#owner.explain(this, error));
  }

  /** Tells the helper around, if any, of a write that was acknowledged. */
  noteWrite() {
    if (this.run !== undefined && this.mayHaveWritten()) {
      this.run.note('write');
    }
  }

  /** @returns {boolean} */
  mayHaveWritten() {
    return (
      (this.flags & FLAG.READ_ONLY) === 0 &&
      mayHaveWritten(this.command, this.text)
    );
  }
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {number} 0 = none
 */
function readMillis(value, name) {
  if (value === undefined || value === null || value === Infinity) {
    return 0;
  }
  if (typeof value !== 'number' || !(value >= 0)) {
    throw new TypeError(`${name} must be a number of milliseconds`);
  }
  return Math.min(INT_MAX, Math.ceil(value));
}

/**
 * @param {unknown} retry
 * @returns {number} -1 = the pool's policy
 */
function readRetry(retry) {
  if (retry === undefined || retry === null || retry === true) {
    return -1;
  }
  if (retry === false) {
    return 0;
  }
  const given = /** @type {any} */ (retry).maxRetries;
  if (typeof retry !== 'object' || !(given === undefined || given >= 0)) {
    throw new TypeError('retry must be true, false or {maxRetries}');
  }
  return given === undefined ? -1 : Math.min(INT_MAX, Math.floor(given));
}

/**
 * @param {any} signal
 * @returns {AbortSignal}
 */
function checkSignal(signal) {
  if (
    typeof signal?.addEventListener !== 'function' ||
    typeof signal.aborted !== 'boolean'
  ) {
    throw new TypeError('signal must be an AbortSignal');
  }
  return signal;
}

/**
 * @param {unknown} text
 * @returns {string}
 */
function checkText(text) {
  if (typeof text !== 'string') {
    throw new TypeError('text, the first argument of query(), must be a string');
  }
  if (text.includes('\0')) {
    throw paramError('text, the SQL, contains a NUL character');
  }
  return text;
}

/**
 * @param {unknown} values
 * @returns {unknown[] | null}
 */
function checkValues(values) {
  if (values === undefined || values === null) {
    return null;
  }
  if (!Array.isArray(values)) {
    throw new TypeError('values, the second argument of query(), must be an array');
  }
  return values;
}

/**
 * Refuses what is not a statement for a pool on libpq.
 * @param {any} config
 */
function checkConfig(config) {
  if (config === null || typeof config !== 'object') {
    throw new TypeError(
      'the first argument of query() must be SQL text or an object with text',
    );
  }
  if (typeof config.submit === 'function') {
    throw new TypeError(
      'query() cannot run a Submittable such as pg-cursor or pg-query-stream: ' +
        'fetch in portions with LIMIT, or DECLARE a cursor in transaction()',
    );
  }
  if (config.binary) {
    throw new TypeError('binary results are not supported: leave out `binary`');
  }
  if (config.types && typeof config.types.getTypeParser !== 'function') {
    throw new TypeError('types needs a function getTypeParser(oid, format)');
  }
}

/**
 * @param {Call} call
 * @param {QueryConfig} config
 */
function readFlags(call, config) {
  call.flags |=
    (config.readOnly ? FLAG.READ_ONLY : 0) |
    (config.idempotent ? FLAG.IDEMPOTENT : 0) |
    (config.exactlyOnce ? FLAG.EXACTLY_ONCE : 0) |
    (config.queryMode === 'extended' ? FLAG.EXTENDED : 0);
  if (config.name !== undefined && config.name !== null && config.name !== '') {
    if (typeof config.name !== 'string' || config.name.includes('\0')) {
      throw new TypeError('name must be a string without NUL characters');
    }
    call.name = config.name;
    call.flags |= FLAG.NAMED;
  }
}

/**
 * Reads query()'s object into the call.
 * @param {Call} call
 * @param {QueryConfig} config
 * @param {unknown} values
 */
function readConfig(call, config, values) {
  checkConfig(config);
  call.text = checkText(config.text);
  call.values = checkValues(values ?? config.values);
  call.rowAsArray = config.rowMode === 'array';
  call.types = config.types || call.types;
  readFlags(call, config);
  const timeout = config.timeoutMillis ?? config.query_timeout;
  if (timeout !== undefined) {
    call.timeout = readMillis(timeout, 'timeoutMillis');
  }
  if (config.deadlineMillis !== undefined) {
    call.deadline = readMillis(config.deadlineMillis, 'deadlineMillis');
    call.flags |= call.deadline > 0 ? FLAG.CALLER_DEADLINE : 0;
  }
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
      call.signal === null ? signal : AbortSignal.any([call.signal, signal]);
  }
}

/**
 * @param {Call | import('./acquire.js').Acquire} call
 * @param {import('./context.js').JoinedRun} run
 */
function joinDeadline(call, run) {
  if (run.deadlineAt > 0) {
    const left = Math.max(1, Math.ceil(run.deadlineAt - nowMillis()));
    call.deadline = call.deadline > 0 ? Math.min(call.deadline, left) : left;
    call.flags |= run.callerDeadline ? FLAG.CALLER_DEADLINE : 0;
  }
}

/**
 * Puts a call under the retry helper around it.
 * @param {Call | import('./acquire.js').Acquire} call
 * @param {import('./context.js').JoinedRun} run
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
 */
function readArguments(call, config, values) {
  if (typeof config === 'string') {
    call.text = checkText(config);
    call.values = checkValues(values);
  } else {
    readConfig(call, config, values);
  }
}

/**
 * Reads the arguments of a pool's query().
 * @param {Call} call
 * @param {any} config
 * @param {unknown} values
 */
function readCall(call, config, values) {
  readArguments(call, config, values);
  const run = call.run ?? currentContext();
  if (run !== undefined) {
    joinRun(call, run);
  }
  refuseAborted(call.signal);
}

/**
 * Reads the arguments of a client's query(). A statement on a lease is not
 * repeated, and only a deadline of the caller's bounds it.
 * @param {Call} call
 * @param {any} config
 * @param {unknown} values
 * @param {import('./context.js').JoinedRun | undefined} run the lease's own
 * @param {AbortSignal | undefined} signal the lease's own
 */
function readLeaseCall(call, config, values, run, signal) {
  readArguments(call, config, values);
  const joined = call.run ?? currentContext();
  if (joined !== undefined) {
    joinSignal(call, joined.signal);
    if (joined.callerDeadline) {
      joinDeadline(call, joined);
    }
  }
  joinSignal(call, signal);
  call.run = joined ?? run;
  refuseAborted(call.signal);
}

/** @param {AbortSignal | null} signal */
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
  return usageError('HF_ABORTED', undefined, {
    outcome: 'not_executed',
    retryable: false,
    phase: 'local',
    cause: signal.reason,
  });
}

/** @type {(value: any) => void} */
let takenResolve;
/** @type {(error: any) => void} */
let takenReject;

/**
 * An executor that hands out both functions, without a closure per promise.
 * @param {(value: any) => void} resolve
 * @param {(error: any) => void} reject
 */
function take(resolve, reject) {
  takenResolve = resolve;
  takenReject = reject;
}

/**
 * Returns a pair of functions that call back in the caller's async context.
 * What the callback throws is the process's affair, as in `pg`.
 * @param {Callback} callback
 * @param {string} what
 * @returns {{resolve: (value: any) => void, reject: (error: any) => void}}
 */
function fromCallback(callback, what) {
  const resource = new AsyncResource(what);
  const run = (/** @type {any[]} */ ...results) => {
    try {
      resource.runInAsyncScope(callback, undefined, ...results);
    } catch (error) {
      rethrowLater(error);
    }
  };
  return {
    resolve: (value) => run(null, value),
    reject: (error) => run(error),
  };
}

/**
 * Gives an error the stack of the caller's own awaits, as `pg` does: where the
 * engine's answer was read tells nobody anything.
 * @param {unknown} error
 * @returns {never}
 */
function recapture(error) {
  if (isOurs(error) && !Object.isFrozen(error)) {
    Error.captureStackTrace(error, recapture);
  }
  throw error;
}

/**
 * Starts a call for either kind of caller. Nothing is thrown: what is wrong
 * with the arguments rejects the promise or goes to the callback.
 * @param {Callback | undefined} callback
 * @param {string} what
 * @param {(resolve: (value: any) => void, reject: (error: any) => void) =>
 *   void} start may throw
 * @returns {Promise<any> | undefined}
 */
function callWith(callback, what, start) {
  if (callback === undefined) {
    const promise = new Promise(take);
    const reject = takenReject;
    try {
      start(takenResolve, reject);
    } catch (error) {
      reject(error);
    }
    return promise.catch(recapture);
  }
  if (typeof callback !== 'function') {
    return Promise.reject(new TypeError('callback is not a function'));
  }
  const { resolve, reject } = fromCallback(callback, what);
  try {
    start(resolve, reject);
  } catch (error) {
    process.nextTick(reject, error);
  }
  return undefined;
}

module.exports = {
  Call,
  abortedError,
  callWith,
  checkSignal,
  fromCallback,
  joinRun,
  readCall,
  readLeaseCall,
  readMillis,
};
