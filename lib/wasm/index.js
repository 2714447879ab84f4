// SPDX-License-Identifier: MIT
'use strict';

// Loads the WebAssembly core, once in an environment: the budget of
// repetitions is in it, and outlives the module cache there.

const { Core } = require('./core.js');

const CORE = Symbol.for('pg-holdfast.core');

/** @typedef {{version: string, core: Core}} Loaded */

/**
 * Returns the core. Throws what the platform says when it runs none.
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
