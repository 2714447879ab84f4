// SPDX-License-Identifier: MIT
'use strict';

// A ROLLBACK does not wait for what runs before it on its client, and a
// statement that waits has its deadline.

const assert = require('node:assert');
const { after, test } = require('node:test');
const { setTimeout: delay } = require('node:timers/promises');

const { onBoth } = require('../support/both.js');
const { Pool } = require('../../lib/pool/pool.js');
const { startTransaction } = require('../../lib/prisma/transaction.js');
const { retryQuery } = require('../../lib/index.js');
const { before, useServer } = require('../support/suite.js');

/** Far longer than a test may take. */
const LONG = 'select pg_sleep(60)';

const server = useServer();
/** @type {Pool} */
let pool;

before(async () => {
  pool = new Pool({ connectionString: server.url, max: 1 });
  await pool.query('create table t (a int)');
});

after(async () => {
  await pool?.end();
});

/** @param {Promise<any> | undefined} promise */
const failureOf = (promise) =>
  Promise.resolve(promise).then(
    () => assert.fail('it did not reject'),
    (error) => error,
  );

/** @param {any} client */
async function expectFree(client) {
  const next = await pool.query('select pg_backend_pid() as pid');
  assert.strictEqual(next.rows[0].pid, client.processID);
}

test('a function that fails is rolled back though its statement still runs', async () => {
  const wrong = new Error('mine');
  /** @type {Promise<any>[]} */
  const failures = [];
  /** @type {any} */
  let used;
  const failed = await failureOf(
    pool.transaction(async (client) => {
      used = client;
      await client.query('insert into t values (1)');
      failures.push(failureOf(client.query(LONG)));
      failures.push(failureOf(client.query('insert into t values (2)')));
      throw wrong;
    }),
  );
  assert.strictEqual(failed, wrong);
  const [running, queued] = await Promise.all(failures);
  assert.strictEqual(running.code, 'HF_ROLLED_BACK');
  assert.strictEqual(running.outcome, 'rolled_back');
  assert.strictEqual(running.cause.code, '57014');
  assert.strictEqual(queued.code, 'HF_ROLLED_BACK');
  assert.strictEqual(queued.outcome, 'not_executed');
  await expectFree(used);
  const { rows } = await pool.query('select a from t');
  assert.deepStrictEqual(rows, []);
});

test('a statement that ROLLBACK ended, and that nobody awaits, does not end the process', async () => {
  const noticed = [];
  const note = (/** @type {unknown} */ error) => noticed.push(error);
  process.on('unhandledRejection', note);
  await assert.rejects(
    pool.transaction((client) => {
      client.query(LONG);
      client.query('insert into t values (2)');
      throw new Error('mine');
    }),
    { message: 'mine' },
  );
  await delay(20);
  process.off('unhandledRejection', note);
  assert.deepStrictEqual(noticed, []);
});

test("Prisma's ROLLBACK gives the connection back at once", async () => {
  const transaction = await startTransaction(pool, undefined, undefined);
  const running = failureOf(
    transaction.queryRaw({ sql: LONG, args: [], argTypes: [] }),
  );
  await transaction.executeRaw({ sql: 'ROLLBACK', args: [], argTypes: [] });
  await transaction.rollback();
  assert.strictEqual((await running).cause.kind, 'TransactionAlreadyClosed');
  assert.strictEqual((await pool.query('select 1 as n')).rows[0].n, 1);
});

test('a ROLLBACK of the user ends a long-running statement', async () => {
  for (const rollback of [
    'ROLLBACK',
    'rollback work;',
    'ABORT',
    'Rollback /* */ And Chain',
  ]) {
    const client = await pool.connect();
    await client.query('begin');
    const running = failureOf(client.query(LONG));
    const queued = failureOf(client.query('insert into t values (3)'));
    await client.query(rollback);
    client.release();
    assert.strictEqual((await running).code, 'HF_ROLLED_BACK', rollback);
    assert.strictEqual((await queued).outcome, 'not_executed');
    await expectFree(client);
  }
});

test('a short statement completes before the ROLLBACK behind it', async () => {
  await onBoth({ connectionString: server.url, max: 1 }, async (each) => {
    const client = await each.connect();
    client.query('begin');
    const first = client.query('insert into t values (4) returning a');
    const second = client.query('select count(*)::int as n from t');
    await client.query('ROLLBACK');
    assert.strictEqual((await first).rows[0].a, 4);
    assert.strictEqual((await second).rows[0].n, 1);
    client.release();
  });
});

test('ROLLBACK TO SAVEPOINT waits as any other statement', async () => {
  await onBoth({ connectionString: server.url, max: 1 }, async (each) => {
    const client = await each.connect();
    await client.query('begin');
    await client.query('savepoint s');
    const running = client.query('select 5 as n from pg_sleep(0.4)');
    await client.query('ROLLBACK TO SAVEPOINT s');
    assert.strictEqual((await running).rows[0].n, 5);
    await client.query('rollback');
    client.release();
  });
});

test('a statement that commits by itself is not ended by a ROLLBACK', async () => {
  await onBoth({ connectionString: server.url, max: 1 }, async (each) => {
    await each.query('truncate t');
    const client = await each.connect();
    const running = client.query('insert into t select 6 from pg_sleep(0.4)');
    await client.query('ROLLBACK');
    assert.strictEqual((await running).rowCount, 1);
    client.release();
    const { rows } = await each.query('select a from t');
    assert.deepStrictEqual(rows, [{ a: 6 }]);
  });
});

test('a statement that waits on its client is rejected at its deadline, unsent', async () => {
  await pool.query('truncate t');
  const client = await pool.connect();
  const running = client.query('select pg_sleep(1.5)');
  const late = await failureOf(
    client.query({ text: 'insert into t values (7)', deadlineMillis: 100 }),
  );
  assert.strictEqual(late.code, 'HF_DEADLINE');
  assert.strictEqual(late.outcome, 'not_executed');
  assert.ok(late.elapsedMillis < 1400, `after ${late.elapsedMillis} ms`);
  await running;
  const { rows } = await client.query('select a from t');
  assert.deepStrictEqual(rows, []);
  client.release();
});

test('after an abort the ROLLBACK of a transaction is sent', async () => {
  const aborting = new AbortController();
  const before = pool.stats().rolledBackLeases;
  await assert.rejects(
    retryQuery(
      async () => {
        const client = await pool.connect();
        try {
          await client.query('begin');
          await client.query('insert into t values (8)');
          aborting.abort();
          await client.query('insert into t values (9)');
        } catch (error) {
          await client.query('ROLLBACK');
          throw error;
        } finally {
          client.release();
        }
      },
      { signal: aborting.signal, joinAsync: true },
    ),
    { code: 'HF_ABORTED' },
  );
  // The pool had nothing to clean up.
  await pool.query('select 1');
  assert.strictEqual(pool.stats().rolledBackLeases, before);
});

test('exactlyOnce is refused on a client, with an explanation', async () => {
  const client = await pool.connect();
  await assert.rejects(
    () => client.query({ text: 'insert into t values (1)', exactlyOnce: true }),
    /exactlyOnce is for pool\.query\(\) and pool\.transaction\(\)/,
  );
  client.release();
});
