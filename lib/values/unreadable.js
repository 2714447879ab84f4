// SPDX-License-Identifier: MIT
'use strict';

const { usageError } = require('../errors/errors.js');

/**
 * Returns the error of a result that cannot be read. The statement was done: a
 * write among it holds, unless its transaction is rolled back.
 * @param {string} why never with a value
 * @param {unknown} [cause]
 * @returns {import('../errors/errors.js').HoldfastError}
 */
function unreadable(why, cause) {
  return usageError(
    'HF_RESULT_UNREADABLE',
    `the statement was done, but ${why}`,
    {
      outcome: 'ambiguous',
      retryable: false,
      phase: 'await',
      cause,
    },
  );
}

module.exports = { unreadable };
