// SPDX-License-Identifier: MIT
'use strict';

// Streams and COPY of a server that is slow: what has come is handed over,
// though a portion is not full and nothing follows for now.

const assert = require('node:assert');
const { after, test } = require('node:test');

const { Pool } = require('../../lib/index.js');
const { before, useServer } = require('../support/suite.js');

const LOCK = 4711;
/** Large: the server collects 8 KB, so that the end of the last one is missing. */
const ROW = "i, repeat('x', 20000)";
/** The fifth waits until the lock is free. */
const SLOW = `select ${ROW},
  case when i = 5 then pg_advisory_xact_lock(${LOCK})::text end
  from generate_series(1, 6) i`;

const server = useServer();
/** @type {Pool} */
let pool;

before(() => {
  pool = new Pool({ connectionString: server.url, max: 3, logger: false });
});

after(() => pool?.end());

/** @param {(open: () => Promise<unknown>) => Promise<void>} use */
async function whileLocked(use) {
  const holder = await pool.connect();
  try {
    await holder.query(`select pg_advisory_lock(${LOCK})`);
    await use(() => holder.query(`select pg_advisory_unlock(${LOCK})`));
  } finally {
    holder.release(true);
  }
}

for (const batchSize of [undefined, 2]) {
  test(`rows come before the rest is there, batchSize ${batchSize}`, async () => {
    await whileLocked(async (open) => {
      const rows = pool.stream({ text: SLOW, rowMode: 'array' }, undefined, {
        batchSize,
      });
      const seen = [];
      for await (const [i] of rows) {
        seen.push(i);
        if (i === 3) {
          await open();
        }
      }
      assert.deepStrictEqual(seen, [1, 2, 3, 4, 5, 6]);
    });
  });
}

test('data of a COPY come before the rest is there', async () => {
  await whileLocked(async (open) => {
    const data = pool.copyTo(`copy (${SLOW}) to stdout`);
    let text = '';
    for await (const bytes of data) {
      const isThird = /^3\t/m.test(text);
      text += bytes;
      if (!isThird && /^3\t/m.test(text)) {
        await open();
      }
    }
    assert.deepStrictEqual(text.match(/^\d/gm), ['1', '2', '3', '4', '5', '6']);
  });
});
