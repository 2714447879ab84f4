// SPDX-License-Identifier: MIT
'use strict';

// A pool as the engine has it: opened at the first call, under a number of the
// port; what is asked of it, and its figures.

const { openOperation } = require('./open-operation.js');
const { asksIdentity, identify } = require('./server-identity.js');
const { portOrReason } = require('../engine/no-port.js');
const { weakly } = require('../engine/listener.js');
const { addLive, nameOf, removeLive, setCore } = require('../observe/live.js');
const { offerTop } = require('../top/offer.js');
const { setLogger } = require('../observe/log.js');
const { readStats } = require('../observe/metrics.js');
const { Observer } = require('../observe/observer.js');
const { state } = require('../platform/shared-state.js');
const { FLAG, OP } = require('../protocol/operations.js');
const { typesOf } = require('../values/value-options.js');

/**
 * What a handle on a shared pool knows of it.
 * @typedef {object} Shared
 * @property {string} key
 * @property {import('../process/sizes.js').Sizes} sizes
 */

/**
 * What goes with a command.
 * @typedef {object} Given
 * @property {string[]} [fields]
 * @property {number} [flags]
 * @property {number} [deadline]
 * @property {number} [timeout]
 * @property {boolean} [counted] it keeps the process alive
 */

class EnginePool {
  #number = 0;
  /** @type {(name: string) => number} */
  #read;
  #resolved;
  #shared;
  /** @type {Error | null} */
  #openError = null;

  /**
   * @param {import('./pool.js').Pool} pool
   * @param {any} resolved what resolveOptions() made of the user's config
   * @param {import('../engine/native.js').Option[]} table
   * @param {Shared | undefined} shared of a handle on a shared pool
   */
  constructor(pool, resolved, table, shared) {
    this.pool = pool;
    this.#resolved = resolved;
    this.#shared = shared;
    setCore(pool, this.#core);
    this.log = setLogger(pool, resolved.logger);
    this.port = portOrReason();
    /** @type {import('../values/types.js').CustomTypes} */
    this.types = typesOf(resolved);
    /** @type {Map<string, string>} */
    const given = new Map(resolved.engine);
    this.#read = (name) => {
      const row = table.find((option) => option.name === name);
      return Number(given.get(name) ?? row?.initial ?? 0);
    };
    this.observer = new Observer(
      this.log,
      this.#read('slowQueryMillis'),
      resolved.public,
    );
    /** Whether new connections are prepared before they are used. */
    this.hasHook = typeof resolved.onConnect === 'function';
  }

  /** This, which is always extended. */
  get #core() {
    return /** @type {import('./pool-core.js').PoolCore} */ (
      /** @type {unknown} */ (this)
    );
  }

  /**
   * Returns the value of an option of the engine's, as it was given.
   * @param {string} name
   */
  option(name) {
    return this.#read(name);
  }

  /** What resolveOptions() made of the user's config. */
  get resolved() {
    return this.#resolved;
  }

  get max() {
    return this.#shared?.sizes.valueOf('max') ?? this.#read('max');
  }

  get min() {
    return this.#shared?.sizes.valueOf('min') ?? this.#read('min');
  }

  /**
   * Whether both are handles on one shared pool.
   * @param {EnginePool} other
   * @returns {boolean}
   */
  isOnPoolOf(other) {
    return this.#shared !== undefined && other.#isShared(this.#shared.key);
  }

  /** @param {string} key */
  #isShared(key) {
    return this.#shared?.key === key;
  }

  /** Whether others in this process may have the same pool. */
  get isShared() {
    return this.#shared !== undefined;
  }

  get opened() {
    return this.#number !== 0;
  }

  /**
   * Returns the pool's number, and opens the pool at the first call.
   * @returns {number}
   */
  open() {
    if (this.#number === 0) {
      this.#refuseNowhere();
      this.#number = this.port.addPool(weakly(this));
      const ticket = { port: new WeakRef(this.port), number: this.#number };
      state.collected.register(this.pool, ticket, this);
      this.observer.pool = nameOf(this.#core, this.#resolved.public);
      addLive(this.observer.pool, this.#core);
      offerTop();
      const shared = this.#shared;
      this.#sendOpen(
        openOperation(
          this.#resolved,
          shared && { key: shared.key, written: shared.sizes.written },
        ),
      );
      if (this.hasHook) {
        this.port.add(OP.HOOK, 0, this.#number, null, 0);
      }
    }
    return this.#number;
  }

  /** @param {string[]} fields */
  #sendOpen(fields) {
    for (const field of fields) {
      this.port.push(field);
    }
    const notified = this.#resolved.cacheNotifyChannel !== undefined;
    const flags =
      FLAG.EVENTS |
      (this.#shared ? FLAG.SHARED : 0) |
      (notified ? FLAG.NOTIFIED : 0);
    this.port.add(OP.OPEN, fields.length, this.#number, this.#opener(), flags);
  }

  /**
   * Sends sizes of this shared pool that were not set before.
   * @param {readonly (readonly [string, string])[]} pairs
   * @returns {boolean} whether they were sent
   */
  resize(pairs) {
    if (this.opened && pairs.length > 0) {
      this.#sendOpen([this.#shared?.key ?? '', ...pairs.flat()]);
      return true;
    }
    return false;
  }

  /**
   * Takes the functions of a module that was reloaded.
   * @param {any} resolved
   */
  adopt(resolved) {
    const { password, onConnect, types } = resolved;
    const properties = Object.getOwnPropertyDescriptors(this.#resolved);
    for (const [name, value] of Object.entries({
      password,
      onConnect,
      types,
    })) {
      Object.assign(properties[name], { value });
    }
    this.#resolved = Object.freeze(Object.defineProperties({}, properties));
    this.types = typesOf(this.#resolved);
  }

  /** Throws where no configuration names the database, once it is needed. */
  #refuseNowhere() {
    const { nowhere } = this.#resolved;
    if (nowhere !== undefined) {
      throw Object.assign(new TypeError(nowhere), {
        code: 'HF_PARAM_INVALID',
        outcome: 'not_executed',
        retryable: false,
        phase: 'local',
      });
    }
  }

  /** @returns {import('../engine/waiters.js').Waiter} */
  #opener() {
    return {
      index: 0,
      generation: 0,
      counted: false,
      onOpened: (_existing, options) => {
        this.#shared?.sizes.learn(options);
      },
      onError: (error) => {
        this.#openError = error;
      },
    };
  }

  /**
   * Sends an operation on the pool.
   * @param {number} kind
   * @param {(value?: any) => void} resolve
   * @param {(error: any) => void} reject
   * @param {Given} [given]
   */
  command(kind, resolve, reject, given) {
    const onOk = (/** @type {number} */ value) => resolve(value);
    const onError = (/** @type {Error} */ error) =>
      reject(this.explain(null, error));
    this.send(kind, { onOk, onError }, given);
  }

  /**
   * As command(), with handlers of its own for the answer.
   * @template T
   * @param {number} kind
   * @param {T} answers its handlers
   * @param {Given} [given]
   */
  send(kind, answers, given = {}) {
    const { fields = [], flags = 0, deadline = 0, timeout = 0 } = given;
    const pool = this.open();
    for (const field of fields) {
      this.port.push(field);
    }
    const request = {
      index: 0,
      generation: 0,
      counted: given.counted ?? true,
      flags,
      decode: 0,
      deadline,
      acquire: 0,
      timeout,
      retries: -1,
      ...answers,
    };
    const waiter = /** @type {any} */ (request);
    this.port.addRequest(kind, fields.length, pool, waiter);
    return request;
  }

  /**
   * @param {string[]} labels none = everything
   * @param {(count: number) => void} resolve
   * @param {(error: any) => void} reject
   */
  invalidate(labels, resolve, reject) {
    if (!this.opened) {
      resolve(0);
      return;
    }
    this.command(OP.INVALIDATE, resolve, reject, { fields: labels });
  }

  /** From now on new connections are prepared. */
  useHook() {
    if (!this.hasHook && this.opened) {
      this.port.add(OP.HOOK, 0, this.#number, null, 0);
    }
    this.hasHook = true;
  }

  /**
   * As gauges(), including calls made just now, as in pg.
   * @returns {Int32Array | undefined}
   */
  counts() {
    return this.opened ? this.port.counts(this.#number) : undefined;
  }

  /** @returns {Int32Array | undefined} */
  gauges() {
    return this.opened ? this.port.gauges(this.#number) : undefined;
  }

  /** @returns {Float64Array | undefined} */
  stats() {
    return this.opened ? this.port.stats(this.#number) : undefined;
  }

  /**
   * Returns the pool's figures for exporters.
   * @returns {import('../observe/prometheus.js').Sample}
   */
  sample() {
    const name =
      this.observer.pool || nameOf(this.#core, this.#resolved.public);
    const buckets = this.opened ? this.port.buckets(this.#number) : undefined;
    return { name, stats: readStats(this.stats(), this.log), buckets };
  }

  /**
   * Answers a question of the engine's.
   * @param {string} question
   * @returns {Promise<string>}
   */
  async onAsk(question) {
    const { password, checkServerIdentity } = this.#resolved;
    if (asksIdentity(question)) {
      return await identify(question, checkServerIdentity);
    }
    if (question !== 'password' || typeof password !== 'function') {
      throw new Error(`the pool cannot answer: ${question}`);
    }
    const answer = await password(this.#resolved.public);
    if (typeof answer !== 'string') {
      throw new TypeError('Password must be a string');
    }
    return answer;
  }

  /**
   * @param {unknown} _call
   * @param {any} error
   * @returns {any} why the pool could not be opened, if that is what it fails
   *   by
   */
  explain(_call, error) {
    return this.#openError !== null && error.code === 'HF_POOL_CLOSED'
      ? this.#openError
      : error;
  }

  /** The engine has ended the pool: nothing more comes from it. */
  close() {
    state.collected.unregister(this);
    state.reusable.delete(this.pool);
    this.port.removePool(this.#number);
    removeLive(this.observer.pool, this.#core);
    this.observer.close();
  }

  /** @param {import('../engine/listener.js').Event} event */
  onEvent(event) {
    this.observer.onEvent(event);
  }
}

module.exports = { EnginePool };
