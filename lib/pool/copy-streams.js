// SPDX-License-Identifier: MIT
'use strict';

// COPY as streams of Node's: a Readable of what the server sends, a Writable of
// what it is sent.

const { argumentError } = require('../validate/argument-error.js');
const { Readable, Writable } = require('node:stream');

const { COPY } = require('../protocol/operations.js');
const { CopyInCall, CopyOutCall } = require('./copy-call.js');
const { Portions } = require('./portions.js');

/** What COPY has nothing for, with the reason. */
const REFUSED = {
  values: 'COPY has no parameters: put them into its query with pool.sql',
  name: 'a COPY is not prepared: leave out `name`',
  cache: 'a COPY is not cached: leave out `cache`',
  exactlyOnce:
    'exactlyOnce is for query() and transaction(): copy inside ' +
    'transaction(fn, {exactlyOnce: true})',
};

const DESTROYED =
  'the COPY was destroyed before it had finished: nothing of it is stored';

/**
 * The object that query() would take.
 * @param {string} method
 * @param {any} text
 * @param {any} options
 */
function toConfig(method, text, options) {
  if (typeof text !== 'string') {
    throw argumentError(
      `the first argument of ${method}() must be the text of a COPY`,
    );
  }
  if (
    options !== undefined &&
    (options === null || typeof options !== 'object')
  ) {
    throw argumentError(
      `options, the second argument of ${method}(), must be an object`,
    );
  }
  const given = { ...options };
  for (const [key, why] of Object.entries(REFUSED)) {
    if (given[key]) {
      throw argumentError(why);
    }
  }
  return { ...given, text };
}

/**
 * @callback Start
 * @param {CopyInCall | CopyOutCall} call
 * @param {any} config
 * @returns {void} throws what is wrong with the arguments
 */

/** The data of COPY … TO STDOUT, as bytes. */
class CopyReadable extends Readable {
  /** @type {Portions<Buffer>} */
  #portions = new Portions(this, (bytes) => this.#push(bytes));
  /** @type {number | null} */
  #rowCount = null;

  /**
   * @param {import('./call.js').Owner} owner
   * @param {import('../values/types.js').CustomTypes} types
   * @param {Start} start
   * @param {any[]} given the arguments of copyTo()
   */
  constructor(owner, types, start, [text, options]) {
    super({ highWaterMark: COPY.BYTES });
    const portions = this.#portions;
    const reader = {
      onData: (/** @type {Buffer} */ bytes) => portions.add(bytes),
      onRows: () => {},
      onEnd: (/** @type {any} */ { rowCount }) => {
        this.#rowCount = rowCount;
        portions.complete();
      },
      onFailed: (/** @type {any} */ error) => portions.fail(error),
    };
    try {
      const config = toConfig('copyTo', text, options);
      const call = new CopyOutCall(owner, types, reader);
      start(call, config);
      portions.follow(call);
    } catch (error) {
      this.destroy(/** @type {Error} */ (error));
    }
  }

  /** How many rows were copied, once it has ended; null before. */
  get rowCount() {
    return this.#rowCount;
  }

  _read() {
    this.#portions.read();
  }

  /** @param {Buffer} bytes */
  #push(bytes) {
    this.push(bytes);
    return 1;
  }

  /**
   * @param {Error | null} error
   * @param {(error?: Error | null) => void} callback
   */
  _destroy(error, callback) {
    this.#portions.destroy(error, callback);
  }
}

/** What is written to COPY … FROM STDIN. */
class CopyWritable extends Writable {
  /** @type {CopyInCall | null} */
  #call = null;
  /** @type {(() => void) | null} */
  #onOver = null;
  /** The end of a write or of all. @type {((error?: any) => void) | null} */
  #pending = null;
  /** @type {number | null} */
  #rowCount = null;

  /**
   * @param {import('./call.js').Owner} owner
   * @param {import('../values/types.js').CustomTypes} types
   * @param {Start} start
   * @param {any[]} given the arguments of copyFrom()
   */
  constructor(owner, types, start, [text, options]) {
    super({ highWaterMark: COPY.BYTES });
    const reader = {
      onRows: () => {},
      onEnd: (/** @type {any} */ result) => this.#onEnd(result),
      onFailed: (/** @type {any} */ error) => this.#onFailed(error),
    };
    try {
      const config = toConfig('copyFrom', text, options);
      const call = new CopyInCall(owner, types, reader);
      start(call, config);
      this.#call = call;
    } catch (error) {
      this.destroy(/** @type {Error} */ (error));
    }
  }

  /** How many rows were stored, once it has finished; null before. */
  get rowCount() {
    return this.#rowCount;
  }

  /**
   * @param {Buffer} chunk
   * @param {string} _encoding
   * @param {(error?: Error | null) => void} callback
   */
  _write(chunk, _encoding, callback) {
    this.#send([chunk], callback);
  }

  /**
   * @param {{chunk: Buffer}[]} chunks
   * @param {(error?: Error | null) => void} callback
   */
  _writev(chunks, callback) {
    this.#send(
      chunks.map(({ chunk }) => chunk),
      callback,
    );
  }

  /**
   * @param {Buffer[]} chunks
   * @param {(error?: Error | null) => void} callback
   */
  #send(chunks, callback) {
    this.#pending = callback;
    const error = this.#call?.write(chunks, () => this.#settle()) ?? null;
    if (error !== null) {
      this.#settle(error);
    }
  }

  /**
   * Finishes once the server has stored the data.
   * @param {(error?: Error | null) => void} callback
   */
  _final(callback) {
    this.#pending = callback;
    const error = this.#call?.end() ?? null;
    if (error !== null) {
      this.#settle(error);
    }
  }

  /**
   * Answers the write under way, or the end. Without that Node would not answer
   * those behind it either.
   * @param {any} [error]
   */
  #settle(error) {
    const pending = this.#pending;
    const isGivenUp = error === undefined && this.destroyed;
    this.#pending = null;
    pending?.(isGivenUp ? (this.errored ?? new Error(DESTROYED)) : error);
  }

  /** @param {any} result */
  #onEnd({ rowCount }) {
    this.#rowCount = rowCount;
    this.#onOver?.();
    this.#settle();
  }

  /** @param {any} error */
  #onFailed(error) {
    this.#onOver?.();
    if (!this.destroyed) {
      this.destroy(error);
    }
  }

  /**
   * Has nothing stored, and waits until the connection is clean.
   * @param {Error | null} error
   * @param {(error?: Error | null) => void} callback
   */
  _destroy(error, callback) {
    const call = this.#call;
    const over = () => {
      this.#settle();
      callback(error);
    };
    if (call === null || call.isOver) {
      over();
      return;
    }
    this.#onOver = over;
    call.leave();
  }
}

module.exports = { CopyReadable, CopyWritable };
