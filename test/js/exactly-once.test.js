// SPDX-License-Identifier: MIT
'use strict';

// exactlyOnce: COMMITs whose answer is lost, on real servers.

const assert = require('node:assert');
const { describe, test } = require('node:test');

const {
  Pool,
  retryQuery,
  withTransactionRetry,
} = require('../../lib/index.js');
const {
  eventually,
  findPgBouncer,
  startPgBouncer,
  startProxy,
} = require('../support');
const { PAY, usePayments } = require('../support/payments.js');

const { cutCommit, open, paid, proxy, server } = usePayments();

test('a COMMIT that was done is a success with the result in hand', async () => {
  const pool = open();
  const state = cutCommit('after');
  try {
    const { rows } = await pool.query({
      text: PAY,
      values: [1],
      exactlyOnce: true,
    });
    assert.deepStrictEqual(rows, [{ n: 1 }]);
    assert.strictEqual(state.cuts, 1);
    assert.strictEqual(await paid(1), 1);
  } finally {
    proxy.onMessage(null);
    await pool.end();
  }
});

test('without exactlyOnce the same loss is ambiguous', async () => {
  const pool = open();
  cutCommit('after');
  try {
    await assert.rejects(
      pool.transaction((/** @type {any} */ client) => client.query(PAY, [2])),
      { code: 'HF_OUTCOME_UNKNOWN', outcome: 'ambiguous' },
    );
    assert.strictEqual(await paid(2), 1);
  } finally {
    proxy.onMessage(null);
    await pool.end();
  }
});

test('a COMMIT that never arrived is repeated by query(), and paid once', async () => {
  const pool = open();
  const state = cutCommit('before');
  try {
    await pool.query({ text: PAY, values: [3], exactlyOnce: true });
    assert.strictEqual(state.cuts, 1);
    assert.strictEqual(await paid(3), 1);
  } finally {
    proxy.onMessage(null);
    await pool.end();
  }
});

test('transaction() rejects as rolled back, and runs again on request', async () => {
  const pool = open();
  let calls = 0;
  const pay = (/** @type {any} */ client) => {
    calls += 1;
    return client.query(PAY, [4]);
  };
  try {
    cutCommit('before');
    await assert.rejects(pool.transaction(pay, { exactlyOnce: true }), {
      code: 'HF_COMMIT_ROLLED_BACK',
      outcome: 'rolled_back',
      unit: 'transaction',
      retryable: true,
    });
    assert.strictEqual(calls, 1);
    assert.strictEqual(await paid(4), 0);
    cutCommit('before');
    await pool.transaction(pay, { exactlyOnce: true, retry: true });
    assert.strictEqual(calls, 3);
    assert.strictEqual(await paid(4), 1);
    cutCommit('before');
    await withTransactionRetry(() =>
      pool.transaction(pay, { exactlyOnce: true }),
    );
    assert.strictEqual(calls, 5);
    assert.strictEqual(await paid(4), 2);
  } finally {
    proxy.onMessage(null);
    await pool.end();
  }
});

test('a backend that is killed before COMMIT is a failure as ever, and repeated', async () => {
  const pool = open();
  let calls = 0;
  try {
    await pool.transaction(
      async (/** @type {any} */ client) => {
        calls += 1;
        await client.query(PAY, [6]);
        if (calls === 1) {
          await server.terminate(client.processID);
        }
      },
      { exactlyOnce: true, retry: true },
    );
    assert.strictEqual(calls, 2);
    assert.strictEqual(await paid(6), 1);
  } finally {
    await pool.end();
  }
});

test('a backend that dies in COMMIT with its server up again is asked about', async () => {
  const pool = open();
  await server.psql("alter system set synchronous_standby_names = 'nosuch'");
  await server.reload();
  try {
    const call = pool.query({ text: PAY, values: [7], exactlyOnce: true });
    await eventually(async () => {
      return (await server.backends("wait_event = 'SyncRep'")).length > 0;
    });
    await server.terminate("wait_event = 'SyncRep'");
    // Without that, nobody but this server would have what was committed.
    await server.psql('alter system reset synchronous_standby_names');
    await server.reload();
    const { rows } = await call;
    assert.deepStrictEqual(rows, [{ n: 7 }]);
  } finally {
    await server.psql('alter system reset synchronous_standby_names');
    await server.reload();
    await pool.end();
  }
  assert.strictEqual(await paid(7), 1);
});

test('errors of the statement itself are those of the statement', async () => {
  const pool = open();
  try {
    await assert.rejects(
      pool.query({ text: 'select 1/0', exactlyOnce: true }),
      { code: '22012' },
    );
    await assert.rejects(
      pool.query({ text: 'select', values: 'x', exactlyOnce: true }),
      TypeError,
    );
    const { rows } = await pool.query({
      text: 'select 1 as one',
      rowMode: 'array',
      exactlyOnce: true,
    });
    assert.deepStrictEqual(rows, [[1]]);
  } finally {
    await pool.end();
  }
});

test('nothing is sent when the deadline comes before the server', async () => {
  const pool = open();
  await proxy.refuse(true);
  try {
    await assert.rejects(
      pool.query({
        text: PAY,
        values: [20],
        exactlyOnce: true,
        deadlineMillis: 100,
      }),
      (/** @type {any} */ error) => {
        assert.strictEqual(error.outcome, 'not_executed', error.stack);
        return true;
      },
    );
  } finally {
    await proxy.refuse(false);
    await pool.end();
  }
  assert.strictEqual(await paid(20), 0);
});

test('a caller with more time outlasts the inquiry of one with less', async () => {
  const pool = open({ deadlineMillis: 200 });
  await proxy.refuse(true);
  try {
    const config = { text: PAY, values: [21], exactlyOnce: true };
    const short = assert.rejects(pool.query(config), {
      outcome: 'not_executed',
    });
    const long = pool.query({ ...config, deadlineMillis: 60_000 });
    await short;
    await proxy.refuse(false);
    await long;
    assert.strictEqual(await paid(21), 1);
  } finally {
    await proxy.refuse(false);
    await pool.end();
  }
});

test('after an await it joins the helper around it, where that is asked for', async () => {
  const pool = open();
  const state = cutCommit('before', 9);
  const work = async () => {
    await null;
    return pool.query({ text: PAY, values: [23], exactlyOnce: true });
  };
  try {
    await assert.rejects(
      retryQuery(work, {
        joinAsync: true,
        maxRetries: 1,
        baseMillis: 0,
        capMillis: 0,
      }),
      { outcome: 'rolled_back' },
    );
    assert.strictEqual(state.cuts, 2);
  } finally {
    proxy.onMessage(null);
    await pool.end();
  }
  assert.strictEqual(await paid(23), 0);
});

test('aborting the first caller aborts no other', async () => {
  const pool = open();
  const controller = new AbortController();
  try {
    const query = { text: 'select 1 as one', exactlyOnce: true };
    const first = pool.query({ ...query, signal: controller.signal });
    const second = pool.query(query);
    controller.abort();
    await assert.rejects(first, { code: 'HF_ABORTED' });
    assert.deepStrictEqual((await second).rows, [{ one: 1 }]);
    const third = pool.query({ ...query, deadlineMillis: 0 });
    assert.strictEqual((await third).rowCount, 1);
    await assert.rejects(
      async () => pool.query({ ...query, deadlineMillis: -1 }),
      TypeError,
    );
  } finally {
    await pool.end();
  }
});

const skip = findPgBouncer() === null && 'PgBouncer is not installed';

describe('through PgBouncer', { skip }, () => {
  test('the outcome is found through the same pooler', async () => {
    const bouncer = await startPgBouncer({ server, poolSize: 4 });
    const link = await startProxy(bouncer);
    const pool = new Pool(
      /** @type {any} */ ({
        connectionString: link.urlFor(bouncer.url),
        max: 2,
      }),
    );
    try {
      await pool.query('select 1');
      let cut = false;
      link.onMessage((/** @type {any} */ { direction, payload }) => {
        if (direction === 'up' && !cut && payload.includes('COMMIT')) {
          cut = true;
          return 'rst';
        }
        return 'pass';
      });
      await pool.query({ text: PAY, values: [10], exactlyOnce: true });
      assert.ok(cut);
      assert.strictEqual(await paid(10), 1);
    } finally {
      await pool.end();
      await link.close();
      await bouncer.stop();
    }
  });
});
