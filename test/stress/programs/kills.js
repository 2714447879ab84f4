// SPDX-License-Identifier: MIT
// Has its connections killed again and again, idle and busy, and looks at
// what it holds.

const { Pool } = require('../../../lib/index.js');
const { eventually } = require('../../support/index.js');
const { holdings } = require('../support.js');

const job = JSON.parse(process.argv[2]);
const SIZE = 4;

/** @param {number} max @param {string} name */
function open(max, name) {
  const options = { max, application_name: name, idleTimeoutMillis: 0 };
  const tls = job.ca ? { ssl: { ca: job.ca } } : { ssl: false };
  const pool = new Pool({ connectionString: job.url, ...options, ...tls });
  pool.on('error', () => {});
  return pool;
}

/** @param {any} pool uses all its connections at once */
function fill(pool) {
  const text = 'select pg_backend_pid() as pid, pg_sleep(0.002)';
  return Promise.all(Array.from({ length: SIZE }, () => pool.query(text)));
}

/** What is held once the passing threads and sockets are gone. */
/** @param {(now: any) => boolean} settled */
async function heldWhen(settled) {
  await eventually(() => settled(holdings()), { timeout: 10_000 }).catch(
    () => {},
  );
  return holdings();
}

async function main() {
  // The engine's own threads and descriptors last as long as the process.
  const first = open(SIZE, 'first');
  await fill(first);
  await first.end();
  const atStart = holdings();
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
    // Every other time while statements run: they fail, or run again.
    const busy = n % 2 === 1 ? pool.query('select pg_sleep(0.005)') : null;
    busy?.catch((/** @type {any} */ error) => {
      if (error.outcome === 'permanent') {
        errors.push(`${error.code}: ${error.message}`);
      }
    });
    const { rows } = await kill();
    await busy?.catch(() => {});
    return rows[0].killed;
  };
  let killed = 0;
  for (let n = 0; n < 20; n += 1) {
    await round(n);
  }
  await fill(pool);
  const heldBefore = await heldWhen(() => pool.idleCount === SIZE);
  const rss = process.memoryUsage().rss;
  for (let n = 0; killed < job.kills; n += 1) {
    try {
      killed += await round(n);
    } catch (error) {
      errors.push(`${error.code} ${error.outcome}: ${error.message}`);
    }
  }
  await fill(pool);
  const held = await heldWhen(
    (now) =>
      now.threads === heldBefore.threads &&
      now.descriptors === heldBefore.descriptors,
  );
  const grownMiB = (process.memoryUsage().rss - rss) / (1 << 20);
  const connects = pool.stats().connectsSucceeded;
  await pool.end();
  await killer.end();
  const afterEnd = await heldWhen(
    (now) =>
      now.descriptors <= atStart.descriptors && now.threads <= atStart.threads,
  );
  const all = { killed, connects, grownMiB, errors: errors.slice(0, 5) };
  process.send?.({ ...all, atStart, heldBefore, held, afterEnd });
  process.disconnect();
}

main();
