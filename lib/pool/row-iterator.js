// SPDX-License-Identifier: MIT
'use strict';

// The rows of a stream for `for await`: cut out of its portions, each with a
// promise that is settled already, so that a row costs one turn of the queue of
// microtasks.

/** Node before 20 has none. */
const asyncDispose = Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose');

/** @typedef {import('./row-stream.js').RowStream} RowStream */

/**
 * What the stream lets it do.
 * @typedef {object} Source
 * @property {() => any[] | null} take the next portion, if one is there
 * @property {() => Promise<void> | undefined} change waits for rows or the end;
 *   undefined where no rows follow
 * @property {() => AsyncIterator<any>} rest gives the end, or the error, as
 *   every Readable does
 */

const ignore = () => {};

/** @implements {AsyncIterableIterator<any>} */
class RowIterator {
  #stream;
  #source;
  /** @type {any[]} */
  #rows = [];
  #at = 0;
  /** The call of next() that waits, and the last one. */
  /** @type {Promise<unknown> | null} */
  #last = null;
  #isDone = false;
  #hasBegun = false;

  /**
   * @param {RowStream} stream
   * @param {Source} source
   */
  constructor(stream, source) {
    this.#stream = stream;
    this.#source = source;
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  /** @returns {Promise<IteratorResult<any>>} */
  next() {
    return this.#last === null && this.#hasRow
      ? Promise.resolve(this.#row())
      : this.#nextLater();
  }

  get #hasRow() {
    return this.#at < this.#rows.length && !this.#stream.destroyed;
  }

  /** @returns {IteratorResult<any>} */
  #row() {
    const value = this.#rows[this.#at];
    this.#at += 1;
    return { value, done: false };
  }

  /**
   * Calls that have to wait are served one after the other.
   * @returns {Promise<IteratorResult<any>>}
   */
  #nextLater() {
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.#stream.on('error', ignore); // next() rejects with it
    }
    const serve = () => this.#serve();
    const result = (this.#last ?? Promise.resolve()).then(serve, serve);
    this.#last = result;
    const forget = () => {
      this.#last = this.#last === result ? null : this.#last;
    };
    result.then(forget, forget);
    return result;
  }

  /** @returns {Promise<IteratorResult<any>>} */
  async #serve() {
    while (!this.#isDone) {
      if (this.#hasRow) {
        return this.#row();
      }
      const rows = this.#source.take();
      const change = rows === null ? this.#source.change() : null;
      if (change === undefined) {
        return this.#end();
      }
      this.#rows = rows ?? [];
      this.#at = 0;
      await change;
    }
    return { value: undefined, done: true };
  }

  /** No rows follow: the end, or what it failed with. */
  async #end() {
    this.#isDone = true;
    this.#rows = [];
    return await this.#source.rest().next();
  }

  /**
   * A `break`: the statement is ended.
   * @param {any} [value]
   * @returns {Promise<IteratorResult<any>>}
   */
  return(value) {
    this.#isDone = true;
    this.#rows = [];
    this.#stream.destroy();
    return Promise.resolve({ value, done: true });
  }

  async [asyncDispose]() {
    await this.return();
  }
}

module.exports = { RowIterator };
