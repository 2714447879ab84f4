// SPDX-License-Identifier: MIT
'use strict';

// The retry helpers around our own pool, on a real server.

const assert = require('node:assert');
const { after, test } = require('node:test');

const {
  Pool,
  classify,
  retryQuery,
  withTransactionRetry,
} = require('../../lib/index.js');
const { startProxy } = require('../support/proxy.js');
const { before, useServer } = require('../support/suite.js');

const QUICK = Object.freeze({ baseMillis: 0, capMillis: 0 });
const RAISE =
  "do $$ begin raise exception 'conflict' using errcode = '40001'; end $$";

const server = useServer();
/** @type {any} */
let pool;

before(async () => {
  pool = new /** @type {any} */ (Pool)({ connectionString: server.url });
  await pool.query('create table t (n int)');
});

after(async () => {
  await pool?.end();
});

/** An error after which repeating is safe by itself. */
function conflict() {
  return Object.assign(new Error('x'), { code: '40001', severity: 'ERROR' });
}

/** @param {number} n */
async function count(n) {
  const { rows } = await pool.query(
    'select count(*)::int c from t where n = $1',
    [n],
  );
  return rows[0].c;
}

test('a function that had a write acknowledged is not repeated', async () => {
  const joins = [
    (/** @type {any} */ context) => ({ context }),
    (/** @type {any} */ { signal }) => ({ signal }),
  ];
  for (const [n, join] of joins.entries()) {
    const error = await /** @type {any} */ (retryQuery)(
      async (/** @type {any} */ context) => {
        await null; // not the synchronous part any more
        const text = `insert into t values (${n})`;
        await pool.query({ text, ...join(context) });
        throw conflict();
      },
      QUICK,
    ).catch((/** @type {any} */ reason) => reason);
    assert.strictEqual(error.reason, 'partial');
    assert.strictEqual(error.retryable, false);
    assert.strictEqual(await count(n), 1);
  }
});

test('a transaction that was rolled back is repeated as a whole', async () => {
  let calls = 0;
  await /** @type {any} */ (withTransactionRetry)(
    () =>
      pool.transaction(async (/** @type {any} */ client) => {
        calls += 1;
        await client.query('insert into t values (10)');
        if (calls < 3) {
          throw conflict();
        }
      }),
    QUICK,
  );
  assert.strictEqual(calls, 3);
  assert.strictEqual(await count(10), 1);
});

test('one statement of an open transaction is not repeated', async () => {
  let calls = 0;
  await assert.rejects(
    pool.transaction((/** @type {any} */ client) =>
      /** @type {any} */ (retryQuery)(() => {
        calls += 1;
        return client.query(RAISE);
      }, QUICK),
    ),
    { code: '40001', outcome: 'rolled_back', unit: 'transaction' },
  );
  assert.strictEqual(calls, 1);
});

test('a helper inside a transaction leaves it to the one around', async () => {
  let units = 0;
  let statements = 0;
  await withTransactionRetry(
    (context) =>
      pool.transaction(async (/** @type {any} */ client) => {
        units += 1;
        await withTransactionRetry(
          () => {
            statements += 1;
            return client.query(units === 1 ? RAISE : 'select 1');
          },
          { ...QUICK, context },
        );
      }),
    QUICK,
  );
  assert.deepStrictEqual({ units, statements }, { units: 2, statements: 2 });
});

test("the helper's deadline ends a statement that runs", async () => {
  await assert.rejects(
    /** @type {any} */ (retryQuery)(() => pool.query('select pg_sleep(60)'), {
      deadlineMillis: 50,
    }),
    { code: 'HF_DEADLINE' },
  );
  assert.strictEqual((await pool.query('select 1 one')).rows[0].one, 1);
});

test("the helper's signal reaches the statement, and its outcome is known", async () => {
  const controller = new AbortController();
  const call = /** @type {any} */ (retryQuery)(
    () => pool.query('select pg_sleep(60)'),
    { signal: controller.signal },
  );
  controller.abort();
  await assert.rejects(call, (/** @type {any} */ error) => {
    assert.strictEqual(error.code, 'HF_ABORTED');
    assert.ok(['not_executed', 'rolled_back'].includes(error.outcome));
    return true;
  });
});

test('what an attempt left under way is not written twice', async () => {
  const ways = [
    (/** @type {string} */ text) => pool.query(text),
    (/** @type {string} */ text) =>
      pool.transaction((/** @type {any} */ client) => client.query(text)),
    (/** @type {string} */ text) => retryQuery(() => pool.query(text)),
  ];
  for (const [i, write] of ways.entries()) {
    const n = 100 + i;
    const text = `insert into t select ${n} from pg_sleep(0.1)`;
    const both = () => Promise.all([write(text), Promise.reject(conflict())]);
    const error = await retryQuery(both, QUICK).catch((reason) => reason);
    assert.strictEqual(classify(error).reason, 'partial');
    assert.strictEqual(await count(n), 1);
  }
});

test('what an attempt left under way, and failed, is done once', async () => {
  const text = 'insert into t select 110 from pg_sleep(0.1)';
  let calls = 0;
  await retryQuery(() => {
    calls += 1;
    const write = pool.query(calls === 1 ? `${text}, nowhere` : text);
    const other = calls === 1 ? Promise.reject(conflict()) : null;
    return Promise.all([write, other]);
  }, QUICK);
  assert.strictEqual(calls, 2);
  assert.strictEqual(await count(110), 1);
});

test('a write that may have been done is not repeated for what came after it', async () => {
  const proxy = await startProxy(server);
  const away = /** @type {any} */ (
    new Pool({ connectionString: proxy.urlFor(server.url), logger: false })
  );
  proxy.onMessage(({ direction, payload }) => {
    const isWrite = direction === 'up' && payload.includes('insert');
    return isWrite ? 'rst' : 'pass';
  });
  let calls = 0;
  try {
    await assert.rejects(
      retryQuery(() => {
        calls += 1;
        return away
          .query('insert into t values (120)')
          .catch(() => Promise.reject(conflict()));
      }, QUICK),
      (error) => classify(error).reason === 'partial',
    );
    assert.strictEqual(calls, 1);
  } finally {
    await away.end();
    await proxy.close();
  }
});

test('the log of the pool that failed has the retry', async () => {
  /** @type {any[]} */
  const received = [];
  const note = (/** @type {any} */ fields) => received.push(fields);
  const logger = { debug() {}, info() {}, warn: note, error: note };
  const own = /** @type {any} */ (
    new Pool({ connectionString: server.url, logger })
  );
  let calls = 0;
  const work = async () => {
    calls += 1;
    const { rowCount } = await own.query('select 1');
    return calls > 1 ? rowCount : Promise.reject(conflict());
  };
  await retryQuery(work, { ...QUICK, name: 'orders.find' });
  await own.end();
  const [{ event, name, attempt, code }, ...more] = received;
  assert.deepStrictEqual(
    { event, name, attempt, code },
    { event: 'retry', name: 'orders.find', attempt: 1, code: '40001' },
  );
  assert.deepStrictEqual(more, []);
});
