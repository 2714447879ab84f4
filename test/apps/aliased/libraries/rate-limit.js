// SPDX-License-Identifier: MIT

const fs = require('node:fs');
const path = require('node:path');
const { PostgresStoreIndividualIP } = require('@acpr/rate-limit-postgresql');

const MIGRATIONS = path.join(
  path.dirname(require.resolve('@acpr/rate-limit-postgresql')),
  'migrations',
);

/** It migrates by itself, and tells nobody. */
async function migrated(pool) {
  const all = fs.readdirSync(MIGRATIONS).filter((name) => /sql$/.test(name));
  for (let done = 0; done < all.length; ) {
    const { rows } = await pool
      .query('select count(*)::int as n from migrations where id > 0')
      .catch(() => ({ rows: [{ n: 0 }] }));
    done = rows[0].n;
  }
}

module.exports = async ({ url }) => {
  const store = new PostgresStoreIndividualIP(
    { connectionString: url },
    'prefix',
  );
  await store.init({ windowMs: 60_000 });
  await migrated(store.pool);
  const hits = [];
  for (const key of ['a', 'a', 'b']) {
    const { totalHits, resetTime } = await store.increment(key);
    hits.push([totalHits, resetTime instanceof Date]);
  }
  await store.decrement('a');
  hits.push((await store.increment('a')).totalHits);
  await store.resetKey('a');
  hits.push((await store.increment('a')).totalHits);
  await store.resetAll();
  await store.pool.end();
  return { hits };
};
