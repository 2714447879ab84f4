// SPDX-License-Identifier: MIT
'use strict';

// The state of a client: its connection and the lease on it. It is separate
// from the client object, which users may wrap in a Proxy or inherit from, and
// which may be garbage-collected.

const { FLAG, OP } = require('../protocol/operations.js');
const { callWith } = require('../engine/callbacks.js');
const { readLeaseCall } = require('./arguments.js');
const { enterBatch } = require('./batch.js');
const { Call } = require('./call.js');
const { refusal } = require('../errors/errors.js');
const { LeaseStreams } = require('./lease-streams.js');
const { NamedTexts } = require('./named-texts.js');
const { nowMillis } = require('../platform/clock.js');
const { LeaseTypes } = require('./lease-types.js');
const { createTypeOverrides } = require('../values/types.js');

/** @typedef {'I' | 'T' | 'E'} Status */

/** In the object given to query(): a ROLLBACK that does not wait. */
const URGENT = Symbol('urgent');

/** In the object given to query(): a COMMIT of exactlyOnce. */
const SURE = Symbol('sure');

const HOOK_ADVICE =
  "SQL in a 'connect' listener or onConnect is refused behind a transaction " +
  'pooler, which gives the next statement to another server connection: use ' +
  'the options schema, settings and statement_timeout, or connect directly';

const ignore = () => {};

class LeaseState {
  /** The lease's number; 0 = released. */
  lease = 0;
  /** Why the lease accepts no more statements while it is held. */
  closed = '';
  /** Why its user may not release it, if so. */
  guarded = '';
  /** @type {Status | null} */
  status = null;
  /** @type {import('../values/types.js').TypeOverrides | null} */
  types = null;
  /** Raw listeners by event. @type {Map<string | symbol, Function[]>} */
  listeners = new Map();
  /** @type {number | null} */
  processID = null;
  /** Whether statements of a connect hook are refused, because of a pooler. */
  refusesSql = false;
  /**
   * Of its statements outside transactions, and of its transactions.
   * @type {import('./call-settings.js').CallSettings | null}
   */
  settings = null;
  /** Statement names that users gave on this connection. */
  names = new NamedTexts();
  /** How many statements this lease has had. */
  given = 0;
  /** Since when it is idle. */
  idleSince = 0;
  /** A call already has the client's parsers. */
  decodable = -1;
  /** Answers that later ones wait for. @type {Promise<unknown> | null} */
  late = null;
  /**
   * The helper around the lease.
   * @type {import('../retry/context.js').JoinedRun | undefined}
   */
  run = undefined;
  /** Of transaction(). @type {AbortSignal | undefined} */
  signal = undefined;
  #core;
  /** Whether session state may outlive its statements. */
  #session = false;
  #pending = 0;
  #streams = new LeaseStreams(this, (kind, call, config) => {
    this.refuseIfGone();
    this.#send(kind, call, config, undefined);
  });
  /** @type {unknown} */
  #failure = undefined;
  /** @type {(() => void) | null} */
  #onSettled = null;

  /**
   * @param {import('./pool-core.js').PoolCore} core
   * @param {number} serial of its connection in the pool
   */
  constructor(core, serial) {
    this.#core = core;
    this.serial = serial;
    this.asker = new LeaseTypes(this);
  }

  get core() {
    return this.#core;
  }

  /** @param {Promise<unknown>} answer */
  hold(answer) {
    this.late = answer;
    answer.then(() => {
      this.late = this.late === answer ? null : this.late;
    });
  }

  get pending() {
    return this.#pending;
  }

  /**
   * @param {import('../engine/waiters.js').Lease} lease
   * @param {import('../retry/context.js').JoinedRun | undefined} run
   */
  grant(lease, run) {
    this.lease = lease.number;
    this.closed = '';
    this.guarded = '';
    this.refusesSql = false;
    this.settings = null;
    this.status = 'I';
    this.asker.begin();
    this.given = 0;
    this.idleSince = nowMillis();
    this.#session = false;
    this.signal = undefined;
    this.run = run;
    this.#failure = undefined;
  }

  /**
   * @param {import('../retry/context.js').JoinedRun | undefined} run
   * @param {AbortSignal | undefined} signal
   */
  guard(run, signal) {
    this.guarded = 'transaction() releases its client itself';
    this.run = run;
    this.signal = signal;
  }

  /**
   * Runs a statement after all earlier ones.
   * @param {any} config
   * @param {any} values
   * @param {any} callback
   * @returns {Promise<any> | undefined}
   */
  query(config, values, callback) {
    const valuesGiven = typeof values !== 'function';
    const onDone = valuesGiven ? callback || config?.callback : values;
    /** @type {Call | undefined} */
    let call;
    const promise = callWith(
      onDone,
      'HoldfastQuery',
      (resolve, reject) => {
        this.refuseIfGone();
        const given = valuesGiven ? values : undefined;
        const { LEASE_QUERY } = OP;
        call = this.#start(LEASE_QUERY, config, given, resolve, reject);
      },
      null,
    );
    if (call !== undefined) {
      call.promise = promise ?? null;
    } else if (this.refusesSql) {
      promise?.catch(ignore); // there was a warning: it need not be handled
    }
    return promise;
  }

  /** Throws where no statement can be run any more. */
  refuseIfGone() {
    if (this.lease === 0 || this.closed !== '') {
      throw refusal('HF_RELEASED', this.closed || undefined);
    }
    if (this.refusesSql) {
      throw this.#core.refuseHookSql(HOOK_ADVICE);
    }
  }

  /**
   * Returns the rows of a statement that runs after all earlier ones. Never
   * throws: what is wrong destroys the stream.
   * @param {any[]} given the arguments of stream()
   */
  stream(given) {
    return this.#streams.stream(given);
  }

  /** @param {any[]} given the arguments of copyTo() */
  copyTo(given) {
    return this.#streams.copyTo(given);
  }

  /** @param {any[]} given the arguments of copyFrom() */
  copyFrom(given) {
    return this.#streams.copyFrom(given);
  }

  /**
   * Runs an object that speaks pg's protocol, such as pg-cursor, and returns it.
   * @param {any} query
   * @param {any} values
   * @param {any} callback
   * @param {() => void} [onOver] called when the connection is free again
   */
  submit(query, values, callback, onOver) {
    return this.#streams.submit(query, values, callback, onOver);
  }

  /**
   * @param {number} kind
   * @param {any} config
   * @param {any} values
   * @param {(value: any) => void} resolve
   * @param {(error: any) => void} reject
   * @param {number} [within] of OP.FINISH: how long COMMIT may take; 0 = for
   *   ever
   * @returns {Call}
   */
  #start(kind, config, values, resolve, reject, within = 0) {
    const { types } = this.#core;
    const call = new Call(this, this.types ?? types, resolve, reject);
    call.acquire = within;
    this.#send(kind, call, config, values);
    return call;
  }

  /**
   * @param {number} kind
   * @param {Call} call
   * @param {any} config
   * @param {any} values
   */
  #send(kind, call, config, values) {
    const { defaults, port, observer } = this.#core;
    call.timeout = defaults.timeout;
    call.settings = kind === OP.FINISH ? null : this.settings;
    readLeaseCall(call, config, values, this);
    enterBatch(call, config);
    call.flags |= config?.[URGENT] === true ? FLAG.URGENT : 0;
    call.flags |= config?.[SURE] === true ? FLAG.EXACTLY_ONCE : 0;
    this.#checkRun(call.run);
    const { lease: target } = this;
    if (observer.followsCalls) {
      observer.follow(call, true, () => call.submit(port, kind, target));
    } else {
      call.submit(port, kind, target);
    }
    this.begun();
    return call;
  }

  begun() {
    this.#pending += 1;
    this.given += 1;
  }

  /**
   * A helper must not repeat one statement of a transaction begun outside.
   * @param {import('../retry/context.js').JoinedRun | undefined} run
   */
  #checkRun(run) {
    if (run !== undefined && run !== this.run && this.status !== 'I') {
      run.note('inside', this.run);
    }
  }

  /**
   * Called by a statement of this client before its promise settles.
   * @param {Call} call
   * @param {number} _connection
   * @param {any} error
   */
  settled(call, _connection, error) {
    if (call.transaction !== 0) {
      this.status = /** @type {Status} */ (
        String.fromCharCode(call.transaction)
      );
    }
    this.asker.note(call);
    if (error === undefined) {
      this.#failure = this.status === 'E' ? this.#failure : undefined;
      call.noteWrite();
    } else {
      this.#failure ??= error;
      this.#noteDoubt(call, error);
      if (error.code === 'HF_ROLLED_BACK') {
        // The caller rolled back itself: an unhandled rejection is not needed.
        call.promise?.catch(ignore);
      }
    }
    this.#session ||=
      error === undefined ? call.holds : error.outcome !== 'not_executed';
    if (!call.more) {
      this.#core.observer.settled(call, error);
      this.#finished();
    }
  }

  /**
   * @param {Call} call
   * @param {unknown} error
   */
  #noteDoubt(call, error) {
    // A failed COMMIT of transaction() itself is judged by transaction().
    if (this.closed === '') {
      call.noteDoubt(error);
    }
  }

  #finished() {
    this.#pending -= 1;
    if (this.#pending === 0) {
      this.idleSince = nowMillis();
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
   * @param {number} _connection
   * @param {import('../values/types.js').CustomTypes} types
   */
  typesOn(_connection, types) {
    return types;
  }

  /**
   * Runs a statement of transaction()'s own, also on a closed lease.
   * @param {any} config
   * @returns {Promise<any>}
   */
  runLast(config) {
    this.signal = config.signal;
    return new Promise((resolve, reject) => {
      this.#start(OP.LEASE_QUERY, config, undefined, resolve, reject);
    });
  }

  /**
   * Ends the transaction, and the lease with it.
   * @param {object} client
   * @param {any} config COMMIT or ROLLBACK, and its bounds
   * @param {number} within as of #start
   * @param {unknown} [error] what made the transaction fail
   * @returns {Promise<any>}
   */
  finish(client, config, within, error) {
    const { lease } = this;
    this.signal = config.signal;
    this.#streams.destroy();
    return new Promise((resolve, reject) => {
      const onResult = (/** @type {any} */ result) => {
        this.#leave();
        this.#core.leases.finished(client, this, lease, error);
        resolve(result);
      };
      // The engine still has the lease if the statement was never sent.
      const onError = (/** @type {any} */ failure) => {
        this.release(client, error ?? failure);
        reject(failure);
      };
      try {
        this.#start(OP.FINISH, config, undefined, onResult, onError, within);
      } catch (failure) {
        onError(failure);
      }
    });
  }

  #leave() {
    this.lease = 0;
    this.run = undefined;
  }

  /** What made the open transaction fail, if it failed. */
  get failure() {
    return this.#failure;
  }

  /**
   * Waits for the pending statements, but for streams that nobody can read any
   * more. Resolves to what made the open transaction fail, if it failed.
   * @returns {Promise<unknown>}
   */
  settle() {
    this.#streams.destroy();
    return this.idle();
  }

  /**
   * Waits for the pending statements, streams among them. Resolves as settle().
   * @returns {Promise<unknown>}
   */
  async idle() {
    if (this.#pending > 0) {
      await new Promise((resolve) => {
        this.#onSettled = () => resolve(undefined);
      });
    }
    return this.#failure;
  }

  /**
   * Whether the client has listeners, or its session has state that must not be
   * lost or seen by others: a lock, a setting, a temporary table, a cursor.
   */
  get holds() {
    return (
      this.#session ||
      this.#pending > 0 ||
      this.status !== 'I' ||
      this.listeners.size > 0
    );
  }

  /**
   * @param {object} client
   * @param {unknown} error
   */
  release(client, error) {
    const { lease } = this;
    this.#leave();
    this.#core.leases.release(client, this, lease, error);
  }

  /**
   * @param {number | string} oid or the type's name
   * @param {any} format
   * @param {any} [parser]
   */
  setTypeParser(oid, format, parser) {
    this.types ??= createTypeOverrides(this.#core.types);
    this.types.setTypeParser(oid, format, parser);
    this.#core.noteParsers(this.types);
  }

  /**
   * @param {number} oid
   * @param {any} [format]
   */
  getTypeParser(oid, format) {
    return (this.types ?? this.#core.types).getTypeParser(oid, format);
  }
}

module.exports = { LeaseState, SURE, URGENT };
