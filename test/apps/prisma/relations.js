// SPDX-License-Identifier: MIT
// Relations, nested writes and bulk operations on our adapter and Prisma's.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { oursOn, theirsOn } from './common.js';

const ours = oursOn();
const theirs = theirsOn();

const CREATED = new Date('2024-01-02T03:04:05.678Z');

async function fill(client) {
  await client.$executeRaw`
    TRUNCATE "User", "Profile", "Post", "Tag", "_PostToTag" RESTART IDENTITY`;
  for (const name of ['ann', 'ben', 'cleo']) {
    await client.user.create({
      data: {
        email: `${name}@example.org`,
        name,
        profile: { create: { bio: `I am ${name}` } },
        posts: {
          create: ['one', 'two'].map((title) => ({
            title: `${title} of ${name}`,
            createdAt: CREATED,
            published: title === 'two',
            tags: {
              connectOrCreate: ['x', title].map((tag) => ({
                where: { name: tag },
                create: { name: tag },
              })),
            },
          })),
        },
      },
    });
  }
}

beforeEach(() => fill(ours));

/** Everything there is, by its relations. */
function all(client, relationLoadStrategy) {
  return client.user.findMany({
    relationLoadStrategy,
    orderBy: { id: 'asc' },
    include: {
      profile: true,
      posts: {
        orderBy: { id: 'asc' },
        include: { tags: { orderBy: { name: 'asc' } }, author: true },
      },
      _count: { select: { posts: { where: { published: true } } } },
    },
  });
}

for (const strategy of ['query', 'join']) {
  test(`relations loaded by ${strategy} are as on adapter-pg`, async () => {
    const expected = await all(theirs, strategy);
    assert.equal(expected[2].posts[1].tags.length, 2);
    assert.deepEqual(expected[0].posts[0].createdAt, CREATED);
    assert.deepEqual(await all(ours, strategy), expected);
  });
}

test('nested writes leave what they leave on adapter-pg', async () => {
  const mine = await all(ours);
  await fill(theirs);
  assert.deepEqual(mine, await all(theirs));
});

/** Each runs on fresh rows with one client, then with the other. */
const WRITES = {
  'nested update, delete, connect and disconnect': (c) =>
    c.user.update({
      where: { id: 1 },
      data: {
        visits: { increment: 2 },
        posts: {
          update: {
            where: { id: 1 },
            data: { title: 'new', tags: { set: [] } },
          },
          delete: { id: 2 },
          connect: { id: 3 },
        },
        profile: { update: { bio: 'changed' } },
      },
      include: { posts: { include: { tags: true } }, profile: true },
    }),
  upsert: async (c) => [
    await c.user.upsert({
      where: { email: 'ann@example.org' },
      create: { email: 'never' },
      update: { name: 'Ann' },
    }),
    await c.user.upsert({
      where: { email: 'new@example.org' },
      create: { email: 'new@example.org' },
      update: { name: 'never' },
    }),
  ],
  'createMany that skips duplicates': (c) =>
    c.user.createMany({
      data: [{ email: 'ann@example.org' }, { email: 'dan@example.org' }],
      skipDuplicates: true,
    }),
  createManyAndReturn: (c) =>
    c.tag.createManyAndReturn({ data: [{ name: 'p' }, { name: 'q' }] }),
  'updateMany and updateManyAndReturn': async (c) => [
    await c.post.updateMany({
      where: { published: false },
      data: { title: 'same' },
    }),
    await c.post.updateManyAndReturn({
      where: { author: { name: 'ben' } },
      data: { published: true },
      select: { title: true },
    }),
  ],
  deleteMany: (c) =>
    c.post.deleteMany({ where: { tags: { some: { name: 'one' } } } }),
  'a page by cursor': (c) =>
    c.post.findMany({
      cursor: { id: 3 },
      skip: 1,
      take: 2,
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    }),
  'distinct, some, every and none': (c) =>
    c.user.findMany({
      where: {
        posts: { some: { published: true }, none: { title: 'no' } },
        profile: { is: { bio: { contains: 'AM', mode: 'insensitive' } } },
      },
      distinct: ['name'],
      orderBy: { name: 'desc' },
    }),
  'many at once, in the order of the calls': (c) =>
    Promise.all([1, 2, 3, 9].map((id) => c.user.findUnique({ where: { id } }))),
};

for (const [name, write] of Object.entries(WRITES)) {
  test(`${name}: as on adapter-pg`, async () => {
    const mine = [await write(ours), await all(ours)];
    await fill(theirs);
    assert.deepEqual(mine, [await write(theirs), await all(theirs)]);
  });
}

test('more rows than one statement takes are written and found', async () => {
  const names = Array.from({ length: 40_000 }, (_, i) => `tag ${i}`);
  const data = names.map((name) => ({ name }));
  assert.deepEqual(await ours.tag.createMany({ data }), { count: 40_000 });
  const found = await ours.tag.count({
    where: { name: { startsWith: 'tag ' } },
  });
  assert.equal(found, 40_000);
  const where = { name: { in: names } };
  assert.equal((await ours.tag.findMany({ where })).length, 40_000);
});

test('a schema of its own is used, and one in the pool or its URL', async () => {
  await ours.$executeRawUnsafe('DROP SCHEMA IF EXISTS "Other" CASCADE');
  await ours.$executeRawUnsafe('CREATE SCHEMA "Other"');
  await ours.$executeRawUnsafe(
    'CREATE TABLE "Other"."Tag" (name text PRIMARY KEY)',
  );
  const there = oursOn({}, { schema: 'Other' });
  await there.tag.create({ data: { name: 'only there' } });
  const inPool = oursOn({ schema: 'Other' });
  assert.deepEqual(await inPool.tag.findMany(), [{ name: 'only there' }]);
  assert.equal(await ours.tag.count({ where: { name: 'only there' } }), 0);
});
