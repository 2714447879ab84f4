// SPDX-License-Identifier: MIT
'use strict';

// pg's Client: one connection that belongs to whoever made it. It is the lease
// of a pool of one, held from connect() to end().

const { EventEmitter } = require('node:events');
const { inspect } = require('node:util');

const { callWith } = require('../engine/callbacks.js');
const { usageError } = require('../errors/errors.js');
const { createTypeOverrides } = require('../values/types.js');
const { escapeIdentifier, escapeLiteral } = require('../values/quote.js');
const { refuseSubmittable } = require('./arguments.js');
const { asyncDispose, internals, PoolClient } = require('./client.js');
const { nowMillis } = require('../platform/clock.js');
const { until } = require('../platform/until.js');
const { sqlOf } = require('./sql-template.js');

/** As in Pool: the methods work through a Proxy and on what inherits. */
const STATE = Symbol('holdfast.standalone-client');

/** Nothing opens a second connection, and nothing closes the one that is. */
const ONE = Object.freeze({
  max: 1,
  min: 0,
  idleTimeoutMillis: 0,
  maxLifetimeSeconds: 0,
  maxUses: 0,
});

/** Values that libraries read from `connection`'s event 'parameterStatus'. */
const PARAMETERS = `select name as "parameterName", setting as "parameterValue"
  from pg_settings where name in ('server_version', 'server_encoding',
    'client_encoding', 'standard_conforming_strings', 'DateStyle', 'TimeZone',
    'integer_datetimes', 'application_name')`;

/**
 * Makes the pool. Pool's own file sets it, which gives this class to users of
 * pools.
 * @type {(config: any) => import('./pool.js').Pool}
 */
let makePool;

/** @param {typeof makePool} make */
function provide(make) {
  makePool = make;
}

/**
 * @typedef {object} State
 * @property {import('./pool.js').Pool} pool
 * @property {PoolClient | null} lease while it is connected
 * @property {import('../values/types.js').TypeOverrides} types its parsers
 * @property {[number, any, any][]} parsers those set before it was connected
 * @property {Promise<Client> | null} opening
 * @property {((error?: unknown) => void)[]} queue what was asked for before it
 *   was connected
 * @property {number} pending statements that have not settled
 * @property {Promise<void> | null} ending
 * @property {Promise<void> | null} closing
 */

/**
 * @param {any} client
 * @returns {State}
 */
function stateOf(client) {
  return client[STATE];
}

/**
 * @param {string} text as pg says it, which is what people look for
 * @returns {Error}
 */
function notQueryable(text) {
  return usageError('HF_RELEASED', text, {
    outcome: 'not_executed',
    retryable: false,
  });
}

class Client extends EventEmitter {
  /**
   * Connects nothing before connect().
   * @param {any} [config] as of Pool; sizes and lifetimes of pools are ignored
   */
  constructor(config) {
    super();
    const given =
      typeof config === 'string' || config instanceof URL
        ? { connectionString: String(config) }
        : config;
    const pool = makePool({ ...given, ...ONE });
    pool.on('error', () => {}); // the client's own 'error' tells of it
    /** @type {State} */
    const state = {
      pool,
      lease: null,
      types: createTypeOverrides(given?.types),
      parsers: [],
      opening: null,
      queue: [],
      pending: 0,
      ending: null,
      closing: null,
    };
    Object.defineProperty(this, STATE, { value: state });
    /**
     * What some libraries listen to: 'parameterStatus' and 'end'.
     * @type {EventEmitter}
     */
    this.connection;
    Object.defineProperty(this, 'connection', { value: new EventEmitter() });
    const { user, host, port, database } = pool.options;
    /** @type {string} */
    this.user = user;
    /** @type {string} */
    this.host = host;
    /** @type {number} */
    this.port = port;
    /** @type {string} */
    this.database = database;
    /** @type {number | null} */
    this.processID = null;
    this._connecting = false;
    this._connected = false;
    this._ending = false;
    this._ended = false;
    this._queryable = true;
  }

  /**
   * Opens the connection. Resolves to the client. A connect that fails is the
   * answer: it is not repeated.
   * @param {(error: any, client?: Client) => void} [callback]
   * @returns {Promise<Client> | undefined}
   */
  connect(callback) {
    return callWith(
      callback,
      'HoldfastConnect',
      (resolve, reject) => {
        const state = stateOf(this);
        if (state.opening !== null) {
          throw notQueryable(
            'Client has already been connected. You cannot reuse a client.',
          );
        }
        state.opening = open(this, state);
        state.opening.then(resolve, reject);
      },
      null,
    );
  }

  /**
   * Runs a statement after all earlier ones; before connect() has ended it
   * waits for that.
   * @param {any} config
   * @param {any} [values]
   * @param {any} [callback]
   * @returns {Promise<any> | undefined}
   */
  query(config, values, callback) {
    if (config === null || config === undefined) {
      throw new TypeError('Client was passed a null or undefined query');
    }
    refuseSubmittable(config);
    const valuesGiven = typeof values !== 'function';
    const onDone = valuesGiven ? callback || config.callback : values;
    const given = valuesGiven ? values : undefined;
    return callWith(
      onDone,
      'HoldfastQuery',
      (resolve, reject) => run(this, config, given, resolve, reject),
      null,
    );
  }

  /** A template tag, for statements on this connection. */
  get sql() {
    return sqlOf(this);
  }

  /**
   * Closes the connection when all that was asked for is done, within
   * drainMillis. Without connect() there is nothing to do.
   * @param {(error?: any) => void} [callback]
   * @returns {Promise<void> | undefined}
   */
  end(callback) {
    return callWith(callback, 'HoldfastEnd', (resolve, reject) => {
      const state = stateOf(this);
      this._ending = true;
      if (state.opening === null) {
        const text = 'Client was closed and is not queryable';
        settleQueue(state, notQueryable(text));
        resolve(undefined);
        return;
      }
      state.ending ??= finishAndClose(state, state.opening);
      state.ending.then(resolve, reject);
    });
  }

  /** As of a pool's client. */
  getTransactionStatus() {
    return stateOf(this).lease?.getTransactionStatus() ?? null;
  }

  /**
   * Sets a parser for this client only.
   * @param {number} oid
   * @param {any} format
   * @param {any} [parser]
   */
  setTypeParser(oid, format, parser) {
    const { types, parsers, lease } = stateOf(this);
    types.setTypeParser(oid, format, parser);
    if (lease === null) {
      parsers.push([oid, format, parser]);
    } else {
      lease.setTypeParser(oid, format, parser);
    }
  }

  /**
   * @param {number} oid
   * @param {any} [format]
   */
  getTypeParser(oid, format) {
    return stateOf(this).types.getTypeParser(oid, format);
  }

  /** @param {string} name */
  escapeIdentifier(name) {
    return escapeIdentifier(name);
  }

  /** @param {string} text */
  escapeLiteral(text) {
    return escapeLiteral(text);
  }

  /** A connection keeps the process alive until end(); nothing to do here. */
  ref() {}

  unref() {}

  async [asyncDispose]() {
    await this.end();
  }

  [inspect.custom]() {
    const { host, port, database, processID } = this;
    return `Client ${inspect({ host, port, database, processID })}`;
  }

  toJSON() {
    const { host, port, database, processID } = this;
    return { host, port, database, processID };
  }
}

/**
 * @param {Client} client
 * @param {State} state
 * @returns {Promise<Client>}
 */
async function open(client, state) {
  client._connecting = true;
  try {
    const lease = await state.pool.connect({ retry: false });
    adopt(client, state, lease);
    await tellParameters(client, lease);
  } catch (error) {
    client._connecting = false;
    client._queryable = false;
    settleQueue(state, error);
    void closeNow(state);
    throw error;
  }
  client._connecting = false;
  client._connected = true;
  settleQueue(state);
  // As in pg, whoever awaits connect() comes first.
  process.nextTick(() => client.emit('connect'));
  return client;
}

/**
 * @param {Client} client
 * @param {State} state
 * @param {PoolClient} lease
 */
function adopt(client, state, lease) {
  state.lease = lease;
  client.processID = lease.processID;
  for (const [oid, format, parser] of state.parsers.splice(0)) {
    lease.setTypeParser(oid, format, parser);
  }
  lease.on('error', (error) => {
    client._queryable = false;
    client.emit('error', error);
  });
  lease.on('end', () => {
    client._queryable = false;
    client._ended = true;
    // What is lost keeps no process alive, and nobody has to call end().
    void closeNow(state);
    client.connection.emit('end');
    client.emit('end');
  });
  for (const name of ['notification', 'notice']) {
    lease.on(name, (value) => client.emit(name, value));
  }
}

/**
 * Tells `connection`'s listeners what the server reported at its start.
 * @param {Client} client
 * @param {PoolClient} lease
 */
async function tellParameters(client, lease) {
  if (client.connection.listenerCount('parameterStatus') > 0) {
    const { rows } = await lease.query(PARAMETERS);
    for (const row of rows) {
      client.connection.emit('parameterStatus', row);
    }
  }
}

/** @param {State} state @param {unknown} [error] why they cannot be run */
function settleQueue(state, error) {
  for (const go of state.queue.splice(0)) {
    go(error);
  }
}

/**
 * @param {Client} client
 * @param {any} config
 * @param {any} values
 * @param {(value: any) => void} resolve
 * @param {(error: any) => void} reject
 */
function run(client, config, values, resolve, reject) {
  const state = stateOf(client);
  if (!client._queryable) {
    throw notQueryable(
      'Client has encountered a connection error and is not queryable',
    );
  }
  if (client._ending) {
    throw notQueryable('Client was closed and is not queryable');
  }
  state.pending += 1;
  const settled = () => {
    state.pending -= 1;
    if (state.pending === 0) {
      client.emit('drain');
    }
  };
  const go = (/** @type {unknown} */ error) => {
    if (error !== undefined) {
      state.pending -= 1;
      reject(error);
      return;
    }
    const lease = /** @type {PoolClient} */ (state.lease);
    // Not through a promise: it answers in the turn that pg does.
    const onAnswer = (
      /** @type {any} */ failure,
      /** @type {any} */ result,
    ) => {
      (failure ? reject : resolve)(failure ?? result);
      process.nextTick(settled);
    };
    lease.query(withoutCallback(config), values, onAnswer);
  };
  if (client._connected) {
    go(undefined);
  } else {
    state.queue.push(go);
  }
}

/** @param {any} config */
function withoutCallback(config) {
  return typeof config === 'object' && config.callback
    ? { ...config, callback: undefined }
    : config;
}

/**
 * @param {State} state
 * @param {Promise<Client>} opening
 */
async function finishAndClose(state, opening) {
  await opening.catch(() => {});
  if (state.lease !== null) {
    const endsAt = nowMillis() + state.pool.options.drainMillis;
    await until(internals.settle(state.lease), { endsAt }, () => null).catch(
      () => {}, // what is under way still is cut off
    );
  }
  await closeNow(state);
}

/**
 * Closes the connection, if there is one, and the pool.
 * @param {State} state
 * @returns {Promise<void>} never rejects
 */
function closeNow(state) {
  if (state.closing === null) {
    state.lease?.release(true);
    state.closing = /** @type {Promise<void>} */ (state.pool.end());
  }
  return state.closing;
}

// A client of a pool is one as well, as in pg.
Object.defineProperty(Client, Symbol.hasInstance, {
  /** @this {Function} @param {any} value */
  value(value) {
    return (
      Function.prototype[Symbol.hasInstance].call(this, value) ||
      (this === Client && value instanceof PoolClient)
    );
  },
});

module.exports = { Client, provide };
