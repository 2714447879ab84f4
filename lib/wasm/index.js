// SPDX-License-Identifier: MIT
'use strict';

// Loads the WebAssembly core, once per environment: it has the retry budget,
// which must outlive the module cache.

const { Core } = require('./core.js');

const CORE = Symbol.for('pg-holdfast.core');

/** @typedef {{version: string, core: Core}} Loaded */

/**
 * Returns the core. Throws the platform's error where it cannot run.
 * @param {string} version of this package
 * @param {() => WebAssembly.Module} compile
 * @returns {Core}
 */
function loadCore(version, compile) {
  const holder = /** @type {Record<symbol, Loaded | undefined>} */ (
    /** @type {unknown} */ (globalThis)
  );
  const loaded = holder[CORE];
  if (loaded?.version === version) {
    return loaded.core;
  }
  const core = new Core(compile());
  Object.defineProperty(holder, CORE, {
    value: { version, core },
    configurable: true,
  });
  return core;
}

module.exports = { loadCore };
