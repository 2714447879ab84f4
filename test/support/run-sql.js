// SPDX-License-Identifier: MIT
// Runs SQL as `psql -XAtq` would: by pg, as not every machine has psql.

/** As the server writes it. */
const AS_TEXT = { getTypeParser: () => (/** @type {string} */ text) => text };

/** @param {unknown[]} row */
function line(row) {
  return row.map((value) => value ?? '').join('|');
}

/**
 * Runs a script over a connection of its own, in one message.
 *
 * @param {import('pg').ClientConfig} config
 * @param {string} sql
 * @returns {Promise<string>} the rows of all its statements: columns separated
 *   by `|`, rows by newlines
 */
async function runSql(config, sql) {
  // Loaded late: programs that only start a server do without it.
  const { Client } = require('pg');
  const client = new Client({ ssl: false, ...config });
  // Also comes where connect() or query() rejects.
  client.on('error', () => {});
  try {
    await client.connect();
    /** @type {any} */
    const query = { text: sql, rowMode: 'array', types: AS_TEXT };
    const results = [await client.query(query)].flat();
    return results.flatMap((result) => result.rows.map(line)).join('\n');
  } finally {
    await client.end().catch(() => {});
  }
}

module.exports = { runSql };
