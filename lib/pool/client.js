// SPDX-License-Identifier: MIT
'use strict';

// A leased connection. Its statements run strictly in the order of the calls.

const { EventEmitter } = require('node:events');
const { inspect } = require('node:util');

const { FLAG, OP } = require('../engine/batch.js');
const { callWith } = require('./answer.js');
const { readLeaseCall } = require('./arguments.js');
const { Call } = require('./call.js');
const { usageError } = require('../errors/errors.js');
const { escapeIdentifier, escapeLiteral } = require('../values/quote.js');
const { createTypeOverrides } = require('../values/types.js');

/** @typedef {'I' | 'T' | 'E'} Status */

const asyncDispose = Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose');

/**
 * A lease nobody can use any more gives its connection back.
 * @type {FinalizationRegistry<{core: import('./pool-core.js').PoolCore,
 *   lease: number, stack: {stack?: string} | undefined}>}
 */
const forgotten = new FinalizationRegistry(({ core, lease, stack }) => {
  core.reclaim(lease, stack);
});

/**
 * What the pool does with a client and nobody else can.
 * @type {{
 *   grant: (client: PoolClient, lease: import('../engine/waiters.js').Lease,
 *     run: import('../retry/context.js').JoinedRun | undefined,
 *     stack: {stack?: string} | undefined) => void,
 *   close: (client: PoolClient, why: string) => void,
 *   guard: (client: PoolClient,
 *     run: import('../retry/context.js').JoinedRun | undefined,
 *     signal: AbortSignal | undefined) => void,
 *   run: (client: PoolClient, config: any) => Promise<any>,
 *   release: (client: PoolClient, error: unknown) => void,
 *   settle: (client: PoolClient) => Promise<unknown>,
 * }}
 */
let internals;

class PoolClient extends EventEmitter {
  #core;
  #lease = 0;
  /** Why the lease, while it is held, takes no more statements. */
  #closed = '';
  /** Whether the lease is transaction()'s, which releases it itself. */
  #guarded = false;
  /** @type {Status | null} */
  #status = null;
  /** Whether the open transaction wrote. */
  #wrote = false;
  /** @type {import('../values/types.js').TypeOverrides | null} */
  #types = null;
  /** @type {import('../retry/context.js').JoinedRun | undefined} */
  #run = undefined;
  /** @type {AbortSignal | undefined} */
  #signal = undefined;
  #pending = 0;
  /** @type {unknown} */
  #failure = undefined;
  /** @type {(() => void) | null} */
  #onSettled = null;

  static {
    internals = {
      grant: (client, lease, run, stack) => client.#grant(lease, run, stack),
      close: (client, why) => {
        client.#closed = why;
      },
      guard: (client, run, signal) => {
        client.#guarded = true;
        client.#run = run;
        client.#signal = signal;
      },
      run: (client, config) => client.#runLast(config),
      release: (client, error) => client.#release(error),
      settle: (client) => client.#settle(),
    };
  }

  /**
   * @param {import('./pool-core.js').PoolCore} core
   * @param {number} serial of its connection in the pool
   */
  constructor(core, serial) {
    super();
    this.#core = core;
    /** @type {number | null} */
    this.processID = null;
    Object.defineProperty(this, 'serial', { value: serial });
    /** @type {number} */
    this.serial;
  }

  /**
   * @param {import('../engine/waiters.js').Lease} lease
   * @param {import('../retry/context.js').JoinedRun | undefined} run
   * @param {{stack?: string} | undefined} stack where it was asked for
   */
  #grant(lease, run, stack) {
    this.#lease = lease.number;
    this.#closed = '';
    this.#guarded = false;
    this.#signal = undefined;
    this.#status = 'I';
    this.#wrote = false;
    this.#run = run;
    this.#failure = undefined;
    this.processID = lease.processID;
    const core = this.#core;
    forgotten.register(this, { core, lease: lease.number, stack }, this);
  }

  /**
   * Runs a statement on this connection, after all earlier ones.
   * @param {any} config
   * @param {any} [values]
   * @param {any} [callback]
   * @returns {Promise<any> | undefined}
   */
  query(config, values, callback) {
    const valuesGiven = typeof values !== 'function';
    const onDone = valuesGiven ? (callback ?? config?.callback) : values;
    return callWith(onDone, 'HoldfastQuery', (resolve, reject) => {
      if (this.#lease === 0 || this.#closed !== '') {
        throw usageError('HF_RELEASED', this.#closed || undefined, {
          outcome: 'not_executed',
          retryable: false,
        });
      }
      const given = valuesGiven ? values : undefined;
      this.#start(config, given, resolve, reject);
    });
  }

  /**
   * @param {any} config
   * @param {any} values
   * @param {(value: any) => void} resolve
   * @param {(error: any) => void} reject
   */
  #start(config, values, resolve, reject) {
    const { types, defaults, port } = this.#core;
    const call = new Call(this, this.#types ?? types, resolve, reject);
    call.timeout = defaults.timeout;
    readLeaseCall(call, config, values, this.#run, this.#signal);
    this.#checkRun(call.run);
    const { observer } = this.#core;
    observer.submit(call, true, port, OP.LEASE_QUERY, this.#lease, 0);
    this.#pending += 1;
  }

  /**
   * A helper must not repeat one statement of a transaction begun outside.
   * @param {import('../retry/context.js').JoinedRun | undefined} run
   */
  #checkRun(run) {
    if (run !== undefined && run !== this.#run && this.#status !== 'I') {
      run.note('inside', this.#run);
    }
  }

  /**
   * Called by a statement of this client before its caller hears.
   * @param {Call} call
   * @param {number} _connection
   * @param {unknown} error
   */
  settled(call, _connection, error) {
    if (call.transaction !== 0) {
      this.#status = /** @type {Status} */ (
        String.fromCharCode(call.transaction)
      );
    }
    if (error === undefined) {
      this.#failure = this.#status === 'E' ? this.#failure : undefined;
      this.#noteWrites(call);
    } else {
      this.#failure ??= error;
      this.#noteDoubt(call, error);
    }
    this.#wrote = this.#wrote && this.#status !== 'I';
    if (!call.more) {
      this.#core.observer.settled(call, error);
      this.#finished();
    }
  }

  /** @param {Call} call */
  #noteWrites(call) {
    const { command } = call;
    if (command === 'COMMIT') {
      if (this.#wrote) {
        call.run?.note('write');
      }
    } else if (this.#status === 'I') {
      call.noteWrite();
    } else {
      this.#wrote ||= call.mayHaveWritten();
    }
  }

  /**
   * @param {Call} call
   * @param {unknown} error
   */
  #noteDoubt(call, error) {
    // A COMMIT of transaction()'s own is not in doubt before it was asked for.
    if (this.#closed === '') {
      call.noteDoubt(error);
    }
  }

  #finished() {
    this.#pending -= 1;
    if (this.#pending === 0) {
      this.#onSettled?.();
      this.#onSettled = null;
    }
  }

  /**
   * @param {unknown} _call
   * @param {any} error
   * @returns {any}
   */
  explain(_call, error) {
    return error;
  }

  /**
   * Runs a statement of transaction()'s own, also on a closed lease.
   * @param {any} config
   * @returns {Promise<any>}
   */
  #runLast(config) {
    this.#signal = config.signal;
    return new Promise((resolve, reject) => {
      this.#start(config, undefined, resolve, reject);
    });
  }

  /**
   * Waits for the statements under way. Resolves to what made the open
   * transaction fail, if it failed.
   * @returns {Promise<unknown>}
   */
  async #settle() {
    if (this.#pending > 0) {
      await new Promise((resolve) => {
        this.#onSettled = () => resolve(undefined);
      });
    }
    return this.#failure;
  }

  /**
   * Gives the connection back. `true` closes it; an error closes it only if it
   * is broken.
   * @param {unknown} [error]
   */
  release(error) {
    if (this.#lease === 0) {
      throw usageError(
        'HF_RELEASED',
        'Release called on client which has already been released to the pool.',
        { outcome: 'not_executed', retryable: false },
      );
    }
    if (this.#guarded) {
      throw new TypeError('transaction() releases its client itself');
    }
    this.#release(error);
  }

  /** @param {unknown} error */
  #release(error) {
    const lease = this.#lease;
    this.#lease = 0;
    this.#run = undefined;
    forgotten.unregister(this);
    const flags = error ? FLAG.CLOSE_IF_BROKEN : 0;
    this.#core.release(this, lease, error === true ? FLAG.CLOSE : flags, error);
  }

  /**
   * Returns 'I' idle, 'T' in a transaction, 'E' in a failed one; null before
   * the first lease.
   * @returns {Status | null}
   */
  getTransactionStatus() {
    return this.#status;
  }

  /**
   * Sets a parser for this connection only.
   * @param {number} oid
   * @param {any} format
   * @param {any} [parser]
   */
  setTypeParser(oid, format, parser) {
    this.#types ??= createTypeOverrides(this.#core.types);
    this.#types.setTypeParser(oid, format, parser);
  }

  /**
   * @param {number} oid
   * @param {any} [format]
   */
  getTypeParser(oid, format) {
    return (this.#types ?? this.#core.types).getTypeParser(oid, format);
  }

  /** @param {string} name */
  escapeIdentifier(name) {
    return escapeIdentifier(name);
  }

  /** @param {string} text */
  escapeLiteral(text) {
    return escapeLiteral(text);
  }

  /** Work in flight and leases keep the process alive; nothing to do here. */
  ref() {}

  unref() {}

  /** Releases the connection if it is still held. */
  [asyncDispose]() {
    if (this.#lease !== 0 && !this.#guarded) {
      this.#release(undefined);
    }
    return Promise.resolve();
  }

  [inspect.custom]() {
    const state = this.#lease === 0 ? 'released' : 'leased';
    return `PoolClient { processID: ${this.processID}, ${state} }`;
  }

  toJSON() {
    return { processID: this.processID };
  }
}

module.exports = { PoolClient, asyncDispose, internals };
