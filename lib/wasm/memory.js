// SPDX-License-Identifier: MIT
'use strict';

// The memory of the WebAssembly core: numbers in two arrays, texts as UTF-8
// ended by a NUL.

/** Longer texts go through TextEncoder, which is faster for them. */
const SHORT = 64;
const ASCII_END = 128;
/** UTF-8 takes so many bytes for a unit of UTF-16. */
const WIDEST = 3;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

class Memory {
  #exports;
  /** Texts of the core never change: each is read once. */
  #known = new Map();
  #room = 0;
  #from = 0;
  #at = 0;

  bytes = new Uint8Array();
  words = new Int32Array();
  numbers = new Float64Array();

  /** @param {Record<string, any>} exports of the module */
  constructor(exports) {
    this.#exports = exports;
    this.#look();
  }

  /** Gets views of the memory, which growing replaces. */
  #look() {
    const { buffer } = this.#exports.memory;
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer, this.#exports.hf_wasm_words());
    this.numbers = new Float64Array(buffer, this.#exports.hf_wasm_numbers());
  }

  /**
   * Makes room for texts, and drops earlier ones.
   * @param {(string | undefined)[]} texts
   */
  begin(texts) {
    let bytes = 0;
    for (const text of texts) {
      bytes += text === undefined ? 0 : text.length * WIDEST + 1;
    }
    if (bytes > this.#room || this.#from === 0) {
      this.#from = this.#exports.hf_wasm_reserve(bytes);
      if (this.#from === 0) {
        throw new RangeError('pg-holdfast: out of memory for a text');
      }
      this.#room = bytes;
      this.#look();
    }
    this.#at = this.#from;
  }

  /**
   * Writes a text, for which there has to be room.
   * @param {string | undefined} text
   * @returns {number} its address
   */
  write(text) {
    if (text === undefined) {
      return 0;
    }
    const { bytes } = this;
    const start = this.#at;
    let at = start;
    if (text.length <= SHORT) {
      for (let i = 0; i < text.length; i++, at++) {
        const unit = text.charCodeAt(i);
        if (unit >= ASCII_END) {
          at = start;
          break;
        }
        bytes[at] = unit;
      }
    }
    if (at === start) {
      at += encoder.encodeInto(text, bytes.subarray(start)).written;
    }
    bytes[at] = 0;
    this.#at = at + 1;
    return start;
  }

  /** Where the last text written ends, with its NUL. */
  get end() {
    return this.#at;
  }

  /**
   * @param {number} address of a text of the core's own
   * @returns {string | undefined}
   */
  text(address) {
    if (address === 0) {
      return undefined;
    }
    let text = this.#known.get(address);
    if (text === undefined) {
      const { bytes } = this;
      text = decoder.decode(bytes.subarray(address, bytes.indexOf(0, address)));
      this.#known.set(address, text);
    }
    return text;
  }
}

module.exports = { Memory };
