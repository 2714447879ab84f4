// SPDX-License-Identifier: MIT
'use strict';

/**
 * Compiles the core from bytes that every bundler includes.
 * @returns {WebAssembly.Module}
 */
function compile() {
  // @ts-ignore: it is there only once it was built
  const text = atob(require('./bytes.js'));
  return new WebAssembly.Module(
    Uint8Array.from(text, (unit) => unit.charCodeAt(0)),
  );
}

module.exports = { compile };
