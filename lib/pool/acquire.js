// SPDX-License-Identifier: MIT
'use strict';

// One call of connect(), which waits for a lease.

const { argumentError } = require('../validate/argument-error.js');
const { FLAG, OP } = require('../protocol/operations.js');
const { abortedError, checkSignal, joinRun } = require('./arguments.js');
const { checkKeys } = require('../validate/keys.js');
const { readBoolean, readMillis } = require('../validate/values.js');
const { contextOf, currentContext } = require('../retry/context.js');
const { leaveSignal, watchSignal } = require('../platform/signals.js');

/**
 * @typedef {object} ConnectOptions
 * @property {boolean} [session] the connection must not be multiplexed
 * @property {AbortSignal} [signal]
 * @property {number} [deadlineMillis]
 * @property {unknown} [context] what a retry helper gave its function
 * @property {boolean} [retry] false: a failed connect rejects it
 * @property {object} [settings] of the server, for its statements
 */

/** @typedef {import('./client.js').PoolClient} PoolClient */

const KNOWN = new Set([
  'session',
  'signal',
  'deadlineMillis',
  'context',
  'retry',
  'settings',
]);

class Acquire {
  index = 0;
  generation = 0;
  counted = true;
  flags = 0;
  decode = 0;
  deadline = 0;
  acquire = 0;
  timeout = 0;
  retries = -1;
  portion = 0;
  connection = 0;
  /** @type {AbortSignal | null} */
  signal = null;
  /** @type {import('../retry/context.js').JoinedRun | undefined} */
  run = undefined;
  #core;
  #grant;
  #reject;

  /**
   * @param {import('./pool-core.js').PoolCore} core
   * @param {ConnectOptions | undefined} options
   * @param {(lease: import('../engine/waiters.js').Lease,
   *   run: import('../retry/context.js').JoinedRun | undefined) => void} grant
   * @param {(error: any) => void} reject
   */
  constructor(core, options, grant, reject) {
    this.#core = core;
    this.#grant = grant;
    this.#reject = reject;
    this.deadline = core.defaults.deadline;
    this.acquire = core.defaults.acquire;
    this.flags = core.defaults.flags;
    // As in pg, what is false or null is not given.
    if (options) {
      this.#read(options);
    }
    const run = this.run ?? currentContext();
    if (run !== undefined) {
      joinRun(this, run);
      run.use(core.pool);
    }
    if (this.signal?.aborted) {
      throw abortedError(this.signal);
    }
  }

  /** @param {ConnectOptions} options */
  #read(options) {
    if (typeof options !== 'object') {
      throw argumentError('connect() takes a callback or an object of options');
    }
    checkKeys(options, KNOWN, 'connect()');
    readBoolean(options.session, 'session'); // PoolCore.acquire reads it
    if (options.deadlineMillis !== undefined) {
      this.deadline = readMillis(options.deadlineMillis, 'deadlineMillis');
      this.flags |= this.deadline > 0 ? FLAG.CALLER_DEADLINE : 0;
    }
    if (options.signal !== undefined && options.signal !== null) {
      this.signal = checkSignal(options.signal);
    }
    if (options.retry !== undefined) {
      this.flags = readBoolean(options.retry, 'retry')
        ? this.flags & ~FLAG.FAIL_FAST
        : this.flags | FLAG.FAIL_NEW;
    }
    this.run = contextOf(options.context) ?? contextOf(options.signal);
  }

  submit() {
    const core = this.#core;
    core.port.addRequest(OP.ACQUIRE, 0, core.open(), this);
    if (this.signal !== null) {
      watchSignal(this.signal, this);
    }
  }

  handleEvent() {
    this.#core.port.abort(this);
  }

  /** @param {import('../engine/waiters.js').Lease} lease */
  onLease(lease) {
    leaveSignal(this.signal, this);
    this.#grant(lease, this.run);
  }

  /**
   * @param {any} error
   * @param {number} _transaction
   * @param {number} connection
   */
  onError(error, _transaction, connection) {
    this.connection = connection;
    leaveSignal(this.signal, this);
    if (this.signal?.aborted && error.code === 'HF_ABORTED') {
      error.cause ??= this.signal.reason;
    }
    this.#reject(this.#core.explain(this, error));
  }
}

module.exports = { Acquire };
