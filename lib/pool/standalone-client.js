// SPDX-License-Identifier: MIT
'use strict';

// pg's Client: one connection that belongs to whoever made it. It is the lease
// of a pool of one, held from connect() to end().

const { EventEmitter } = require('node:events');
const { inspect } = require('node:util');

const { callWith } = require('../engine/callbacks.js');
const { createTypeOverrides } = require('../values/types.js');
const { escapeIdentifier, escapeLiteral } = require('../values/quote.js');
const { asyncDispose, PoolClient } = require('./client.js');
const { Connection } = require('./connection.js');
const { asObject } = require('../options/options.js');
const { LeaseStreams } = require('./lease-streams.js');
const { Query, runQuery } = require('./query-object.js');
const { sqlOf } = require('./sql-template.js');
const {
  finishAndClose,
  notQueryable,
  open,
  run,
  settleQueue,
  submit,
} = require('./standalone-connection.js');

/** As in Pool: the methods work through a Proxy and on what inherits. */
const STATE = Symbol('holdfast.standalone-client');

/** Nothing opens a second connection or another, or closes the one that is. */
const ONE = Object.freeze({
  max: 1,
  retry: false,
  min: 0,
  idleTimeoutMillis: 0,
  maxLifetimeSeconds: 0,
  maxUses: 0,
});

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

/** @typedef {import('./standalone-connection.js').State} State */

/**
 * @param {any} client
 * @returns {State}
 */
function stateOf(client) {
  return client[STATE];
}

/**
 * Runs a stream. Where nothing is connected, that is the stream's error.
 * @param {any} client
 * @param {'stream' | 'copyTo' | 'copyFrom'} method
 * @param {any[]} given
 * @returns {any}
 */
function runStream(client, method, given) {
  const { lease, types } = stateOf(client);
  if (lease !== null && client._connected) {
    return /** @type {any} */ (lease)[method](...given);
  }
  const state = /** @type {any} */ ({ types });
  const streams = new LeaseStreams(state, () => {
    throw notQueryable(`await connect() before ${method}()`);
  });
  return streams[method](given);
}

class Client extends EventEmitter {
  /**
   * Connects nothing before connect().
   * @param {any} [config] as of Pool; sizes and lifetimes of pools are ignored
   */
  constructor(config) {
    super();
    const given = /** @type {any} */ (asObject(config));
    // Its failures are answers to its user, and nothing waits for a retry.
    const { logger = false } = given;
    const pool = makePool({ ...given, ...ONE, logger });
    pool.on('error', () => {}); // the client's own 'error' tells of it
    /** @type {State} */
    const state = {
      pool,
      lease: null,
      types: createTypeOverrides(given.types),
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
     * @type {Connection}
     */
    this.connection;
    Object.defineProperty(this, 'connection', { value: new Connection() });
    const { user, host, port, database } = pool.options;
    /** @type {string} */
    this.user = user;
    /** @type {string} */
    this.host = host;
    /** @type {number} */
    this.port = port;
    /** @type {string} */
    this.database = database;
    /**
     * What tracers of pg read. Not enumerable, as the password.
     * @type {any}
     */
    this.connectionParameters;
    /** @type {unknown} */
    this.password;
    const hidden = {
      connectionParameters: pool.options,
      password: pool.options.password,
    };
    for (const [name, value] of Object.entries(hidden)) {
      Object.defineProperty(this, name, { value, writable: true });
    }
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
    const valuesGiven = typeof values !== 'function';
    if (config instanceof Query) {
      const onEnd = valuesGiven ? callback : values;
      return /** @type {any} */ (
        runQuery(config, onEnd, (given, tell) => this.query(given, tell))
      );
    }
    if (typeof config.submit === 'function') {
      return submit(this, stateOf(this), config, values, callback);
    }
    const onDone = valuesGiven ? callback || config.callback : values;
    const given = valuesGiven ? values : undefined;
    return callWith(
      onDone,
      'HoldfastQuery',
      (resolve, reject) =>
        run(this, stateOf(this), config, given, resolve, reject),
      null,
    );
  }

  /**
   * Returns the rows of a statement as a Readable, once it is connected.
   * @param {any} config
   * @param {any} [values]
   * @param {any} [options]
   */
  stream(config, values, options) {
    return runStream(this, 'stream', [config, values, options]);
  }

  /**
   * Returns the data of `COPY … TO STDOUT`, once it is connected.
   * @param {string} text
   * @param {any} [options]
   */
  copyTo(text, options) {
    return runStream(this, 'copyTo', [text, options]);
  }

  /**
   * Takes the data of `COPY … FROM STDIN`, or rows, once it is connected.
   * @param {any[]} given
   */
  copyFrom(...given) {
    return runStream(this, 'copyFrom', given);
  }

  /**
   * Looks a type up by its name, once it is connected.
   * @param {string} name
   */
  type(name) {
    const { lease } = stateOf(this);
    if (lease === null || !this._connected) {
      return Promise.reject(notQueryable('await connect() before type()'));
    }
    return lease.type(name);
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
   * @param {number | string} oid or the type's name
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

/** As in pg. */
Client.Query = Query;

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
