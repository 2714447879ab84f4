// SPDX-License-Identifier: MIT
'use strict';

// One statement: sent to the port, and settled by its answer.

const { FLAG } = require('../protocol/operations.js');
const { pushSettings } = require('./call-settings.js');
const { encodeParams, pushTexts } = require('../values/params.js');
const { leaveSignal, watchSignal } = require('../platform/signals.js');
const types = require('../values/types.js');
const { withValueOptions } = require('../values/value-options.js');

/**
 * Its owner, a pool or a client, is called with the outcome before the caller's
 * promise settles.
 * @typedef {object} Owner
 * @property {(call: Call, connection: number, error: unknown) => void} settled
 * @property {(call: Call, error: any) => any} explain
 * @property {number} decodable types for which no connection has its own parser
 * @property {import('./type-lookup.js').TypeLookup | null} [lookup] where the
 *   catalogue is asked; without an asker
 * @property {import('./lease-types.js').LeaseTypes | null} asker asks on the
 *   connection that a result came from
 * @property {Promise<unknown> | null} late answers that later ones wait for;
 *   it never rejects
 * @property {(answer: Promise<unknown>) => void} hold
 * @property {(connection: number, types:
 *   import('../values/types.js').CustomTypes ) =>
 *   import('../values/types.js').CustomTypes} typesOn
 */

const ignore = () => {};

class Call {
  index = 0;
  generation = 0;
  counted = true;
  text = '';
  /** The text as it was given, where names in it became numbers. */
  given = '';
  name = '';
  /**
   * Where that name is registered.
   * @type {import('./named-texts.js').NamedTexts | null}
   */
  names = null;
  flags = 0;
  /** In ms, 0 = none. */
  timeout = 0;
  deadline = 0;
  /** How long to wait for a connection. */
  acquire = 0;
  retries = -1;
  /** Of a stream: how many rows come at once; 0 = it is none. */
  portion = 0;
  /** The types that the engine decodes. */
  decode = 0;
  rowAsArray = false;
  /** Whether the caller gave its own parsers, which are asked alone. */
  hasOwnTypes = false;
  /** @type {import('../values/value-options.js').ValueOptions | null} */
  valueOptions = null;
  /** Whether earlier calls wait for it. */
  isLookup = false;
  /** Whether another result of the same statement follows. */
  more = false;
  /** When it was sent, if it is timed; 0 = it is not. */
  started = 0;
  /**
   * Of all its results; undefined where none has a count.
   * @type {number | undefined}
   */
  rows = undefined;
  /** The serial of the connection that it failed on, or waited for. */
  connection = 0;
  /** How often it was sent, once known. */
  attempts = 0;
  /** @type {string | null} */
  command = null;
  /** The connection's status after it, a character code; 0 = unknown. */
  transaction = 0;
  /** Whether something may be durable by now. */
  wrote = false;
  /** Whether it may have left state in its session. */
  holds = false;
  /** @type {unknown[] | null} */
  values = null;
  /**
   * The fields of FLAG.CACHE.
   * @type {string[] | null}
   */
  cache = null;
  /** @type {import('./call-settings.js').CallSettings | null} */
  settings = null;
  /** Whether some of them were given with the statement. */
  hasOwnSettings = false;
  /**
   * Its statements, where it is a batch.
   * @type {import('./batch.js').Batch | null}
   */
  batch = null;
  /** @type {AbortSignal | null} */
  signal = null;
  /** @type {import('../retry/context.js').JoinedRun | undefined} */
  run = undefined;
  /** What its caller awaits. @type {Promise<any> | null} */
  promise = null;
  /** @type {(value: any) => void} */
  resolve;
  /** @type {(error: any) => void} */
  reject;
  /** @type {any[] | null} */
  #results = null;
  /** @type {{thrown: unknown} | null} */
  #failed = null;
  /**
   * What reads the present result, where the catalogue is asked.
   * @type {import('../values/catalog/type-reader.js').TypeReader | null}
   */
  #reader = null;
  /** Results whose types are looked up. @type {Promise<unknown> | null} */
  #late = null;
  #owner;
  /** @type {import('../engine/port.js').Port | null} */
  #port = null;

  /**
   * @param {Owner} owner
   * @param {import('../values/types.js').CustomTypes} customTypes
   * @param {(value: any) => void} resolve
   * @param {(error: any) => void} reject
   */
  constructor(owner, customTypes, resolve, reject) {
    this.#owner = owner;
    this.types = customTypes;
    this.resolve = resolve;
    this.reject = reject;
  }

  /**
   * Hands the statement to the port. Throws, before anything is sent, what is
   * wrong with the values.
   * @param {import('../engine/port.js').Port} port
   * @param {number} kind
   * @param {number} target
   */
  submit(port, kind, target) {
    // Encoding may run the caller's own code, which may call query() itself, so
    // it comes before the first field is pushed.
    const texts = this.values === null ? null : encodeParams(this.values);
    const batchTexts = this.batch?.encode() ?? [];
    this.values = null;
    const parsers = withValueOptions(this.types, this.valueOptions);
    this.decode = types.builtinMask(parsers) & this.#owner.decodable;
    this.#port = port;
    port.push(this.text);
    let fields = 1;
    if (this.name !== '') {
      port.push(this.name);
      fields += 1;
    }
    if (this.cache !== null) {
      for (const field of this.cache) {
        port.push(field);
      }
      fields += this.cache.length;
    }
    if (this.settings !== null) {
      fields += pushSettings(port, this.settings, this.hasOwnSettings);
      this.flags |= FLAG.SETTINGS;
    }
    if (this.batch !== null) {
      this.decode = this.batch.decodable(this.decode);
      fields += this.batch.push(port, batchTexts);
    } else if (texts !== null) {
      pushTexts(port, texts);
      fields += texts.length;
    }
    port.addRequest(kind, fields, target, this);
    if (this.signal !== null) {
      watchSignal(this.signal, this);
    }
    this.names?.note(this.name, this.given || this.text);
    this.run?.note('begun');
  }

  /**
   * Returns the parsers for a result of this connection.
   * @param {number} connection
   */
  typesOn(connection) {
    const parsers = withValueOptions(
      this.#owner.typesOn(connection, this.types),
      this.valueOptions,
    );
    const lookup = this.hasOwnTypes ? null : this.#lookup;
    if (lookup === null) {
      return parsers;
    }
    this.#reader = lookup.reader(parsers);
    return this.#reader;
  }

  get #lookup() {
    const { asker, lookup = null } = this.#owner;
    return asker === null ? lookup : asker.lookup;
  }

  /**
   * Has the types of a result looked up that are not known yet.
   * @param {import('../values/results.js').Result} result
   */
  #complete(result) {
    const reader = this.#reader;
    this.#reader = null;
    const missing = reader?.missing;
    const { asker } = this.#owner;
    const lookup = this.#lookup;
    if (!reader || !missing || lookup === null || this.#failed !== null) {
      return;
    }
    const own = lookup.complete(result, reader, missing, asker);
    const late = Promise.all([this.#late, own]);
    late.catch(ignore); // it is read when the last result has come
    this.#late = late;
  }

  /**
   * Settles the promise, once types are known and not before earlier calls of a
   * client.
   * @param {() => void} settle
   */
  #settle(settle) {
    const late = this.isLookup ? null : this.#owner.late;
    if (this.#late === null && late === null) {
      settle();
      return;
    }
    const all = Promise.all([this.#late, late]);
    this.#owner.hold(all.then(settle, (error) => this.reject(error)));
  }

  /** The results that have come, where others were to follow. */
  get partial() {
    return this.#results ?? [];
  }

  /** The signal was aborted. */
  handleEvent() {
    this.#port?.abort(this);
  }

  /**
   * @param {import('../values/results.js').Result} result
   * @param {import('../engine/waiters.js').ResultMeta} meta
   */
  onResult(result, meta) {
    this.command = result.command;
    if (result.rowCount !== null) {
      this.rows = (this.rows ?? 0) + result.rowCount;
    }
    this.more = meta.more;
    this.transaction = meta.transaction;
    this.wrote = meta.wrote;
    this.holds = meta.holds;
    this.#failed ??= meta.failed;
    this.attempts = meta.attempts;
    if (meta.more) {
      this.#results ??= [];
      this.#results.push(result);
      this.batch?.next(this);
      this.#owner.settled(this, 0, undefined);
      this.#complete(result);
      return;
    }
    leaveSignal(this.signal, this);
    if (this.run !== undefined && meta.attempts > 1) {
      this.run.spend(meta.attempts - 1);
    }
    this.#owner.settled(this, meta.connection, undefined);
    this.run?.note('ended');
    this.#complete(result);
    const failed = this.#failed;
    if (failed !== null) {
      this.#settle(() => this.reject(failed.thrown));
    } else if (this.#results !== null) {
      this.#results.push(result);
      const results = this.#results;
      this.#settle(() => this.resolve(results));
    } else {
      this.#settle(() => this.resolve(result));
    }
  }

  /**
   * @param {any} error
   * @param {number} transaction
   * @param {number} connection 0 when it was sent to none
   */
  onError(error, transaction, connection) {
    this.more = false;
    this.transaction = transaction;
    leaveSignal(this.signal, this);
    if (this.run !== undefined && error.attempts > 1) {
      this.run.spend(error.attempts - 1);
    }
    if (this.signal?.aborted && error.code === 'HF_ABORTED') {
      error.cause ??= this.signal.reason;
    }
    this.names?.failed(this.name, error);
    this.connection = connection;
    this.#owner.settled(this, connection, error);
    this.run?.note('ended');
    this.#late = null;
    this.#settle(() => this.reject(this.#owner.explain(this, error)));
  }

  /** Notes an acknowledged write for the helper around, if any. */
  noteWrite() {
    if (this.wrote) {
      this.run?.note('write');
    }
  }

  /**
   * Notes a write that may have been done, in case the function goes on as if
   * nothing had happened. An idempotent one is not noted.
   * @param {any} error
   */
  noteDoubt(error) {
    const { flags, run } = this;
    if (run === undefined || run.idempotent || error.outcome !== 'ambiguous') {
      return;
    }
    if ((flags & (FLAG.READ_ONLY | FLAG.IDEMPOTENT)) === 0) {
      run.note('write');
    }
  }
}

module.exports = { Call };
