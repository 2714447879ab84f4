// SPDX-License-Identifier: MIT
'use strict';

// What runs this, and whether it loads addons: Bun and Deno imitate Node.js, but
// have no libuv for an addon. Trying it ends Bun.

/**
 * Returns the name and version of a runtime that imitates Node.js, or undefined
 * in Node.js.
 * @returns {string | undefined}
 */
function imitation() {
  const { bun, deno } = process.versions;
  const { Bun, Deno } = /** @type {any} */ (globalThis);
  if (bun !== undefined || Bun !== undefined) {
    return `Bun ${bun ?? Bun.version}`;
  }
  return deno === undefined && Deno?.version === undefined
    ? undefined
    : `Deno ${deno ?? Deno.version.deno}`;
}

/**
 * Returns whether Node was started with an option, here or by NODE_OPTIONS.
 * @param {string} name
 */
function startedWith(name) {
  const { NODE_OPTIONS = '' } = process.env;
  return (
    process.execArgv.includes(name) || NODE_OPTIONS.split(/\s+/).includes(name)
  );
}

module.exports = { imitation, startedWith };
