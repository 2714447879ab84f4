// SPDX-License-Identifier: MIT
// Errors of the server, on our adapter and on Prisma's own: the same codes, and
// at least the same details.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { PrismaPg } from '@prisma/adapter-pg';
import { Pool as PgPool } from 'pg';
import { classify } from 'pg-holdfast';
import { PrismaHoldfast } from 'pg-holdfast/prisma';
import { failure, oursOn, theirsOn, url } from './common.js';

const ours = oursOn();
const theirs = theirsOn();

before(async () => {
  await ours.$executeRaw`
    TRUNCATE "User", "Profile", "Post", "Tag", "_PostToTag" RESTART IDENTITY`;
  const profile = { create: { bio: '' } };
  const email = 'ann@example.org';
  await ours.user.create({ data: { email, name: 'Ann', profile } });
  await ours.$executeRawUnsafe(
    'CREATE UNIQUE INDEX IF NOT EXISTS "upper email" ON "User" (upper(email))',
  );
});

/**
 * What is compared of an error: its last line, its code, and the adapter's
 * cause.
 * @param {any} error
 */
function factsOf(error) {
  const { meta = {} } = error;
  const cause = (meta.driverAdapterError ?? error).cause;
  const { driverAdapterError, ...rest } = meta;
  return {
    name: error.name,
    code: error.code,
    line: error.message.split('\n').at(-1),
    meta: rest,
    cause: cause && { ...cause },
  };
}

const inTx = (work) => (c) => c.$transaction(work);

/** By SQLSTATE or Prisma's code: [what to do, the outcome]. */
const SAME = {
  'P2002 in $executeRaw': (c) =>
    c.$executeRaw`INSERT INTO "User" (email) VALUES ('ann@example.org')`,
  'P2003 by create': (c) =>
    c.post.create({ data: { title: 't', authorId: 99 } }),
  'P2003 by delete': (c) => c.user.delete({ where: { id: 1 } }),
  'P2000 too long': (c) =>
    c.user.create({ data: { email: 'l', name: 'x'.repeat(21) } }),
  'P2007 no uuid': (c) => c.every.findMany({ where: { uuid: 'nope' } }),
  'P2020 out of range': (c) => c.every.findMany({ where: { real: 1e200 } }),
  'P2021 no table': (c) => c.absent.findMany(),
  'P2021 no table, raw': (c) => c.$queryRaw`SELECT * FROM "Absent"`,
  'P2022 no column': (c) => c.lacking.findMany(),
  'P2025 not found': (c) => c.user.update({ where: { id: 99 }, data: {} }),
  22012: (c) => c.$queryRaw`SELECT 1 / 0`,
  42601: (c) => c.$queryRaw`SELEC 1`,
  '40001 raised': (c) =>
    c.$executeRaw`DO $$ BEGIN RAISE SQLSTATE '40001'; END $$`,
  '23514 check': (c) =>
    c.$executeRaw`DO $$ BEGIN RAISE check_violation USING MESSAGE = 'm',
      DETAIL = 'd', HINT = 'h', COLUMN = 'c'; END $$`,
  '42501 denied': inTx(async (tx) => {
    await tx.$executeRaw`SET LOCAL ROLE pg_monitor`;
    await tx.user.findMany();
  }),
  '25006 read-only': inTx(async (tx) => {
    await tx.$executeRaw`SET LOCAL transaction_read_only = on`;
    await tx.tag.create({ data: { name: 'no' } });
  }),
  '25P02 aborted': inTx(async (tx) => {
    await failure(tx.$queryRaw`SELECT 1 / 0`);
    await tx.user.findMany();
  }),
  '57014 statement_timeout': inTx(async (tx) => {
    await tx.$executeRaw`SET LOCAL statement_timeout = 20`;
    await tx.$queryRaw`SELECT 1 FROM pg_sleep(5)`;
  }),
  '55P03 lock': inTx(async (tx) => {
    await tx.$executeRaw`SET LOCAL lock_timeout = 20`;
    const other = oursOn();
    await other.$transaction(async (holder) => {
      await holder.$queryRaw`SELECT id FROM "User" WHERE id = 1 FOR UPDATE`;
      await tx.user.update({ where: { id: 1 }, data: { visits: 1 } });
    });
  }),
};

for (const [name, work] of Object.entries(SAME)) {
  test(`${name}: the same error as on adapter-pg`, async () => {
    const mine = factsOf(await failure(work(ours)));
    const expected = factsOf(await failure(work(theirs)));
    // Ours may say more, of columns above all.
    if (expected.cause?.constraint?.index && mine.cause.constraint.fields) {
      delete mine.cause.constraint.fields;
    }
    assert.deepEqual(mine, expected);
  });
}

test('a doubled key is P2002 with its columns, its index and its model', async () => {
  const data = { email: 'ann@example.org' };
  const mine = factsOf(await failure(ours.user.create({ data })));
  const expected = factsOf(await failure(theirs.user.create({ data })));
  assert.equal(mine.code, expected.code);
  assert.deepEqual(mine.meta, expected.meta);
  assert.deepEqual(mine.cause.constraint, {
    fields: ['email'],
    index: 'User_email_key',
  });
  assert.equal(mine.cause.table, 'User');
  assert.match(
    mine.line,
    /Unique constraint failed on the fields: \(`email`\)/,
  );
});

test('a doubled key of an expression has its index', async () => {
  const data = { email: 'ANN@example.org' };
  const mine = factsOf(await failure(ours.user.create({ data })));
  assert.deepEqual(mine.cause.constraint, { index: 'upper email' });
  assert.deepEqual(mine, factsOf(await failure(theirs.user.create({ data }))));
});

test('a NULL where none may be is P2011 and names the column', async () => {
  const work = (c) => c.user.create({ data: { email: 'n' } });
  await ours.$executeRawUnsafe('ALTER TABLE "User" ALTER name SET NOT NULL');
  try {
    const mine = factsOf(await failure(work(ours)));
    const expected = factsOf(await failure(work(theirs)));
    assert.equal(mine.code, 'P2011');
    assert.equal(mine.code, expected.code);
    assert.deepEqual(mine.cause.constraint, { fields: ['name'] });
    assert.equal(expected.cause.constraint, undefined);
  } finally {
    await ours.$executeRawUnsafe('ALTER TABLE "User" ALTER name DROP NOT NULL');
  }
});

test('what cannot be sent is P2007, and says why', async () => {
  const error = await failure(ours.user.findMany({ where: { name: 'a\0b' } }));
  assert.equal(error.code, 'P2007');
  assert.match(error.message, /NUL character/);
});

test('an isolation level nobody knows is refused', async () => {
  const adapter = await new PrismaHoldfast(url).connect();
  const error = await failure(adapter.startTransaction('SNAPSHOT'));
  assert.equal(error.cause.kind, 'InvalidIsolationLevel');
  assert.equal(error.cause.level, 'SNAPSHOT');
});

test('every error carries what the pool knows of it', async () => {
  const cases = [
    [ours.$queryRaw`SELECT 1 / 0`, 'permanent', '22012'],
    [ours.absent.findMany(), 'permanent', '42P01'],
    [
      ours.$executeRaw`DO $$ BEGIN RAISE SQLSTATE '40001'; END $$`,
      'ambiguous', // a DO may have committed midway
      '40001',
    ],
  ];
  for (const [promise, outcome, sqlState] of cases) {
    const error = await failure(promise);
    const { driverAdapterError } = error.meta;
    assert.equal(driverAdapterError.outcome, outcome);
    assert.equal(driverAdapterError.name, 'DriverAdapterError');
    const why = classify(error);
    assert.equal(why.outcome, outcome);
    assert.equal(why.sqlState, sqlState);
    assert.doesNotMatch(JSON.stringify(error), /originalError/);
  }
});

test('what is no pool of ours is refused by name', () => {
  const pg = new PgPool({ connectionString: url });
  assert.throws(() => new PrismaHoldfast(pg), {
    name: 'TypeError',
    message: /pool, is no Pool of pg-holdfast \(its class is (Bound)?Pool\)/,
  });
  assert.throws(() => new PrismaHoldfast({ query() {}, connect() {} }), {
    name: 'TypeError',
    message: /no Pool of pg-holdfast/,
  });
  assert.throws(() => new PrismaHoldfast(5), TypeError);
  assert.throws(() => new PrismaHoldfast({ hots: 'x' }), /hots/);
  assert.throws(() => new PrismaHoldfast(url, { shema: 'x' }), {
    name: 'TypeError',
    message: /unknown option of PrismaHoldfast: shema.*schema/,
  });
  assert.throws(() => new PrismaHoldfast(url, { onPoolError() {} }), {
    name: 'TypeError',
    message: /onPoolError/,
  });
  assert.throws(() => new PrismaHoldfast(url, { schema: '' }), TypeError);
  assert.throws(() => new PrismaHoldfast(url, 'x'), TypeError);
  assert.ok(new PrismaPg(pg));
});

test('without an address the adapter is made, and says at use what lacks', async () => {
  assert.equal(process.env.DATABASE_URL, undefined);
  const adapter = await new PrismaHoldfast().connect();
  const query = { sql: 'select 1', args: [], argTypes: [] };
  const error = await failure(adapter.queryRaw(query));
  assert.match(error.message, /DATABASE_URL/);
});
