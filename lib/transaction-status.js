// SPDX-License-Identifier: MIT
'use strict';

// The transaction status of a leased connection, followed from what its
// statements answered: 'I' idle, 'T' in a transaction, 'E' in a failed one.

/** @typedef {'I' | 'T' | 'E'} TransactionStatus */

const ENDS = /^[\s;]*(?:commit|end|rollback|abort|prepare\s+transaction)\b/i;
const CHAINS = /\band\s+chain\b/i;
const TO_SAVEPOINT = /\bto\b/i;
const PREPARES = /\bprepare\s+transaction\b/i;

/**
 * @param {TransactionStatus} status
 * @param {string | null} command
 * @param {string} text
 * @returns {TransactionStatus}
 */
function afterResult(status, command, text) {
  switch (command) {
    case 'BEGIN':
    case 'START':
      return 'T';
    case 'COMMIT':
      return CHAINS.test(text) ? 'T' : 'I';
    case 'ROLLBACK':
      return CHAINS.test(text) || TO_SAVEPOINT.test(text) ? 'T' : 'I';
    case 'PREPARE':
      return PREPARES.test(text) ? 'I' : status;
    default:
      return status;
  }
}

/**
 * @param {TransactionStatus} status
 * @param {string} text
 * @returns {TransactionStatus}
 */
function afterError(status, text) {
  if (status === 'I' || (ENDS.test(text) && !TO_SAVEPOINT.test(text))) {
    return 'I'; // a COMMIT that fails has ended its transaction
  }
  return 'E';
}

module.exports = { afterError, afterResult };
