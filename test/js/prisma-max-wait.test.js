// SPDX-License-Identifier: MIT
'use strict';

// Transactions that Prisma has given up (`maxWait`): nothing is sent for them.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { Pool } = require('../../lib/index.js');
const { PrismaHoldfast } = require('../../lib/prisma/index.js');
const { eventually } = require('../support/index.js');
const { before, useServer } = require('../support/suite.js');

const server = useServer();

before(async () => {
  await server.psql('create table kept (n int)');
});

/** As Prisma's transaction manager does when nobody waits any more. */
/** @param {Promise<any>} starting */
const discard = (starting) =>
  starting.then((transaction) => transaction.rollback()).catch(() => {});

/** @param {string} sql */
const raw = (sql) => ({ sql, args: [], argTypes: [] });

/** @param {object} [options] @returns {Promise<{pool: any, adapter: any}>} */
async function open(options) {
  const pool = new Pool({
    connectionString: server.url,
    max: 1,
    logger: false,
  });
  const factory = new PrismaHoldfast(pool, options);
  return { pool, adapter: await factory.connect() };
}

test('a transaction that nobody waits for begins nothing', async () => {
  const { pool, adapter } = await open();
  const holder = await pool.connect();
  const discarded = Array.from({ length: 200 }, () =>
    discard(adapter.startTransaction()),
  );
  await eventually(() => pool.stats().waiting === 200);
  const { queries } = pool.stats();
  holder.release();
  await Promise.all(discarded);
  await pool.query('select 1');
  assert.equal(pool.stats().queries - queries, 1);
  assert.equal(pool.stats().waiting, 0);
  await pool.end();
});

test('a transaction that waited for maxWait leaves the queue', async () => {
  const { pool, adapter } = await open({ maxWait: 100 });
  const holder = await pool.connect();
  const starting = Array.from({ length: 50 }, () => adapter.startTransaction());
  const settled = await Promise.allSettled(starting);
  assert.ok(settled.every(({ status }) => status === 'rejected'));
  assert.equal(pool.stats().waiting, 0);
  holder.release();
  await pool.end();
});

test('a transaction that is used begins once, with its level', async () => {
  const { pool, adapter } = await open();
  const transaction = await adapter.startTransaction('SERIALIZABLE');
  const { rows } = await transaction.queryRaw(
    raw("select current_setting('transaction_isolation')"),
  );
  assert.deepEqual(rows, [['serializable']]);
  await transaction.executeRaw(raw('insert into kept values (1)'));
  await transaction.executeRaw(raw('COMMIT'));
  await transaction.commit();
  assert.equal(await server.psql('select count(*) from kept'), '1');
  await eventually(() => pool.stats().idle === 1);
  await pool.end();
});

test('one that is rolled back leaves nothing, begun or not', async () => {
  const { pool, adapter } = await open();
  const first = await adapter.startTransaction();
  await first.executeRaw(raw('ROLLBACK'));
  await first.rollback();
  const second = await adapter.startTransaction();
  await second.executeRaw(raw('insert into kept values (2)'));
  await second.executeRaw(raw('ROLLBACK'));
  await second.rollback();
  const third = await adapter.startTransaction();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await third.rollback();
  await eventually(() => pool.stats().idle === 1);
  assert.equal(await server.psql('select count(*) from kept where n = 2'), '0');
  await pool.end();
});
