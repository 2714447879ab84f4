// SPDX-License-Identifier: MIT
'use strict';

// The source of the core in edge runtimes and browsers, set by each entry of
// lib/edge.

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
