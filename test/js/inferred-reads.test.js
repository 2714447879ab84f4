// SPDX-License-Identifier: MIT
'use strict';

// A SELECT may write all the same: through a view, a policy, a function in
// front of PostgreSQL's own. What only looks like a read is repeated under
// transaction_read_only alone.

const assert = require('node:assert');
const { test } = require('node:test');

const { Pool, withDatabaseRetry } = require('../../lib/index.js');
const {
  before,
  failureOf,
  useProxy,
  useServer,
} = require('../support/suite.js');

const server = useServer();
const proxy = useProxy(server);

before(async () => {
  await server.psql(`
    create table seen (n int);
    create table plain (n int);
    insert into plain values (1), (2);
    create function see(n int) returns int language plpgsql as
      $$ begin insert into seen values (n); return n; end $$;
    create view peek as select see(1) as n;
    create function touch(r plain) returns int language plpgsql as
      $$ begin insert into seen values (2); return 2; end $$;
    create table guarded (n int);
    insert into guarded values (1);
    create policy watch on guarded using (see(3) = 3);
    alter table guarded enable row level security, force row level security;
    create role reader login password 'reader';
    grant all on all tables in schema public to reader`);
});

/** @param {object} [options] @returns {any} */
function open(options) {
  return new Pool(
    /** @type {any} */ ({
      connectionString: proxy.urlFor(server.url),
      max: 2,
      logger: false,
      ...options,
    }),
  );
}

/** Swallows the answer to the next statement like this, and cuts, `times`. */
/** @param {string} like @param {number} [times] */
function swallow(like, times = 1) {
  const state = { left: times };
  /** @type {Set<any>} */
  const doomed = new Set();
  proxy.onMessage((/** @type {any} */ message) => {
    const { direction, payload, connection, type } = message;
    if (direction === 'up' && state.left > 0 && payload.includes(like)) {
      state.left -= 1;
      doomed.add(connection);
    }
    if (direction === 'down' && doomed.has(connection)) {
      return type === 'Z' ? 'rst' : 'drop';
    }
    return 'pass';
  });
  return state;
}

async function seen() {
  const count = await server.psql('select count(*) from seen');
  await server.psql('truncate seen');
  return Number(count);
}

const WRITERS = [
  'select n from peek',
  'table peek',
  'select plain.touch from plain limit 1',
];

for (const text of WRITERS) {
  test(`a SELECT that writes is done once after a cut: ${text}`, async () => {
    const pool = open();
    await pool.query('select 1');
    swallow(text);
    const error = await failureOf(pool.query(text));
    proxy.onMessage(null);
    assert.equal(error.outcome, 'ambiguous');
    assert.equal(error.code, 'ECONNRESET');
    assert.equal(error.retryable, false);
    assert.equal(await seen(), 1);
    await pool.end();
  });

  test(`a helper around does not repeat it either: ${text}`, async () => {
    const pool = open();
    await pool.query('select 1');
    swallow(text);
    const error = await failureOf(withDatabaseRetry(() => pool.query(text)));
    proxy.onMessage(null);
    assert.equal(error.outcome, 'ambiguous');
    assert.equal(await seen(), 1);
    await pool.end();
  });
}

test('a policy that writes is done once after a cut', async () => {
  const url = new URL(proxy.urlFor(server.url));
  url.username = 'reader';
  url.password = 'reader';
  const pool = open({ connectionString: url.href });
  await server.psql('grant insert on seen to reader');
  await pool.query('select 1');
  swallow('from guarded');
  const error = await failureOf(pool.query('select n from guarded'));
  proxy.onMessage(null);
  assert.equal(error.outcome, 'ambiguous');
  assert.equal(await seen(), 1);
  await pool.end();
});

test('a SELECT that only reads is repeated, and its answer is right', async () => {
  const pool = open();
  await pool.query('select 1');
  const state = swallow('from plain', 2);
  const { rows } = await pool.query('select n from plain order by n');
  proxy.onMessage(null);
  assert.equal(state.left, 0);
  assert.deepEqual(rows, [{ n: 1 }, { n: 2 }]);
  await pool.end();
});

test('a repeated read leaves its connection able to write', async () => {
  const pool = open({ max: 1 });
  await pool.query('select 1');
  swallow('from plain');
  await pool.query('select n from plain');
  proxy.onMessage(null);
  await pool.query('insert into seen values (7)');
  assert.equal(await seen(), 1);
  await pool.end();
});

test('a read that keeps being cut ends ambiguous, with the first cause', async () => {
  const pool = open();
  await pool.query('select 1');
  swallow('from plain', 99);
  const error = await failureOf(pool.query('select n from plain'));
  proxy.onMessage(null);
  assert.equal(error.outcome, 'ambiguous');
  assert.equal(error.attempts, 3);
  await pool.end();
});

test('many reads that share a connection are each repeated, none doubled', async () => {
  const pool = open({ max: 1 });
  await pool.query('select 1');
  swallow('select n from', 1);
  const texts = ['select n from peek', 'select n from plain limit 1'];
  const calls = Array.from({ length: 20 }, (_, i) =>
    pool.query(texts[i % 2]).then(
      () => 'ok',
      (/** @type {any} */ error) => error.outcome,
    ),
  );
  const outcomes = await Promise.all(calls);
  proxy.onMessage(null);
  for (const [i, outcome] of outcomes.entries()) {
    assert.equal(i % 2 === 0 || outcome === 'ok', true, `${i}: ${outcome}`);
  }
  const written = await seen();
  assert.ok(written <= 10, `${written} rows for 10 calls`);
  await pool.end();
});

test('a SELECT of Prisma that writes through a view is done once after a cut', async () => {
  const { PrismaHoldfast } = require('../../lib/prisma/index.js');
  const pool = open();
  try {
    const adapter = /** @type {any} */ (
      await new PrismaHoldfast(pool).connect()
    );
    await pool.query('delete from seen');
    swallow('peek as p');
    const running = adapter.queryRaw({
      sql: 'select n from peek as p',
      args: [],
      argTypes: [],
    });
    await assert.rejects(running);
    proxy.onMessage(null);
    const { rows } = await pool.query('select n from seen');
    assert.deepStrictEqual(rows, [{ n: 1 }]);
  } finally {
    proxy.onMessage(null);
    await pool.end();
  }
});

test('a backslash at the end of a string is read as the server reads it', async () => {
  const pool = open({ max: 1 });
  const off = open({ max: 1, options: '-c standard_conforming_strings=off' });
  try {
    const like = String.raw`select count(*)::int c from plain where n::text not like '!%' escape '\'`;
    await pool.query('select 1');
    swallow('count(*)::int c');
    assert.deepStrictEqual((await pool.query(like)).rows, [{ c: 2 }]);
    proxy.onMessage(null);
    const writes = String.raw`select '\', ' || see(8)::text --'`;
    await off.query('truncate seen');
    swallow('see(8)');
    const error = await failureOf(off.query(writes));
    proxy.onMessage(null);
    assert.equal(error.outcome, 'ambiguous');
    assert.equal(error.attempts, 1);
    assert.equal(await seen(), 1);
  } finally {
    proxy.onMessage(null);
    await pool.end();
    await off.end();
  }
});
