// SPDX-License-Identifier: MIT
'use strict';

// The rows of a statement as a Readable of Node's. It holds the portion that
// its reader is at; the engine holds the next ones, and the socket the rest.
//
// `for await` takes rows out of the portions (row-iterator.js): a row that goes
// through the buffer of a Readable costs several times what it takes to make it.

const { argumentError } = require('../validate/argument-error.js');
const { Readable } = require('node:stream');

const { Portions } = require('./portions.js');
const { RowIterator } = require('./row-iterator.js');
const { readPortion, StreamCall } = require('./stream-call.js');

/**
 * The object that query() would take, of what stream() was given.
 * @param {any} config
 * @param {any} values
 * @param {any} options
 */
function toConfig(config, values, options) {
  if (
    options !== undefined &&
    (options === null || typeof options !== 'object')
  ) {
    throw argumentError(
      'options, the third argument of stream(), must be an object',
    );
  }
  if (typeof config === 'string') {
    return { ...options, text: config, values };
  }
  if (config === null || typeof config !== 'object') {
    throw argumentError(
      'the first argument of stream() must be SQL text or an object with text',
    );
  }
  const { text, name } = config;
  return { ...config, ...options, text, name, values: values || config.values };
}

/** @param {any} config */
function refuseForStreams(config) {
  if (typeof config.submit === 'function') {
    throw argumentError(
      'stream() takes a text: give a Submittable to query() of a client',
    );
  }
  if (config.exactlyOnce) {
    throw argumentError(
      'exactlyOnce is for query() and transaction(): a stream is repeated ' +
        'before its first row only',
    );
  }
  if (config.cache) {
    throw argumentError('a stream is not cached: leave out `cache`');
  }
}

/**
 * @callback Start
 * @param {StreamCall} call
 * @param {any} config
 * @returns {void} throws what is wrong with the arguments
 */

class RowStream extends Readable {
  /** @type {Portions<any[]>} */
  #portions = new Portions(this, (rows) => this.#push(rows));
  /** @type {any[] | null} */
  #fields = null;

  /**
   * @param {import('./call.js').Owner} owner
   * @param {import('../values/types.js').CustomTypes} types
   * @param {Start} start
   * @param {any[]} given the arguments of stream()
   */
  constructor(owner, types, start, [config, values, options]) {
    // 0: it is asked for rows when it has given the last one.
    super({ objectMode: true, highWaterMark: 0 });
    const portions = this.#portions;
    const reader = {
      onRows: (/** @type {any} */ result) => portions.add(this.#rowsOf(result)),
      onEnd: (/** @type {any} */ result) =>
        portions.complete(this.#rowsOf(result)),
      onFailed: (/** @type {any} */ error) => portions.fail(error),
    };
    try {
      const read = toConfig(config, values, options);
      refuseForStreams(read);
      const call = new StreamCall(owner, types, reader);
      call.portion = readPortion(read.batchSize);
      start(call, read);
      portions.follow(call);
    } catch (error) {
      this.destroy(/** @type {Error} */ (error));
    }
  }

  /** The columns, once the first rows have come; null before. */
  get fields() {
    return this.#fields;
  }

  /**
   * What `for await` uses. Where rows are read in another way as well, that is
   * the iterator of every Readable.
   * @returns {any} an AsyncIterator
   */
  [Symbol.asyncIterator]() {
    const isUntouched =
      this.readableFlowing === null &&
      this.readableLength === 0 &&
      !this.destroyed;
    return isUntouched
      ? new RowIterator(this, {
          take: () => this.#portions.take(),
          change: () => this.#portions.change(),
          rest: () => super[Symbol.asyncIterator](),
        })
      : super[Symbol.asyncIterator]();
  }

  _read() {
    this.#portions.read();
  }

  /** @param {any} result */
  #rowsOf({ rows, fields }) {
    this.#fields ??= fields;
    return rows;
  }

  /** @param {any[]} rows */
  #push(rows) {
    for (const row of rows) {
      this.push(row);
    }
    return rows.length;
  }

  /**
   * @param {Error | null} error
   * @param {(error?: Error | null) => void} callback
   */
  _destroy(error, callback) {
    this.#portions.destroy(error, callback);
  }
}

module.exports = { RowStream };
