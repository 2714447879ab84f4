// SPDX-License-Identifier: MIT
// A process that uses a pool, until its standard input ends. Its last argument
// stands for a secret of a command line.

const { Pool } = require('../../lib');

const pool = new Pool({
  connectionString: process.env.DATABASE_URL,
  max: 6,
  logger: false,
});

async function main() {
  let isOver = false;
  process.stdin.on('end', () => {
    isOver = true;
  });
  process.stdin.resume();
  await pool.query('select pg_sleep(0.002)');
  process.stdout.write('ready\n');
  const lent = await pool.connect();
  while (!isOver) {
    await Promise.all([
      pool.query('select pg_sleep(0.01)'),
      pool.query('select 1'),
    ]);
  }
  lent.release();
  await pool.end();
}

main();
