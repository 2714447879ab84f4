// SPDX-License-Identifier: MIT
// Writes under random faults: what was acknowledged is in the table, once, and
// what was reported as undone is not.

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const { Pool } = require('../../lib/index.js');
const {
  eventually,
  findPgBouncer,
  startPgBouncer,
  startPostgres,
  startProxy,
} = require('../support/index.js');
const { chooseSeed, randomFrom } = require('../lifecycle/support.js');
const { sized } = require('./support.js');

const FAULTS = sized({ quick: 10, ci: 20, full: 200 });
const CALLERS = 16;

const skip = findPgBouncer() === null && 'PgBouncer is not installed';

describe('unique numbers written under random faults', () => {
  /** @type {any} */
  let server;
  before(async () => {
    server = await startPostgres();
    await server.psql('create table ledger (n int)');
  });
  after(() => server.stop('immediate'));

  /** A backend, preferably a busy one; null when there is none. */
  async function victim() {
    const all = await server.backends("application_name = 'writer'");
    const busy = all.filter((/** @type {any} */ b) => b.state === 'active');
    return (busy[0] ?? all[0])?.pid ?? null;
  }

  /** @param {NodeJS.Signals} signal */
  async function signalOne(signal) {
    const pid = await victim();
    if (pid !== null) {
      process.kill(pid, signal);
    }
  }

  const ofServer = [
    () => signalOne('SIGTERM'),
    () => signalOne('SIGTERM'),
    () => signalOne('SIGTERM'),
    () => signalOne('SIGKILL'),
    () => server.restart('fast'),
    () => server.restart('immediate'),
  ];

  /**
   * Writes until that many faults have happened; then compares.
   *
   * @param {any} t
   * @param {any} config
   * @param {Array<() => unknown>} faults
   */
  async function run(t, config, faults) {
    const seed = chooseSeed();
    const random = randomFrom(seed);
    t.diagnostic(`HF_SEED=${seed}`);
    await server.psql('truncate ledger');
    const pool = new Pool({ ...config, max: 6, application_name: 'writer' });
    pool.on('error', () => {});
    /** @type {Record<string, number[]>} numbers by what came of them */
    const ends = { acknowledged: [] };
    let next = 0;
    let over = false;
    const write = (/** @type {number} */ n) => {
      const text = 'insert into ledger values ($1)';
      if (n % 4 > 0) {
        return pool.query(text, [n]);
      }
      return pool.transaction(async (/** @type {any} */ client) => {
        await client.query('select 1');
        await client.query(text, [n]);
      });
    };
    const caller = async () => {
      while (!over) {
        const n = next;
        next += 1;
        const end = await write(n).then(
          () => 'acknowledged',
          (/** @type {any} */ error) => error.outcome,
        );
        ends[end] ??= [];
        ends[end].push(n);
      }
    };
    const callers = Array.from({ length: CALLERS }, caller);
    for (let i = 0; i < FAULTS; i += 1) {
      const before = ends.acknowledged.length;
      await eventually(() => ends.acknowledged.length > before + 50, {
        timeout: 30_000,
        interval: 2,
        what: 'service after a fault',
      });
      await Promise.resolve(
        faults[Math.floor(random() * faults.length)](),
      ).catch(() => {}); // the victim, or the server of psql, was gone already
    }
    over = true;
    await Promise.all(callers);
    const { retries, connectionsLostBusy } = pool.stats();
    await pool.end();
    await compare(t, ends, { retries, connectionsLostBusy });
  }

  /**
   * @param {any} t
   * @param {Record<string, number[]>} ends
   * @param {object} stats
   */
  async function compare(t, ends, stats) {
    const text = await eventually(() => server.psql('select n from ledger'));
    const rows = text.split('\n').map(Number);
    const there = new Set(rows);
    const counts = Object.entries(ends).map(([end, all]) => [end, all.length]);
    t.diagnostic(JSON.stringify({ ...Object.fromEntries(counts), ...stats }));
    assert.equal(rows.length - there.size, 0, 'some rows are there twice');
    const missing = ends.acknowledged.filter((n) => !there.has(n));
    assert.deepEqual(missing, [], 'acknowledged rows are missing');
    for (const end of ['not_executed', 'rolled_back', 'permanent']) {
      const kept = (ends[end] ?? []).filter((n) => there.has(n));
      assert.deepEqual(kept, [], `${end} and there`);
    }
    assert.deepEqual(ends.undefined ?? [], []);
  }

  for (const maxRetries of [0, 2]) {
    const how = maxRetries === 0 ? 'not repeated' : 'repeated';
    test(`${FAULTS} faults of the server mislabel no write, ${how}`, (t) =>
      run(t, { connectionString: server.url, maxRetries }, ofServer));
  }

  test(`${FAULTS} faults of the network mislabel no write`, async (t) => {
    const proxy = await startProxy(server);
    const connectionString = proxy.urlFor(server.url);
    await run(t, { connectionString }, [
      () => proxy.killAll('rst'),
      () => proxy.killAll('fin'),
      () => proxy.cutAfter({ direction: 'up', bytes: 50, once: true }),
      () => proxy.cutAfter({ direction: 'down', bytes: 50, once: true }),
      () => signalOne('SIGTERM'),
    ]);
    await proxy.close();
  });

  test(`${FAULTS} faults behind and of PgBouncer mislabel no write`, {
    skip,
  }, async (t) => {
    const bouncer = await startPgBouncer({ server, poolSize: 3 });
    await run(t, { connectionString: bouncer.url }, [
      () => signalOne('SIGTERM'),
      () => signalOne('SIGKILL'),
      () => bouncer.restart('SIGKILL'),
      () => bouncer.restart('SIGTERM'),
      () => bouncer.restart('SIGINT'),
      () => server.restart('fast'),
    ]);
    await bouncer.stop('SIGKILL');
  });
});
