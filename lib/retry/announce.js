// SPDX-License-Identifier: MIT
'use strict';

// Publishes retries to the listeners.

const { isPromise } = require('#platform');
const { emitRetry, hasRetryListeners } = require('#retry-events');

const { OUTCOMES } = require('../errors/error-classes.js');
const { nowMillis } = require('../platform/clock.js');
const { textOf, warnOnce } = require('../platform/warn.js');

/** @typedef {import('./run.js').Run} Run */

/**
 * Publishes a retry. Errors of listeners do not matter.
 * @param {Run} run
 * @param {unknown} error
 * @param {import('../engine/native.js').Step} step
 */
function announce(run, error, { delayMillis, why }) {
  const { onRetry, name } = run.plan;
  const left = why.unnamed ? run.remainingNames : run.remainingRetries;
  if (onRetry === undefined && !hasRetryListeners(run.pool)) {
    return;
  }
  const event = {
    name,
    attempt: run.retries,
    maxAttempts: run.retries + left + 1,
    delayMillis,
    error,
    outcome: OUTCOMES[why.outcome],
    reason: why.reason,
  };
  emitRetry(event, run.pool, nowMillis() - run.attemptAt);
  callListener(onRetry, event);
}

/** How often a listener threw or rejected. */
let brokenListeners = 0;

/**
 * Calls a listener. It must not affect the call: the first error that it throws
 * causes a warning, and what it returns is not awaited.
 * @param {((event: any) => unknown) | undefined} listener
 * @param {object} event
 */
function callListener(listener, event) {
  const broke = (/** @type {unknown} */ error) => {
    brokenListeners += 1;
    if (brokenListeners === 1) {
      warnOnce(
        `onRetry failed, and calls go on: ${textOf(error)}`,
        'HF_LISTENER',
      );
    }
  };
  try {
    const result = listener?.(event);
    if (isPromise(result)) {
      result.catch(broke);
    }
  } catch (error) {
    broke(error);
  }
}

module.exports = { announce };
