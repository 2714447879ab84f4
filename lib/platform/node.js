// SPDX-License-Identifier: MIT
'use strict';

// What this package needs of Node.js that edge runtimes and browsers have
// otherwise: those load edge.js in its place, by "imports" in package.json.

const path = require('node:path');
const timers = require('node:timers');
const { getSystemErrorMap, inspect, types } = require('node:util');

const { version } = require('./version.js');

// Clock and timers are taken hold of at load, so that the fake timers of test
// runners do not stop deadlines.
const { setTimeout: startTimer, clearTimeout: stopTimer } = timers;
const { hrtime } = process;

/**
 * Returns now on the engine's clock.
 * @returns {number}
 */
function nowMillis() {
  const time = hrtime();
  return time[0] * 1e3 + time[1] / 1e6;
}

/** Where this copy lies: its package, or the bundle it is part of. */
const root =
  typeof __dirname === 'string'
    ? path.dirname(path.dirname(__dirname))
    : 'bundle';

/**
 * @returns {import('node:async_hooks').AsyncLocalStorage<any>}
 */
function makeStorage() {
  const { AsyncLocalStorage } = require('node:async_hooks');
  return new AsyncLocalStorage();
}

/**
 * @param {string} text
 * @param {{type: string, code: string, detail?: string}} details
 */
function emitWarning(text, details) {
  process.emitWarning(text, details);
}

module.exports = {
  emitWarning,
  inspectCustom: inspect.custom,
  isPromise: types.isPromise,
  makeStorage,
  nowMillis,
  root,
  startTimer,
  stopTimer,
  systemErrors: getSystemErrorMap,
  version,
};
