// SPDX-License-Identifier: MIT
'use strict';

const { readFileSync } = require('node:fs');
const path = require('node:path');

const { lazy } = require('../errors/errors.js');

/**
 * Returns libpq's number as people write it: 150018 is 15.18.
 * @param {number} number
 * @returns {string}
 */
function libpqVersion(number) {
  return `${Math.floor(number / 10000)}.${number % 10000}`;
}

const own = lazy(() => {
  const file = path.join(__dirname, '..', '..', 'package.json');
  return JSON.parse(readFileSync(file, 'utf8')).version;
});
const linked = lazy(() => require('./native.js').versions());

/** What runs here; found out when it is looked at. */
const versions = Object.freeze({
  /** @returns {string} */
  get holdfast() {
    return own();
  },
  /** @returns {string} */
  get libpq() {
    return libpqVersion(linked().libpq);
  },
  /** @returns {string | undefined} */
  get openssl() {
    return linked().openssl;
  },
});

module.exports = { versions };
