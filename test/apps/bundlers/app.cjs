// SPDX-License-Identifier: MIT
'use strict';

const { Pool, retryQuery, versions } = require('pg-holdfast');

async function main() {
  const pool = new Pool({ connectionString: process.env.TEST_URL });
  const { rows } = await retryQuery(() => pool.query('select 1 + 1 as two'));
  await pool.end();
  console.log(
    `two=${rows[0].two} holdfast=${versions.holdfast} libpq=${versions.libpq}`,
  );
}

main();
