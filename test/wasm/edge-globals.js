// SPDX-License-Identifier: MIT
'use strict';

// Loaded before tests that run on the modules of edge runtimes and browsers:
// what those have and Node has not, and the core.

const { AsyncLocalStorage } = require('node:async_hooks');

Object.defineProperty(globalThis, 'AsyncLocalStorage', {
  value: AsyncLocalStorage,
});
require('../../lib/edge/browser.js');
