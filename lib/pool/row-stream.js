// SPDX-License-Identifier: MIT
'use strict';

// The rows of a statement as a Readable of Node's. It holds the portion that
// its reader is at; the engine holds the next ones, and the socket the rest.
//
// `for await` takes rows out of the portions (row-iterator.js): a row that goes
// through the buffer of a Readable costs several times what it takes to make it.

const { Readable } = require('node:stream');

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
    throw new TypeError(
      'options, the third argument of stream(), must be an object',
    );
  }
  if (typeof config === 'string') {
    return { ...options, text: config, values };
  }
  if (config === null || typeof config !== 'object') {
    throw new TypeError(
      'the first argument of stream() must be SQL text or an object with text',
    );
  }
  const { text, name } = config;
  return { ...config, ...options, text, name, values: values || config.values };
}

/** @param {any} config */
function refuseForStreams(config) {
  if (typeof config.submit === 'function') {
    throw new TypeError(
      'stream() takes a text: give a Submittable to query() of a client',
    );
  }
  if (config.exactlyOnce) {
    throw new TypeError(
      'exactlyOnce is for query() and transaction(): a stream is repeated ' +
        'before its first row only',
    );
  }
  if (config.cache) {
    throw new TypeError('a stream is not cached: leave out `cache`');
  }
}

/**
 * @callback Start
 * @param {StreamCall} call
 * @param {any} config
 * @returns {void} throws what is wrong with the arguments
 */

class RowStream extends Readable {
  /** @type {StreamCall | null} */
  #call = null;
  /** Portions that were not asked for yet. @type {any[][]} */
  #portions = [];
  #wants = false;
  #isComplete = false;
  /** What it fails with once its rows were read. @type {any} */
  #failure = null;
  /** @type {(() => void) | null} */
  #onOver = null;
  /** Of an iterator that waits for rows, or for the end. */
  /** @type {(() => void) | null} */
  #onChange = null;
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
    const reader = {
      onRows: (/** @type {any} */ result) => this.#onRows(result),
      onEnd: (/** @type {any} */ result) => this.#onEnd(result),
      onFailed: (/** @type {any} */ error) => this.#onFailed(error),
    };
    try {
      const read = toConfig(config, values, options);
      refuseForStreams(read);
      const call = new StreamCall(owner, types, reader);
      call.portion = readPortion(read.batchSize);
      start(call, read);
      this.#call = call;
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
          take: () => this.#take(),
          change: () => this.#change(),
          rest: () => super[Symbol.asyncIterator](),
        })
      : super[Symbol.asyncIterator]();
  }

  /**
   * Returns the next portion; null where none is there, or none follows.
   * @returns {any[] | null}
   */
  #take() {
    const rows = this.#portions.shift();
    if (rows === undefined) {
      return null;
    }
    this.#call?.readMore();
    return rows;
  }

  /**
   * Waits for rows or the end; undefined where the rest is what every Readable
   * does at its end.
   * @returns {Promise<void> | undefined}
   */
  #change() {
    if (this.destroyed || this.#failure !== null || this.#isComplete) {
      return undefined;
    }
    return new Promise((resolve) => {
      this.#onChange = resolve;
    });
  }

  #tell() {
    const tell = this.#onChange;
    this.#onChange = null;
    tell?.();
  }

  _read() {
    const rows = this.#portions.shift();
    if (rows !== undefined) {
      this.#give(rows);
    } else if (this.#failure !== null) {
      this.destroy(this.#failure);
    } else if (this.#isComplete) {
      this.push(null);
    } else {
      this.#wants = true;
    }
  }

  /** @param {any[]} rows */
  #give(rows) {
    this.#wants = false;
    this.#call?.readMore();
    for (const row of rows) {
      this.push(row);
    }
    if (rows.length === 0) {
      this._read();
    }
  }

  /** @param {any} result */
  #onRows({ rows, fields }) {
    this.#fields ??= fields;
    if (this.#wants) {
      this.#give(rows);
    } else {
      this.#portions.push(rows);
      this.#tell();
    }
  }

  /** @param {any} result */
  #onEnd(result) {
    this.#isComplete = true;
    this.#onOver?.();
    if (!this.destroyed) {
      this.#onRows(result);
    }
  }

  /**
   * Rows that came before the error are read first, unless the caller itself
   * has ended it.
   * @param {any} error
   */
  #onFailed(error) {
    this.#onOver?.();
    if (this.#wants || error?.code === 'HF_ABORTED') {
      this.destroy(error);
    } else {
      this.#failure = error;
      this.#tell();
    }
  }

  /**
   * Ends the statement, if it runs, and waits until its connection is clean.
   * @param {Error | null} error
   * @param {(error?: Error | null) => void} callback
   */
  _destroy(error, callback) {
    const call = this.#call;
    this.#portions = [];
    this.#tell();
    if (call === null || call.isOver) {
      callback(error);
      return;
    }
    this.#onOver = () => callback(error);
    call.leave();
  }
}

module.exports = { RowStream };
