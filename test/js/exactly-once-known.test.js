// SPDX-License-Identifier: MIT
'use strict';

// exactlyOnce on a server that is known: the engine sends COMMIT by itself.

const assert = require('node:assert');
const { test } = require('node:test');

const { Pool } = require('../../lib/index.js');
const { eventually, findPgBouncer, startPgBouncer } = require('../support');
const { PAY, usePayments } = require('../support/payments.js');
const { failureOf } = require('../support/suite.js');

const { cutCommit, meet, open, paid, proxy, server } = usePayments();

/** @param {any} pool @param {number} n @param {object} [more] */
function pay(pool, n, more) {
  return pool.query({ text: PAY, values: [n], exactlyOnce: true, ...more });
}

/**
 * Runs with a pool that has met the server.
 * @param {(pool: any) => Promise<unknown>} run
 * @param {object} [options]
 */
async function withMet(run, options) {
  const pool = open({ logger: false, ...options });
  try {
    await meet(pool);
    await run(pool);
  } finally {
    proxy.onMessage(null);
    await pool.end();
  }
}

test('the result is that of the statement', () =>
  withMet(async (pool) => {
    const { rows, rowCount, command } = await pay(pool, 1);
    assert.deepStrictEqual(rows, [{ n: 1 }]);
    assert.strictEqual(rowCount, 1);
    assert.strictEqual(command, 'INSERT');
    const array = await pay(pool, 1, { rowMode: 'array' });
    assert.deepStrictEqual(array.rows, [[1]]);
    assert.strictEqual(await paid(1), 2);
  }));

test('BEGIN and the statement go in one flight, and COMMIT after its answer', () =>
  withMet(async (pool) => {
    /** @type {string[]} */
    const seen = [];
    proxy.onMessage((/** @type {any} */ { direction, payload }) => {
      const text = payload.toString('latin1');
      if (direction === 'up') {
        const what = /begin|insert|pg_current_xact_id|COMMIT/i.exec(text);
        if (what !== null && !seen.includes(what[0])) {
          seen.push(what[0]);
        }
      } else if (text.includes('INSERT 0 1')) {
        seen.push('answer');
      }
      return 'pass';
    });
    await pay(pool, 2);
    assert.deepStrictEqual(
      seen.map((what) => what.toLowerCase()),
      ['begin', 'insert', 'pg_current_xact_id', 'answer', 'commit'],
    );
  }));

test('a COMMIT that was done is a success with the result in hand', () =>
  withMet(async (pool) => {
    const state = cutCommit('after');
    const { rows } = await pay(pool, 3);
    assert.deepStrictEqual(rows, [{ n: 3 }]);
    assert.strictEqual(state.cuts, 1);
    assert.strictEqual(await paid(3), 1);
  }));

test('a COMMIT that never arrived is repeated, and paid once', () =>
  withMet(async (pool) => {
    const state = cutCommit('before');
    await pay(pool, 4);
    assert.strictEqual(state.cuts, 1);
    assert.strictEqual(await paid(4), 1);
  }));

test('without retries it rejects as rolled back', () =>
  withMet(async (pool) => {
    cutCommit('before');
    await assert.rejects(pay(pool, 5, { retry: false }), {
      code: 'HF_COMMIT_ROLLED_BACK',
      outcome: 'rolled_back',
      unit: 'transaction',
    });
    assert.strictEqual(await paid(5), 0);
  }));

test('a server that was started again is met first, and paid once', () =>
  withMet(async (pool) => {
    await server.restart();
    await pay(pool, 6);
    assert.strictEqual(await paid(6), 1);
    await pay(pool, 6);
    assert.strictEqual(await paid(6), 2);
  }));

test('errors of the statement are its own, and its connection is used again', () =>
  withMet(
    async (pool) => {
      const failing = { text: 'select 1/0', exactlyOnce: true };
      await assert.rejects(pool.query(failing), { code: '22012' });
      const { rows } = await pool.query('select pg_backend_pid() as pid');
      await assert.rejects(pool.query(failing), { code: '22012' });
      const again = await pool.query('select pg_backend_pid() as pid');
      assert.deepStrictEqual(again.rows, rows);
      const vacuum = { text: 'vacuum paid', exactlyOnce: true };
      await assert.rejects(pool.query(vacuum), (/** @type {any} */ error) => {
        assert.strictEqual(error.code, '25001');
        assert.match(error.reason, /leave exactlyOnce out/);
        return true;
      });
    },
    { max: 1 },
  ));

test('a constraint that fails at COMMIT is its error, and nothing is paid', () =>
  withMet(async (pool) => {
    await server.psql('drop table if exists late');
    await server.psql(
      'create table late (n int unique deferrable initially deferred)',
    );
    const text = 'insert into late values (1), (1)';
    await assert.rejects(pool.query({ text, exactlyOnce: true }), {
      code: '23505',
    });
    assert.strictEqual(await server.psql('select count(*) from late'), '0');
  }));

test('an abort ends it while it waits, and while it runs', () =>
  withMet(
    async (pool) => {
      const held = await pool.connect();
      const waits = new AbortController();
      const waiting = pay(pool, 7, { signal: waits.signal });
      waits.abort();
      await assert.rejects(waiting, {
        code: 'HF_ABORTED',
        outcome: 'not_executed',
      });
      held.release();
      const runs = new AbortController();
      const text = 'insert into paid select 7 from pg_sleep(20)';
      const running = pool.query({
        ...{ text, exactlyOnce: true, signal: runs.signal },
      });
      await eventually(
        async () => (await server.backends(`query = '${text}'`)).length > 0,
      );
      runs.abort();
      await assert.rejects(running, {
        code: 'HF_ABORTED',
        outcome: 'rolled_back',
      });
      assert.strictEqual(await paid(7), 0);
      await pay(pool, 7);
      assert.strictEqual(await paid(7), 1);
    },
    { max: 1 },
  ));

test('end() waits for it', async () => {
  const pool = open({ logger: false });
  await meet(pool);
  const paying = pool.query({
    text: 'insert into paid select 8 from pg_sleep(0.2)',
    exactlyOnce: true,
  });
  await pool.end();
  await paying;
  assert.strictEqual(await paid(8), 1);
});

test('end() that waits no longer leaves it rolled back', async () => {
  const pool = open({ logger: false, drainMillis: 50 });
  await meet(pool);
  const paying = pool.query({
    text: 'insert into paid select 9 from pg_sleep(20)',
    exactlyOnce: true,
    retry: false,
  });
  const failing = assert.rejects(paying, { outcome: 'rolled_back' });
  await pool.end();
  await failing;
  assert.strictEqual(await paid(9), 0);
});

test('many at a time are each paid once, and counted as the pool lends', () =>
  withMet(
    async (pool) => {
      await Promise.all(Array.from({ length: 200 }, () => pay(pool, 10)));
      assert.strictEqual(await paid(10), 200);
      assert.strictEqual(pool.idleCount, pool.totalCount);
    },
    { max: 3 },
  ));

test('a batch is one transaction, and paid once', () =>
  withMet(async (pool) => {
    const list = [
      { text: PAY, values: [20] },
      { text: PAY, values: [21], rowMode: 'array' },
      'select count(*)::int as n from paid where n in (20, 21)',
    ];
    const done = await pool.batch(list, { exactlyOnce: true });
    assert.deepStrictEqual(
      done.map((/** @type {any} */ { rows }) => rows),
      [[{ n: 20 }], [[21]], [{ n: 2 }]],
    );
    for (const when of /** @type {const} */ (['after', 'before'])) {
      const state = cutCommit(when);
      await pool.batch(list, { exactlyOnce: true });
      assert.strictEqual(state.cuts, 1);
    }
    assert.strictEqual(await paid(20), 3);
    assert.strictEqual(await paid(21), 3);
  }));

test('a batch of as many statements as there may be', () =>
  withMet(async (pool) => {
    const list = Array.from({ length: 10_000 }, (_, i) => `select ${i} as n`);
    const results = await pool.batch(list, { exactlyOnce: true });
    assert.strictEqual(results.length, 10_000);
    assert.deepStrictEqual(results[9999].rows, [{ n: 9999 }]);
  }));

test('a batch that is ended early names no statement', () =>
  withMet(async (pool) => {
    const list = [{ text: PAY, values: [21] }, 'select pg_sleep(30)'];
    const signal = AbortSignal.timeout(100);
    const { code, batchIndex } = await failureOf(
      pool.batch(list, { exactlyOnce: true, signal }),
    );
    assert.deepStrictEqual([code, batchIndex], ['HF_ABORTED', undefined]);
  }));

test('a batch that fails says where, and nothing of it is paid', () =>
  withMet(async (pool) => {
    const list = [{ text: PAY, values: [22] }, 'select 1/0'];
    await assert.rejects(pool.batch(list, { exactlyOnce: true }), {
      ...{ code: '22012', batchIndex: 1 },
    });
    await assert.rejects(
      pool.batch([{ text: PAY, values: [22] }, 'commit'], {
        exactlyOnce: true,
      }),
      { code: 'HF_PARAM_INVALID', batchIndex: 1 },
    );
    const one = await pool.batch([{ text: PAY, values: [23] }], {
      exactlyOnce: true,
    });
    assert.deepStrictEqual(one[0].rows, [{ n: 23 }]);
    await assert.rejects(
      pool.batch(list, { exactlyOnce: true, readOnly: true }),
      /readOnly is not for a batch with exactlyOnce/,
    );
    const client = await pool.connect();
    await assert.rejects(client.batch(list, { exactlyOnce: true }), TypeError);
    client.release();
    const apart = await pool.batch(list, { exactlyOnce: true, atomic: false });
    assert.deepStrictEqual(
      apart.map((/** @type {any} */ { status }) => status),
      ['fulfilled', 'rejected'],
    );
    assert.strictEqual(await paid(22), 1);
  }));

test('the first batch on a server is paid once, too', async () => {
  const pool = open({ logger: false });
  try {
    const state = cutCommit('after');
    const list = [
      { text: PAY, values: [24] },
      { text: PAY, values: [25] },
    ];
    const done = await pool.batch(list, { exactlyOnce: true });
    assert.deepStrictEqual(
      done.map((/** @type {any} */ { rows }) => rows[0].n),
      [24, 25],
    );
    assert.strictEqual(state.cuts, 1);
    assert.strictEqual(await paid(24), 1);
  } finally {
    proxy.onMessage(null);
    await pool.end();
  }
});

test('settings hold for it alone', () =>
  withMet(async (pool) => {
    const text = "select current_setting('app.tenant', true) as tenant";
    const config = { text, exactlyOnce: true, settings: { 'app.tenant': 'a' } };
    const { rows } = await pool.query(config);
    assert.deepStrictEqual(rows, [{ tenant: 'a' }]);
    const after = await pool.query({ text, exactlyOnce: true });
    assert.ok(!after.rows[0].tenant);
  }));

test('readOnly and a name are not lost with it', () =>
  withMet(async (pool) => {
    await assert.rejects(pay(pool, 11, { readOnly: true }), { code: '25006' });
    assert.strictEqual(await paid(11), 0);
    const big = { text: 'select 1::int8 as n', exactlyOnce: true };
    const { rows } = await pool.query({ ...big, int8: 'bigint' });
    assert.deepStrictEqual(rows, [{ n: 1n }]);
  }));

const skip = findPgBouncer() === null && 'PgBouncer is not installed';

test('through PgBouncer each is paid once', { skip }, async () => {
  const bouncer = await startPgBouncer({ server, poolSize: 2 });
  const pool = new Pool({
    connectionString: bouncer.url,
    ...{ max: 4, logger: false },
  });
  try {
    await meet(pool);
    await Promise.all(Array.from({ length: 100 }, () => pay(pool, 12)));
    assert.strictEqual(await paid(12), 100);
  } finally {
    await pool.end();
    await bouncer.stop();
  }
});
