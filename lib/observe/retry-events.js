// SPDX-License-Identifier: MIT
'use strict';

// Retries of the helpers, for tracers and for the log. Edge runtimes
// and browsers, which have neither, load no-retry-events.js in its place.

const { channel } = require('node:diagnostics_channel');

const { traces } = require('./diagnostics.js');
const { logOf } = require('./log.js');

const retryChannel = channel('holdfast:retry');

/**
 * @typedef {object} RetryEvent
 * @property {string} [name]
 * @property {number} attempt the one that failed
 * @property {number} maxAttempts
 * @property {number} delayMillis
 * @property {any} error
 * @property {string} [outcome]
 */

/**
 * Returns whether anybody listens.
 * @param {object} [pool] that the helper's function uses, where that is known
 */
function hasRetryListeners(pool) {
  return (
    retryChannel.hasSubscribers ||
    traces.retry.hasSubscribers ||
    logOf(pool).listens('warn')
  );
}

/**
 * @param {any} error of any kind, also one that throws when it is looked at
 * @returns {string | undefined}
 */
function codeOf(error) {
  try {
    return typeof error?.code === 'string' ? error.code : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Publishes a retry. The error's message may hold values, so the log has
 * its code.
 * @param {RetryEvent} event
 * @param {object} [pool] whose log it is for
 * @param {number} [durationMillis] of the attempt
 */
function emitRetry(event, pool, durationMillis) {
  retryChannel.publish(event);
  if (traces.retry.hasSubscribers) {
    traces.retry.begin(event);
    traces.retry.finish(event);
  }
  const { name = 'query', attempt, maxAttempts, delayMillis, outcome } = event;
  const code = codeOf(event.error);
  logOf(pool).incidents.retried(
    { event: 'retry', name, attempt, maxAttempts, delayMillis, code, outcome },
    `${name} attempt ${attempt}/${maxAttempts} failed (${code ?? outcome}), ` +
      `again in ${Math.round(delayMillis)} ms`,
    durationMillis,
  );
}

module.exports = { emitRetry, hasRetryListeners };
