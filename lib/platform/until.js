// SPDX-License-Identifier: MIT
'use strict';

// A promise until a moment, or until a signal is aborted.

const { nowMillis, startTimer, stopTimer } = require('./clock.js');
const { leaveSignal, watchSignal } = require('./signals.js');

/** Timers that are set for longer run at once. */
const TIMER_MAX_MILLIS = 2 ** 31 - 1;

/**
 * What ends the wait for a promise.
 * @typedef {object} Limits
 * @property {number} [endsAt] on the engine's clock; 0 or none = at no time
 * @property {readonly AbortSignal[]} [signals]
 * @property {number} [graceMillis] how long the promise may still settle by
 *   itself once the wait has ended
 */

/**
 * Settles as a promise does, or rejects when its limits are reached first.
 * @template T
 * @param {T | PromiseLike<T>} promise
 * @param {Limits} limits
 * @param {(aborted: AbortSignal | undefined) => unknown} errorOf what to reject
 *   with; without a signal, it is the time that has run out
 * @returns {Promise<T>}
 */
function until(promise, limits, errorOf) {
  const { endsAt = 0, signals = [], graceMillis = 0 } = limits;
  if (endsAt === 0 && signals.length === 0) {
    return Promise.resolve(promise);
  }
  return new Promise((resolve, reject) => {
    /** @type {ReturnType<typeof startTimer> | undefined} */
    let timer;
    const leave = () => {
      stopTimer(timer);
      for (const signal of signals) {
        leaveSignal(signal, waiting);
      }
    };
    const end = () => {
      leave();
      const error = errorOf(signals.find(({ aborted }) => aborted));
      if (graceMillis === 0) {
        reject(error);
      } else {
        timer = startTimer(() => reject(error), graceMillis);
      }
    };
    const waiting = { handleEvent: end };
    for (const signal of signals) {
      watchSignal(signal, waiting);
    }
    if (signals.some(({ aborted }) => aborted)) {
      end();
    } else if (endsAt > 0) {
      const left = Math.max(0, Math.ceil(endsAt - nowMillis()));
      timer = startTimer(end, Math.min(TIMER_MAX_MILLIS, left));
    }
    Promise.resolve(promise).then(
      (value) => {
        leave();
        resolve(value);
      },
      (error) => {
        leave();
        reject(error);
      },
    );
  });
}

module.exports = { until };
