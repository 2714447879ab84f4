// SPDX-License-Identifier: MIT
// Calls process.exit() at a given moment, while connections are being opened
// and statements run.

const fs = require('node:fs');
const { openPool } = require('../../lifecycle/programs/open-pool.js');

const job = JSON.parse(process.argv[2]);
const ignore = () => {};

for (let pools = 0; pools < 2; pools += 1) {
  const pool = openPool(job);
  const pump = (/** @type {number} */ n) => {
    pool.query('select pg_sleep(0.001 * $1)', [n]).then(() => pump(n), ignore);
  };
  for (let calls = 0; calls < 16; calls += 1) {
    pump(calls);
  }
  pool.connect().then((client) => client.query('begin').catch(ignore), ignore);
}

setTimeout(() => {
  fs.writeSync(1, `clock ${process.hrtime.bigint()}\n`);
  process.exit(job.code);
}, job.afterMillis);
