// SPDX-License-Identifier: MIT
'use strict';

// A helper's signal and deadline reach all that is below it, whenever it is
// looked at.

process.env.NODE_ENV = 'test'; // no lines of the log

const assert = require('node:assert');
const { after, test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');

const {
  Pool,
  retryQuery,
  withDatabaseRetry,
  withTransactionRetry,
} = require('../../lib/index.js');
const { eventually } = require('../support');
const { before, useServer } = require('../support/suite.js');

const server = useServer();
/** @type {any} */
let pool;

before(async () => {
  await server.psql('create table t (n int)');
  pool = new Pool({ connectionString: server.url, max: 4 });
  await pool.query('select 1');
});

after(async () => {
  await pool.end();
});

/** @param {number} n */
async function count(n) {
  const { rows } = await pool.query('select 1 from t where n = $1', [n]);
  return rows.length;
}

/** @param {Promise<any>} promise @returns {Promise<any>} */
function failure(promise) {
  return promise.then(
    () => assert.fail('it succeeded'),
    (error) => error,
  );
}

/** Waits until nothing of the pool is at work. */
function quiet() {
  return eventually(() => pool.totalCount === pool.idleCount);
}

test("a context's signal is aborted also when it is read after the abort", async () => {
  const controller = new AbortController();
  const error = await failure(
    retryQuery(
      async (context) => {
        controller.abort(new Error('why'));
        await sleep(5);
        assert.strictEqual(context.signal.aborted, true);
        assert.match(String(context.signal.reason), /why/);
        await pool.query({
          text: 'insert into t values (1)',
          context: /** @type {any} */ (context),
        });
      },
      { signal: controller.signal },
    ),
  );
  assert.strictEqual(error.code, 'HF_ABORTED');
  assert.strictEqual(error.outcome, 'not_executed');
  assert.strictEqual(await count(1), 0);
});

test("a context's signal is aborted when it is read after the deadline", async () => {
  /** @type {any} */
  let kept;
  await failure(
    retryQuery(
      (context) => {
        kept = context;
        return new Promise(() => {});
      },
      { deadlineMillis: 20 },
    ),
  );
  assert.strictEqual(kept.signal.aborted, true);
  assert.strictEqual(kept.signal.reason.code, 'HF_DEADLINE');
  const late = pool.query({ text: 'insert into t values (2)', context: kept });
  assert.strictEqual((await failure(Promise.resolve(late))).code, 'HF_ABORTED');
  assert.strictEqual(await count(2), 0);
});

test('an outer signal reaches a helper that has a signal of its own', async () => {
  const outer = new AbortController();
  const inner = new AbortController();
  const error = await failure(
    retryQuery(
      () =>
        retryQuery(
          async (context) => {
            outer.abort();
            await sleep(5);
            assert.strictEqual(context.signal.aborted, true);
            throw context.signal.reason;
          },
          { signal: inner.signal },
        ),
      { signal: outer.signal },
    ),
  );
  assert.strictEqual(error.name, 'AbortError');
});

test('a context of a call that ended well is not aborted', async () => {
  /** @type {any} */
  let kept;
  const { signal } = new AbortController();
  await retryQuery(
    (context) => {
      kept = context;
    },
    { signal, deadlineMillis: 60_000 },
  );
  assert.strictEqual(kept.signal.aborted, false);
});

/** How the helper around a transaction is ended, and what is said then. */
const ENDS = {
  HF_ABORTED: () => {
    const controller = new AbortController();
    return {
      options: { signal: controller.signal },
      end: () => controller.abort(),
    };
  },
  HF_DEADLINE: () => ({ options: { deadlineMillis: 150 }, end: () => {} }),
};

for (const [code, make] of Object.entries(ENDS)) {
  test(`a transaction within is rolled back: ${code} while it waits`, async () => {
    const { options, end } = make();
    let ran = 0;
    const error = await failure(
      withTransactionRetry(
        () =>
          pool.transaction(async (/** @type {any} */ client) => {
            ran += 1;
            await client.query('insert into t values (10)');
            end();
            await sleep(1000);
            return 'committed';
          }),
        options,
      ),
    );
    assert.strictEqual(error.code, code);
    assert.strictEqual(error.outcome, 'rolled_back');
    assert.strictEqual(ran, 1);
    await quiet();
    await sleep(20);
    assert.strictEqual(await count(10), 0);
  });

  test(`a transaction within is rolled back: ${code} before its COMMIT`, async () => {
    const { options, end } = make();
    const error = await failure(
      withTransactionRetry(
        () =>
          pool.transaction(async (/** @type {any} */ client) => {
            await client.query('insert into t values (11)');
            end();
            const until = Date.now() + 200;
            while (Date.now() < until) {
              // No timer can fire: only the check before COMMIT sees it.
            }
          }),
        options,
      ),
    );
    assert.strictEqual(error.code, code);
    assert.match(error.outcome, /^(rolled_back|ambiguous)$/);
    await quiet();
    assert.strictEqual(await count(11), 0);
  });

  test(`a statement of a transaction within is cancelled: ${code}`, async () => {
    const { options, end } = make();
    const began = performance.now();
    const error = await failure(
      withTransactionRetry(
        () =>
          pool.transaction(async (/** @type {any} */ client) => {
            await client.query('insert into t values (12)');
            setTimeout(end, 50);
            await client.query('select pg_sleep(30)');
          }),
        options,
      ),
    );
    assert.ok(performance.now() - began < 15_000);
    assert.strictEqual(error.code, code);
    assert.match(error.outcome, /^(rolled_back|ambiguous)$/);
    await quiet();
    assert.strictEqual(await count(12), 0);
  });

  test(`with the context handed on it is the same: ${code}`, async () => {
    const { options, end } = make();
    const error = await failure(
      withDatabaseRetry(async (context) => {
        await sleep(1);
        await pool.transaction(
          async (/** @type {any} */ client) => {
            await client.query('insert into t values (13)');
            end();
            await sleep(1000);
          },
          { context },
        );
      }, options),
    );
    assert.strictEqual(error.code, code);
    await quiet();
    await sleep(20);
    assert.strictEqual(await count(13), 0);
  });
}

test("a transaction's own signal ends it while it waits, too", async () => {
  const controller = new AbortController();
  const error = await failure(
    pool.transaction(
      async (/** @type {any} */ client) => {
        await client.query('insert into t values (14)');
        controller.abort();
        await sleep(60_000, undefined, { ref: false });
      },
      { signal: controller.signal },
    ),
  );
  assert.strictEqual(error.code, 'HF_ABORTED');
  assert.strictEqual(error.outcome, 'rolled_back');
  await quiet();
  assert.strictEqual(await count(14), 0);
});

test('a client acquired inside a helper follows its signal after an await', async () => {
  const controller = new AbortController();
  const error = await failure(
    withDatabaseRetry(
      async () => {
        const client = await pool.connect();
        try {
          await client.query('select 1');
          controller.abort();
          await client.query('insert into t values (15)');
        } finally {
          client.release();
        }
      },
      { signal: controller.signal },
    ),
  );
  assert.strictEqual(error.code, 'HF_ABORTED');
  assert.strictEqual(await count(15), 0);
});

test('a client outlives a helper that ended well within its deadline', async () => {
  const client = await withDatabaseRetry(() => pool.connect(), {
    deadlineMillis: 100,
  });
  await sleep(150);
  const { rows } = await client.query('select 5 as n');
  client.release();
  assert.deepStrictEqual(rows, [{ n: 5 }]);
});

test('a call that nobody awaits is not waited for forever where there is no deadline', async () => {
  const conflict = Object.assign(new Error('x'), { code: '40001' });
  const controller = new AbortController();
  const call = withDatabaseRetry(
    () => {
      pool.query('select pg_sleep(60)').catch(() => {});
      throw conflict;
    },
    { deadlineMillis: 0, signal: controller.signal },
  );
  const began = performance.now();
  await assert.rejects(call, { code: '40001', reason: 'partial' });
  assert.ok(performance.now() - began < 40_000);
  await server.psql(
    "select pg_cancel_backend(pid) from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()",
  );
  controller.abort();
  await quiet();
});
