// SPDX-License-Identifier: MIT
// Cuts a stream of PostgreSQL's protocol into messages; one instance for each
// direction. What is not protocol (garbage, TLS) is passed on as it is.

const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;
const CANCEL_REQUEST = 80877102;
const MAX_MESSAGE = 0x40000000;

/** @type {Record<number, string>} */
const REQUESTS = {
  [SSL_REQUEST]: 'ssl',
  [GSS_REQUEST]: 'gss',
  [CANCEL_REQUEST]: 'cancel',
};

/**
 * @typedef {object} Frame
 * @property {string} type the message's letter; 'startup', 'ssl', 'gss' and
 *   'cancel' for the client's first ones, 'answer' for the one byte that
 *   answers 'ssl' and 'gss', 'raw' for bytes that are no protocol
 * @property {Buffer} data the whole message
 * @property {Buffer} payload the message without type and length
 */

class FrameReader {
  /** @type {Buffer} */
  #parts = Buffer.alloc(0);
  #started;
  /** Set after 'ssl' or 'gss' was sent: the next byte is its answer. */
  expectAnswer = false;
  /** The rest cannot be parsed: TLS has begun, or garbage came. */
  opaque = false;

  /** @param {'up' | 'down'} direction up is what the client sends */
  constructor(direction) {
    this.#started = direction === 'down';
  }

  /** @param {Buffer} chunk */
  push(chunk) {
    this.#parts = this.#parts.length
      ? Buffer.concat([this.#parts, chunk])
      : chunk;
  }

  get size() {
    return this.#parts.length;
  }

  /** @param {string} type @param {number} length @param {number} head */
  #cut(type, length, head) {
    const data = this.#parts.subarray(0, length);
    this.#parts = this.#parts.subarray(length);
    return { type, data, payload: data.subarray(head) };
  }

  /** Takes everything that is buffered. @returns {Frame | null} */
  rest() {
    return this.size > 0 ? this.#cut('raw', this.size, 0) : null;
  }

  /** @returns {Frame | null} the next message, when it is complete */
  next() {
    if (this.opaque) {
      return this.rest();
    }
    if (this.expectAnswer && this.size > 0) {
      this.expectAnswer = false;
      const letter = this.#parts[0];
      if (letter === 0x53 || letter === 0x47 || letter === 0x4e) {
        return this.#cut('answer', 1, 0);
      }
    }
    return this.#started ? this.#message() : this.#startup();
  }

  /** @returns {Frame | null} */
  #startup() {
    if (this.size < 8) {
      return null;
    }
    const length = this.#parts.readUInt32BE(0);
    if (length < 8 || length > 100000) {
      this.opaque = true;
      return this.rest();
    }
    if (this.size < length) {
      return null;
    }
    const type = REQUESTS[this.#parts.readUInt32BE(4)] ?? 'startup';
    this.#started = type === 'startup';
    return this.#cut(type, length, 4);
  }

  /** @returns {Frame | null} */
  #message() {
    if (this.size < 5) {
      return null;
    }
    const length = this.#parts.readUInt32BE(1) + 1;
    if (length < 5 || length > MAX_MESSAGE) {
      this.opaque = true;
      return this.rest();
    }
    const type = String.fromCharCode(this.#parts[0]);
    return this.size < length ? null : this.#cut(type, length, 5);
  }
}

module.exports = { FrameReader };
