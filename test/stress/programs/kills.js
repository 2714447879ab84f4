// SPDX-License-Identifier: MIT
// Has its connections killed again and again, idle and busy, and watches what
// it holds of the system.

const { Pool } = require('../../../lib/index.js');
const { eventually } = require('../../support/index.js');
const { holdings } = require('../support.js');

const job = JSON.parse(process.argv[2]);
const SIZE = 4;

/** The outcomes that a statement may have whose connection was killed. */
const KILLED = ['rolled_back', 'ambiguous'];

/** @param {number} max @param {string} name */
function open(max, name) {
  const options = { max, application_name: name, idleTimeoutMillis: 0 };
  const tls = job.ca ? { ssl: { ca: job.ca } } : { ssl: false };
  const pool = new Pool({ connectionString: job.url, ...options, ...tls });
  pool.on('error', () => {});
  return pool;
}

/**
 * Uses all connections of a pool at once. A statement whose connection is
 * killed fails with a right outcome, or is retried; how often, this program
 * does not check.
 *
 * @param {any} pool
 */
async function fill(pool) {
  const text = 'select pg_backend_pid() as pid, pg_sleep(0.002)';
  const calls = Array.from({ length: SIZE }, () => pool.query(text));
  for (const { status, reason } of await settled(calls)) {
    const { outcome } = reason ?? {};
    if (status === 'rejected' && !KILLED.includes(outcome)) {
      throw reason;
    }
  }
}

/** @param {Promise<unknown>[]} calls @returns {Promise<any[]>} */
function settled(calls) {
  return Promise.allSettled(calls);
}

/** What the process holds once temporary threads and sockets are gone. */
/** @param {(now: any) => boolean} settled */
async function heldWhen(settled) {
  await eventually(() => settled(holdings()), { timeout: 10_000 }).catch(
    () => {},
  );
  return holdings();
}

async function main() {
  const [killer, pool] = [open(1, 'killer'), open(SIZE, 'victim')];
  const kill = () =>
    killer.query(
      `select count(pg_terminate_backend(pid))::int as killed
         from pg_stat_activity where application_name = 'victim'`,
    );
  /** @type {string[]} */
  const errors = [];
  const round = async (/** @type {number} */ n) => {
    await fill(pool);
    // In every second round while statements run.
    const busy = n % 2 === 1 ? fill(pool) : null;
    busy?.catch(() => {});
    const { rows } = await kill();
    await busy;
    return rows[0].killed;
  };
  let killed = 0;
  for (let n = 0; n < 20; n += 1) {
    await round(n);
  }
  const full = () =>
    eventually(async () => {
      await fill(pool);
      return pool.idleCount === SIZE;
    });
  await full();
  const heldBefore = holdings();
  const first = pool.stats().connectsSucceeded;
  const rss = process.memoryUsage().rss;
  const enough = first + job.kills;
  for (let n = 0; pool.stats().connectsSucceeded < enough; n += 1) {
    try {
      killed += await round(n);
    } catch (error) {
      errors.push(`${error.code} ${error.outcome}: ${error.message}`);
    }
  }
  await full();
  const held = holdings();
  const grownMiB = (process.memoryUsage().rss - rss) / (1 << 20);
  const connects = pool.stats().connectsSucceeded;
  await pool.end();
  await killer.end();
  // The engine's own threads and descriptors last as long as the process.
  const bare = held.descriptors - SIZE - 1;
  const afterEnd = await heldWhen((now) => now.descriptors <= bare);
  const all = { killed, connects, grownMiB, errors: errors.slice(0, 5) };
  process.send?.({ ...all, heldBefore, held, bare, afterEnd });
  process.disconnect();
}

main();
