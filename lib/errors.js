// SPDX-License-Identifier: MIT
'use strict';

/** An error of ours; `code` says which. */
class HoldfastError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   */
  constructor(code, message) {
    super(message);
    this.name = 'HoldfastError';
    this.code = code;
  }
}

/**
 * Returns the error for a parameter that cannot be sent.
 * @param {string} message
 * @returns {HoldfastError}
 */
function paramError(message) {
  return new HoldfastError('HF_PARAM_INVALID', message);
}

module.exports = { HoldfastError, paramError };
