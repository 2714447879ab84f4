// SPDX-License-Identifier: MIT
'use strict';

// Runs a long statement while the process has no descriptor left.

const fs = require('node:fs');
const { Pool } = require('../../lib/index.js');

const [, , connectionString, seconds] = process.argv;

async function main() {
  const pool = new Pool({
    connectionString,
    logger: false,
    max: 2,
    retry: false,
    deadlineMillis: 0,
    connectTimeoutMillis: 700,
    silenceMillis: 500,
  });
  await pool.query('select 1');
  const call = pool.query(`select 1 as one from pg_sleep(${seconds})`);
  const files = [];
  try {
    for (;;) {
      files.push(fs.openSync('/dev/null', 'r'));
    }
  } catch {
    // There are none left.
  }
  const found = await call.then(
    ({ rows }) => ({ rows }),
    ({ code, outcome, message }) => ({ code, outcome, message }),
  );
  for (const file of files) {
    fs.closeSync(file);
  }
  process.stdout.write(JSON.stringify(found));
  await pool.end();
}

main();
