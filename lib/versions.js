// SPDX-License-Identifier: MIT
'use strict';

const { lazy } = require('./errors.js');

/**
 * Returns libpq's number as people write it: 150018 is 15.18.
 * @param {number} number
 * @returns {string}
 */
function libpqVersion(number) {
  return `${Math.floor(number / 10000)}.${number % 10000}`;
}

const libpq = lazy(() =>
  libpqVersion(require('./native.js').versions().libpq),
);

/** What runs here. libpq is asked when it is looked at. */
const versions = Object.freeze({
  holdfast: /** @type {string} */ (require('../package.json').version),
  get libpq() {
    return libpq();
  },
});

module.exports = { versions };
