// SPDX-License-Identifier: MIT
'use strict';

// warmup(): opens `min` connections, one at least, before they are needed.
// Calls share one warm-up and each waits for it as long as it likes; the
// engine goes on opening them when everybody has given up.

const { OP } = require('../protocol/operations.js');
const { abortedError, checkSignal, readMillis } = require('./arguments.js');
const { nowMillis, startTimer, stopTimer } = require('../platform/clock.js');
const { rootOf, usageError } = require('../errors/errors.js');
const { logOf } = require('../observe/log.js');
const { leaveSignal, watchSignal } = require('../platform/signals.js');
const { sendProbe } = require('./probe.js');

const TIMEOUT_MILLIS = 8000;

/** As long as a timer can wait. */
const NO_LIMIT = 2 ** 31 - 1000;

/** Beyond this it is worth a look at the pooler and the network. */
const SLOW_MILLIS = 5000;

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
 *   signal: AbortSignal | undefined}}
 */
function readOptions(options = {}) {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('the options of warmup() must be an object');
  }
  for (const key of Object.keys(options)) {
    if (!KNOWN.has(key)) {
      throw new TypeError(`unknown option of warmup(): ${key}`);
    }
  }
  const { timeoutMillis, failFast = false, signal } = options;
  if (typeof failFast !== 'boolean') {
    throw new TypeError('failFast must be true or false');
  }
  return {
    timeout:
      timeoutMillis === undefined
        ? TIMEOUT_MILLIS
        : readMillis(timeoutMillis, 'timeoutMillis') || NO_LIMIT,
    failFast,
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
  #done = false;
  /**
   * The engine's warm-up that is under way.
   * @type {Promise<void> | null}
   */
  running = null;

  /**
   * @param {import('./pool-core.js').PoolCore} core
   * @param {import('./pool.js').Pool} pool
   */
  constructor(core, pool) {
    this.#core = core;
    this.#pool = pool;
  }

  /**
   * Returns whether as many connections have been open at once as a warm-up
   * opens.
   * @param {Record<string, number>} stats
   * @returns {boolean}
   */
  isDone(stats) {
    const wanted = Math.max(1, this.#pool.options.min);
    this.#done ||= stats.total - stats.connecting >= wanted;
    return this.#done;
  }

  /**
   * @param {any} [options]
   * @returns {Promise<WarmupResult>}
   */
  async run(options) {
    const { timeout, failFast, signal } = readOptions(options);
    this.#core.refuseAfterEnd();
    if (signal?.aborted) {
      throw abortedError(signal);
    }
    const startedAt = nowMillis();
    const endsAt = startedAt + timeout;
    const failure = failFast ? this.#firstFailure(timeout) : null;
    const error = await this.#wait(endsAt, failure, signal);
    const durationMillis = nowMillis() - startedAt;
    if (error === null) {
      return { ok: true, durationMillis };
    }
    if (failFast || error.code === 'HF_ABORTED' || this.#pool.ending) {
      throw error;
    }
    return { ok: false, durationMillis, error };
  }

  /**
   * Waits for the warm-up, once more when another caller's time for it ends
   * first.
   * @param {number} endsAt
   * @param {Promise<never> | null} failure
   * @param {AbortSignal | undefined} signal
   * @returns {Promise<any>} what went wrong, or null
   */
  async #wait(endsAt, failure, signal) {
    for (;;) {
      const left = endsAt - nowMillis();
      this.running ??= this.#start(Math.max(1, Math.ceil(left)));
      try {
        await until(
          failure === null
            ? this.running
            : Promise.race([this.running, failure]),
          endsAt,
          signal,
        );
        return null;
      } catch (error) {
        const { code } = /** @type {any} */ (error);
        if (code !== 'HF_DEADLINE' || nowMillis() >= endsAt) {
          return error;
        }
      }
    }
  }

  /**
   * Rejects as soon as a connect that was begun now has failed.
   * @param {number} millis
   * @returns {Promise<never>}
   */
  #firstFailure(millis) {
    return new Promise((_resolve, reject) => {
      sendProbe(this.#core, millis).catch(reject);
    });
  }

  /**
   * @param {number} millis
   * @returns {Promise<void>}
   */
  #start(millis) {
    const log = logOf(this.#pool);
    if (this.#startedAt === 0) {
      this.#startedAt = nowMillis();
      log.info({ event: 'warmup.start' }, 'Starting connection warmup...');
    }
    const running = new Promise((resolve, reject) => {
      this.#core.command(OP.WARMUP, resolve, reject, { deadline: millis });
    });
    const over = () => {
      this.running = null;
    };
    running.then(
      () => {
        over();
        this.#tellDone();
      },
      (error) => {
        over();
        this.#tellFailed(error);
      },
    );
    return running;
  }

  #tellDone() {
    const log = logOf(this.#pool);
    const durationMillis = nowMillis() - this.#startedAt;
    const took = seconds(durationMillis);
    this.#startedAt = 0;
    this.#done = true;
    log.info(
      { event: 'warmup.done', durationMillis },
      `Warmup complete in ${took}`,
    );
    if (durationMillis > SLOW_MILLIS) {
      log.warn(
        { event: 'warmup.slow', durationMillis },
        `Warmup took ${took}, more than ${seconds(SLOW_MILLIS)}: ` +
          'look at the pooler and the way to it',
      );
    }
  }

  /** @param {any} error */
  #tellFailed(error) {
    const durationMillis = nowMillis() - this.#startedAt;
    this.#startedAt = 0;
    const { message } = rootOf(error);
    logOf(this.#pool).error(
      { event: 'warmup.failed', durationMillis, code: error.code },
      `Warmup failed after ${seconds(durationMillis)}: ${message}`,
    );
  }
}

/**
 * Waits for a promise until a moment, or until the signal is aborted.
 * @template T
 * @param {Promise<T>} promise
 * @param {number} endsAt
 * @param {AbortSignal} [signal]
 * @param {string} [late] what it says when the moment has come
 * @returns {Promise<T>}
 */
function until(
  promise,
  endsAt,
  signal,
  late = 'the warm-up is not complete yet',
) {
  return new Promise((resolve, reject) => {
    const onAbort = () =>
      reject(abortedError(/** @type {AbortSignal} */ (signal)));
    // A little later than the engine, which knows why.
    const timer = startTimer(
      () =>
        reject(
          usageError('HF_DEADLINE', late, {
            outcome: 'not_executed',
            retryable: true,
          }),
        ),
      Math.max(0, endsAt - nowMillis()) + 25,
    );
    const waiting = { handleEvent: onAbort };
    if (signal !== undefined) {
      watchSignal(signal, waiting);
    }
    promise.then(resolve, reject).finally(() => {
      stopTimer(timer);
      leaveSignal(signal, waiting);
    });
  });
}

module.exports = { Warmup, readOptions, until };
