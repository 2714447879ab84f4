// SPDX-License-Identifier: MIT
'use strict';

// The question a health check asks. It goes the way queries go, but to the
// head of the line, which has a place for it even when it is full.

const { FLAG, OP } = require('../protocol/operations.js');
const { Call } = require('./call.js');

const TEXT =
  "select pg_is_in_recovery(), current_setting('transaction_read_only')";

/** The server's own text, whatever parsers the user has set. */
const AS_TEXT = {
  getTypeParser: () => (/** @type {string} */ text) => text,
};

/**
 * Returns what the server says: 't' for a standby, 'f' for a primary, and 'on'
 * where it takes no writes.
 * @param {import('./pool-core.js').PoolCore} core
 * @param {number} millis it is given up after that, even while it runs
 * @returns {Promise<(string | undefined)[]>}
 */
function sendProbe(core, millis) {
  return new Promise((resolve, reject) => {
    const call = new Call(
      core,
      AS_TEXT,
      (result) => resolve(result.rows[0] ?? []),
      reject,
    );
    call.text = TEXT;
    call.rowAsArray = true;
    call.flags = FLAG.PROBE | FLAG.CALLER_DEADLINE;
    call.deadline = Math.max(1, Math.floor(millis));
    call.submit(core.port, OP.QUERY, core.open());
  });
}

module.exports = { sendProbe };
