// SPDX-License-Identifier: MIT
'use strict';

// The names that users give to statements, and the text of each: as in pg a
// name belongs to one text, which may be left out later.

const { paramError } = require('../errors/errors.js');

/** Generated names must not fill the memory. */
const NAMES_MAX = 1000;

/** Codes of errors after which the server has no statement of that name. */
const NOT_PREPARED = /^(?:42...|HF_.*)$/;

class NamedTexts {
  /** @type {Map<string, string>} */
  #texts = new Map();

  /**
   * Returns the text of a statement with a name.
   * @param {string} name
   * @param {unknown} text as it was given
   * @returns {unknown}
   */
  textOf(name, text) {
    const known = this.#texts.get(name);
    if (text === undefined || text === null || text === '') {
      return known ?? text;
    }
    if (known !== undefined && known !== text) {
      throw paramError(
        `Prepared statements must be unique - '${name}' was used for a ` +
          'different statement',
      );
    }
    return text;
  }

  /**
   * @param {string} name
   * @param {string} text
   */
  note(name, text) {
    if (this.#texts.has(name)) {
      return;
    }
    if (this.#texts.size >= NAMES_MAX) {
      const [oldest] = this.#texts.keys();
      this.#texts.delete(/** @type {string} */ (oldest));
    }
    this.#texts.set(name, text);
  }

  /**
   * A statement with a name failed.
   * @param {string} name
   * @param {any} error
   */
  failed(name, error) {
    if (NOT_PREPARED.test(error?.code ?? '')) {
      this.#texts.delete(name);
    }
  }
}

module.exports = { NamedTexts };
