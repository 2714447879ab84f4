// SPDX-License-Identifier: MIT
'use strict';

// What a Pool is made of: its calls, its defaults, and the clients of its
// connections. What the engine knows of it is in engine-pool.js.

const { Acquire } = require('./acquire.js');
const { GAUGE } = require('../protocol/messages.js');
const { FLAG, OP } = require('../protocol/operations.js');
const { readCall } = require('./arguments.js');
const { enterBatch } = require('./batch.js');
const { Call } = require('./call.js');
const { readCallSettings } = require('./call-settings.js');
const { PoolClient, internals } = require('./client.js');
const { Clients } = require('./clients.js');
const { EnginePool } = require('./engine-pool.js');
const { refusal } = require('../errors/errors.js');
const { queryOnce } = require('./exactly-once.js');
const { Leases } = require('./leases.js');
const { NamedTexts } = require('./named-texts.js');
const { emitEvent } = require('./emit-event.js');
const { OpenResults } = require('./open-results.js');
const { acquireSession, hasSessions, bypassPooler } = require('./session.js');
const { selfLock, watchForLock } = require('./self-lock.js');
const { ALTERS, TypeLookup } = require('./type-lookup.js');
const { namesEpoch } = require('../values/named-parsers.js');
const registry = require('../values/types.js');
const { SERVER_TIMEOUTS } = require('../options/draft.js');
const { warnOnce } = require('../platform/warn.js');

/**
 * Makes a second pool: a direct one, or one for a session that listens.
 * @callback MakePool
 * @param {object | undefined} config
 * @param {{resolved: any, key: string, sizes: any}} [shared]
 * @returns {import('./pool.js').Pool}
 */

class PoolCore extends EnginePool {
  /** Whether a hook has run: its parsers are known. */
  #hookHasRun = false;
  #mask = -1;
  /** @type {TypeLookup | null} */
  #lookup = null;
  /** Calls of query() may settle in any order. */
  late = null;
  asker = null;
  /**
   * The parsers that a connection got last.
   * @type {import('../values/types.js').CustomTypes | null}
   */
  #parsers = null;

  /**
   * @param {import('./pool.js').Pool} pool
   * @param {any} resolved what resolveOptions() made of the user's config
   * @param {import('../engine/native.js').Option[]} table
   * @param {import('./engine-pool.js').Shared | undefined} shared of a handle
   *   on a shared pool
   * @param {MakePool} makePool
   */
  constructor(pool, resolved, table, shared, makePool) {
    super(pool, resolved, table, shared);
    this.makePool = makePool;
    /** Statement names that users gave in query(). */
    this.names = new NamedTexts();
    /** Counted where types are looked up. */
    this.openResults = new OpenResults();
    /** @type {string | undefined} */
    this.directUrl = resolved.directUrl;
    this.defaults = {
      deadline: this.option('deadlineMillis'),
      acquire: this.option('connectionTimeoutMillis'),
      timeout: this.option('timeoutMillis'),
      flags: resolved.failFast ? FLAG.FAIL_FAST : 0,
    };
    /** Whether statements depend on settings of their session. */
    this.hasSettings =
      resolved.settings.length > 0 ||
      Object.values(SERVER_TIMEOUTS).some((name) => this.option(name) > 0);
    /**
     * Functions that end the wait for hooks, by lease.
     * @type {Map<number, () => void>}
     */
    this.hookWaits = new Map();
    /** By connection. @type {Map<number, unknown>} */
    this.hookErrors = new Map();
    /** Clients whose connection was lost, by its serial. */
    this.losing = /** @type {Map<number, PoolClient>} */ (new Map());
    /** Whose 'connect' listeners prepare connections. */
    this.hookedBy = pool;
    /**
     * Gets what is notified, where this pool's session is one to listen on.
     * @type {import('./listen.js').NotificationListener | undefined}
     */
    this.listener = undefined;
    if (resolved.catalogTypes) {
      this.#lookup = new TypeLookup(this, true);
    }
    this.clients = new Clients(
      this.option('max'),
      (serial) => new PoolClient(this, serial),
    );
    this.leases = new Leases(this);
  }

  /**
   * @param {any} config
   * @param {any} values
   * @param {(value: any) => void} resolve
   * @param {(error: any) => void} reject
   * @param {import('./call-settings.js').CallSettings | null} [settings]
   */
  query(config, values, resolve, reject, settings = null) {
    this.refuseAfterEnd();
    if (typeof config === 'object' && config?.exactlyOnce === true) {
      queryOnce(this, config, values, settings).then(resolve, reject);
      return;
    }
    const refuse = this.hasSettings
      ? bypassPooler(this, config, values, resolve, reject)
      : reject;
    const call = new Call(this, this.types, resolve, refuse);
    call.settings = settings;
    call.deadline = this.defaults.deadline;
    call.timeout = this.defaults.timeout;
    call.flags = this.defaults.flags;
    readCall(call, config, values, this.names);
    enterBatch(call, config);
    call.run?.use(this.pool);
    call.acquire = this.defaults.acquire;
    this.submit(OP.QUERY, call);
    if (this.lookup !== null) {
      this.openResults.add(call);
    }
  }

  /**
   * Runs a statement in a transaction of its own.
   * @param {Call} call with its limits, and its batch
   */
  once(call) {
    this.refuseAfterEnd();
    this.submit(OP.ONCE, call);
    if (this.lookup !== null) {
      this.openResults.add(call);
    }
  }

  /**
   * @param {number} kind
   * @param {Call} call
   */
  submit(kind, call) {
    const { port, observer } = this;
    const target = this.open();
    if (observer.followsCalls) {
      observer.follow(call, false, () => call.submit(port, kind, target));
    } else {
      call.submit(port, kind, target);
    }
    this.#watch();
  }

  /** What looks types up: by the option, or because parsers have names. */
  get lookup() {
    if (this.#lookup === null && namesEpoch() > 0) {
      this.#lookup = new TypeLookup(this, false);
    }
    return this.#lookup;
  }

  hold() {}

  /** Whether a call would get a connection at once. */
  get hasRoom() {
    const counts = this.counts();
    return (
      counts === undefined ||
      counts[GAUGE.IDLE] > 0 ||
      counts[GAUGE.TOTAL] < this.max
    );
  }

  /** Watches a call that may wait for ever. */
  #watch() {
    if (this.defaults.deadline === 0 && this.defaults.acquire === 0) {
      watchForLock(this);
    }
  }

  refuseAfterEnd() {
    if (this.pool.ending) {
      throw refusal(
        'HF_POOL_CLOSED',
        'Cannot use a pool after calling end on the pool',
      );
    }
  }

  /**
   * Called by a statement of query() before its promise settles.
   * @param {Call} call
   * @param {number} connection
   * @param {any} error
   */
  settled(call, connection, error) {
    if (!call.more) {
      this.observer.settled(call, error);
    }
    if (this.#lookup !== null && ALTERS.has(call.command)) {
      this.#lookup.catalog.expire();
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
    const hasListeners =
      pool.listenerCount('release') > 0 || pool.listenerCount('acquire') > 0;
    if (used && hasListeners && !call.more) {
      const client = this.clients.of(connection);
      pool.emit('acquire', client);
      pool.emit('release', error, client);
    }
  }

  /**
   * Returns the error for the caller of a failed call: the hook's, or why the
   * pool could not be opened.
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
    return super.explain(call, error);
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
    const settings = readCallSettings(options?.settings);
    const grant = (/** @type {PoolClient} */ client) => {
      internals.stateOf(client).settings = settings;
      resolve(client);
    };
    this.observer.acquire(grant, reject, (onClient, onError) => {
      new Acquire(
        this,
        options,
        (lease, run) => {
          if (options?.session && lease.pooled) {
            this.port.add(OP.RELEASE, 0, lease.number, null, 0);
            acquireSession(this, options, stack, onClient, onError);
          } else {
            onClient(this.leases.grant(lease, run, stack));
          }
        },
        onError,
      ).submit();
      this.#watch();
    });
  }

  /**
   * Called when a connection was prepared: its parsers are known from now on.
   * @param {import('../values/types.js').TypeOverrides | null} types
   */
  noteHookRun(types) {
    this.#hookHasRun = true;
    if (types !== null) {
      this.noteParsers(types);
    }
  }

  /**
   * Called when a connection gets parsers of its own.
   * @param {import('../values/types.js').TypeOverrides} types
   */
  noteParsers(types) {
    this.#parsers = types;
    this.#mask &= registry.builtinMask(types);
  }

  /**
   * Which types the engine may decode, whichever connection a query runs on.
   */
  get decodable() {
    return this.hasHook && !this.#hookHasRun ? 0 : this.#mask;
  }

  /**
   * Returns the parsers for a result.
   * @param {number} connection 0 = a cached result
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
   * Returns the flag by which the engine keeps sending a connection's notices.
   * @param {PoolClient | undefined} client
   * @returns {number} a flag
   */
  noticesFlag(client) {
    return client !== undefined && client.listenerCount('notice') > 0
      ? FLAG.WANTS_NOTICES
      : 0;
  }

  /**
   * Reports a failed hook when no call waited for its connection.
   * @param {any} error
   * @param {PoolClient} client
   */
  emitHookError(error, client) {
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
    return refusal('HF_SESSION_REQUIRED', advice);
  }

  /** The engine has ended the pool. */
  close() {
    super.close();
    this.leases.clear();
  }

  /** @param {import('../engine/listener.js').Event} event */
  onEvent(event) {
    super.onEvent(event);
    emitEvent(this, event);
  }
}

module.exports = { PoolCore };
