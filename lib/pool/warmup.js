// SPDX-License-Identifier: MIT
'use strict';

// warmup(): the engine opens `min` connections, at least one, before they are
// needed. It answers each call within its own limit, and keeps opening them
// after the last call has given up.

const { rootOf } = require('../errors/errors.js');
const { logOf } = require('../observe/log.js');
const { nowMillis } = require('../platform/clock.js');
const { leaveSignal, watchSignal } = require('../platform/signals.js');
const { FLAG, LIMIT, OP } = require('../protocol/operations.js');
const { checkOptions } = require('../validate/keys.js');
const { checkBoolean, readMillis } = require('../validate/values.js');
const { abortedError, checkSignal, refuseAborted } = require('./arguments.js');

const KNOWN = new Set(['timeoutMillis', 'failFast', 'signal']);

/**
 * @typedef {object} WarmupOptions
 * @property {number} [timeoutMillis]
 * @property {boolean} [failFast]
 * @property {AbortSignal} [signal]
 */

/**
 * @typedef {object} WarmupResult
 * @property {boolean} ok
 * @property {number} durationMillis
 * @property {any} [error] why not
 */

/**
 * @param {any} options
 * @returns {{timeout: number, failFast: boolean,
 *   signal: AbortSignal | undefined}} timeout 0 = none
 */
function readOptions(options = {}) {
  checkOptions(options, KNOWN, 'warmup()');
  const { timeoutMillis, failFast = false, signal } = options;
  return {
    timeout:
      timeoutMillis === undefined
        ? LIMIT.WARMUP_TIMEOUT_MS
        : readMillis(timeoutMillis, 'timeoutMillis'),
    failFast: checkBoolean(failFast, 'failFast'),
    signal: signal === undefined ? undefined : checkSignal(signal),
  };
}

/**
 * @param {number} millis
 * @returns {string} as in "2.5s"
 */
function seconds(millis) {
  return `${(millis / 1000).toFixed(1)}s`;
}

class Warmup {
  #core;
  #pool;
  #startedAt = 0;
  /** Calls that wait. */
  waiting = 0;

  /**
   * @param {import('./pool-core.js').PoolCore} core
   * @param {import('./pool.js').Pool} pool
   */
  constructor(core, pool) {
    this.#core = core;
    this.#pool = pool;
  }

  /**
   * @param {any} [options]
   * @returns {Promise<WarmupResult>}
   */
  async run(options) {
    const { timeout, failFast, signal } = readOptions(options);
    this.#core.refuseAfterEnd();
    refuseAborted(signal);
    const startedAt = nowMillis();
    this.#logStart();
    this.waiting += 1;
    const error = await this.#ask(timeout, failFast, signal);
    this.waiting -= 1;
    const durationMillis = nowMillis() - startedAt;
    if (error === null) {
      this.#logDone();
      return { ok: true, durationMillis };
    }
    this.#logFailed(error);
    if (failFast || error.code === 'HF_ABORTED' || this.#pool.ending) {
      throw error;
    }
    return { ok: false, durationMillis, error };
  }

  /**
   * @param {number} timeout
   * @param {boolean} failFast
   * @param {AbortSignal | undefined} signal
   * @returns {Promise<any>} what went wrong, or null
   */
  #ask(timeout, failFast, signal) {
    const core = this.#core;
    const flags = failFast ? FLAG.FAIL_FAST : 0;
    return new Promise((resolve) => {
      /** @type {any} */
      let request;
      const settle = (/** @type {any} */ error) => {
        leaveSignal(signal, request);
        const aborted = signal?.aborted && error?.code === 'HF_ABORTED';
        resolve(aborted ? abortedError(signal) : error);
      };
      const answers = {
        handleEvent: () => core.port.abort(request),
        onOk: () => settle(null),
        onError: (/** @type {any} */ error) =>
          settle(core.explain(null, error)),
      };
      try {
        request = core.send(OP.WARMUP, answers, { flags, deadline: timeout });
      } catch (error) {
        resolve(error);
        return;
      }
      if (signal !== undefined) {
        watchSignal(signal, request);
      }
    });
  }

  #logStart() {
    if (this.#startedAt === 0) {
      this.#startedAt = nowMillis();
      logOf(this.#pool).info(
        { event: 'warmup.start' },
        'Starting connection warmup...',
      );
    }
  }

  /** Logs it once, for all calls that waited. */
  #logDone() {
    if (this.#startedAt === 0) {
      return;
    }
    const log = logOf(this.#pool);
    const durationMillis = nowMillis() - this.#startedAt;
    const took = seconds(durationMillis);
    this.#startedAt = 0;
    log.info(
      { event: 'warmup.done', durationMillis },
      `Warmup complete in ${took}`,
    );
    if (durationMillis > LIMIT.WARMUP_SLOW_MS) {
      log.warn(
        { event: 'warmup.slow', durationMillis },
        `Warmup took ${took}, more than ${seconds(LIMIT.WARMUP_SLOW_MS)}: ` +
          'look at the pooler and the way to it',
      );
    }
  }

  /**
   * Logs it when no call waits any longer.
   * @param {any} error
   */
  #logFailed(error) {
    if (this.waiting > 0 || this.#startedAt === 0) {
      return;
    }
    const durationMillis = nowMillis() - this.#startedAt;
    this.#startedAt = 0;
    if (error.code === 'HF_ABORTED') {
      return;
    }
    const { message } = rootOf(error);
    logOf(this.#pool).error(
      { event: 'warmup.failed', durationMillis, code: error.code },
      `Warmup failed after ${seconds(durationMillis)}: ${message}`,
    );
  }
}

module.exports = { Warmup, readOptions };
