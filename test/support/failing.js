// SPDX-License-Identifier: MIT
// Functions that fail on purpose, for tests of retries.

/** Delays that take no time. */
const QUICK = Object.freeze({ baseMillis: 0, capMillis: 0 });

/**
 * An error of pg after which repeating is safe.
 *
 * @param {object} [fields]
 * @returns {any}
 */
function conflict(fields) {
  const error = new Error('could not serialize access');
  const server = { name: 'error', severity: 'ERROR', code: '40001' };
  return Object.assign(error, server, fields);
}

/** An error after which the outcome is unknown. */
function lost() {
  return new Error('Connection terminated unexpectedly');
}

/**
 * A function that fails `times` times, then succeeds; it counts its calls.
 *
 * @param {number} times
 * @param {() => unknown} [makeError]
 */
function failing(times, makeError = conflict) {
  const fn = () => {
    fn.calls += 1;
    return fn.calls > times
      ? Promise.resolve(fn.calls)
      : Promise.reject(makeError());
  };
  fn.calls = 0;
  return fn;
}

module.exports = { QUICK, conflict, failing, lost };
