// SPDX-License-Identifier: MIT
// Writes and transactions through a PgBouncer that restarts again and again.
// Every call reports its outcome, and the table shows whether that is true:
// what succeeded is there once, what was not executed or rolled back is not
// there, and only what is ambiguous may be either.

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const {
  eventually,
  findPgBouncer,
  startPgBouncer,
  startPostgres,
} = require('../support/index.js');
const { Pool, withTransactionRetry } = require('../../lib/index.js');
const { sized } = require('./support.js');

const RESTARTS = sized({ quick: 2, ci: 4, full: 40 });
const RATE = sized({ quick: 200, ci: 300, full: 500 });
const MAX = 10;
const EVERY_MS = 400;
const DEADLINE_MS = 20_000;

const skip = findPgBouncer() === null && 'PgBouncer is not installed';

/** @param {number} millis */
function pass(millis) {
  return new Promise((resolve) => setTimeout(resolve, millis));
}

describe('through a PgBouncer that restarts', { skip }, () => {
  /** @type {any} */
  let server;
  /** @type {any} */
  let bouncer;
  before(async () => {
    server = await startPostgres();
    await server.psql('create table calls (n int); create table other (n int)');
    const settings = { server_login_retry: 1 };
    bouncer = await startPgBouncer({ server, poolSize: MAX, settings });
  });
  after(async () => {
    await bouncer?.stop();
    await server?.stop();
  });

  /**
   * Makes calls at a steady rate across all restarts, and sums up.
   *
   * @param {(pool: any, n: number) => Promise<any>} work writes n into calls
   */
  async function cross(work) {
    await server.psql('truncate calls; truncate other');
    const pool = new Pool({
      connectionString: bouncer.url,
      max: MAX,
      logger: false,
    });
    /** @type {Map<number, string>} what became of it */
    const fates = new Map();
    let offered = 0;
    const beganAt = performance.now();
    const timer = setInterval(() => {
      const due = ((performance.now() - beganAt) / 1000) * RATE;
      while (offered < due) {
        const n = offered;
        offered += 1;
        work(pool, n).then(
          () => fates.set(n, 'succeeded'),
          (error) => fates.set(n, error.outcome ?? error.message),
        );
      }
    }, 2);
    try {
      for (let i = 0; i < RESTARTS; i++) {
        await pass(EVERY_MS);
        await bouncer.restart();
      }
      await pass(EVERY_MS);
    } finally {
      clearInterval(timer);
    }
    await eventually(() => fates.size === offered, {
      timeout: 60_000,
      what: 'an answer to every call',
    });
    await pool.end();
    const text = await server.psql('select n from calls');
    const rows = String(text).split('\n').filter(Boolean).map(Number);
    return { fates, rows };
  }

  /**
   * @param {any} t
   * @param {Awaited<ReturnType<typeof cross>>} run
   */
  function judge(t, { fates, rows }) {
    const there = new Set(rows);
    assert.equal(rows.length, there.size, 'something was written twice');
    /** @type {Record<string, number>} */
    const counts = {};
    for (const [n, fate] of fates) {
      counts[fate] = (counts[fate] ?? 0) + 1;
      if (fate === 'succeeded') {
        assert.ok(there.has(n), `${n} succeeded and is not there`);
      } else if (fate !== 'ambiguous') {
        assert.ok(!there.has(n), `${n} was ${fate} and is there`);
      }
    }
    t.diagnostic(JSON.stringify(counts));
    // Calls wait for the pooler. What was in flight must not be repeated.
    const { succeeded, ambiguous = 0, ...others } = counts;
    assert.deepEqual(others, {});
    assert.ok(succeeded > 0);
    assert.ok(ambiguous <= RESTARTS * MAX, `${ambiguous} are ambiguous`);
  }

  test('a write that is told as failed is not there', async (t) => {
    const run = await cross((pool, n) =>
      pool.query({
        text: 'insert into calls values ($1)',
        values: [n],
        deadlineMillis: DEADLINE_MS,
      }),
    );
    judge(t, run);
  });

  test('a transaction is whole, once, or told as ambiguous', async (t) => {
    const run = await cross((pool, n) =>
      withTransactionRetry(
        () =>
          pool.transaction(async (/** @type {any} */ client) => {
            await client.query('insert into other values ($1)', [n]);
            await client.query('insert into calls values ($1)', [n]);
          }),
        { deadlineMillis: DEADLINE_MS, maxRetries: 5 },
      ),
    );
    judge(t, run);
    const halves = await server.psql(
      'select count(*) from other full join calls using (n) ' +
        'where other.n is null or calls.n is null',
    );
    assert.equal(Number(halves), 0);
  });
});
