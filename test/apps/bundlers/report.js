// SPDX-License-Identifier: MIT
// What a bundled program does, in a line: a query by the pool, and a helper.
import { Pool, retryQuery, versions } from 'pg-holdfast';

export async function report() {
  const pool = new Pool({ connectionString: process.env.TEST_URL });
  const { rows } = await retryQuery(() => pool.query('select 1 + 1 as two'));
  await pool.end();
  return `two=${rows[0].two} holdfast=${versions.holdfast} libpq=${versions.libpq}`;
}
