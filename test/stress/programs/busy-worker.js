// SPDX-License-Identifier: MIT
// A worker that connects, queries, borrows clients and begins transactions
// until it is terminated.

const { workerData: job } = require('node:worker_threads');
const { openPool } = require('../../lifecycle/programs/open-pool.js');

const ignore = () => {};
const pool = openPool(job);

/** @param {number} n */
async function pump(n) {
  for (;;) {
    await pool.query('select g, $1::text from generate_series(1, 50) g', [n]);
  }
}

async function borrow() {
  for (;;) {
    await pool.transaction((/** @type {any} */ client) =>
      client.query('select pg_sleep(0.001)'),
    );
  }
}

for (let n = 0; n < 6; n += 1) {
  pump(n).catch(ignore);
}
borrow().catch(ignore);
