// SPDX-License-Identifier: MIT
'use strict';

// How a retry helper and the pool below it know of each other, so that
// attempts never multiply. A run is one call of a helper. It is current while
// the synchronous part of the user's function runs; later calls join it by the
// context (or its signal) that the function was given.

/** @typedef {'write' | 'inside'} Note */

/**
 * What the pool below reads of a helper's run.
 * @typedef {object} JoinedRun
 * @property {number} deadlineAt milliseconds of process.hrtime(), 0 = none
 * @property {boolean} callerDeadline the caller set it: it also bounds the
 *   attempt that runs
 * @property {number} remainingRetries
 * @property {boolean} idempotent
 * @property {AbortSignal | undefined} signal undefined when nothing can abort
 *   the run
 * @property {(kind: Note) => void} note 'write': a write was acknowledged;
 *   'inside': a statement ran in a transaction that began outside
 * @property {(count: number) => void} spend counts repetitions made below
 */

/** Under this a context that was handed to a function has its run. */
const RUN = Symbol('run');

/** @type {JoinedRun | undefined} */
let current;

/** @type {WeakMap<object, JoinedRun>} */
const joinable = new WeakMap();

/** @type {import('node:async_hooks').AsyncLocalStorage<JoinedRun> | undefined} */
let storage;

/**
 * Returns the run whose function is being called right now, if any.
 * @returns {JoinedRun | undefined}
 */
function currentContext() {
  return current ?? storage?.getStore();
}

/**
 * Returns the run that a context, or a context's signal, belongs to.
 * @param {unknown} value
 * @returns {JoinedRun | undefined}
 */
function contextOf(value) {
  if (typeof value !== 'object' || value === null) {
    return undefined;
  }
  return /** @type {any} */ (value)[RUN] ?? joinable.get(value);
}

/**
 * Lets later calls join a run by an object.
 * @param {object} key
 * @param {JoinedRun} run
 */
function makeJoinable(key, run) {
  joinable.set(key, run);
}

/**
 * Makes a run the current one; returns the one before, for `leave`.
 * @param {JoinedRun} run
 * @returns {JoinedRun | undefined}
 */
function enter(run) {
  const before = current;
  current = run;
  return before;
}

/**
 * @param {JoinedRun | undefined} before
 */
function leave(before) {
  current = before;
}

/**
 * Calls `fn` with a run that stays current in all that it awaits. This makes
 * every await of the process slower, so it is on request only.
 * @template T
 * @param {JoinedRun} run
 * @param {() => T} fn
 * @returns {T}
 */
function callWithinAsync(run, fn) {
  if (storage === undefined) {
    const { AsyncLocalStorage } = require('node:async_hooks');
    storage = new AsyncLocalStorage();
  }
  return storage.run(run, fn);
}

/** Notes for the current run that a write was acknowledged. */
function noteWrite() {
  currentContext()?.note('write');
}

module.exports = {
  RUN,
  callWithinAsync,
  contextOf,
  currentContext,
  enter,
  leave,
  makeJoinable,
  noteWrite,
};
