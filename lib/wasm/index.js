// SPDX-License-Identifier: MIT
'use strict';

// Loads the WebAssembly core, once in an environment: the budget of
// repetitions is in it, and outlives the module cache there.

const { Core } = require('./core.js');

const CORE = Symbol.for('pg-holdfast.core');

/** @typedef {{version: string, core: Core}} Kept */

/**
 * What an edge runtime imported: it compiles no bytes.
 * @type {WebAssembly.Module | undefined}
 */
let imported;

/** @param {WebAssembly.Module} module */
function provide(module) {
  imported = module;
}

/** @returns {Uint8Array<ArrayBuffer>} */
function bytes() {
  // @ts-ignore: it is there only once it was built
  return Uint8Array.from(atob(require('./bytes.js')), (unit) =>
    unit.charCodeAt(0),
  );
}

/**
 * Returns the core. Throws what the platform says when it runs none.
 * @param {string} version of this package
 * @returns {Core}
 */
function loadCore(version) {
  const holder = /** @type {Record<symbol, Kept | undefined>} */ (
    /** @type {unknown} */ (globalThis)
  );
  const kept = holder[CORE];
  if (kept?.version === version) {
    return kept.core;
  }
  const core = new Core(imported ?? new WebAssembly.Module(bytes()));
  Object.defineProperty(holder, CORE, {
    value: { version, core },
    configurable: true,
  });
  return core;
}

module.exports = { loadCore, provide };
