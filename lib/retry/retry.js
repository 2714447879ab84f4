// SPDX-License-Identifier: MIT
'use strict';

// The retry helpers.

const { native } = require('#core');

const { classify } = require('./classify.js');
const { presets } = require('./retry-options.js');
const { start } = require('./start.js');

/**
 * Calls `fn` and repeats it when that is safe and useful.
 * @template T
 * @param {(context: import('./run.js').RetryContext) => T | PromiseLike<T>} fn
 * @param {import('./retry-options.js').RetryOptions} [options]
 * @returns {Promise<T>}
 */
function retryQuery(fn, options) {
  return start('retryQuery', fn, options);
}

/**
 * The same under the name that says what it is for.
 * @template T
 * @param {(context: import('./run.js').RetryContext) => T | PromiseLike<T>} fn
 * @param {import('./retry-options.js').RetryOptions} [options]
 * @returns {Promise<T>}
 */
function withDatabaseRetry(fn, options) {
  return start('withDatabaseRetry', fn, options);
}

/**
 * For a function that is one whole transaction.
 * @template T
 * @param {(context: import('./run.js').RetryContext) => T | PromiseLike<T>} fn
 * @param {import('./retry-options.js').RetryOptions} [options]
 * @returns {Promise<T>}
 */
function withTransactionRetry(fn, options) {
  return start('withTransactionRetry', fn, options);
}

/**
 * Returns what the helpers and pools of this process have done together.
 * @returns {{cut: number}} repetitions that the budget forbade
 */
function retryStats() {
  return { cut: native().retryCuts() };
}

module.exports = {
  classify,
  presets,
  retryQuery,
  retryStats,
  withDatabaseRetry,
  withPrismaRetry: withDatabaseRetry,
  withTransactionRetry,
};
