// SPDX-License-Identifier: MIT
// Transactions of every kind on our adapter.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { failure, oursOn, theirsOn } from './common.js';

const ours = oursOn();

beforeEach(async () => {
  await ours.$executeRaw`
    TRUNCATE "User", "Profile", "Post", "Tag", "_PostToTag" RESTART IDENTITY`;
  await ours.user.create({ data: { email: 'ann@example.org', name: 'ann' } });
});

const count = () => ours.user.count();

test('a batch transaction commits as a whole', async () => {
  const results = await ours.$transaction([
    ours.user.create({ data: { email: 'b' } }),
    ours.$executeRaw`UPDATE "User" SET visits = visits + 1`,
    ours.user.aggregate({ _sum: { visits: true } }),
    ours.$queryRaw`SELECT count(*)::int AS n FROM "User"`,
  ]);
  assert.equal(results[1], 2);
  assert.deepEqual(results[2], { _sum: { visits: 2 } });
  assert.deepEqual(results[3], [{ n: 2 }]);
});

test('a batch transaction that fails leaves nothing', async () => {
  const error = await failure(
    ours.$transaction([
      ours.user.create({ data: { email: 'b' } }),
      ours.user.create({ data: { email: 'ann@example.org' } }),
    ]),
  );
  assert.equal(error.code, 'P2002');
  assert.equal(await count(), 1);
});

test('an interactive transaction commits, or rolls back by a throw', async () => {
  const made = await ours.$transaction(async (tx) => {
    await tx.user.create({ data: { email: 'b' } });
    assert.equal(await tx.user.count(), 2);
    assert.equal(await count(), 1);
    return tx.user.update({ where: { email: 'b' }, data: { name: 'Ben' } });
  });
  assert.equal(made.name, 'Ben');
  assert.equal(await count(), 2);
  const thrown = new Error('of mine');
  const error = await failure(
    ours.$transaction(async (tx) => {
      await tx.user.deleteMany();
      throw thrown;
    }),
  );
  assert.equal(error, thrown);
  assert.equal(await count(), 2);
});

for (const [name, level] of Object.entries({
  ReadUncommitted: 'read uncommitted',
  ReadCommitted: 'read committed',
  RepeatableRead: 'repeatable read',
  Serializable: 'serializable',
})) {
  test(`isolation level ${name} is the server's ${level}`, async () => {
    const options = { isolationLevel: name };
    const ask = (c) => c.$queryRaw`SHOW transaction_isolation`;
    const [row] = await ours.$transaction((tx) => ask(tx), options);
    assert.equal(row.transaction_isolation, level);
    const batch = [ours.user.count(), ask(ours)];
    const [, [same]] = await ours.$transaction(batch, options);
    assert.equal(same.transaction_isolation, level);
  });
}

test('transactions nest by savepoints', async () => {
  await ours.$transaction(async (tx) => {
    await tx.user.create({ data: { email: 'outer' } });
    const inner = await failure(
      tx.$transaction(async (nested) => {
        await nested.user.create({ data: { email: 'inner' } });
        throw new Error('inner');
      }),
    );
    assert.equal(inner.message, 'inner');
    await tx.$transaction((nested) =>
      nested.user.create({ data: { email: 'kept' } }),
    );
    assert.equal(await tx.user.count(), 3);
  });
  const emails = (await ours.user.findMany({ orderBy: { id: 'asc' } })).map(
    ({ email }) => email,
  );
  assert.deepEqual(emails, ['ann@example.org', 'outer', 'kept']);
});

/** Returns a function that resolves when it was called twice. */
function meeting() {
  let arrived = 0;
  let go;
  const both = new Promise((resolve) => {
    go = resolve;
  });
  return () => {
    arrived += 1;
    if (arrived === 2) {
      go();
    }
    return both;
  };
}

/** Two transactions that each read what the other writes: one must fail. */
function conflict(client, update) {
  const options = { isolationLevel: 'Serializable' };
  const haveRead = meeting();
  const run = (email) =>
    client.$transaction(async (tx) => {
      await tx.user.count();
      await haveRead();
      await update(tx, email);
    }, options);
  return Promise.allSettled([run('x'), run('y')]);
}

test('a serialization failure in a statement is P2034', async () => {
  const results = await conflict(ours, (tx) =>
    tx.user.update({ where: { id: 1 }, data: { visits: { increment: 1 } } }),
  );
  const failed = results.filter(({ status }) => status === 'rejected');
  assert.equal(failed.length, 1);
  const { reason } = failed[0];
  assert.equal(reason.code, 'P2034');
  const { driverAdapterError } = reason.meta;
  assert.equal(driverAdapterError.cause.originalCode, '40001');
  assert.equal(driverAdapterError.outcome, 'rolled_back');
  assert.equal(driverAdapterError.unit, 'transaction');
});

test('a serialization failure at COMMIT has its code, too', async () => {
  const atCommit = async (client) => {
    const haveWritten = meeting();
    const results = await conflict(client, async (tx, email) => {
      await tx.user.create({ data: { email } });
      await haveWritten();
    });
    return results.find(({ status }) => status === 'rejected').reason;
  };
  const error = await atCommit(ours);
  assert.equal(error.name, 'DriverAdapterError');
  assert.equal(error.code, 'P2034');
  assert.equal(error.cause.kind, 'TransactionWriteConflict');
  assert.equal(error.cause.originalCode, '40001');
  assert.equal(error.outcome, 'rolled_back');
  await ours.user.deleteMany({ where: { id: { not: 1 } } });
  const theirError = await atCommit(theirsOn());
  assert.equal(theirError.name, 'DriverAdapterError');
  assert.equal(theirError.code, undefined);
});

test('a deadlock is P2034', async () => {
  await ours.user.create({ data: { email: 'second' } });
  const haveFirst = meeting();
  const run = (first, second) =>
    ours.$transaction(async (tx) => {
      const data = { visits: { increment: 1 } };
      await tx.user.update({ where: { id: first }, data });
      await haveFirst();
      await tx.user.update({ where: { id: second }, data });
    });
  const results = await Promise.allSettled([run(1, 2), run(2, 1)]);
  const failed = results.filter(({ status }) => status === 'rejected');
  assert.equal(failed.length, 1);
  assert.equal(failed[0].reason.code, 'P2034');
});

test('a COMMIT that rolls back is no success', async () => {
  const error = await failure(
    ours.$transaction(async (tx) => {
      await tx.user.create({ data: { email: 'lost' } });
      await failure(tx.$queryRaw`SELECT 1 / 0`);
    }),
  );
  assert.equal(error.name, 'DriverAdapterError');
  assert.equal(error.cause.originalCode, 'HF_COMMIT_ROLLED_BACK');
  assert.equal(error.outcome, 'rolled_back');
  assert.equal(await count(), 1);
});

test("Prisma's own limits hold, and every connection comes back", async () => {
  const { pool, client } = await narrow();
  const late = await failure(
    client.$transaction(
      async (tx) => {
        await tx.user.create({ data: { email: 'late' } });
        await tx.$queryRaw`SELECT pg_sleep(0.3)`;
      },
      { timeout: 100 },
    ),
  );
  // Prisma's ROLLBACK ended the raw query, and that is what the function gets.
  assert.equal(late.code, 'P2010');
  assert.match(late.message, /ROLLBACK/);
  const next = await failure(
    client.$transaction(
      async (tx) => {
        await failure(tx.$queryRaw`SELECT pg_sleep(60)`);
        await tx.user.create({ data: { email: 'after the time-out' } });
      },
      { timeout: 100 },
    ),
  );
  assert.equal(next.code, 'P2028');
  const held = await pool.connect();
  const waiting = await failure(
    client.$transaction((tx) => tx.user.count(), { maxWait: 50 }),
  );
  assert.equal(waiting.code, 'P2028');
  held.release();
  assert.equal(await client.user.count(), 1);
  assert.equal(pool.totalCount, 1);
  await client.$disconnect();
  assert.equal(pool.idleCount, 1);
  await pool.end();
});

test('a transaction that timed out over a long statement gives its connection back', async () => {
  const { pool, client } = await narrow();
  const began = Date.now();
  const late = await failure(
    client.$transaction(
      async (tx) => {
        await tx.user.create({ data: { email: 'late' } });
        await tx.$queryRaw`SELECT pg_sleep(60)`;
      },
      { timeout: 200 },
    ),
  );
  assert.match(String(late.code), /^P20/);
  // The only connection is free long before the statement would have ended.
  assert.equal(await client.user.count(), 1);
  assert.ok(Date.now() - began < 40_000);
  await client.$disconnect();
  await pool.end();
});

async function narrow() {
  const { Pool } = await import('pg-holdfast');
  const { PrismaHoldfast } = await import('pg-holdfast/prisma');
  const { PrismaClient, url } = await import('./common.js');
  const pool = new Pool({ connectionString: url, max: 1 });
  const client = new PrismaClient({ adapter: new PrismaHoldfast(pool) });
  return { pool, client };
}

test('$disconnect leaves a pool of others open, and Prisma comes back', async () => {
  const { pool, client } = await narrow();
  assert.equal(await client.user.count(), 1);
  await client.$disconnect();
  assert.equal(pool.ended, false);
  assert.equal(await client.user.count(), 1);
  await client.$disconnect();
  await pool.end();
});

test('clients by a connection string share one pool', async () => {
  const { getPool } = await import('pg-holdfast');
  const { PrismaHoldfast } = await import('pg-holdfast/prisma');
  const { PrismaClient, url } = await import('./common.js');
  const clients = [1, 2].map(
    () => new PrismaClient({ adapter: new PrismaHoldfast(url) }),
  );
  await Promise.all(clients.map((client) => client.user.count()));
  const pool = getPool(url);
  await pool.query('select 1');
  // Its own query found the open connection.
  assert.equal(pool.stats().connectsStarted, pool.totalCount);
  await Promise.all(clients.map((client) => client.$disconnect()));
  assert.equal(pool.ended, false);
  await pool.end();
  // The pool was ended while the client used it: the next one takes its place.
  assert.equal(await clients[0].user.count(), 1);
  await getPool(url).end();
});

test('scripts run as one text, functions and all', async () => {
  const { pool, client } = await narrow();
  const { PrismaHoldfast } = await import('pg-holdfast/prisma');
  const adapter = await new PrismaHoldfast(pool).connect();
  await adapter.executeScript(`
    CREATE TABLE script (a int);
    CREATE FUNCTION script() RETURNS int LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO script VALUES (1); RETURN 2; END $$;
    SELECT script();`);
  assert.deepEqual(await client.$queryRaw`SELECT * FROM script`, [{ a: 1 }]);
  const error = await failure(
    adapter.executeScript('DROP TABLE script; SELECT 1 / 0'),
  );
  assert.equal(error.cause.originalCode, '22012');
  assert.deepEqual(await client.$queryRaw`SELECT * FROM script`, [{ a: 1 }]);
  await adapter.executeScript('DROP FUNCTION script; DROP TABLE script');
  assert.deepEqual(adapter.getConnectionInfo(), {
    schemaName: undefined,
    supportsRelationJoins: true,
  });
  assert.equal(adapter.underlyingDriver(), pool);
  await pool.end();
});
