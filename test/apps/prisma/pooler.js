// SPDX-License-Identifier: MIT
// Prisma on our adapter through PgBouncer in transaction mode, with more
// callers than connections.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { oursOn, pooledUrl, url } from './common.js';

const CALLERS = 32;
const ROUNDS = 12;

const direct = oursOn({ connectionString: url });

before(async () => {
  await direct.$executeRaw`
    TRUNCATE "User", "Profile", "Post", "Tag", "_PostToTag" RESTART IDENTITY`;
});

/** One caller's work: reads, writes, both kinds of transactions. */
async function work(client, caller) {
  for (let round = 0; round < ROUNDS; round++) {
    const email = `${caller}.${round}@example.org`;
    const made = await client.user.create({
      data: {
        email,
        posts: { create: [{ title: email }, { title: `${email} again` }] },
      },
      include: { posts: true },
    });
    assert.equal(made.posts.length, 2);
    const found = await client.user.findUniqueOrThrow({ where: { email } });
    assert.equal(found.id, made.id);
    const data = { visits: { increment: 1 } };
    const where = { id: made.id };
    await client.$transaction(async (tx) => {
      await tx.user.update({ where, data });
      const [{ visits }] = await tx.$queryRaw`
        SELECT visits FROM "User" WHERE id = ${made.id}`;
      assert.equal(visits, 1);
    });
    const [updated, posts] = await client.$transaction([
      client.user.update({ where, data }),
      client.post.count({ where: { authorId: made.id } }),
    ]);
    assert.deepEqual([updated.visits, posts], [2, 2]);
  }
}

test('32 callers on 8 connections of a pooler with 4: no error', async () => {
  const client = oursOn({ connectionString: pooledUrl, max: 8 });
  const callers = Array.from({ length: CALLERS }, (_, i) => work(client, i));
  await Promise.all(callers);
  const expected = CALLERS * ROUNDS;
  assert.equal(await direct.user.count(), expected);
  assert.equal(await direct.user.count({ where: { visits: 2 } }), expected);
  assert.equal(await direct.post.count(), expected * 2);
});

test('a second process of the same program changes nothing', async () => {
  // What the first client left in the pooler's backends must not affect the
  // second.
  await direct.$executeRaw`TRUNCATE "User" RESTART IDENTITY CASCADE`;
  const clients = [1, 2].map(() =>
    oursOn({ connectionString: pooledUrl, max: 4 }),
  );
  await Promise.all(clients.map((client, i) => work(client, `other ${i}`)));
  assert.equal(await direct.user.count(), 2 * ROUNDS);
});

test("the URL's parameters for Prisma are understood", async () => {
  const connectionString = `${pooledUrl}?pgbouncer=true&connection_limit=2&schema=public`;
  const client = oursOn({ connectionString, max: undefined });
  assert.equal(await client.user.count(), 2 * ROUNDS);
});
