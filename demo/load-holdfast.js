// SPDX-License-Identifier: MIT

// The demo's load on Holdfast, written the way an application would.

const { Pool, retryQuery, withTransactionRetry } = require('..');
const { serve } = require('./load.js');
const { statements } = require('./statements.js');

serve((settings) => {
  const sql = statements(settings);
  const pool = new Pool({
    connectionString: settings.connectionString,
    max: settings.max,
    application_name: settings.applicationName,
  });
  let pairs = 0;

  return {
    async read(id) {
      const result = await retryQuery(() => pool.query(sql.read, [id]));
      return result.rows[0]?.label;
    },
    insert: (number, slow) =>
      retryQuery(() =>
        pool.query(slow ? sql.insertSlowly : sql.insert, [number, null]),
      ),
    pair(first, second, slow) {
      /** @param {any} client */
      const work = async (client) => {
        await client.query(sql.insert, [first, first]);
        await client.query(slow ? sql.insertSlowly : sql.insert, [
          second,
          first,
        ]);
      };
      // Uses both ways to have a transaction repeated as a whole.
      pairs++;
      return pairs % 2 === 0
        ? pool.transaction(work, { retry: true })
        : withTransactionRetry(() => pool.transaction(work));
    },
    stats() {
      const { retries, connectionsLostBusy } = pool.stats();
      return {
        retries: retries ?? 0,
        connectionsLostBusy: connectionsLostBusy ?? null,
      };
    },
    close: () => pool.end(),
  };
});
