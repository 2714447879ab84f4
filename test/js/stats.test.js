// SPDX-License-Identifier: MIT
'use strict';

// pool.stats() after situations that really happened.

const assert = require('node:assert');
const { test } = require('node:test');

const { Pool } = /** @type {any} */ (require('../../lib/index.js'));
const { statNames } = require('../../lib/observe/metrics.js');
const { useServer } = require('../support/suite.js');

const server = useServer();

/** @param {object} [options] */
function open(options) {
  return new Pool({
    connectionString: server.url,
    logger: false,
    retryBaseMillis: 0,
    ...options,
  });
}

test('a pool that did nothing has every number, all zero', () => {
  const stats = open().stats();
  assert.deepStrictEqual(Object.keys(stats), statNames());
  const { sqlStates, ...numbers } = stats;
  assert.ok(Object.values(numbers).every((value) => value === 0));
  assert.deepStrictEqual(sqlStates, {});
});

test('numbers only, and a table of numbers', async () => {
  const pool = open();
  await pool.query('select 1');
  const { sqlStates, ...numbers } = pool.stats();
  assert.ok(Object.values(numbers).every((value) => Number.isFinite(value)));
  assert.deepStrictEqual(sqlStates, {});
  await pool.end();
});

test('a repeated statement says on which attempt it succeeded', async () => {
  const pool = open({ max: 1 });
  await pool.query('create sequence tries');
  const text = `do $$ begin
    if nextval('tries') < 3 then
      raise exception 'conflict' using errcode = '40001';
    end if; end $$`;
  await pool.query({ text, idempotent: true });
  const stats = pool.stats();
  assert.strictEqual(stats.succeededOnAttempt3, 1);
  assert.strictEqual(stats.succeededOnAttempt1, 1);
  assert.strictEqual(stats.retries, 2);
  assert.strictEqual(
    stats.retriesNotExecuted + stats.retriesRolledBack + stats.retriesAmbiguous,
    2,
  );
  assert.strictEqual(stats.sqlState40, 2);
  assert.deepStrictEqual(stats.sqlStates, { 40001: 2 });
  assert.strictEqual(stats.retryRate, 1);
  await pool.end();
});

test('a transaction counts its statements, and not the connection', async () => {
  const pool = open();
  await pool.query('select 1');
  await pool.transaction((client) => client.query('select 1'));
  const stats = pool.stats();
  assert.strictEqual(stats.queries, 4);
  assert.strictEqual(stats.succeeded, stats.queries);
  assert.strictEqual(stats.succeededOnAttempt1, stats.queries);
  await pool.end();
});

test('more codes than the table has are counted together', async () => {
  const pool = open({ max: 1 });
  // An extension of somebody else's has codes of its own.
  const codes = Array.from({ length: 70 }, (_, i) => `HV${100 + i}`);
  for (const code of codes) {
    const text = `do $$ begin
      raise exception 'no' using errcode = '${code}'; end $$`;
    await assert.rejects(pool.query(text), { code });
  }
  const { sqlStates } = pool.stats();
  const { other, ...known } = sqlStates;
  assert.deepStrictEqual(Object.keys(known), codes.slice(0, 64));
  assert.ok(Object.values(known).every((count) => count === 1));
  assert.strictEqual(other, 6);
  await pool.end();
});

test('refusals are counted by class and code, also of connects', async () => {
  const pool = open({ database: 'nowhere' });
  await assert.rejects(pool.query('select 1'), { code: '3D000' });
  assert.ok(pool.stats().sqlStateOther >= 1);
  assert.ok(pool.stats().sqlStates['3D000'] >= 1);
  assert.ok(pool.stats().connectsFailed >= 1);
  await pool.end();
});

test('the breaker, warm-up and failures are seen', async () => {
  const pool = open({ min: 2 });
  await pool.warmup();
  const warmed = pool.stats();
  assert.strictEqual(warmed.warmupTimeCount, 1);
  assert.ok(warmed.warmupTimeMax > 0);
  assert.strictEqual(warmed.breaker, 0);
  await assert.rejects(pool.query('select 1/0'), { code: '22012' });
  assert.strictEqual(pool.stats().failureRate, 1);
  await pool.end();

  const down = new Pool({
    connectionString: 'postgresql://nobody@127.0.0.1:1/x?sslmode=disable',
    logger: false,
    deadlineMillis: 2000,
  });
  await assert.rejects(down.query('select 1'));
  assert.notStrictEqual(down.stats().breaker, 0);
  assert.strictEqual(down.stats().breakerOpened, 1);
  await down.end();
});

test('lines the logger threw at are counted, the call goes on', async () => {
  const logger = {
    debug() {},
    info() {},
    warn() {
      throw new Error('no space left');
    },
    error() {},
  };
  const pool = open({ logger, slowQueryMillis: 1 });
  await pool.query('select pg_sleep(0.01)');
  assert.strictEqual(pool.stats().loggerFailures, 1);
  await pool.end();
});
