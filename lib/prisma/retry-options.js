// SPDX-License-Identifier: MIT
'use strict';

// The options of retryExtension(): a retry helper's, less those that belong to
// one call, and who may be repeated besides reads.

const { checkKeysAs } = require('../validate/keys.js');
const {
  OPTION_NAMES,
  parseRetryOptions,
} = require('../retry/retry-options.js');
const { warnOnce } = require('../platform/warn.js');

/**
 * What is asked about.
 * @typedef {object} Operation
 * @property {string | undefined} model
 * @property {string} operation
 * @property {any} args
 */

/**
 * @typedef {Omit<import('../retry/retry-options.js').RetryOptions,
 *   'context' | 'idempotent' | 'joinAsync' | 'name'> & {
 *   idempotent?: (operation: Operation) => boolean,
 * }} ExtensionOptions
 */

/** Of one call, not of a client. */
const OF_A_CALL = new Set(['context', 'joinAsync', 'name']);
const OF_A_CLIENT = new Set(
  OPTION_NAMES.filter((name) => !OF_A_CALL.has(name)),
);

/**
 * Checks options. Throws a TypeError or a RangeError that names the key.
 * @param {ExtensionOptions} [options]
 * @returns {{retry: import('../retry/retry-options.js').RetryOptions,
 *   isIdempotent: (operation: Operation) => boolean}}
 */
function readExtensionOptions(options = {}) {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('options of retryExtension must be an object');
  }
  const { idempotent, ...retry } = options;
  for (const key of Object.keys(retry)) {
    if (OF_A_CALL.has(key)) {
      throw new TypeError(`${key} is for one call, not for a whole client`);
    }
  }
  checkKeysAs(retry, OF_A_CLIENT, 'unknown option of retryExtension ');
  if (idempotent !== undefined && typeof idempotent !== 'function') {
    throw new TypeError(
      'idempotent must be a function of {model, operation, args}',
    );
  }
  parseRetryOptions(retry);
  return { retry, isIdempotent: asked(idempotent) };
}

/**
 * Returns a function that asks the user's and believes only `true`.
 * @param {((operation: Operation) => boolean) | undefined} fn
 * @returns {(operation: Operation) => boolean}
 */
function asked(fn) {
  return (operation) => {
    try {
      return fn?.(operation) === true;
    } catch (error) {
      warnOnce(`idempotent failed, which means no: ${error}`, 'HF_LISTENER');
      return false;
    }
  };
}

module.exports = { readExtensionOptions };
