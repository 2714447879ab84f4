// SPDX-License-Identifier: MIT
'use strict';

// CREATE INDEX CONCURRENTLY commits on its way: one that fails leaves an
// invalid index behind, and must not be said to have left nothing.

const assert = require('node:assert');
const { test } = require('node:test');

const { Pool } = require('../..');
const { startPostgres } = require('../support');

test('CREATE INDEX CONCURRENTLY that fails while it runs is ambiguous', async () => {
  const pg = await startPostgres();
  const pool = new Pool({ connectionString: pg.url });
  try {
    await pool.query('create table t (n int)');
    await pool.query('insert into t values (1), (1)');
    await assert.rejects(
      pool.query('create unique index concurrently twice on t (n)'),
      { code: '23505', outcome: 'ambiguous', retryable: false },
    );
    const { rows } = await pool.query(
      "select indisvalid from pg_index where indexrelid = 'twice'::regclass",
    );
    assert.deepStrictEqual(rows, [{ indisvalid: false }]);
    // What fails before it begins is as plain as ever.
    await assert.rejects(
      pool.query('create index concurrently other on t (nosuch)'),
      { code: '42703', outcome: 'permanent' },
    );
  } finally {
    await pool.end();
    await pg.stop();
  }
});
