// SPDX-License-Identifier: MIT
// Arrows that are wrong and still there: they close a circle or go up. The
// list only gets shorter: one that is in no circle any more must leave it.
'use strict';

/** By #include. @type {Record<'core' | 'net', string[]>} */
const INCLUDES = {
  core: [],
  net: [],
};

/** By calls; those above count here, too. @type {Record<'core' | 'net', string[]>} */
const CALLS = {
  core: [],
  net: [],
};

/** By require() and import. @type {string[]} */
const REQUIRES = [];

module.exports = { CALLS, INCLUDES, REQUIRES };
