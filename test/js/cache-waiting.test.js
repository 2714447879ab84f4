// SPDX-License-Identifier: MIT
'use strict';

// Calls that wait for another's answer, or for a server that is away.

const assert = require('node:assert');
const { after, describe, test } = require('node:test');

const { Pool } = require('../../lib/pool/pool.js');
const { eventually, startProxy } = require('../support');
const { MINUTE, useCache } = require('../support/cache.js');
const { before, failureOf, useServer } = require('../support/suite.js');

const server = useServer();
const cache = useCache(server);
const { ask, atGate, closeGate } = cache;
/** @type {Pool} */
let pool;

before(() => {
  pool = cache.pool;
});

describe('a call that waits for another', () => {
  /** @param {any} [config] */
  const slow = (config) =>
    ask('select 1 as n, (select count(*) from gate)', { config });

  test('keeps its own deadline', async () => {
    const openGate = await closeGate();
    const first = slow();
    const second = failureOf(slow({ deadlineMillis: 20 }));
    const error = await second;
    assert.strictEqual(error.code, 'HF_DEADLINE');
    assert.strictEqual(error.outcome, 'not_executed');
    await openGate();
    assert.strictEqual((await first).rows[0].n, 1);
  });

  test('keeps its own abort', async () => {
    const abort = new AbortController();
    const openGate = await closeGate();
    const first = slow();
    const second = failureOf(slow({ signal: abort.signal }));
    await atGate();
    abort.abort(new Error('enough'));
    const error = await second;
    assert.strictEqual(error.code, 'HF_ABORTED');
    assert.strictEqual(error.cause.message, 'enough');
    await openGate();
    assert.strictEqual((await first).rows[0].n, 1);
  });

  test('gets its answer although the call that was sent is aborted', async () => {
    const abort = new AbortController();
    const openGate = await closeGate();
    const first = failureOf(slow({ signal: abort.signal }));
    const others = [slow(), slow()];
    await atGate();
    abort.abort();
    assert.strictEqual((await first).code, 'HF_ABORTED');
    await openGate();
    const results = await Promise.all(others);
    assert.deepStrictEqual(
      results.map((r) => [r.rows[0].n, r.cached]),
      [
        [1, true],
        [1, true],
      ],
    );
  });

  test('is sent itself when the deadline of the other has passed', async () => {
    const openGate = await closeGate();
    const first = failureOf(slow({ deadlineMillis: 100 }));
    const others = [slow(), slow()];
    assert.strictEqual((await first).code, 'HF_DEADLINE');
    await openGate();
    const results = await Promise.all(others);
    assert.deepStrictEqual(
      results.map((r) => [r.rows[0].n, r.cached]),
      [
        [1, undefined],
        [1, true],
      ],
    );
  });

  test('is not bound by the time-out of another', async () => {
    const openGate = await closeGate();
    const first = failureOf(slow({ timeoutMillis: 20 }));
    const second = slow();
    assert.strictEqual((await first).code, 'HF_QUERY_TIMEOUT');
    await openGate();
    assert.strictEqual((await second).rows[0].n, 1);
  });

  test('is answered like the others when the pool ends', async () => {
    const closing = new Pool({ connectionString: server.url, max: 1 });
    await closing.query('select 1');
    const openGate = await closeGate();
    const busy = closing.query('select count(*) from gate');
    const calls = [1, 2].map(() => ask('select 5 as n', {}, [], closing));
    await eventually(
      () => closing.waitingCount > 0 && closing.stats().busy > 0,
    );
    const ended = closing.end();
    await openGate();
    await Promise.all([ended, busy]);
    for (const call of calls) {
      assert.strictEqual((await call).rows[0].n, 5);
    }
  });
});

describe('while the database is away', () => {
  /** @type {Awaited<ReturnType<typeof startProxy>>} */
  let proxy;
  /** @type {Pool} */
  let away;

  before(async () => {
    proxy = await startProxy(server);
    away = new Pool({
      connectionString: proxy.urlFor(server.url),
      max: 2,
      deadlineMillis: 10 * MINUTE,
    });
  });

  after(async () => {
    await away.end();
    await proxy.close();
  });

  const text = 'select count(*)::int as n from kept';
  const tolerant = { ttlMillis: 0, staleIfErrorMillis: MINUTE };

  test('a stale result is given to callers that accept one', async () => {
    await ask(text, tolerant, [], away);
    await pool.query('insert into kept values (1)');
    await proxy.refuse(true);
    proxy.killAll();
    await eventually(() => away.totalCount === 0);
    const results = await Promise.all(
      Array.from({ length: 20 }, () => ask(text, tolerant, [], away)),
    );
    for (const result of results) {
      assert.strictEqual(result.stale, true);
      assert.deepStrictEqual(result.rows, [{ n: 0 }]);
    }
    // Not only those that waited: also those that come later.
    assert.strictEqual((await ask(text, tolerant, [], away)).stale, true);
    assert.ok(away.stats().cacheStale >= 21);
    const strict = failureOf(
      ask(text, { ttlMillis: 1, config: { deadlineMillis: 100 } }, [], away),
    );
    assert.strictEqual((await strict).outcome, 'not_executed');
    await proxy.refuse(false);
    await eventually(async () => {
      const { rows, stale } = await ask(text, tolerant, [], away);
      return stale !== true && rows[0].n === 1;
    });
  });

  test('a server that does not answer counts as away after the time-out', async () => {
    await ask(text, { ...tolerant, config: { readOnly: true } }, [], away);
    proxy.pause();
    const config = { timeoutMillis: 50, readOnly: true };
    const late = await ask(text, { ...tolerant, config }, [], away);
    assert.strictEqual(late.stale, true);
    proxy.resume();
    proxy.killAll();
  });

  test('a suspended pool answers from its cache', async () => {
    await ask(text, tolerant, [], away);
    await eventually(async () => {
      await away.suspend();
      return (await ask(text, tolerant, [], away)).stale === true;
    });
    await away.resume();
    await eventually(
      async () => (await ask(text, tolerant, [], away)).stale !== true,
    );
  });

  test('an error of the statement is an error', async () => {
    await pool.query('create table short_lived (n int)');
    const read = 'select n from short_lived';
    await ask(read, tolerant, [], away);
    await pool.query('drop table short_lived');
    await eventually(async () => {
      const call = ask(read, tolerant, [], away);
      const error = await call.then(
        () => null,
        (reason) => reason,
      );
      return error?.code === '42P01';
    });
  });
});
