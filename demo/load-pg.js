// SPDX-License-Identifier: MIT

// The demo's load on `pg` with named statements, as it is: its error events are
// handled, and nothing is repeated.

const { Pool } = require('pg');
const { serve } = require('./load.js');
const { statements } = require('./statements.js');

const PATIENCE_MILLIS = 8000;

serve((settings) => {
  const sql = statements(settings);
  const pool = new Pool({
    connectionString: settings.connectionString,
    max: settings.max,
    application_name: settings.applicationName,
    connectionTimeoutMillis: PATIENCE_MILLIS,
    query_timeout: PATIENCE_MILLIS,
  });
  // Without these a dying connection would end the process.
  const ignore = () => {};
  pool.on('error', ignore);
  pool.on('connect', (client) => client.on('error', ignore));

  /** @param {'read' | 'insert' | 'insertSlowly'} key @param {unknown[]} values */
  const named = (key, values) => ({
    name: `${key}_${settings.suffix}`,
    text: sql[key],
    values,
  });

  return {
    async read(id) {
      const result = await pool.query(named('read', [id]));
      return result.rows[0]?.label;
    },
    insert: (number, slow) =>
      pool.query(named(slow ? 'insertSlowly' : 'insert', [number, null])),
    async pair(first, second, slow) {
      const client = await pool.connect();
      let failure;
      try {
        await client.query('begin');
        await client.query(named('insert', [first, first]));
        await client.query(
          named(slow ? 'insertSlowly' : 'insert', [second, first]),
        );
        await client.query('commit');
      } catch (error) {
        failure = error instanceof Error ? error : new Error(String(error));
        await client.query('rollback').catch(ignore);
        throw error;
      } finally {
        client.release(failure);
      }
    },
    stats: () => ({ retries: 0, connectionsLostBusy: null }),
    close: () => pool.end(),
  };
});
