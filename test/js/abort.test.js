// SPDX-License-Identifier: MIT
'use strict';

// AbortSignal at every stage of a call.

const assert = require('node:assert');
const { getEventListeners } = require('node:events');
const { after, test } = require('node:test');

const { Pool } = require('../../lib/pool/pool.js');
const { retryQuery } = require('../../lib/retry/retry.js');
const { eventually } = require('../support');
const { before, failureOf, useServer } = require('../support/suite.js');

const server = useServer();
/** @type {Pool} */
let pool;
/** @type {Pool} */
let one;

before(() => {
  pool = new Pool({ connectionString: server.url, max: 2 });
  one = new Pool({ connectionString: server.url, max: 1 });
});

after(async () => {
  await pool?.end();
  await one?.end();
});

/** @param {string} mark */
function untilRuns(mark) {
  return eventually(async () => {
    const { rows } = await pool.query(
      `select 1 from pg_stat_activity where state = 'active'
        and query like $1 and pid <> pg_backend_pid()`,
      [`%${mark}%`],
    );
    return rows.length > 0;
  });
}

test('a signal aborted before the call: nothing is sent', async () => {
  const signal = AbortSignal.abort(new Error('my reason'));
  const before = pool.stats().queries;
  const error = await failureOf(pool.query({ text: 'select 1', signal }));
  assert.strictEqual(error.code, 'HF_ABORTED');
  assert.strictEqual(error.outcome, 'not_executed');
  assert.strictEqual(error.cause.message, 'my reason');
  assert.strictEqual(pool.stats().queries, before);
});

test('a signal aborted in the tick of the call ends it', async () => {
  const client = await one.connect();
  const controller = new AbortController();
  const { signal } = controller;
  const failure = failureOf(one.query({ text: 'select 1', signal }));
  controller.abort();
  const error = await failure;
  assert.strictEqual(error.code, 'HF_ABORTED');
  assert.strictEqual(error.outcome, 'not_executed');
  client.release();
});

test('a signal aborted while the call waits ends the waiting', async () => {
  const client = await one.connect();
  const controller = new AbortController();
  const { signal } = controller;
  const waiting = failureOf(one.query({ text: 'select 1', signal }));
  await eventually(() => one.waitingCount === 1);
  controller.abort();
  const error = await waiting;
  assert.strictEqual(error.code, 'HF_ABORTED');
  assert.strictEqual(error.outcome, 'not_executed');
  await eventually(() => one.waitingCount === 0);
  client.release();
});

test('a signal aborted while the statement runs cancels it', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const running = failureOf(
    one.query({ text: 'select pg_sleep(60) /* abort-running */', signal }),
  );
  await untilRuns('abort-running');
  controller.abort();
  const error = await running;
  assert.strictEqual(error.code, 'HF_ABORTED');
  assert.strictEqual(error.outcome, 'rolled_back');
  assert.deepStrictEqual((await one.query('select 1 as n')).rows, [{ n: 1 }]);
});

test('a signal aborted after the answer changes nothing', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const { rows } = await pool.query({ text: 'select 1 as n', signal });
  controller.abort();
  assert.deepStrictEqual(rows, [{ n: 1 }]);
});

test('listeners are gone from the signal once the call is settled', async () => {
  const { signal } = new AbortController();
  await pool.query({ text: 'select 1', signal });
  await failureOf(pool.query({ text: 'select 1/0', signal }));
  const client = await pool.connect({ signal });
  await client.query({ text: 'select 1', signal });
  client.release();
  await pool.transaction((inner) => inner.query('select 1'), { signal });
  assert.strictEqual(getEventListeners(signal, 'abort').length, 0);
});

test('connect() can be aborted while it waits', async () => {
  const client = await one.connect();
  const controller = new AbortController();
  const waiting = failureOf(one.connect({ signal: controller.signal }));
  await eventually(() => one.waitingCount === 1);
  controller.abort();
  assert.strictEqual((await waiting).code, 'HF_ABORTED');
  client.release();
  (await one.connect()).release();
});

test('a statement of a client can be aborted, the client goes on', async () => {
  const client = await one.connect();
  const controller = new AbortController();
  const { signal } = controller;
  const running = failureOf(
    client.query({ text: 'select pg_sleep(60) /* abort-lease */', signal }),
  );
  await untilRuns('abort-lease');
  controller.abort();
  assert.strictEqual((await running).code, 'HF_ABORTED');
  assert.deepStrictEqual((await client.query('select 1 as n')).rows, [
    { n: 1 },
  ]);
  client.release();
});

test('a transaction that is aborted is rolled back', async () => {
  await pool.query('create table aborted (n int)');
  const controller = new AbortController();
  const error = await failureOf(
    pool.transaction(
      async (client) => {
        await client.query('insert into aborted values (1)');
        controller.abort();
      },
      { signal: controller.signal },
    ),
  );
  assert.strictEqual(error.code, 'HF_ABORTED');
  const { rows } = await pool.query('select count(*)::int as n from aborted');
  assert.deepStrictEqual(rows, [{ n: 0 }]);
});

test("a transaction's signal aborts the statement that runs in it", async () => {
  const controller = new AbortController();
  const failure = failureOf(
    one.transaction(
      (client) => client.query('select pg_sleep(60) /* abort-inside */'),
      { signal: controller.signal },
    ),
  );
  await untilRuns('abort-inside');
  controller.abort();
  assert.strictEqual((await failure).code, 'HF_ABORTED');
  assert.deepStrictEqual((await one.query('select 1 as n')).rows, [{ n: 1 }]);
});

test("a helper's signal reaches the statement below", async () => {
  const controller = new AbortController();
  const failure = failureOf(
    retryQuery(() => one.query('select pg_sleep(60) /* abort-helper */'), {
      signal: controller.signal,
    }),
  );
  await untilRuns('abort-helper');
  controller.abort();
  assert.strictEqual((await failure).code, 'HF_ABORTED');
});

test('a deadline of the call bounds the attempt that runs', async () => {
  const error = await failureOf(
    one.query({ text: 'select pg_sleep(60)', deadlineMillis: 100 }),
  );
  assert.strictEqual(error.code, 'HF_DEADLINE');
});

for (const name of ['timeoutMillis', 'query_timeout']) {
  test(`${name} of the call cancels the statement`, async () => {
    const error = await failureOf(
      one.query({ text: 'select pg_sleep(60)', [name]: 50 }),
    );
    assert.strictEqual(error.code, 'HF_QUERY_TIMEOUT');
    assert.deepStrictEqual((await one.query('select 1 as n')).rows, [{ n: 1 }]);
  });
}
