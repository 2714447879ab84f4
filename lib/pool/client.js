// SPDX-License-Identifier: MIT
'use strict';

// A leased connection. Its statements run strictly in the order of the calls.
//
// Its methods take their state from a property by symbol, so that they work
// through a Proxy and on objects that inherit from a client.

const { argumentError } = require('../validate/argument-error.js');
const { EventEmitter } = require('node:events');
const { inspect } = require('node:util');

const { runBatch } = require('./batch.js');
const { refusal } = require('../errors/errors.js');
const { LeaseState } = require('./lease-state.js');
const { Query, runQuery } = require('./query-object.js');
const { sqlOf } = require('./sql-template.js');
const { escapeIdentifier, escapeLiteral } = require('../values/quote.js');

const asyncDispose = Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose');

const STATE = Symbol('holdfast.client');

/**
 * The connection of a client that was garbage-collected is taken back, unless
 * its session has state.
 * @type {FinalizationRegistry<{state: LeaseState, lease: number,
 *   stack: {stack?: string} | undefined}>}
 */
const forgotten = new FinalizationRegistry(({ state, lease, stack }) => {
  state.core.leases.reclaim(state, lease, stack);
});

/**
 * @param {any} client
 * @returns {LeaseState}
 */
function stateOf(client) {
  return client[STATE];
}

/**
 * Copies the listeners, as the client may be garbage-collected.
 * @param {PoolClient} client
 */
function noteListeners(client) {
  const { listeners } = stateOf(client);
  listeners.clear();
  for (const name of client.eventNames()) {
    listeners.set(name, client.rawListeners(name));
  }
}

class PoolClient extends EventEmitter {
  /**
   * @param {import('./pool-core.js').PoolCore} core
   * @param {number} serial of its connection in the pool
   * @param {LeaseState} [state] that of a client that was collected
   */
  constructor(core, serial, state = new LeaseState(core, serial)) {
    super();
    Object.defineProperty(this, STATE, { value: state });
    /** @type {number | null} */
    this.processID = state.processID;
    Object.defineProperty(this, 'serial', { value: serial });
    /** @type {number} */
    this.serial;
    /** @type {(error?: unknown) => void} */
    this.release = releaseOf(this, state);
  }

  /**
   * Runs a statement on this connection, after all earlier ones.
   * @param {any} config
   * @param {any} [values]
   * @param {any} [callback]
   * @returns {Promise<any> | undefined}
   */
  query(config, values, callback) {
    if (config instanceof Query) {
      const onDone = typeof values === 'function' ? values : callback;
      return /** @type {any} */ (
        runQuery(config, onDone, (given, tell) => this.query(given, tell))
      );
    }
    if (typeof config?.submit === 'function') {
      return stateOf(this).submit(config, values, callback);
    }
    return stateOf(this).query(config, values, callback);
  }

  /**
   * Runs several statements in one flight; outside a transaction they are one.
   * @param {any} list of SQL texts, or objects with `text`
   * @param {any} [options]
   * @returns {Promise<any[]>}
   */
  batch(list, options) {
    return runBatch(this, list, options);
  }

  /**
   * Returns the rows of a statement on this connection as a Readable. It runs
   * after all earlier ones, and later ones wait for its end.
   * @param {any} config
   * @param {any} [values]
   * @param {any} [options]
   */
  stream(config, values, options) {
    return stateOf(this).stream([config, values, options]);
  }

  /**
   * Looks a type up by its name, as this connection sees it.
   * @param {string} name
   */
  type(name) {
    return stateOf(this).asker.named(name);
  }

  /**
   * As of a pool, after all earlier statements.
   * @param {string} text
   * @param {any} [options]
   */
  copyTo(text, options) {
    return stateOf(this).copyTo([text, options]);
  }

  /**
   * As of a pool, after all earlier statements.
   * @param {any[]} given
   */
  copyFrom(...given) {
    return stateOf(this).copyFrom(given);
  }

  /** A template tag, for statements on this connection. */
  get sql() {
    return sqlOf(this);
  }

  /**
   * Returns 'I' idle, 'T' in a transaction, 'E' in a failed one; null before
   * the first lease.
   * @returns {import('./lease-state.js').Status | null}
   */
  getTransactionStatus() {
    return stateOf(this).status;
  }

  /**
   * Sets a parser for this connection only.
   * @param {number | string} oid or the type's name
   * @param {any} format
   * @param {any} [parser]
   */
  setTypeParser(oid, format, parser) {
    stateOf(this).setTypeParser(oid, format, parser);
  }

  /**
   * @param {number} oid
   * @param {any} [format]
   */
  getTypeParser(oid, format) {
    return stateOf(this).getTypeParser(oid, format);
  }

  /** @param {string} name */
  escapeIdentifier(name) {
    return escapeIdentifier(name);
  }

  /** @param {string} text */
  escapeLiteral(text) {
    return escapeLiteral(text);
  }

  get user() {
    return stateOf(this).core.resolved.public.user;
  }

  get database() {
    return stateOf(this).core.resolved.public.database;
  }

  get host() {
    return stateOf(this).core.resolved.public.host;
  }

  get port() {
    return stateOf(this).core.resolved.public.port;
  }

  /** What tracers of pg read: host, port, user, database. */
  get connectionParameters() {
    return stateOf(this).core.resolved.public;
  }

  /** Libraries tell a client from a pool by it. */
  get _connected() {
    return stateOf(this).lease !== 0;
  }

  /** No-op: work in flight and leases keep the process alive. */
  ref() {}

  unref() {}

  /** Releases the connection if it is still held. */
  [asyncDispose]() {
    const state = stateOf(this);
    if (state.lease !== 0 && state.guarded === '') {
      this.release();
    }
    return Promise.resolve();
  }

  [inspect.custom]() {
    const state = stateOf(this).lease === 0 ? 'released' : 'leased';
    return `PoolClient { processID: ${this.processID}, ${state} }`;
  }

  toJSON() {
    return { processID: this.processID };
  }
}

// As in pg, whose pool lends its Clients: Drizzle takes what has a class with
// "Pool" in its name for a pool.
Object.defineProperty(PoolClient, 'name', { value: 'Client' });

for (const name of /** @type {const} */ ([
  'on',
  'addListener',
  'prependListener',
  'removeListener',
  'off',
  'removeAllListeners',
])) {
  const method = EventEmitter.prototype[name];
  Object.defineProperty(PoolClient.prototype, name, {
    configurable: true,
    writable: true,
    /**
     * As EventEmitter.
     * @this {PoolClient}
     * @param {...any} values
     */
    value(...values) {
      Reflect.apply(method, this, values);
      noteListeners(this);
      return this;
    },
  });
}

/**
 * Returns `release` for the present lease: bound, and good for once. `true`
 * closes the connection, an error closes it only if it is broken.
 * @param {PoolClient} client
 * @param {LeaseState} state
 * @returns {(error?: unknown) => void}
 */
function releaseOf(client, state) {
  const { lease } = state;
  return function release(error) {
    if (state.lease === 0 || state.lease !== lease) {
      throw refusal(
        'HF_RELEASED',
        'Release called on client which has already been released to the pool.',
      );
    }
    if (state.guarded !== '') {
      throw argumentError(state.guarded);
    }
    internals.release(client, error);
  };
}

/** Methods of clients that only the pool may call. */
const internals = Object.freeze({
  stateOf,

  /**
   * @param {PoolClient} client
   * @param {number} processID
   */
  name(client, processID) {
    stateOf(client).processID = processID;
    client.processID = processID;
  },

  /**
   * @param {PoolClient} client
   * @param {import('../engine/waiters.js').Lease} lease
   * @param {import('../retry/context.js').JoinedRun | undefined} [run]
   */
  lend(client, lease, run) {
    const state = stateOf(client);
    state.grant(lease, run);
    internals.name(client, lease.processID);
    client.release = releaseOf(client, state);
  },

  /**
   * The same for a user, who may forget to release it: that is watched for.
   * @param {PoolClient} client
   * @param {import('../engine/waiters.js').Lease} lease
   * @param {import('../retry/context.js').JoinedRun | undefined} run
   * @param {{stack?: string} | undefined} stack where it was asked for
   */
  grant(client, lease, run, stack) {
    const state = stateOf(client);
    internals.lend(client, lease, run);
    forgotten.register(client, { state, lease: lease.number, stack }, client);
  },

  /**
   * @param {PoolClient} client
   * @param {string} why
   */
  close(client, why) {
    stateOf(client).closed = why;
  },

  /**
   * @param {PoolClient} client
   * @param {import('../retry/context.js').JoinedRun | undefined} run
   * @param {AbortSignal | undefined} signal
   */
  guard(client, run, signal) {
    stateOf(client).guard(run, signal);
  },

  /**
   * @param {PoolClient} client
   * @param {any} config
   * @returns {Promise<any>}
   */
  run(client, config) {
    return stateOf(client).runLast(config);
  },

  /**
   * @param {PoolClient} client
   * @param {unknown} error
   */
  release(client, error) {
    forgotten.unregister(client);
    stateOf(client).release(client, error);
  },

  /**
   * Waits for the pending statements, and ends the streams.
   * @param {PoolClient} client
   * @returns {Promise<unknown>}
   */
  settle(client) {
    return stateOf(client).settle();
  },

  /**
   * Waits for the pending statements and streams.
   * @param {PoolClient} client
   * @returns {Promise<unknown>}
   */
  idle(client) {
    return stateOf(client).idle();
  },

  /**
   * Returns what made the open transaction fail.
   * @param {PoolClient} client
   * @returns {unknown}
   */
  failure(client) {
    return stateOf(client).failure;
  },

  /**
   * Runs an object that speaks pg's protocol.
   * @param {PoolClient} client
   * @param {any} query
   * @param {() => void} onOver called when the connection is free again
   */
  submit(client, query, onOver) {
    stateOf(client).submit(query, undefined, undefined, onOver);
  },

  /**
   * Ends the transaction and gives the client back.
   * @param {PoolClient} client
   * @param {any} config COMMIT or ROLLBACK, and its bounds
   * @param {number} [within] how long COMMIT may take in ms, 0 = for ever
   * @param {unknown} [error] what made the transaction fail
   * @returns {Promise<any>}
   */
  finish(client, config, within = 0, error = undefined) {
    forgotten.unregister(client);
    return stateOf(client).finish(client, config, within, error);
  },

  /**
   * Returns a client for the listeners of one that was garbage-collected.
   * @param {LeaseState} state
   * @returns {PoolClient}
   */
  standIn(state) {
    const listeners = [...state.listeners];
    const client = new PoolClient(state.core, state.serial, state);
    for (const [name, functions] of listeners) {
      for (const listener of functions) {
        client.on(name, /** @type {any} */ (listener));
      }
    }
    return client;
  },
});

module.exports = { PoolClient, asyncDispose, internals };
