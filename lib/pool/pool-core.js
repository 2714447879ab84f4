// SPDX-License-Identifier: MIT
'use strict';

// What a Pool is made of: its number at the port, its defaults and its
// clients.

const { Acquire } = require('./acquire.js');
const { FLAG, OP } = require('../protocol/operations.js');
const { readCall } = require('./arguments.js');
const { Call } = require('./call.js');
const { PoolClient, internals } = require('./client.js');
const { Clients } = require('./clients.js');
const { usageError } = require('../errors/errors.js');
const { queryOnce } = require('./exactly-once.js');
const { NamedTexts } = require('./named-texts.js');
const { emitEvent } = require('./emit-event.js');
const { addLive, nameOf, removeLive, setCore } = require('../observe/live.js');
const { setLogger } = require('../observe/log.js');
const { readStats } = require('../observe/metrics.js');
const { portOrReason } = require('../engine/no-port.js');
const { Observer } = require('../observe/observer.js');
const { acquireSession, hasSessions, pastPooler } = require('./session.js');
const { selfLock, watchForLock } = require('./self-lock.js');
const registry = require('../values/types.js');
const { SERVER_TIMEOUTS } = require('../options/draft.js');
const { warnOnce } = require('../platform/warn.js');
const { weakly } = require('../engine/listener.js');
const { rootsOf, thisCopy } = require('../platform/package-instance.js');
const { openFields } = require('./open-message.js');
const { state } = require('../platform/shared-state.js');

/** @typedef {import('../engine/waiters.js').Lease} Lease */
/** @typedef {import('../retry/context.js').JoinedRun} JoinedRun */

/** @type {import('../errors/errors.js').Details} */
const NOT_SENT = { outcome: 'not_executed', retryable: false };

const roots = rootsOf(thisCopy());

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

/**
 * Makes a second pool: past a pooler, or for a session that listens.
 * @callback MakePool
 * @param {object | undefined} config
 * @param {{resolved: any, key: string, sizes: any}} [shared]
 * @returns {import('./pool.js').Pool}
 */

class PoolCore {
  #number = 0;
  /** @type {(name: string) => number} */
  #read;
  #resolved;
  #shared;
  /** @type {Error | null} */
  #openError = null;
  /** Whether it is known what hooks do. */
  #greeted = false;
  #mask = -1;
  /** What a connection got last. @type {import('../values/types.js').CustomTypes | null} */
  #parsers = null;
  /** @type {Set<boolean>} */
  #warnedLeaks = new Set();

  /**
   * @param {import('./pool.js').Pool} pool
   * @param {any} resolved what resolveOptions() made of the user's config
   * @param {import('../engine/native.js').Option[]} table
   * @param {Shared | undefined} shared of a handle on a shared pool
   * @param {MakePool} makePool
   */
  constructor(pool, resolved, table, shared, makePool) {
    this.pool = pool;
    this.makePool = makePool;
    this.#resolved = resolved;
    this.#shared = shared;
    setCore(pool, this);
    /** What users named in query(). */
    this.names = new NamedTexts();
    this.log = setLogger(pool, resolved.logger);
    this.port = portOrReason();
    /** @type {import('../values/types.js').CustomTypes} */
    this.types = resolved.types ?? registry;
    /** @type {string | undefined} */
    this.directUrl = resolved.directUrl;
    /** @type {Map<string, string>} */
    const given = new Map(resolved.engine);
    const read = (/** @type {string} */ name) => {
      const row = table.find((option) => option.name === name);
      return Number(given.get(name) ?? row?.initial ?? 0);
    };
    this.defaults = {
      deadline: read('deadlineMillis'),
      acquire: read('connectionTimeoutMillis'),
      timeout: read('timeoutMillis'),
      flags: resolved.failFast ? FLAG.FAIL_FAST : 0,
    };
    /** Whether statements depend on what their session is set to. */
    this.hasSettings =
      resolved.settings.length > 0 ||
      Object.values(SERVER_TIMEOUTS).some((name) => read(name) > 0);
    this.observer = new Observer(
      this.log,
      read('slowQueryMillis'),
      resolved.public,
    );
    this.#read = read;
    /** Ends the wait for hooks, by lease. @type {Map<number, () => void>} */
    this.greetings = new Map();
    /** By connection. @type {Map<number, unknown>} */
    this.hookErrors = new Map();
    /** Clients whose connection was lost, by its serial. */
    this.losing = /** @type {Map<number, PoolClient>} */ (new Map());
    /** Whose 'connect' listeners prepare connections. */
    this.hookedBy = pool;
    /**
     * Hears what is notified, where this pool's session is one to listen on.
     * @type {import('./listen.js').NotificationListener | undefined}
     */
    this.listener = undefined;
    /** Whether anybody prepares new connections. */
    this.greets = typeof resolved.onConnect === 'function';
    this.clients = new Clients(
      read('max'),
      (serial) => new PoolClient(this, serial),
    );
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
   * @param {PoolCore} other
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
   * Returns the pool's number; tells the engine of the pool at the first call.
   * @returns {number}
   */
  open() {
    if (this.#number === 0) {
      this.#refuseNowhere();
      this.#number = this.port.addPool(weakly(this));
      const ticket = { port: new WeakRef(this.port), number: this.#number };
      state.collected.register(this.pool, ticket, this);
      this.observer.pool = nameOf(this, this.#resolved.public);
      addLive(this.observer.pool, this);
      const shared = this.#shared;
      this.#sendOpen(
        openFields(
          this.#resolved,
          shared && { key: shared.key, written: shared.sizes.written },
        ),
      );
      if (this.greets) {
        this.port.add(OP.GREET, 0, this.#number, null, 0);
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
   * Somebody wrote sizes for this shared pool that nobody had written before.
   * @param {readonly (readonly [string, string])[]} pairs
   * @returns {boolean} whether the engine was told
   */
  resize(pairs) {
    if (this.opened && pairs.length > 0) {
      this.#sendOpen([this.#shared?.key ?? '', ...pairs.flat()]);
      return true;
    }
    return false;
  }

  /**
   * A reloaded module brought its functions anew.
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
    this.types = types ?? registry;
  }

  /** Nothing said where the database is: told when it is needed. */
  #refuseNowhere() {
    const { nowhere } = this.#resolved;
    if (nowhere !== undefined) {
      throw Object.assign(new TypeError(nowhere), {
        code: 'HF_PARAM_INVALID',
        ...NOT_SENT,
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
   * @param {any} config
   * @param {any} values
   * @param {(value: any) => void} resolve
   * @param {(error: any) => void} reject
   */
  query(config, values, resolve, reject) {
    this.refuseAfterEnd();
    if (typeof config === 'object' && config?.exactlyOnce === true) {
      queryOnce(this, config, values).then(resolve, reject);
      return;
    }
    const refuse = this.hasSettings
      ? pastPooler(this, config, values, resolve, reject)
      : reject;
    const call = new Call(this, this.types, resolve, refuse);
    call.deadline = this.defaults.deadline;
    call.timeout = this.defaults.timeout;
    call.flags = this.defaults.flags;
    readCall(call, config, values, this.names);
    call.run?.use(this.pool);
    call.acquire = this.defaults.acquire;
    const { port, observer } = this;
    const target = this.open();
    if (observer.followsCalls) {
      observer.follow(call, false, () => call.submit(port, OP.QUERY, target));
    } else {
      call.submit(port, OP.QUERY, target);
    }
    this.#watch();
  }

  /** A call may wait for ever. */
  #watch() {
    if (this.defaults.deadline === 0 && this.defaults.acquire === 0) {
      watchForLock(this);
    }
  }

  refuseAfterEnd() {
    if (this.pool.ending) {
      throw usageError(
        'HF_POOL_CLOSED',
        'Cannot use a pool after calling end on the pool',
        NOT_SENT,
      );
    }
  }

  /**
   * Called by a statement of query() before its caller hears.
   * @param {Call} call
   * @param {number} connection
   * @param {any} error
   */
  settled(call, connection, error) {
    if (!call.more) {
      this.observer.settled(call, error);
    }
    if (error === undefined) {
      call.noteWrite();
    } else {
      this.observer.failed(error);
      call.noteDoubt(error);
    }
    const { pool } = this;
    const used =
      connection !== 0 &&
      (error === undefined ||
        error.phase === 'await' ||
        error.phase === 'send' ||
        error.phase === 'commit');
    const heard =
      pool.listenerCount('release') > 0 || pool.listenerCount('acquire') > 0;
    if (used && heard && !call.more) {
      const client = this.clients.of(connection);
      pool.emit('acquire', client);
      pool.emit('release', error, client);
    }
  }

  /**
   * Returns what the caller of a failed call hears: if the pool itself could
   * not be made, that is why.
   * @param {any} call
   * @param {any} error
   * @returns {any}
   */
  explain(call, error) {
    if (error.code === 'HF_HOOK_FAILED') {
      const { hookErrors } = this;
      const { connection } = call;
      return hookErrors.has(connection) ? hookErrors.get(connection) : error;
    }
    const lock = selfLock(this, error);
    if (lock !== '') {
      error.message += lock;
    }
    return this.#openError !== null && error.code === 'HF_POOL_CLOSED'
      ? this.#openError
      : error;
  }

  /**
   * Acquires a connection. Throws what is wrong with the options.
   * @param {import('./acquire.js').ConnectOptions | undefined} options
   * @param {{stack?: string} | undefined} stack where it was asked for;
   *   without one the client is an object of its own
   * @param {(client: PoolClient) => void} resolve
   * @param {(error: any) => void} reject
   */
  acquire(options, stack, resolve, reject) {
    this.refuseAfterEnd();
    if (options?.session && hasSessions(this)) {
      acquireSession(this, options, stack, resolve, reject);
      return;
    }
    this.observer.acquire(resolve, reject, (onClient, onError) => {
      new Acquire(
        this,
        options,
        (lease, run) => {
          if (options?.session && lease.pooled) {
            this.port.add(OP.RELEASE, 0, lease.number, null, 0);
            acquireSession(this, options, stack, onClient, onError);
          } else {
            onClient(this.#grant(lease, run, stack));
          }
        },
        onError,
      ).submit();
      this.#watch();
    });
  }

  /**
   * @param {Lease} lease
   * @param {JoinedRun | undefined} run
   * @param {{stack?: string} | undefined} stack
   * @returns {PoolClient}
   */
  #grant(lease, run, stack) {
    const client = stack
      ? this.clients.of(lease.connection)
      : new PoolClient(this, lease.connection);
    if (!stack) {
      const own = this.clients.find(lease.connection);
      const { types = null } = own ? internals.stateOf(own) : {};
      internals.stateOf(client).types = types;
    }
    internals.grant(client, lease, run, stack);
    this.clients.lend(lease.number, client);
    this.port.hold();
    roots.add(this);
    this.observer.granted(lease.number);
    this.pool.emit('acquire', client);
    return client;
  }

  /**
   * @param {any} client
   * @param {import('./lease-state.js').LeaseState} state
   * @param {number} lease
   * @param {unknown} error
   */
  release(client, state, lease, error) {
    const hears = this.hearsFlag(this.clients.find(state.serial));
    this.#giveBack(lease, (error === true ? FLAG.CLOSE : 0) | hears);
    this.#tellReleased(client, state, lease, error);
  }

  /**
   * The same when the engine has released it, with OP.FINISH.
   * @param {any} client
   * @param {import('./lease-state.js').LeaseState} state
   * @param {number} lease
   * @param {unknown} error
   */
  finished(client, state, lease, error) {
    this.#takeBack(lease);
    this.#tellReleased(client, state, lease, error);
  }

  /**
   * @param {any} client
   * @param {import('./lease-state.js').LeaseState} state
   * @param {number} lease
   * @param {unknown} error
   */
  #tellReleased(client, state, lease, error) {
    this.observer.released(lease, state.processID, error);
    this.pool.emit('release', error || undefined, client);
  }

  /**
   * @param {number} lease
   * @param {number} flags
   */
  #giveBack(lease, flags) {
    if (this.#takeBack(lease)) {
      this.port.add(OP.RELEASE, 0, lease, null, flags);
    }
  }

  /**
   * @param {number} lease
   * @returns {boolean} whether it was lent
   */
  #takeBack(lease) {
    const isLent = this.clients.takeBack(lease);
    if (isLent) {
      this.port.drop();
      if (this.clients.lent === 0) {
        roots.delete(this);
      }
    }
    return isLent;
  }

  /**
   * Nobody has the client of a lease any more. Its connection is taken back if
   * that takes nothing away from anybody.
   * @param {import('./lease-state.js').LeaseState} state
   * @param {number} lease
   * @param {{stack?: string} | undefined} stack
   */
  reclaim(state, lease, stack) {
    if (state.lease !== lease || !this.clients.isLent(lease)) {
      return;
    }
    const kept = state.holds;
    if (kept) {
      this.clients.replace(lease, internals.standIn(state));
    } else {
      state.lease = 0;
      this.#giveBack(lease, 0);
    }
    this.#warnOfLeak(kept, stack);
  }

  /**
   * @param {boolean} kept
   * @param {{stack?: string} | undefined} stack
   */
  #warnOfLeak(kept, stack) {
    if (this.#warnedLeaks.has(kept)) {
      return;
    }
    this.#warnedLeaks.add(kept);
    const text = kept
      ? 'its connection stays out, for it listens or holds a session: keep ' +
        'the client, and release() it in the end'
      : 'its connection was taken back';
    process.emitWarning(
      `a client was garbage-collected without release(): ${text}`,
      {
        type: 'HoldfastWarning',
        code: 'HF_CLIENT_LEAKED',
        detail: stack?.stack,
      },
    );
  }

  /**
   * Has the engine do something with the pool.
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
   * As command(), for whoever takes the answer in a way of its own.
   * @template T
   * @param {number} kind
   * @param {T} answers what is called with the answer
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
   * @param {string[]} labels none = everything that is kept
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

  /** New connections are to be prepared from now on. */
  greet() {
    if (!this.greets && this.opened) {
      this.port.add(OP.GREET, 0, this.#number, null, 0);
    }
    this.greets = true;
  }

  /**
   * A connection was prepared; from now on it is known which parsers they get.
   * @param {import('../values/types.js').TypeOverrides | null} types
   */
  noteGreeting(types) {
    this.#greeted = true;
    if (types !== null) {
      this.noteParsers(types);
    }
  }

  /**
   * A connection has parsers of its own.
   * @param {import('../values/types.js').TypeOverrides} types
   */
  noteParsers(types) {
    this.#parsers = types;
    this.#mask &= registry.builtinMask(types);
  }

  /** What the engine may decode, whatever connection a query comes to. */
  get decodable() {
    return this.greets && !this.#greeted ? 0 : this.#mask;
  }

  /**
   * Returns the parsers for an answer.
   * @param {number} connection 0 = an answer that was kept
   * @param {import('../values/types.js').CustomTypes} types of the call
   */
  typesOn(connection, types) {
    if (this.#parsers === null || types !== this.types) {
      return types;
    }
    const client = this.clients.find(connection);
    const own = client === undefined ? null : internals.stateOf(client).types;
    return (connection === 0 ? this.#parsers : own) ?? types;
  }

  /**
   * Whether the engine is to go on with notices of a client's connection.
   * @param {PoolClient | undefined} client
   * @returns {number} a flag
   */
  hearsFlag(client) {
    return client !== undefined && client.listenerCount('notice') > 0
      ? FLAG.HEARS
      : 0;
  }

  /**
   * A hook failed, and no call waited for its connection.
   * @param {any} error
   * @param {PoolClient} client
   */
  tellHookError(error, client) {
    if (this.pool.listenerCount('error') > 0) {
      this.pool.emit('error', error, client);
    } else {
      const message = error?.message ?? String(error);
      warnOnce(
        `onConnect or a 'connect' listener failed: ${message}`,
        'HF_HOOK_FAILED',
      );
    }
  }

  /**
   * @param {string} advice
   * @returns {Error}
   */
  refuseHookSql(advice) {
    warnOnce(advice, 'HF_SESSION_REQUIRED');
    return usageError('HF_SESSION_REQUIRED', advice, NOT_SENT);
  }

  /** Nothing of this pool is heard of any more. */
  close() {
    // Who still has a client has it without a connection.
    for (let held = this.clients.lent; held > 0; held--) {
      this.port.drop();
    }
    state.collected.unregister(this);
    state.kept.delete(this.pool);
    roots.delete(this);
    this.port.removePool(this.#number);
    removeLive(this.observer.pool, this);
    this.observer.close();
    this.clients.clear();
  }

  /**
   * As gauges(), of which what was called just now is part, as in pg.
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
   * Returns what exporters show of the pool.
   * @returns {import('../observe/prometheus.js').Sample}
   */
  sample() {
    const name = this.observer.pool || nameOf(this, this.#resolved.public);
    const buckets = this.opened ? this.port.buckets(this.#number) : undefined;
    return { name, stats: readStats(this.stats(), this.log), buckets };
  }

  /**
   * Answers a question of the engine's.
   * @param {string} question
   * @returns {Promise<string>}
   */
  async onAsk(question) {
    const { password } = this.#resolved;
    if (question !== 'password' || typeof password !== 'function') {
      throw new Error(`the pool cannot answer: ${question}`);
    }
    const answer = await password(this.#resolved.public);
    if (typeof answer !== 'string') {
      throw new TypeError('Password must be a string');
    }
    return answer;
  }

  /** @param {import('../engine/listener.js').Event} event */
  onEvent(event) {
    this.observer.onEvent(event);
    emitEvent(this, event);
  }
}

module.exports = { PoolCore };
