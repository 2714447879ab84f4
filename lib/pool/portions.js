// SPDX-License-Identifier: MIT
'use strict';

// What a Readable has of its call: the portions that came and were not asked
// for yet, and how it ends. The engine holds the next ones, and the socket the
// rest.

/** @template Portion */
class Portions {
  /** null until it runs. */
  /** @type {import('./stream-call.js').StreamCall | null} */
  #call = null;
  #stream;
  #push;
  /** @type {Portion[]} */
  #waiting = [];
  #wants = false;
  #isComplete = false;
  /** What the stream fails with once all before it was read. @type {any} */
  #failure = null;
  /** @type {(() => void) | null} */
  #onOver = null;
  /** Of somebody who waits for a portion, or for the end. */
  /** @type {(() => void) | null} */
  #onChange = null;

  /**
   * @param {import('node:stream').Readable} stream
   * @param {(portion: Portion) => number} push gives it to the stream; returns
   *   how many chunks that were
   */
  constructor(stream, push) {
    this.#stream = stream;
    this.#push = push;
  }

  /** @param {import('./stream-call.js').StreamCall} call which runs now */
  follow(call) {
    this.#call = call;
  }

  /** The stream wants more: for its _read(). */
  read() {
    const portion = this.#waiting.shift();
    if (portion !== undefined) {
      this.#give(portion);
    } else if (this.#failure !== null) {
      this.#stream.destroy(this.#failure);
    } else if (this.#isComplete) {
      this.#stream.push(null);
    } else {
      this.#wants = true;
    }
  }

  /** @param {Portion} portion */
  #give(portion) {
    this.#wants = false;
    this.#call?.readMore();
    if (this.#push(portion) === 0) {
      this.read();
    }
  }

  /** @param {Portion} portion that has come */
  add(portion) {
    if (this.#wants) {
      this.#give(portion);
    } else {
      this.#waiting.push(portion);
      this.#tell();
    }
  }

  /** @param {Portion} [last] */
  complete(last) {
    this.#isComplete = true;
    this.#onOver?.();
    if (this.#stream.destroyed) {
      return;
    }
    if (last !== undefined) {
      this.add(last);
    } else if (this.#wants) {
      this.read();
    }
  }

  /**
   * What came before the error is read first, unless the caller itself has
   * ended it.
   * @param {any} error
   */
  fail(error) {
    this.#onOver?.();
    if (this.#wants || error?.code === 'HF_ABORTED') {
      this.#stream.destroy(error);
    } else {
      this.#failure = error;
      this.#tell();
    }
  }

  /**
   * Ends the statement, if it runs, and waits until its connection is clean:
   * for _destroy().
   * @param {Error | null} error
   * @param {(error?: Error | null) => void} callback
   */
  destroy(error, callback) {
    const call = this.#call;
    this.#waiting = [];
    this.#tell();
    if (call === null || call.isOver) {
      callback(error);
      return;
    }
    this.#onOver = () => callback(error);
    call.leave();
  }

  /**
   * Takes the next portion past the stream; null where none is there, or none
   * follows.
   * @returns {Portion | null}
   */
  take() {
    const portion = this.#waiting.shift();
    if (portion === undefined) {
      return null;
    }
    this.#call?.readMore();
    return portion;
  }

  /**
   * Waits for a portion or the end; undefined where the rest is what every
   * Readable does at its end.
   * @returns {Promise<void> | undefined}
   */
  change() {
    if (this.#stream.destroyed || this.#failure !== null || this.#isComplete) {
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
}

module.exports = { Portions };
