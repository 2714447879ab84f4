// SPDX-License-Identifier: MIT
'use strict';

// What judges failures and decides on retries: the addon, where there is one.
// Edge runtimes and browsers load edge-core.js in its place, by "imports" in
// package.json.

const native = require('./native.js');

/** @returns {import('./native.js').Addon} */
function core() {
  return native;
}

module.exports = { native: core };
