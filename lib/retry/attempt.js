// SPDX-License-Identifier: MIT
'use strict';

// One attempt of a helper's function.

const { callWithinAsync, enter, leave } = require('./context.js');
const { warnOnce } = require('../platform/warn.js');

/** @typedef {import('./run.js').Run} Run */
/** @typedef {(context: any) => unknown} Work */

/**
 * Begins an attempt's work. A lazy thenable, such as Prisma's, begins when its
 * `then` is called: that has to happen while the run is the current one.
 * @param {Run} run
 * @param {Work} fn
 * @returns {unknown}
 */
function callOnce(run, fn) {
  const before = enter(run);
  try {
    const result = run.plan.joinAsync
      ? callWithinAsync(run, () => fn(run.context))
      : fn(run.context);
    return result instanceof Promise ? result : asPromise(result);
  } finally {
    leave(before);
  }
}

/**
 * @param {any} value
 * @returns {unknown}
 */
function asPromise(value) {
  const thenable =
    value !== null &&
    (typeof value === 'object' || typeof value === 'function') &&
    typeof value.then === 'function';
  return thenable
    ? new Promise((resolve, reject) => {
        value.then(resolve, reject);
      })
    : value;
}

/**
 * Warns of a function that returned nothing while its calls were pending, as
 * `() => { pool.query(…) }` does.
 * @template T
 * @param {Run} run
 * @param {T} value
 * @returns {T}
 */
function warnUnawaited(run, value) {
  if (value === undefined && run.pending > 0) {
    warnOnce(
      'the function given to a retry helper returned nothing while its query ' +
        'was still running: nobody waits for that or repeats it; return the ' +
        "query's promise, or await it",
      'HF_NOT_AWAITED',
    );
  }
  return value;
}

module.exports = { callOnce, warnUnawaited };
