// SPDX-License-Identifier: MIT
'use strict';

// A statement whose rows come in portions while it runs. The engine is a few
// portions ahead of the reader and reads no further.

const { argumentError } = require('../validate/argument-error.js');
const { Call } = require('./call.js');
const { FLAG, STREAM } = require('../protocol/operations.js');
const { Result } = require('../values/results.js');

/** As many as a 32-bit number of the engine's can be. */
const PORTION_MAX = 2 ** 31 - 1;

/**
 * What reads a stream.
 * @typedef {object} Reader
 * @property {(result: import('../values/results.js').Result) => void} onRows
 * @property {(result: import('../values/results.js').Result) => void} onEnd
 *   with the last rows; `rowCount` is that of all
 * @property {(error: any) => void} onFailed
 */

class StreamCall extends Call {
  /** What makes the engine hand over data while the statement runs. */
  mode = FLAG.STREAM | FLAG.EXTENDED;
  #reader;
  /** @type {import('../engine/port.js').Port | null} */
  port = null;
  #isOver = false;
  #hasLeft = false;

  /**
   * @param {import('./call.js').Owner} owner
   * @param {import('../values/types.js').CustomTypes} customTypes
   * @param {Reader} reader
   */
  constructor(owner, customTypes, reader) {
    super(
      owner,
      customTypes,
      (result) => {
        this.#isOver = true;
        reader.onEnd(result);
      },
      (error) => {
        this.#isOver = true;
        reader.onFailed(error);
      },
    );
    this.#reader = reader;
  }

  /** Whether its answer is complete. */
  get isOver() {
    return this.#isOver;
  }

  /**
   * @param {import('../engine/port.js').Port} port
   * @param {number} kind
   * @param {number} target
   */
  submit(port, kind, target) {
    this.flags |= this.mode;
    // Rows are not held back until types of the catalogue are known.
    this.hasOwnTypes = true;
    this.port = port;
    super.submit(port, kind, target);
  }

  /** The reader takes another portion. */
  readMore() {
    this.port?.readMore(this);
  }

  /** Ends it as an abort of the caller's. */
  abort() {
    this.port?.abort(this);
  }

  /** The reader wants no more: the end comes soon, with no rows. */
  leave() {
    if (!this.#hasLeft) {
      this.#hasLeft = true;
      this.port?.leave(this);
    }
  }

  /**
   * @param {import('../values/results.js').Result} result
   * @param {import('../engine/waiters.js').ResultMeta} meta
   */
  onResult(result, meta) {
    if (!meta.part) {
      super.onResult(result, meta);
      return;
    }
    if (this.#hasLeft) {
      return;
    }
    if (meta.failed !== null) {
      this.leave();
      this.#reader.onFailed(meta.failed.thrown);
      return;
    }
    this.#reader.onRows(result);
  }

  /**
   * The statement has ended after the reader had left.
   * @param {number} transaction
   */
  onOk(transaction) {
    super.onResult(new Result('SELECT', null, null, [], false), {
      connection: 0,
      attempts: 0,
      more: false,
      part: false,
      transaction,
      wrote: (this.flags & FLAG.READ_ONLY) === 0,
      holds: false,
      failed: null,
    });
  }
}

/**
 * Reads `batchSize`.
 * @param {unknown} size
 * @returns {number}
 */
function readPortion(size) {
  if (size === undefined || size === null) {
    return STREAM.ROWS;
  }
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 1) {
    throw argumentError('batchSize must be a whole number of rows, 1 or more');
  }
  return Math.min(size, PORTION_MAX);
}

module.exports = { StreamCall, readPortion };
