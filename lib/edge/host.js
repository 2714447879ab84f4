// SPDX-License-Identifier: MIT
'use strict';

// What the retry helpers need of the platform, where that is no Node: edge
// runtimes and browsers. lib/host.js has the same for Node.

const { version } = require('../../package.json');
const { loadCore } = require('../wasm/index.js');
const { noPool } = require('./no-pool.js');
const { source } = require('./source.js');

/** @typedef {import('../wasm/core.js').Core} Core */

const { performance } = globalThis;
const startTimer = globalThis.setTimeout.bind(globalThis);
const stopTimer = globalThis.clearTimeout.bind(globalThis);

/** @returns {number} */
function nowMillis() {
  return performance.now();
}

/**
 * @param {string} text
 * @param {{type: string, code: string, detail?: string}} details
 */
function emitWarning(text, details) {
  const { process } = /** @type {any} */ (globalThis);
  process?.emitWarning?.(text, details);
}

/**
 * @returns {import('node:async_hooks').AsyncLocalStorage<any>}
 */
function makeStorage() {
  const { AsyncLocalStorage } = /** @type {any} */ (globalThis);
  if (AsyncLocalStorage === undefined) {
    throw new TypeError(
      'joinAsync needs AsyncLocalStorage, which this platform does not have',
    );
  }
  return new AsyncLocalStorage();
}

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

/** @type {Map<number, [string, string]>} */
const noErrors = new Map();

module.exports = {
  emitWarning,
  hearsRetries: () => false,
  inspectCustom: Symbol.for('nodejs.util.inspect.custom'),
  isPromise: (/** @type {unknown} */ value) => value instanceof Promise,
  makeStorage,
  native,
  nowMillis,
  root: 'edge',
  startTimer,
  stopTimer,
  systemErrors: () => noErrors,
  tellRetry: () => {},
  version,
};
