// SPDX-License-Identifier: MIT
'use strict';

// batch(): several statements in one flight, and so in one transaction; or, not
// atomic, one after the other.

const { argumentError } = require('../validate/argument-error.js');
const { checkKeys } = require('../validate/keys.js');
const { checkConfig, checkText, readValues } = require('./arguments.js');
const { FLAG } = require('../protocol/operations.js');
const { encodeParams, pushTexts } = require('../values/params.js');
const registry = require('../values/types.js');

/** @typedef {import('../values/types.js').CustomTypes} CustomTypes */
/** @typedef {import('./call.js').Call} Call */
/** @typedef {{query: (config: any) => any}} Queryable a pool or a client */

/**
 * A statement of a batch.
 * @typedef {object} Item
 * @property {string} text
 * @property {unknown[] | null} values
 * @property {CustomTypes | null} types null = those of the pool or client
 * @property {boolean} rowAsArray
 */

/** In the object given to query(): it stands for a batch. */
const BATCH = Symbol('batch');

const STATEMENTS_MAX = 10_000;

const KNOWN = new Set([
  'atomic',
  'exactlyOnce',
  'settings',
  'readOnly',
  'idempotent',
  'retry',
  'signal',
  'timeoutMillis',
  'deadlineMillis',
  'context',
]);

/** What belongs to a batch as a whole, or has no meaning in one. */
const OF_WHOLE = [...KNOWN, 'cache', 'query_timeout', 'callback'];

/** Statements whose results follow each other in one answer. */
class Batch {
  /** What begins a transaction that stays open after it. */
  #begin;
  #known;
  #at = 0;

  /**
   * @param {Item[]} items
   * @param {string} [begin] '' = it is a transaction by itself
   * @param {string | null} [known] the last field of OP.ONCE
   */
  constructor(items, begin = '', known = null) {
    this.items = items;
    this.#begin = begin;
    this.#known = known;
  }

  /**
   * Makes a call the batch's.
   * @param {Call} call with the parsers of its pool or client
   */
  enter(call) {
    call.batch = this;
    call.flags |= FLAG.BATCH;
    call.values = null;
    this.defaults = call.types;
    this.#at = 0;
    this.#prepare(call);
  }

  /**
   * A result has come, and another follows.
   * @param {Call} call
   */
  next(call) {
    this.#at += 1;
    this.#prepare(call);
  }

  /** @param {Call} call */
  #prepare(call) {
    const item = this.items[this.#at];
    call.types = item?.types ?? this.defaults ?? call.types;
    call.rowAsArray = item?.rowAsArray ?? false;
  }

  /**
   * Returns the types that the engine may decode in all results.
   * @param {number} mask
   */
  decodable(mask) {
    let all = mask;
    for (const { types } of this.items) {
      all &= types === null ? -1 : registry.builtinMask(types);
    }
    return all;
  }

  /**
   * Encodes all values. Throws what is wrong with them, and where.
   * @returns {ReturnType<typeof encodeParams>[]}
   */
  encode() {
    return this.items.map(({ values }, index) => {
      try {
        return values === null ? [] : encodeParams(values);
      } catch (/** @type {any} */ error) {
        error.batchIndex = index;
        throw error;
      }
    });
  }

  /**
   * Pushes the fields of FLAG.BATCH; returns how many.
   * @param {import('../engine/port.js').Port} port
   * @param {ReturnType<typeof encodeParams>[]} texts by encode()
   * @returns {number}
   */
  push(port, texts) {
    let fields = 2;
    port.push(`${this.items.length}`);
    port.push(this.#begin);
    for (const [index, { text }] of this.items.entries()) {
      if (index > 0) {
        port.push(text);
        fields += 1;
      }
      port.push(`${texts[index].length}`);
      pushTexts(port, texts[index]);
      fields += 1 + texts[index].length;
    }
    if (this.#known !== null) {
      port.push(this.#known);
      fields += 1;
    }
    return fields;
  }
}

/**
 * Reads a statement of a batch. Throws what is wrong with it.
 * @param {any} given SQL text, or an object with `text`
 * @returns {Item}
 */
function readItem(given) {
  if (typeof given === 'string') {
    const text = checkText(given);
    return { text, values: null, types: null, rowAsArray: false };
  }
  checkConfig(given);
  const wrong = OF_WHOLE.find((key) => (given[key] ?? undefined) !== undefined);
  if (wrong !== undefined) {
    throw argumentError(
      `${wrong} is not for one statement of a batch: give it to batch()`,
    );
  }
  /** @type {any} */
  const read = { text: checkText(given.text), values: null };
  readValues(read, given.values);
  return {
    text: read.text,
    values: read.values,
    types: given.types ?? null,
    rowAsArray: given.rowMode === 'array',
  };
}

/**
 * @param {any} list
 * @returns {Item[]}
 */
function readItems(list) {
  if (!Array.isArray(list)) {
    throw argumentError('batch() takes an array of statements');
  }
  if (list.length > STATEMENTS_MAX) {
    throw argumentError(
      `a batch has at most ${STATEMENTS_MAX} statements, not ${list.length}: ` +
        'divide it',
      RangeError,
    );
  }
  return list.map((given, index) => {
    try {
      return readItem(given);
    } catch (/** @type {any} */ error) {
      error.batchIndex = index;
      throw error;
    }
  });
}

/**
 * Says what to do about a statement that the server refuses in a transaction.
 * @param {any} error
 * @returns {never}
 */
function explain(error) {
  if (error?.code === '25001' || error?.code === '2D000') {
    error.reason =
      'a batch is one transaction, and this statement ends one, or cannot run ' +
      'in one: give atomic: false, or run it by itself';
  }
  throw error;
}

/**
 * Runs statements in one transaction.
 * @param {Queryable} on
 * @param {Item[]} items
 * @param {any} options
 * @returns {Promise<any[]>}
 */
async function runTogether(on, items, options) {
  const [{ text }] = items;
  const config = { ...options, text, [BATCH]: new Batch(items) };
  const results = await on.query(config).catch(explain);
  return Array.isArray(results) ? results : [results];
}

/**
 * Runs statements one after the other, each for itself.
 * @param {Queryable} on
 * @param {Item[]} items
 * @param {any} options
 * @returns {Promise<PromiseSettledResult<any>[]>}
 */
async function runApart(on, items, options) {
  /** @type {PromiseSettledResult<any>[]} */
  const outcomes = [];
  for (const [index, { text, values, types, rowAsArray }] of items.entries()) {
    const config = { ...options, text, values, types };
    if (rowAsArray) {
      config.rowMode = 'array';
    }
    try {
      // In order: a later one may need what an earlier one does.
      outcomes.push({ status: 'fulfilled', value: await on.query(config) });
    } catch (/** @type {any} */ reason) {
      reason.batchIndex = index;
      outcomes.push({ status: 'rejected', reason });
    }
  }
  return outcomes;
}

/**
 * batch() of a pool or a client. What is wrong rejects its promise.
 * @param {Queryable} on
 * @param {any} list
 * @param {any} [options]
 * @returns {Promise<any[]>}
 */
async function runBatch(on, list, options = {}) {
  if (options === null || typeof options !== 'object') {
    throw argumentError('the options of batch() must be an object');
  }
  checkKeys(options, KNOWN, 'batch()');
  const { atomic = true, ...rest } = options;
  if (typeof atomic !== 'boolean') {
    throw argumentError('atomic must be true or false');
  }
  const items = readItems(list);
  if (items.length === 0) {
    return [];
  }
  if (atomic) {
    return await runTogether(on, items, rest);
  }
  new Batch(items).encode(); // nothing is sent when a value is wrong
  return await runApart(on, items, rest);
}

/**
 * Makes a call a batch's, where its config says so.
 * @param {Call} call
 * @param {any} config
 */
function enterBatch(call, config) {
  const batch = config?.[BATCH];
  if (batch !== undefined) {
    batch.enter(call);
  }
}

module.exports = { BATCH, Batch, enterBatch, readItem, runBatch };
