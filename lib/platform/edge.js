// SPDX-License-Identifier: MIT
'use strict';

// What this package needs of the platform, where that is no Node.js: edge
// runtimes and browsers. node.js has the same for Node.js.

const { version } = require('./version.js');

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

/** @type {Map<number, [string, string]>} */
const noErrors = new Map();

module.exports = {
  emitWarning,
  inspectCustom: Symbol.for('nodejs.util.inspect.custom'),
  isPromise: (/** @type {unknown} */ value) => value instanceof Promise,
  makeStorage,
  nowMillis,
  root: 'edge',
  startTimer,
  stopTimer,
  systemErrors: () => noErrors,
  version,
};
