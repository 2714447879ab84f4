// SPDX-License-Identifier: MIT
'use strict';

// The pool as users see it: a superset of pg's.

const { EventEmitter } = require('node:events');
const { inspect } = require('node:util');

const { GAUGE } = require('../protocol/messages.js');
const { callWith, rethrowLater } = require('../engine/callbacks.js');
const { runBatch } = require('./batch.js');
const { readDrainMillis } = require('../validate/values.js');
const { readInvalidation } = require('./cache.js');
const { CacheInvalidator } = require('./cache-notify.js');
const { asyncDispose } = require('./client.js');
const { readStats } = require('../observe/metrics.js');
const { Maintenance } = require('./maintenance.js');
const native = require('../engine/native.js');
const { warnOfEnvironment } = require('./environment-warning.js');
const { resolveOptions } = require('../options/options.js');
const { PoolCore } = require('./pool-core.js');
const { copyFrom, copyTo, streamRows } = require('./pool-streams.js');
const { queryWith, runObject, withSettings } = require('./pool-query.js');
const { prometheusText } = require('../observe/prometheus.js');
const { end } = require('./end.js');
const { noteHook } = require('./connect-hook.js');
const { listen } = require('./listen.js');
const { sqlOf } = require('./sql-template.js');
const { Client, provide } = require('./standalone-client.js');
const { runTransaction } = require('./transaction.js');
const { warnOnce } = require('../platform/warn.js');

/**
 * Marks a call of Pool's constructor by the registry. A symbol, so that no
 * user's second argument is taken for it.
 */
const SHARED = Symbol('shared');

/**
 * A pool's state is a property by symbol, so that its methods work through a
 * Proxy and on objects that inherit from a pool.
 */
const STATE = Symbol('holdfast.pool');

/**
 * @typedef {object} State
 * @property {Pool} pool itself, also behind a Proxy
 * @property {PoolCore} core
 * @property {boolean} ending
 * @property {boolean} ended
 * @property {Maintenance} maintenance
 * @property {CacheInvalidator | undefined} invalidator
 */

/**
 * @param {any} pool
 * @returns {State}
 */
function stateOf(pool) {
  return pool[STATE];
}

class Pool extends EventEmitter {
  /**
   * Does not connect: that begins with the first call.
   * @param {any} [config]
   * @param {any} [internal]
   */
  constructor(config, internal) {
    super();
    const table = native.optionTable();
    const shared = internal?.[SHARED];
    const resolved =
      shared?.resolved ??
      resolveOptions(config ?? {}, { table, nowhere: 'localhost' });
    if (shared === undefined && resolved.keyName !== undefined) {
      throw new TypeError('key names a pool of getPool(); new Pool() has none');
    }
    for (const text of resolved.warnings) {
      warnOnce(text, 'HF_OPTIONS');
    }
    warnOfEnvironment();
    const core = new PoolCore(this, resolved, table, shared, makePool);
    const channel = resolved.cacheNotifyChannel;
    /** @type {State} */
    const state = {
      pool: this,
      core,
      ending: false,
      ended: false,
      maintenance: new Maintenance(core, this),
      invalidator:
        channel === undefined ? undefined : new CacheInvalidator(core, channel),
    };
    Object.defineProperty(this, STATE, { value: state });
    /** @type {any} */
    this.options = shared?.options ?? resolved.public;
  }

  /**
   * Runs a statement on any connection. Never throws: errors reject the promise
   * or go to the callback.
   * @param {any} config SQL text, or an object with `text`
   * @param {any} [values]
   * @param {any} [callback]
   * @returns {Promise<any> | undefined}
   */
  query(config, values, callback) {
    if (typeof config?.submit === 'function') {
      return runObject(this, config, values, callback);
    }
    return queryWith(stateOf(this), config, values, callback, null);
  }

  /**
   * Returns a handle whose statements have these settings of the server, and
   * which leaves none of them behind.
   * @param {object} settings
   * @returns {import('./pool-query.js').PoolWithSettings}
   */
  withSettings(settings) {
    return withSettings(stateOf(this), null, settings);
  }

  /**
   * Runs several statements in one flight, as one transaction; or, with
   * `atomic: false`, one after the other, each for itself.
   * @param {any} list of SQL texts, or objects with `text`
   * @param {any} [options]
   * @returns {Promise<any[]>}
   */
  batch(list, options) {
    return runBatch(this, list, options);
  }

  /**
   * Returns the rows of a statement as a Readable, in portions: no more of them
   * are in memory than are being read.
   * @param {any} config SQL text, or an object with `text`
   * @param {any} [values]
   * @param {any} [options]
   */
  stream(config, values, options) {
    return streamRows(stateOf(this).core, [config, values, options]);
  }

  /**
   * Returns the data of `COPY … TO STDOUT` as a Readable of bytes.
   * @param {string} text
   * @param {any} [options]
   */
  copyTo(text, options) {
    return copyTo(stateOf(this).core, [text, options]);
  }

  /**
   * Returns a Writable for the data of `COPY … FROM STDIN`. Or copies rows:
   * `copyFrom(table, columns, rows, options)` resolves to how many.
   * @param {any[]} given
   */
  copyFrom(...given) {
    return copyFrom(stateOf(this).core, given);
  }

  /** A template tag: `` await pool.sql`select … where id = ${id}` ``. */
  get sql() {
    return sqlOf(this);
  }

  /**
   * Acquires a connection: `connect(options?)` returns a promise of a client,
   * `connect((error, client, release) => …)` calls back.
   * @param {any} [options]
   * @param {any} [callback]
   * @returns {Promise<any> | undefined}
   */
  connect(options, callback) {
    // Without the frames below connect(), which would reference the client.
    const stack = { stack: '' };
    Error.captureStackTrace(stack, Pool.prototype.connect);
    const { core } = stateOf(this);
    const [given, onDone] =
      typeof options === 'function'
        ? [undefined, options]
        : [options, callback];
    const answer =
      typeof onDone !== 'function'
        ? onDone
        : (/** @type {any} */ error, /** @type {any} */ client) => {
            onDone(error ?? undefined, client, client?.release ?? (() => {}));
          };
    return callWith(answer, 'HoldfastConnect', (resolve, reject) => {
      core.acquire(given, stack, resolve, reject);
    });
  }

  /**
   * Calls `fn` with a client inside a transaction: commits when it resolves,
   * rolls back and rejects with its error when it rejects.
   * @template T
   * @param {(client: import('./client.js').PoolClient) => T | PromiseLike<T>}
   *   fn
   * @param {import('./transaction.js').TransactionOptions} [options]
   * @returns {Promise<T>}
   */
  transaction(fn, options) {
    return runTransaction(stateOf(this).core, fn, options);
  }

  /**
   * Ends the pool: earlier calls are finished, within drainMillis, and later
   * ones are refused. A second call rejects, as in `pg`.
   * @param {any} [callback]
   * @returns {Promise<void> | undefined}
   */
  end(callback) {
    return end(stateOf(this), callback, 0);
  }

  /**
   * Listens to notifications, on a session of its own that is replaced when it
   * is lost. Resolves, once it listens, to the function that stops it.
   * @param {string} channel
   * @param {(notification: any) => unknown} fn
   * @param {{onReconnect?: () => unknown, deadlineMillis?: number}} [options]
   * @returns {Promise<() => Promise<void>>}
   */
  listen(channel, fn, options) {
    return listen(stateOf(this).core, channel, fn, options);
  }

  /**
   * Ends the pool, with a limit of its own for work in flight.
   * @param {number} [millis] drainMillis where it is not given
   * @returns {Promise<void>}
   */
  async drain(millis) {
    const given = millis !== undefined && millis !== null;
    // 0 ms are sent as 1: 0 means the pool's own limit.
    const timeout = given ? readDrainMillis(millis, 'millis') : 0;
    await end(stateOf(this), undefined, timeout);
  }

  /**
   * Opens `min` connections, at least one, and waits for them. When the
   * database is away it resolves with `ok: false`, unless `failFast` is set.
   * @param {import('../pool/warmup.js').WarmupOptions} [options]
   * @returns {Promise<import('../pool/warmup.js').WarmupResult>}
   */
  warmup(options) {
    return stateOf(this).maintenance.warmup(options);
  }

  /**
   * Queries the server. Rejects only for invalid options.
   * @param {{timeoutMillis?: number}} [options]
   * @returns {Promise<import('../pool/health-report.js').Health>}
   */
  health(options) {
    return stateOf(this).maintenance.health(options);
  }

  /**
   * Drops cached results: those with a tag, with one of some tags or a key, or
   * all. It applies to the pool's users in all threads.
   * @param {any} [what] a tag, or {tag, tags, key}
   * @returns {Promise<number>} how many were dropped
   */
  invalidate(what) {
    return new Promise((resolve, reject) => {
      const labels = readInvalidation(what);
      stateOf(this).core.refuseAfterEnd();
      stateOf(this).core.invalidate(labels, resolve, reject);
    });
  }

  /** Replaces all connections, each when it is idle. */
  reset() {
    return stateOf(this).maintenance.reset();
  }

  /** Closes idle connections and makes calls wait, until resume(). */
  suspend() {
    return stateOf(this).maintenance.suspend();
  }

  /** @returns {Promise<void>} */
  resume() {
    return stateOf(this).maintenance.resume();
  }

  /**
   * Makes every connection drop its prepared statements, busy ones when they
   * are idle again.
   * @param {{force?: boolean}} [options]
   * @returns {Promise<{connections: number}>}
   */
  clearPreparedStatements(options) {
    return stateOf(this).maintenance.clearPreparedStatements(options);
  }

  /**
   * Returns the pool's current statistics. Durations are in microseconds.
   * @returns {Record<string, number>}
   */
  stats() {
    return readStats(stateOf(this).core.stats(), stateOf(this).core.log);
  }

  /**
   * Returns the pool's statistics in Prometheus' text format.
   * @returns {string}
   */
  prometheus() {
    return prometheusText([this]);
  }

  /**
   * Looks a type up by its name, to make parameters of it.
   * @param {string} name
   */
  type(name) {
    return stateOf(this).maintenance.type(name);
  }

  /** The class of clients, which some libraries make their own from. */
  get Client() {
    return Client;
  }

  /** Connections, open or being opened. */
  get totalCount() {
    return stateOf(this).core.counts()?.[GAUGE.TOTAL] ?? 0;
  }

  /** Idle connections. */
  get idleCount() {
    return stateOf(this).core.counts()?.[GAUGE.IDLE] ?? 0;
  }

  /** Calls that wait for a connection. */
  get waitingCount() {
    const counts = stateOf(this).core.counts();
    if (counts === undefined) {
      return 0;
    }
    // As in pg: a call whose connection is being opened does not wait.
    return Math.max(0, counts[GAUGE.WAITING] - counts[GAUGE.CONNECTING]);
  }

  /** Always 0: an expired connection is replaced at once. */
  get expiredCount() {
    return 0;
  }

  get ending() {
    return stateOf(this).ending;
  }

  get ended() {
    return stateOf(this).ended;
  }

  /**
   * As EventEmitter. A listener of 'connect' prepares each connection that is
   * opened from then on; what it returns is awaited.
   * @param {string | symbol} name
   * @param {(...values: any[]) => void} listener
   */
  on(name, listener) {
    super.on(name, listener);
    noteHook(stateOf(this).core, name);
    return this;
  }

  /**
   * @param {string | symbol} name
   * @param {(...values: any[]) => void} listener
   */
  addListener(name, listener) {
    return this.on(name, listener);
  }

  /**
   * @param {string | symbol} name
   * @param {(...values: any[]) => void} listener
   */
  prependListener(name, listener) {
    super.prependListener(name, listener);
    noteHook(stateOf(this).core, name);
    return this;
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
    if (!this.ending) {
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

/** @type {import('./pool-core.js').MakePool} */
function makePool(config, shared) {
  return new Pool(config, shared && { [SHARED]: shared });
}

provide(makePool);

module.exports = { Client, Pool, SHARED };
