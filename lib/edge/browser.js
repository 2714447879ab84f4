// SPDX-License-Identifier: MIT
'use strict';

// Browsers compile the core themselves.

const { compile } = require('../wasm/compile.js');
const { provide } = require('../wasm/source.js');

provide(compile);

module.exports = require('./index.js');
