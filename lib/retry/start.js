// SPDX-License-Identifier: MIT
'use strict';

// How a retry helper begins: on the fast path, which only watches the promise
// of the function, or with a run that the engine decides (run-driver.js).

const { isPromise } = require('#platform');

const { callOnce, warnUnawaited } = require('./attempt.js');
const { currentContext, heldCalls } = require('./context.js');
const { countCall } = require('./count-calls.js');
const { RunDriver } = require('./run-driver.js');
const { defaultPlan, parseRetryOptions } = require('./retry-options.js');
const { Run } = require('./run.js');

/** @typedef {import('./attempt.js').Work} Work */

/**
 * The plan of a call without options, once made.
 * @type {import('./retry-options.js').Plan | undefined}
 */
let plain;

/**
 * The fast path: a call that succeeds does not call the engine.
 * @param {Run} run
 * @param {Work} fn
 * @returns {Promise<any>}
 */
function runPlain(run, fn) {
  let result;
  try {
    result = callOnce(run, fn);
  } catch (error) {
    return recover(run, fn, error);
  }
  return result instanceof Promise
    ? result.then(
        (value) => warnUnawaited(run, value),
        (error) => recover(run, fn, error),
      )
    : Promise.resolve(warnUnawaited(run, result));
}

/**
 * Goes on after the first attempt failed.
 * @param {Run} run
 * @param {Work} fn
 * @param {unknown} error
 * @returns {Promise<any>}
 */
function recover(run, fn, error) {
  return new Promise((resolve, reject) => {
    new RunDriver(run, fn, resolve, reject).recover(error);
  });
}

/**
 * With a deadline, a signal, or a reset to wait for.
 * @param {Run} run
 * @param {Work} fn
 * @param {boolean} held whether its first attempt has to wait
 * @returns {Promise<any>}
 */
function runWatched(run, fn, held) {
  return new Promise((resolve, reject) => {
    new RunDriver(run, fn, resolve, reject).begin(held);
  });
}

/**
 * @param {unknown} fn
 * @param {string} helper
 * @returns {TypeError}
 */
function notAFunction(fn, helper) {
  if (isPromise(fn)) {
    // It is reported here; its own rejection must not be unhandled.
    fn.catch(() => {});
    return new TypeError(
      `${helper} got a promise, whose work has begun and cannot be repeated: ` +
        `write ${helper}(() => work()) instead of ${helper}(work())`,
    );
  }
  return new TypeError(
    `${helper} needs a function: write ${helper}(() => work())`,
  );
}

/**
 * @param {string} helper
 * @param {unknown} fn
 * @param {unknown} options
 * @param {boolean} [waits] whether it may have to wait for a client's reset
 * @returns {Promise<any>}
 */
function start(helper, fn, options, waits = true) {
  if (typeof fn !== 'function') {
    return Promise.reject(notAFunction(fn, helper));
  }
  const work = /** @type {Work} */ (fn);
  const held = waits && heldCalls() !== undefined;
  if (
    options === undefined &&
    plain !== undefined &&
    !currentContext() &&
    !held
  ) {
    countCall();
    return runPlain(new Run(plain), work);
  }
  let run;
  try {
    run = new Run(parseRetryOptions(options));
    plain ??= defaultPlan();
    countCall();
  } catch (error) {
    return Promise.reject(error);
  }
  const { outer } = run.plan;
  outer?.note('begun');
  // A nested call has begun already, with the run around it.
  const first = held && outer === undefined;
  const call =
    run.bounded || first ? runWatched(run, work, first) : runPlain(run, work);
  return outer === undefined
    ? call
    : call.finally(() => {
        outer.note('ended');
      });
}

/**
 * Retries for the pool itself.
 * @param {(context: any) => unknown} fn
 * @param {import('./retry-options.js').RetryOptions} options
 * @returns {Promise<any>}
 */
function repeatWithin(fn, options) {
  return start('transaction', fn, options, false);
}

module.exports = { repeatWithin, start };
