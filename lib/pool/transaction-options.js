// SPDX-License-Identifier: MIT
'use strict';

// The options of transaction(): which there are, and the BEGIN they make.

const { argumentError } = require('../validate/argument-error.js');
const { checkKeys, readBoolean, readMillis } = require('./arguments.js');

/**
 * @typedef {object} TransactionOptions
 * @property {'read uncommitted' | 'read committed' | 'repeatable read' |
 *   'serializable'} [isolationLevel] in any case, the server's default if none
 * @property {boolean} [readOnly]
 * @property {boolean} [deferrable]
 * @property {boolean | import('../retry/retry-options.js').RetryOptions} [retry]
 *   whether, and how, `fn` is called again
 * @property {AbortSignal} [signal]
 * @property {number} [deadlineMillis] for getting a connection and for
 *   repeating, and once more for COMMIT; what `fn` takes does not count
 * @property {number} [timeoutMillis] of BEGIN and of COMMIT, each
 * @property {boolean} [exactlyOnce]
 * @property {object} [settings] of the server, until its end
 * @property {unknown} [context] what a retry helper gave its function
 */

const ISOLATION_LEVELS = new Set([
  'READ UNCOMMITTED',
  'READ COMMITTED',
  'REPEATABLE READ',
  'SERIALIZABLE',
]);

const KNOWN = new Set([
  'isolationLevel',
  'readOnly',
  'deferrable',
  'retry',
  'signal',
  'deadlineMillis',
  'timeoutMillis',
  'exactlyOnce',
  'settings',
  'context',
]);

/**
 * @param {TransactionOptions} options
 * @returns {string}
 */
function beginText(options) {
  let text = 'BEGIN';
  if (options.isolationLevel !== undefined) {
    const level = String(options.isolationLevel)
      .toUpperCase()
      .replace(/[\s_-]+/g, ' ');
    if (!ISOLATION_LEVELS.has(level)) {
      throw argumentError(
        'isolationLevel must be read uncommitted, read committed, ' +
          'repeatable read or serializable',
      );
    }
    text += ` ISOLATION LEVEL ${level}`;
  }
  if (typeof options.readOnly === 'boolean') {
    text += options.readOnly ? ' READ ONLY' : ' READ WRITE';
  }
  if (typeof options.deferrable === 'boolean') {
    text += options.deferrable ? ' DEFERRABLE' : ' NOT DEFERRABLE';
  }
  return text;
}

/**
 * @param {unknown} fn
 * @param {any} options
 */
function checkTransaction(fn, options) {
  if (typeof fn !== 'function') {
    throw argumentError(
      'transaction() needs a function: write ' +
        'pool.transaction(async (client) => { … })',
    );
  }
  if (options === null || typeof options !== 'object') {
    throw argumentError('the options of transaction() must be an object');
  }
  checkKeys(options, KNOWN, 'transaction()');
  for (const key of ['readOnly', 'deferrable', 'exactlyOnce']) {
    readBoolean(options[key], key);
  }
  readMillis(options.timeoutMillis, 'timeoutMillis');
  const { retry } = options;
  if (!['undefined', 'boolean'].includes(typeof retry)) {
    if (retry === null || typeof retry !== 'object') {
      throw argumentError('retry must be true, false or an object');
    }
  }
}

module.exports = { ISOLATION_LEVELS, beginText, checkTransaction };
