// SPDX-License-Identifier: MIT
'use strict';

// Promises and callbacks of the public calls.

const { AsyncResource } = require('node:async_hooks');

const { isOurs } = require('../errors/errors.js');

/** @typedef {(error: any, result?: any) => void} Callback */

const nobody = () => {};

/** @type {(value: any) => void} */
let takenResolve = nobody;
/** @type {(error: any) => void} */
let takenReject = nobody;

/**
 * An executor that hands out both functions without a closure per promise.
 * @param {(value: any) => void} resolve
 * @param {(error: any) => void} reject
 */
function take(resolve, reject) {
  takenResolve = resolve;
  takenReject = reject;
}

/**
 * Rethrows what a caller's own function threw as `pg` does: as an uncaught
 * exception, which disturbs no other call.
 * @param {unknown} error
 */
function rethrowLater(error) {
  process.nextTick(() => {
    throw error;
  });
}

/**
 * Returns a pair of functions that call back in the caller's async context.
 * What the callback throws is an uncaught exception, as in `pg`.
 * @param {Callback} callback
 * @param {string} what
 * @param {null | undefined} fine the callback's error where there is none
 * @returns {{resolve: (value: any) => void, reject: (error: any) => void}}
 */
function fromCallback(callback, what, fine) {
  const resource = new AsyncResource(what);
  const run = (/** @type {any[]} */ ...results) => {
    try {
      resource.runInAsyncScope(callback, undefined, ...results);
    } catch (error) {
      rethrowLater(error);
    }
  };
  return {
    resolve: (value) => run(fine, value),
    reject: (error) => run(error),
  };
}

/**
 * Gives an error the stack of the caller's own awaits, as `pg` does: the place
 * where the engine's answer was read is of no use. V8 finds the awaits only in
 * a reaction of a promise that is awaited, hence the second one in callWith().
 * @param {unknown} error
 * @returns {never}
 */
function recapture(error) {
  if (isOurs(error) && !Object.isFrozen(error)) {
    Error.captureStackTrace(error, recapture);
  }
  throw error;
}

/**
 * Starts a call for either kind of caller. Nothing is thrown: what is wrong
 * with the arguments rejects the promise or goes to the callback.
 * @param {any} callback as in pg, what is false or null is not given
 * @param {string} what
 * @param {(resolve: (value: any) => void, reject: (error: any) => void) =>
 *   void} start may throw
 * @param {null} [fine] the callback's error where there is none: pg's pool
 *   gives undefined, its client null
 * @returns {Promise<any> | undefined}
 */
function callWith(callback, what, start, fine) {
  if (!callback) {
    const promise = new Promise(take);
    const resolve = takenResolve;
    const reject = takenReject;
    // They hold the promise and, in the end, a client that came by it.
    takenResolve = nobody;
    takenReject = nobody;
    try {
      start(resolve, reject);
    } catch (error) {
      reject(error);
    }
    return promise.catch(recapture);
  }
  if (typeof callback !== 'function') {
    return Promise.reject(new TypeError('callback is not a function'));
  }
  const { resolve, reject } = fromCallback(callback, what, fine);
  try {
    start(resolve, reject);
  } catch (error) {
    process.nextTick(reject, error);
  }
  return undefined;
}

module.exports = { callWith, rethrowLater };
