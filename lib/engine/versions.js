// SPDX-License-Identifier: MIT
'use strict';

const { inspect } = require('node:util');

const { version } = require('#platform');
const { lazy } = require('../errors/errors.js');
const native = require('./native.js');

/**
 * Returns libpq's version as usually written: 150018 is 15.18.
 * @param {number} number
 * @returns {string}
 */
function libpqVersion(number) {
  return `${Math.floor(number / 10000)}.${number % 10000}`;
}

/** @returns {{libpq?: number, openssl?: string}} nothing without a binary */
function ofBinary() {
  try {
    return native.versions();
  } catch (error) {
    if (/** @type {any} */ (error).code !== 'HF_NO_BINARY') {
      throw error;
    }
    return {};
  }
}

const linked = lazy(ofBinary);

/** The versions in use, determined when they are read. */
const versions = {
  /** @returns {string} */
  get holdfast() {
    return version;
  },
  /** @returns {string | undefined} */
  get libpq() {
    const { libpq } = linked();
    return libpq === undefined ? undefined : libpqVersion(libpq);
  },
  /** @returns {string | undefined} */
  get openssl() {
    return linked().openssl;
  },
};
// Printed as values, not as getters.
Object.defineProperty(versions, inspect.custom, {
  value: () => ({ ...versions }),
});
Object.freeze(versions);

module.exports = { versions };
