// SPDX-License-Identifier: MIT

// How long a process takes to load a driver and to get its first row: a new
// process per measurement. Settings come in the environment, because the
// address holds a password. Prints {"require": ms, "firstRow": ms}.

const { performance } = require('node:perf_hooks');

const MODULES = {
  holdfast: process.env.HOLDFAST_BENCH_MEASURED ?? '..',
  pg: 'pg',
  postgres: 'postgres',
};

async function main() {
  const driver = /** @type {keyof typeof MODULES} */ (process.argv[2]);
  const began = performance.now();
  const loaded = require(MODULES[driver]);
  const required = performance.now() - began;
  const url = process.env.BENCH_URL;
  if (driver === 'postgres') {
    const sql = loaded(url, { max: 1 });
    await sql`select 1 as one`;
  } else {
    const pool = new loaded.Pool({ connectionString: url, max: 1 });
    await pool.query('select 1 as one');
  }
  // Since the start of the process, Node's own start included.
  const firstRow = performance.now();
  process.stdout.write(JSON.stringify({ require: required, firstRow }), () =>
    process.exit(0),
  );
}

main().catch((error) => {
  process.stderr.write(String(error.message).split('\n')[0], () =>
    process.exit(1),
  );
});
