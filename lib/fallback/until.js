// SPDX-License-Identifier: MIT
'use strict';

// A promise until a moment, or until a signal is aborted.

const { usageError } = require('../errors/errors.js');
const { nowMillis, startTimer, stopTimer } = require('../platform/clock.js');
const { leaveSignal, watchSignal } = require('../platform/signals.js');
const { abortedError } = require('../pool/arguments.js');

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {number} endsAt
 * @param {AbortSignal | undefined} signal
 * @param {string} late what it says when the moment has come
 * @returns {Promise<T>}
 */
function until(promise, endsAt, signal, late) {
  return new Promise((resolve, reject) => {
    const onAbort = () =>
      reject(abortedError(/** @type {AbortSignal} */ (signal)));
    // A little later than pg, which knows why.
    const timer = startTimer(
      () =>
        reject(
          usageError('HF_DEADLINE', late, {
            outcome: 'not_executed',
            retryable: true,
          }),
        ),
      Math.max(0, endsAt - nowMillis()) + 25,
    );
    const waiting = { handleEvent: onAbort };
    if (signal !== undefined) {
      watchSignal(signal, waiting);
    }
    promise.then(resolve, reject).finally(() => {
      stopTimer(timer);
      leaveSignal(signal, waiting);
    });
  });
}

module.exports = { until };
