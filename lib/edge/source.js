// SPDX-License-Identifier: MIT
'use strict';

// Where the WebAssembly core comes from: each entry of lib/edge says it.

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
