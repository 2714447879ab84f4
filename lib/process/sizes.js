// SPDX-License-Identifier: MIT
'use strict';

// Options of a shared pool as a whole: how many connections it has, how long
// they live. A value that was set wins over a default, in whatever order; of
// two values that were set the first stays in force. The engine decides; this
// is what this environment knows of it.

const { inspect } = require('node:util');

const { engineTable } = require('../options/draft.js');
const { isSize } = require('../options/identity.js');
const { warnOnce } = require('../platform/warn.js');

/** @typedef {readonly (readonly [string, string])[]} Pairs */

class Sizes {
  /** @type {Map<string, string>} */
  #written = new Map();

  /**
   * Takes what options set. Returns what was not set before.
   * @param {Pairs} engine
   * @returns {Pairs}
   */
  add(engine) {
    const pairs = engine.filter(([name]) => isSize(name));
    warnOfOthers(pairs.filter(([name, text]) => this.#differs(name, text)));
    const fresh = pairs.filter(([name]) => !this.#written.has(name));
    for (const [name, text] of fresh) {
      this.#written.set(name, text);
    }
    return fresh;
  }

  /**
   * Takes the values in force: another thread may have been first.
   * @param {string} text names and values, each ended by a NUL
   */
  learn(text) {
    const parts = text.split('\0');
    /** @type {[string, string][]} */
    const others = [];
    for (let i = 0; i + 1 < parts.length; i += 2) {
      const [name, value] = [parts[i], parts[i + 1]];
      if (isSize(name)) {
        if (this.#differs(name, value)) {
          others.push([name, value]);
        }
        this.#written.set(name, value);
      }
    }
    warnOfOthers(others);
  }

  /** @returns {Pairs} all that were set */
  get written() {
    return [...this.#written];
  }

  /**
   * Returns an option's value as it is in force.
   * @param {string} name
   * @returns {number | undefined}
   */
  valueOf(name) {
    const text = this.#written.get(name) ?? engineTable().get(name)?.initial;
    return text === undefined ? undefined : Number(text);
  }

  /**
   * @param {string} name
   * @param {string} text
   */
  #differs(name, text) {
    const known = this.#written.get(name);
    return known !== undefined && known !== text;
  }
}

/** @param {Pairs} pairs */
function warnOfOthers(pairs) {
  if (pairs.length > 0) {
    const names = pairs.map(([name]) => name).join(', ');
    warnOnce(
      'getPool() found the pool for this database open with other options ' +
        `(${names}); the first ones stay in force`,
      'HF_OPTIONS_DIFFER',
    );
  }
}

/**
 * Returns `pool.options` of a handle on a shared pool: sizes are shown as they
 * are in force.
 * @param {any} shown
 * @param {Sizes} sizes
 * @returns {any}
 */
function liveOptions(shown, sizes) {
  /** @type {Record<PropertyKey, PropertyDescriptor>} */
  const properties = Object.getOwnPropertyDescriptors(shown);
  for (const name of Object.keys(shown)) {
    if (isSize(name)) {
      properties[name] = {
        get: () => sizes.valueOf(name),
        enumerable: true,
        configurable: false,
      };
    }
  }
  for (const name of ['toJSON', inspect.custom]) {
    properties[name] = { value: () => ({ ...options }) };
  }
  /** @type {any} */
  const options = Object.defineProperties({}, properties);
  return Object.freeze(options);
}

module.exports = { Sizes, liveOptions };
