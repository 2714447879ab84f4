// SPDX-License-Identifier: MIT
'use strict';

// What judges failures and decides on retries in edge runtimes and browsers:
// the core as WebAssembly.

const { version } = require('#platform');
const { provideCore } = require('../errors/judge.js');
const { loadCore } = require('../wasm/index.js');
const { source } = require('../wasm/source.js');
const { noPool } = require('./no-pool.js');

/** @typedef {import('../wasm/core.js').Core} Core */

/** @type {Core | undefined} */
let core;

/** @returns {Core} */
function native() {
  try {
    core ??= loadCore(version, source.compile);
  } catch (cause) {
    throw noPool('the helpers need WebAssembly, which is refused here', cause);
  }
  return core;
}

provideCore(native);

module.exports = { native };
