// SPDX-License-Identifier: MIT
'use strict';

// A program that is stopped in the middle: it opens ten connections, says so,
// and after it goes on sends a hundred calls at once.

const { Pool } = require('../../lib/index.js');

const CONNECTIONS = 10;
const CALLS = 100;

const pool = new Pool({
  connectionString: process.argv[2],
  max: CONNECTIONS,
  min: CONNECTIONS,
  logger: false,
});

/** @param {number} n */
function call(n) {
  // Half of them write, and none is repeated.
  const text = n % 2 === 0 ? 'select 1' : 'insert into t values (1)';
  return pool.query({ text, retry: false }).then(
    () => 'succeeded',
    (error) => `${error.code}: ${error.message}`,
  );
}

process.on('message', async () => {
  const all = await Promise.all(
    Array.from({ length: CALLS }, (_, i) => call(i)),
  );
  process.send?.({
    failures: all.filter((text) => text !== 'succeeded'),
    opened: pool.stats().connectsSucceeded,
  });
  await pool.end();
  process.disconnect();
});

pool.warmup({ failFast: true }).then(() => process.send?.('ready'));
