// SPDX-License-Identifier: MIT
'use strict';

/**
 * Returns the error for an argument that is wrong. Nothing was done, and the
 * same again would fail again.
 * @param {string} message
 * @param {TypeErrorConstructor | RangeErrorConstructor} [Kind]
 * @returns {TypeError | RangeError}
 */
function argumentError(message, Kind = TypeError) {
  const error = Object.assign(new Kind(message), {
    code: 'HF_PARAM_INVALID',
    outcome: 'permanent',
    retryable: false,
    phase: 'local',
  });
  Error.captureStackTrace?.(error, argumentError);
  return error;
}

module.exports = { argumentError };
