// SPDX-License-Identifier: MIT
'use strict';

// A COPY: its data go to the engine, or come from it, in portions while it
// runs. Neither side is ahead of the other by more than a window.

const { COPY, FLAG } = require('../protocol/operations.js');
const { usageError } = require('../errors/errors.js');
const { StreamCall } = require('./stream-call.js');

const NO_MEMORY =
  'data of COPY came, but there is no memory for them: read them faster, or ' +
  'copy a part';

/** COPY … TO STDOUT. */
class CopyOutCall extends StreamCall {
  mode = FLAG.COPY_OUT;
  #reader;

  /**
   * @param {import('./call.js').Owner} owner
   * @param {import('../values/types.js').CustomTypes} types
   * @param {import('./stream-call.js').Reader & {onData: (bytes: Buffer) =>
   *   void}} reader
   */
  constructor(owner, types, reader) {
    super(owner, types, reader);
    this.#reader = reader;
  }

  /** @param {Buffer | null} bytes */
  onData(bytes) {
    if (bytes === null) {
      this.leave();
      this.#reader.onFailed(
        usageError('HF_RESULT_TOO_LARGE', NO_MEMORY, {
          outcome: 'ambiguous',
          retryable: false,
          phase: 'await',
        }),
      );
      return;
    }
    this.#reader.onData(bytes);
  }
}

/** COPY … FROM STDIN. */
class CopyInCall extends StreamCall {
  mode = FLAG.COPY_IN;
  /** Bytes that are on their way to the server. */
  #ahead = 0;
  /** @type {(() => void) | null} */
  #onRoom = null;

  /**
   * Sends data. `onRoom` is called once more of them may follow; a window holds
   * at least one portion, whatever its size.
   * @param {Uint8Array[]} chunks
   * @param {() => void} onRoom
   * @returns {Error | null} why they cannot be sent
   */
  write(chunks, onRoom) {
    for (const chunk of chunks) {
      this.#ahead += chunk.length;
    }
    const error = this.port?.write(this, chunks, false) ?? null;
    if (error === null) {
      this.#onRoom = onRoom;
      this.#review();
    }
    return error;
  }

  /**
   * All data were given.
   * @returns {Error | null} why that cannot be said
   */
  end() {
    return this.port?.write(this, [], true) ?? null;
  }

  /** @param {number} bytes */
  onTaken(bytes) {
    this.#ahead -= bytes;
    this.#review();
  }

  #review() {
    const onRoom = this.#onRoom;
    if (onRoom !== null && this.#ahead < COPY.WINDOW) {
      this.#onRoom = null;
      onRoom();
    }
  }
}

module.exports = { CopyInCall, CopyOutCall };
