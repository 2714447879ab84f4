// SPDX-License-Identifier: MIT
// Prisma 6.19 without its engine, on our adapter and on its own.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PrismaPg } from '@prisma/adapter-pg';
import { classify, Pool } from 'pg-holdfast';
import { PrismaHoldfast } from 'pg-holdfast/prisma';
import { Prisma, PrismaClient } from './generated/client/client.js';

const { TEST_DIRECT_URL: url } = process.env;

const pool = new Pool({ connectionString: url, max: 4 });
const ours = new PrismaClient({ adapter: new PrismaHoldfast(pool) });
const theirs = new PrismaClient({
  adapter: new PrismaPg({ connectionString: url, max: 4 }),
});

const MOMENT = new Date('2024-02-29T23:59:58.987Z');
const ROW = {
  text: 'a "text"',
  uuid: '0e2c1a3e-5b0f-4c6d-9d6f-1c1f0b7a9d01',
  bool: false,
  int: -5,
  big: 9_007_199_254_740_993n,
  double: 0.1,
  decimal: new Prisma.Decimal('1234567890.123456789'),
  stamp: MOMENT,
  stampTz: MOMENT,
  date: new Date('2024-02-29'),
  time: new Date('1970-01-01T13:14:15.167Z'),
  jsonb: { a: [1, null] },
  bytes: Uint8Array.from([0, 92, 255]),
};

before(async () => {
  await ours.$executeRaw`TRUNCATE "User", "Post", "Every" RESTART IDENTITY CASCADE`;
  await ours.user.create({
    data: { email: 'ann', posts: { create: [{ title: 'a' }, { title: 'b' }] } },
  });
});
after(async () => {
  await Promise.all([ours.$disconnect(), theirs.$disconnect()]);
  await pool.end();
});

/** @param {Promise<unknown>} promise @returns {Promise<any>} */
async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

test('values are written and read as on adapter-pg', async () => {
  const { id, ...back } = await ours.every.create({ data: ROW });
  assert.deepEqual({ ...back, bytes: Uint8Array.from(back.bytes) }, ROW);
  const queries = [
    (c) => c.every.findMany(),
    (c) => c.$queryRaw`SELECT * FROM "Every"`,
    (c) => c.user.findMany({ include: { posts: true } }),
    (c) =>
      c.$queryRaw`SELECT ${MOMENT}::timestamptz AS a, ${[1, 2]}::int[] AS b`,
  ];
  for (const query of queries) {
    assert.deepEqual(await query(ours), await query(theirs), String(query));
  }
});

test('transactions commit and roll back, at any level', async () => {
  const options = { isolationLevel: 'Serializable' };
  const level = await ours.$transaction(async (tx) => {
    await tx.user.update({ where: { id: 1 }, data: { visits: 1 } });
    return tx.$queryRaw`SHOW transaction_isolation`;
  }, options);
  assert.deepEqual(level, [{ transaction_isolation: 'serializable' }]);
  const thrown = new Error('of mine');
  const error = await failure(
    ours.$transaction(async (tx) => {
      await tx.user.update({ where: { id: 1 }, data: { visits: 9 } });
      throw thrown;
    }),
  );
  assert.equal(error, thrown);
  const batch = await ours.$transaction([
    ours.user.update({ where: { id: 1 }, data: { visits: { increment: 1 } } }),
    ours.post.count(),
  ]);
  assert.deepEqual([batch[0].visits, batch[1]], [2, 2]);
});

test('errors have their codes', async () => {
  const cases = {
    P2002: ours.user.create({ data: { email: 'ann' } }),
    P2003: ours.post.create({ data: { title: 't', authorId: 99 } }),
    P2000: ours.user.create({ data: { email: 'x', name: 'y'.repeat(21) } }),
    P2010: ours.$queryRaw`SELECT 1 / 0`,
    P2025: ours.user.update({ where: { id: 99 }, data: {} }),
  };
  for (const [code, promise] of Object.entries(cases)) {
    const error = await failure(promise);
    assert.equal(error.code, code, error.message);
    assert.equal(error.name, 'PrismaClientKnownRequestError');
  }
});

test('errors that this Prisma has no kind for have a code all the same', async () => {
  const text = await failure(ours.every.findMany({ where: { uuid: 'nope' } }));
  assert.match(text.message, /invalid input syntax for type uuid/);
  const aborted = await failure(
    ours.$transaction(async (tx) => {
      await failure(tx.$queryRaw`SELECT 1 / 0`);
      await tx.user.findMany();
    }),
  );
  assert.equal(aborted.code, 'P2039');
  assert.equal(classify(aborted).sqlState, '25P02');
});

test('a conflict at COMMIT is P2034', async () => {
  let arrived = 0;
  let go;
  const both = new Promise((resolve) => {
    go = resolve;
  });
  const run = (email) =>
    ours.$transaction(
      async (tx) => {
        await tx.user.count();
        await tx.user.create({ data: { email } });
        arrived += 1;
        if (arrived === 2) {
          go();
        }
        await both;
      },
      { isolationLevel: 'Serializable' },
    );
  const results = await Promise.allSettled([run('x'), run('y')]);
  const { reason } = results.find(({ status }) => status === 'rejected');
  assert.equal(reason.code, 'P2034');
  assert.equal(classify(reason).outcome, 'rolled_back');
});
