// SPDX-License-Identifier: MIT
'use strict';

// What the retry helpers need of the platform: Node's. Edge runtimes and
// browsers have lib/edge/host.js in its place, by "imports" in package.json.

const { channel } = require('node:diagnostics_channel');
const { readFileSync } = require('node:fs');
const path = require('node:path');
const timers = require('node:timers');
const { getSystemErrorMap, inspect, types } = require('node:util');

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

const root = path.dirname(__dirname);
/** @type {string} */
const version = JSON.parse(
  readFileSync(path.join(root, 'package.json'), 'utf8'),
).version;

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

/** @type {typeof import('./engine/native.js') | undefined} */
let found;

/** Returns what judges: the addon, where there is one. */
function native() {
  found ??= require('./engine/native.js');
  return found;
}

const retryChannel = channel('holdfast:retry');

/** @param {object} [pool] */
function hearsRetries(pool) {
  const { hearsRetries: hears } = require('./retry/tell-retry.js');
  return retryChannel.hasSubscribers || hears(pool);
}

/**
 * @param {import('./retry/tell-retry.js').RetryEvent} event
 * @param {object} [pool]
 */
function tellRetry(event, pool) {
  retryChannel.publish(event);
  require('./retry/tell-retry.js').tellRetry(event, pool);
}

module.exports = {
  emitWarning,
  hearsRetries,
  inspectCustom: inspect.custom,
  isPromise: types.isPromise,
  makeStorage,
  native,
  nowMillis,
  root,
  startTimer,
  stopTimer,
  systemErrors: getSystemErrorMap,
  tellRetry,
  version,
};
