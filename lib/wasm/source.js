// SPDX-License-Identifier: MIT
'use strict';

// Where edge runtimes and browsers have the core from: each entry of lib/edge
// says it.

/** @type {{compile: () => WebAssembly.Module}} */
const source = {
  compile() {
    throw new Error('no entry of pg-holdfast was loaded');
  },
};

/** @param {() => WebAssembly.Module} compile */
function provide(compile) {
  source.compile = compile;
}

module.exports = { provide, source };
