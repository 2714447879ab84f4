// SPDX-License-Identifier: MIT
'use strict';

// The pool as users see it: a superset of pg's.

const { EventEmitter } = require('node:events');
const { inspect } = require('node:util');

const { OP } = require('../engine/batch.js');
const { callWith, rethrowLater } = require('./answer.js');
const { readDrainMillis } = require('./arguments.js');
const { readInvalidation } = require('./cache.js');
const { CacheEar } = require('./cache-notify.js');
const { asyncDispose } = require('./client.js');
const { usageError } = require('../errors/errors.js');
const { readStats } = require('../observe/metrics.js');
const { Maintenance } = require('./maintenance.js');
const native = require('../engine/native.js');
const { warnOfEnvironment } = require('./environment-warning.js');
const { resolveOptions } = require('../options/options.js');
const { PoolCore } = require('./pool-core.js');
const { prometheusText } = require('../observe/prometheus.js');
const { listen, stopListening } = require('./listen.js');
const { endSessions, hasSessions } = require('./session.js');
const { runTransaction } = require('./transaction.js');
const { warnOnce } = require('../warn.js');

// What the engine counts; see struct hf_gauges.
const GAUGE_TOTAL = 0;
const GAUGE_IDLE = 2;
const GAUGE_WAITING = 3;

/**
 * Says to Pool's constructor that the registry makes it. A symbol, so that no
 * user's second argument can be taken for it.
 */
const SHARED = Symbol('shared');

class Pool extends EventEmitter {
  #core;
  #ending = false;
  #ended = false;
  #maintenance;
  /** @type {CacheEar | undefined} */
  #cacheEar = undefined;

  /**
   * Connects nothing: that begins with the first call.
   * @param {any} [config]
   * @param {any} [internal]
   */
  constructor(config, internal) {
    super();
    const table = native.optionTable();
    const shared = internal?.[SHARED];
    const resolved = shared ?? resolveOptions(config ?? {}, { table });
    if (typeof resolved.onConnect === 'function') {
      throw new TypeError(
        'onConnect must be SQL text: a function would need the connection ' +
          'before the pool has it',
      );
    }
    for (const text of resolved.warnings) {
      warnOnce(text, 'HF_OPTIONS');
    }
    warnOfEnvironment();
    this.#core = new PoolCore(this, resolved, table, shared !== undefined);
    this.#maintenance = new Maintenance(this.#core, this);
    if (resolved.cacheNotifyChannel !== undefined) {
      this.#cacheEar = new CacheEar(this.#core, resolved.cacheNotifyChannel);
    }
    /** @type {any} */
    this.options = resolved.public;
  }

  /**
   * Runs a statement on any connection. Never throws: what is wrong rejects
   * the promise or goes to the callback.
   * @param {any} config SQL text, or an object with `text`
   * @param {any} [values]
   * @param {any} [callback]
   * @returns {Promise<any> | undefined}
   */
  query(config, values, callback) {
    const valuesGiven = typeof values !== 'function';
    const onDone = valuesGiven ? (callback ?? config?.callback) : values;
    return callWith(onDone, 'HoldfastQuery', (resolve, reject) => {
      const given = valuesGiven ? values : undefined;
      const asked = this.#cacheEar?.adjust(config) ?? config;
      this.#core.query(asked, given, resolve, reject);
    });
  }

  /**
   * Acquires a connection: `connect(options?)` returns a promise of a client,
   * `connect((error, client, release) => …)` calls back.
   * @param {any} [options]
   * @param {any} [callback]
   * @returns {Promise<any> | undefined}
   */
  connect(options, callback) {
    // The frames below connect() stay out: they would hold the client.
    const stack = { stack: '' };
    Error.captureStackTrace(stack, Pool.prototype.connect);
    if (typeof options === 'function') {
      return this.#connectWith(undefined, options, stack);
    }
    return callback === undefined
      ? callWith(undefined, 'HoldfastConnect', (resolve, reject) => {
          this.#core.acquire(options, stack, resolve, reject);
        })
      : this.#connectWith(options, callback, stack);
  }

  /**
   * @param {any} options
   * @param {any} callback
   * @param {{stack: string}} stack
   * @returns {Promise<any> | undefined}
   */
  #connectWith(options, callback, stack) {
    const answer = (/** @type {any} */ error, /** @type {any} */ client) => {
      if (error) {
        callback(error, undefined, () => {});
        return;
      }
      let released = false;
      callback(undefined, client, (/** @type {unknown} */ failure) => {
        if (released) {
          throw usageError(
            'HF_RELEASED',
            'Release called on client which has already been released to ' +
              'the pool.',
            { outcome: 'not_executed', retryable: false },
          );
        }
        client.release(failure);
        released = true;
      });
    };
    return callWith(answer, 'HoldfastConnect', (resolve, reject) => {
      this.#core.acquire(options, stack, resolve, reject);
    });
  }

  /**
   * Calls `fn` with a client inside a transaction: commits when it resolves,
   * rolls back and rejects with its error when it rejects.
   * @template T
   * @param {(client: import('./client.js').PoolClient) => T | PromiseLike<T>} fn
   * @param {import('./transaction.js').TransactionOptions} [options]
   * @returns {Promise<T>}
   */
  transaction(fn, options) {
    return runTransaction(this.#core, fn, options);
  }

  /**
   * Ends the pool: calls that wait are rejected at once, work in flight is
   * finished. A second call rejects, as in `pg`.
   * @param {any} [callback]
   * @returns {Promise<void> | undefined}
   */
  end(callback) {
    return this.#end(callback, 0);
  }

  /**
   * Hears of notifications, on a session of its own that is replaced when it
   * is lost. Resolves, once it listens, to the function that ends it.
   * @param {string} channel
   * @param {(notification: any) => unknown} fn
   * @param {{onReconnect?: () => unknown, deadlineMillis?: number}} [options]
   * @returns {Promise<() => Promise<void>>}
   */
  listen(channel, fn, options) {
    return listen(this.#core, channel, fn, options);
  }

  /**
   * Ends the pool, with a limit of its own for work in flight.
   * @param {number} [millis] drainMillis where it is not given
   * @returns {Promise<void>}
   */
  async drain(millis) {
    const given = millis !== undefined && millis !== null;
    // At once is a millisecond: nothing is the pool's own limit.
    const timeout = given ? readDrainMillis(millis, 'millis') : 0;
    await this.#end(undefined, timeout);
  }

  /**
   * @param {any} callback
   * @param {number} timeout 0 = drainMillis
   * @returns {Promise<void> | undefined}
   */
  #end(callback, timeout) {
    return callWith(callback, 'HoldfastEnd', (resolve, reject) => {
      if (this.#ending) {
        throw usageError(
          'HF_POOL_CLOSED',
          'Called end on pool more than once',
          { outcome: 'not_executed', retryable: false },
        );
      }
      this.#ending = true;
      stopListening(this.#core);
      const done = () => {
        this.#ended = true;
        this.#core.close();
        if (hasSessions(this.#core)) {
          endSessions(this.#core).then(() => resolve(undefined), reject);
          return;
        }
        resolve(undefined);
      };
      if (this.#core.opened) {
        this.#core.command(OP.END, done, reject, { timeout });
      } else {
        done();
      }
    });
  }

  /**
   * Opens `min` connections, one at least, and waits for them. A database that
   * is away resolves, with `ok: false`, unless `failFast` is set.
   * @param {import('../health/warmup.js').WarmupOptions} [options]
   * @returns {Promise<import('../health/warmup.js').WarmupResult>}
   */
  warmup(options) {
    return this.#maintenance.warmup(options);
  }

  /**
   * Asks the server, the way queries go. Rejects only for options that are
   * wrong.
   * @param {{timeoutMillis?: number}} [options]
   * @returns {Promise<import('../health/health-report.js').Health>}
   */
  health(options) {
    return this.#maintenance.health(options);
  }

  /**
   * Of the registry's: the pool was asked for again.
   * @param {unknown} key SHARED
   * @param {any} resolved
   */
  noticeOptions(key, resolved) {
    if (key === SHARED) {
      this.#core.noticeOptions(resolved);
    }
  }

  /**
   * Has answers forgotten that `cache` keeps: those with a tag, with one of
   * some tags or a key, or all. Reaches the pool's users in all threads.
   * @param {any} [what] a tag, or {tag, tags, key}
   * @returns {Promise<number>} how many were forgotten
   */
  invalidate(what) {
    return new Promise((resolve, reject) => {
      const labels = readInvalidation(what);
      this.#core.refuseAfterEnd();
      this.#core.invalidate(labels, resolve, reject);
    });
  }

  /**
   * Replaces all connections, each when it is free.
   * @returns {Promise<void>}
   */
  reset() {
    return this.#maintenance.reset();
  }

  /**
   * Closes idle connections and lets calls wait, until resume().
   * @returns {Promise<void>}
   */
  suspend() {
    return this.#maintenance.suspend();
  }

  /** @returns {Promise<void>} */
  resume() {
    return this.#maintenance.resume();
  }

  /**
   * Has every connection forget its prepared statements, busy ones when they
   * are free.
   * @param {{force?: boolean}} [options]
   * @returns {Promise<{connections: number}>}
   */
  clearPreparedStatements(options) {
    return this.#maintenance.clearPreparedStatements(options);
  }

  /**
   * Returns the pool's statistics of this moment. Durations are in
   * microseconds.
   * @returns {Record<string, number>}
   */
  stats() {
    return readStats(this.#core.stats(), this.#core.log);
  }

  /**
   * Returns the pool's statistics in Prometheus' text format.
   * @returns {string}
   */
  prometheus() {
    return prometheusText([this]);
  }

  /** Connections, open or being opened. */
  get totalCount() {
    return this.#core.gauges()?.[GAUGE_TOTAL] ?? 0;
  }

  /** Connections nobody uses. */
  get idleCount() {
    return this.#core.gauges()?.[GAUGE_IDLE] ?? 0;
  }

  /** Calls that wait for a connection. */
  get waitingCount() {
    return this.#core.gauges()?.[GAUGE_WAITING] ?? 0;
  }

  /** Always 0: an expired connection is replaced at once. */
  get expiredCount() {
    return 0;
  }

  get ending() {
    return this.#ending;
  }

  get ended() {
    return this.#ended;
  }

  /**
   * As EventEmitter, but a listener that throws does not disturb the pool.
   * @param {string | symbol} name
   * @param {...any} values
   * @returns {boolean}
   */
  emit(name, ...values) {
    try {
      return super.emit(name, ...values);
    } catch (error) {
      rethrowLater(error);
      return true;
    }
  }

  /** Ends the pool unless that has begun. */
  async [asyncDispose]() {
    if (!this.#ending) {
      await this.end();
    }
  }

  /**
   * @param {number} _depth
   * @param {import('node:util').InspectOptions} options
   */
  [inspect.custom](_depth, options) {
    const { totalCount, idleCount, waitingCount } = this;
    const shown = { totalCount, idleCount, waitingCount };
    return `${this.constructor.name} ${inspect(shown, options)}`;
  }

  toJSON() {
    const { totalCount, idleCount, waitingCount } = this;
    return { totalCount, idleCount, waitingCount };
  }
}

module.exports = { Pool, SHARED };
