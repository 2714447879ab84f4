// SPDX-License-Identifier: MIT
'use strict';

// The socket of pg's Connection, as the objects of pg-copy-streams use it: they
// write messages of COPY to it, and read them from it. Behind it is a COPY of
// the engine.

const { Duplex } = require('node:stream');

const { CopyInCall, CopyOutCall } = require('./copy-call.js');
const { COPY } = require('../protocol/operations.js');

/** COPY, behind blanks and comments, and the rest of it. */
const STATEMENT = /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*copy\b([\s\S]*)$/i;
const FROM_STDIN = /\bfrom\s+std(?:in|out)\b/i;

/** A message is a letter, its length with these four bytes, and the rest. */
const HEAD = 5;
const LENGTH = 4;

const NOT_COPY =
  'query() cannot run an object that writes to the socket itself, unless it ' +
  'writes the data of a COPY';

/** @typedef {typeof CopyInCall | typeof CopyOutCall} Kind */

/**
 * Which class runs a text, or null if it is no COPY.
 * @param {string} text
 * @returns {typeof CopyInCall | typeof CopyOutCall | null}
 */
function copyOf(text) {
  const match = STATEMENT.exec(text);
  if (match === null) {
    return null;
  }
  return FROM_STDIN.test(match[1]) ? CopyInCall : CopyOutCall;
}

/**
 * @param {string} letter
 * @param {Uint8Array | string} body
 * @returns {Buffer[]}
 */
function messageOf(letter, body) {
  const head = Buffer.alloc(HEAD);
  head.write(letter, 0, 'latin1');
  const rest = typeof body === 'string' ? Buffer.from(body) : body;
  head.writeUInt32BE(rest.length + LENGTH, 1);
  return /** @type {Buffer[]} */ ([head, rest]);
}

/** Takes messages out of bytes that are cut anywhere. */
class MessageReader {
  #head = Buffer.alloc(HEAD);
  #have = 0;
  /** Bytes of the present message that are still to come. */
  #left = 0;

  /**
   * Calls back with each piece of a message.
   * @param {Buffer} bytes
   * @param {(letter: string, piece: Buffer, left: number) => void} onPiece
   *   `left`: how much of the message follows
   */
  read(bytes, onPiece) {
    let at = 0;
    while (at < bytes.length) {
      if (this.#have < HEAD) {
        const taken = bytes.copy(this.#head, this.#have, at);
        const used = Math.min(taken, HEAD - this.#have);
        this.#have += used;
        at += used;
        if (this.#have < HEAD) {
          return;
        }
        this.#left = this.#head.readUInt32BE(1) - LENGTH;
      }
      const piece = bytes.subarray(at, at + this.#left);
      at += piece.length;
      this.#left -= piece.length;
      const letter = String.fromCharCode(this.#head[0]);
      this.#have = this.#left === 0 ? 0 : HEAD;
      onPiece(letter, piece, this.#left);
    }
  }
}

/**
 * @typedef {object} Owner
 * @property {(text: string) => void} onComplete with the tag
 * @property {() => void} onReady
 * @property {(error: any) => void} onError
 * @property {(chunk: Buffer) => void} onData of a COPY that the object does not
 *   read from the socket
 */

class SubmittedSocket extends Duplex {
  #owner;
  /** @type {CopyInCall | CopyOutCall | null} */
  #call = null;
  #written = new MessageReader();
  #answers = new MessageReader();
  #tag = '';
  /** @type {any} */
  #error = null;
  #isOver = false;
  /** Nobody reads the answers any more. */
  #isDropped = false;

  /** @param {Owner} owner */
  constructor(owner) {
    super({
      readableHighWaterMark: COPY.BYTES,
      writableHighWaterMark: COPY.BYTES,
    });
    this.#owner = owner;
    // What reads COPY itself takes this listener away meanwhile.
    this.on('data', (/** @type {Buffer} */ bytes) => this.#answer(bytes));
    this.on('error', (/** @type {any} */ error) => {
      this.#owner.onError(error);
      this.#owner.onReady();
    });
  }

  /**
   * Begins a COPY. Throws what is wrong with it.
   * @param {(reader: any, config: any, Kind: any) => any} begin
   * @param {any} config
   * @param {typeof CopyInCall | typeof CopyOutCall} Kind
   */
  begin(begin, config, Kind) {
    const reader = {
      onRows: () => {},
      onData: (/** @type {Buffer} */ bytes) => this.#give('d', bytes),
      onEnd: (/** @type {any} */ result) => this.#onEnd(result),
      onFailed: (/** @type {any} */ error) => {
        this.#error = error;
        this.#give('E', '');
        this.#finish();
      },
    };
    this.#call = begin(reader, config, Kind);
  }

  /** @param {any} result */
  #onEnd({ rowCount }) {
    this.#tag = `COPY ${rowCount}`;
    if (this.#call instanceof CopyOutCall) {
      this.#give('c', '');
    }
    this.#give('C', this.#tag);
    this.#finish();
  }

  #finish() {
    this.#isOver = true;
    this.#give('Z', 'I');
    if (this.#isDropped) {
      this.#owner.onReady();
    }
  }

  /** The data of COPY FROM are not wanted. */
  fail() {
    this.#call?.abort();
  }

  /** The connection is given up. */
  leave() {
    this.#call?.leave();
  }

  /**
   * The object is closed. If it has not given the socket back before, it was
   * destroyed while it read, and reads no answer.
   */
  dropAnswers() {
    if (this.listenerCount('data') > 0 || this.#isDropped) {
      return;
    }
    this.#isDropped = true;
    this.#call?.leave();
    if (this.#isOver) {
      this.#owner.onReady();
    }
  }

  // ---- what the object reads --------------------------------------------------

  /**
   * @param {string} letter
   * @param {Buffer | string} body
   */
  #give(letter, body) {
    for (const bytes of messageOf(letter, body)) {
      if (bytes.length > 0) {
        this.push(bytes);
      }
    }
  }

  _read() {
    this.#call?.readMore();
  }

  /** @param {Buffer} bytes */
  #answer(bytes) {
    this.#answers.read(bytes, (letter, piece, left) => {
      if (letter === 'd') {
        this.#owner.onData(piece);
      } else if (left === 0 && letter === 'C') {
        this.#owner.onComplete(this.#tag);
      } else if (left === 0 && letter === 'E') {
        this.#owner.onError(this.#error);
      } else if (left === 0 && letter === 'Z') {
        this.#owner.onReady();
      }
    });
  }

  // ---- what the object writes -------------------------------------------------

  /**
   * @param {Buffer} chunk
   * @param {string} _encoding
   * @param {(error?: Error | null) => void} callback
   */
  _write(chunk, _encoding, callback) {
    // Later, so that what is written meanwhile goes with the next.
    process.nextTick(() => this.#send([chunk], callback));
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
    const call = this.#call;
    if (!(call instanceof CopyInCall)) {
      callback(new TypeError(NOT_COPY));
      return;
    }
    /** @type {Buffer[]} */
    const data = [];
    let ends = false;
    for (const chunk of chunks) {
      this.#written.read(chunk, (letter, piece) => {
        if (letter === 'd') {
          if (piece.length > 0) {
            data.push(piece);
          }
        } else {
          ends ||= letter === 'c';
        }
      });
    }
    const error = data.length > 0 ? call.write(data, callback) : null;
    if (error !== null || data.length === 0) {
      callback(error);
    }
    if (ends) {
      call.end();
    }
  }
}

module.exports = { SubmittedSocket, copyOf };
