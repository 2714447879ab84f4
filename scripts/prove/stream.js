// SPDX-License-Identifier: MIT
// A stream of many gigabytes in little memory. `count` is in gigabytes. When a
// thousandth was read the reader stops for a while: the server has to wait for
// it, and other calls have not.

const { Pool } = require('../..');
const { eventually, startPostgres } = require('../../test/support/index.js');

const GIGABYTES = 10;
const MEMORY_MAX = 100e6;
/** Of the text of a row. */
const ROW_BYTES = 1024;
const SAMPLE_EVERY = 5000;
const SAY_EVERY_BYTES = 1e9;
const STALL_MS = 2000;

const WAITS = `select count(*)::int as n from pg_stat_activity
  where wait_event = 'ClientWrite' and query like 'select n, repeat%'`;

/** @param {number} ms */
function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Reads nothing for a while.
 * @param {any} pool
 */
async function stall(pool) {
  const isServerWaiting = async () => {
    const { rows } = await pool.query(WAITS);
    return rows[0].n === 1;
  };
  await eventually(isServerWaiting, { what: 'a server that waits' });
  await sleep(STALL_MS);
  return isServerWaiting();
}

/**
 * @param {any} pool
 * @param {number} bytes
 * @param {(line: string) => void} say
 */
async function read(pool, bytes, say) {
  const rows = Math.ceil(bytes / ROW_BYTES);
  const stream = pool.stream(
    `select n, repeat(md5(n::text), ${ROW_BYTES / 32}) as text
      from generate_series(1, $1::int) n`,
    [rows],
  );
  const began = Date.now();
  /** @type {string[]} */
  const faults = [];
  let most = 0;
  let n = 0;
  for await (const row of stream) {
    n += 1;
    if (row.n !== n || row.text.length !== ROW_BYTES) {
      faults.push(`row ${n} is row ${row.n}, with ${row.text.length} bytes`);
      break;
    }
    if (n % SAMPLE_EVERY === 0) {
      most = Math.max(most, process.memoryUsage.rss());
    }
    if (n === Math.ceil(rows / 1000) && !(await stall(pool))) {
      faults.push('the server went on while the reader stood still');
    }
    if ((n * ROW_BYTES) % SAY_EVERY_BYTES < ROW_BYTES) {
      say(`${Math.round((n * ROW_BYTES) / 1e9)} GB, ${most} bytes of memory`);
    }
  }
  if (n !== rows) {
    faults.push(`${n} rows of ${rows}`);
  }
  if (most > MEMORY_MAX) {
    faults.push(`${most} bytes of memory, more than ${MEMORY_MAX}`);
  }
  const seconds = Math.round((Date.now() - began) / 1000);
  return { figures: { rows: n, most, seconds }, faults };
}

/** @param {{count: number, say: (line: string) => void}} options */
async function prove({ count, say }) {
  const server = await startPostgres();
  const pool = new Pool({
    connectionString: server.url,
    logger: false,
    max: 2,
    timeoutMillis: 0,
  });
  try {
    return await read(pool, count * 1e9, say);
  } finally {
    await pool.end();
    await server.stop();
  }
}

module.exports = { count: GIGABYTES, prove };
