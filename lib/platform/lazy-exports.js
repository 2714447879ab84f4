// SPDX-License-Identifier: MIT
'use strict';

// What an entry point exports by name.

/**
 * Returns an object whose values are loaded when they are first asked for.
 * @param {Record<string, () => unknown>} loaders by name
 * @returns {Record<string, unknown>}
 */
function lazyExports(loaders) {
  /** @type {Record<string, unknown>} */
  const exported = {};
  for (const [name, load] of Object.entries(loaders)) {
    Object.defineProperty(exported, name, {
      enumerable: true,
      configurable: true,
      get() {
        const value = load();
        Object.defineProperty(exported, name, { value, enumerable: true });
        return value;
      },
    });
  }
  return exported;
}

module.exports = { lazyExports };
