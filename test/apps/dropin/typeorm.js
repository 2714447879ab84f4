// SPDX-License-Identifier: MIT

require('reflect-metadata');
const assert = require('node:assert/strict');
const holdfast = require('pg-holdfast');
const pg = require('pg');
const test = require('node:test');
const { DataSource, EntitySchema } = require('typeorm');
const { THING, Undo, terminate } = require('./common.js');

const PLACES = {
  'a direct connection': process.env.TEST_DIRECT_URL,
  'PgBouncer in transaction mode': process.env.TEST_POOLED_URL,
};

const Thing = new EntitySchema({
  name: 'Thing',
  tableName: 'things',
  columns: {
    id: { type: 'int', primary: true, generated: 'increment' },
    name: { type: 'text' },
    big: { type: 'bigint' },
    price: { type: 'numeric' },
    ratio: { type: 'float8' },
    ready: { type: 'boolean' },
    day: { type: 'date' },
    moment: { type: 'timestamptz' },
    notes: { type: 'jsonb' },
    numbers: { type: 'int', array: true },
    words: { type: 'text', array: true },
    bytes: { type: 'bytea' },
    mood: { type: 'enum', enum: ['happy', 'sad'], enumName: 'mood' },
  },
});
const Counter = new EntitySchema({
  name: 'Counter',
  tableName: 'counters',
  columns: {
    id: { type: 'int', primary: true },
    count: { type: 'int' },
  },
});

/** @param {any} driver @param {string | undefined} url */
async function open(driver, url) {
  const source = new DataSource({
    type: 'postgres',
    driver,
    url,
    poolSize: 4,
    entities: [Thing, Counter],
    installExtensions: false,
  });
  await source.initialize();
  await source.query('truncate things, counters restart identity');
  await source.getRepository(Counter).insert({ id: 1, count: 0 });
  return source;
}

/** @param {string} name @param {(source: any) => Promise<void>} fn */
function onBoth(name, fn) {
  for (const [place, url] of Object.entries(PLACES)) {
    test(`${name}, on ${place}`, { timeout: 30_000 }, async () => {
      const source = await open(holdfast, url);
      try {
        await fn(source);
      } finally {
        await source.destroy();
      }
    });
  }
}

/** @param {any} source @returns {Promise<number>} */
async function countOf(source) {
  const row = await source.getRepository(Counter).findOneByOrFail({ id: 1 });
  return row.count;
}

/** @param {any} source */
async function writeAndRead(source) {
  const repository = source.getRepository(Thing);
  const written = await repository.save(repository.create({ ...THING }));
  assert.ok(written.id > 0);
  const read = await repository.findOneByOrFail({ big: THING.big });
  assert.equal(read.name, THING.name);
  const built = await source
    .createQueryBuilder()
    .insert()
    .into(Thing)
    .values({ ...THING })
    .returning('*')
    .execute();
  const changed = await repository.update({ id: written.id }, { ready: false });
  const gone = await repository.delete({ id: written.id });
  return [read, built.raw, changed.affected, gone.affected];
}

onBoth('TypeORM writes and reads every type as with pg', async (source) => {
  const ours = await writeAndRead(source);
  const other = await open(pg, process.env.TEST_DIRECT_URL);
  try {
    assert.deepEqual(ours, await writeAndRead(other));
  } finally {
    await other.destroy();
  }
});

onBoth('TypeORM streams rows', async (source) => {
  const repository = source.getRepository(Thing);
  for (let n = 0; n < 300; n++) {
    await repository.insert({ ...THING, name: `thing ${n}` });
  }
  const rows = await repository
    .createQueryBuilder('thing')
    .orderBy('thing.id')
    .stream();
  const names = [];
  for await (const row of rows) {
    names.push(row.thing_name);
  }
  assert.equal(names.length, 300);
  assert.equal(names[299], 'thing 299');
  assert.equal(await countOf(source), 0);
});

onBoth('TypeORM rolls a transaction back', async (source) => {
  const failed = source.transaction(async (/** @type {any} */ manager) => {
    await manager.update(Counter, { id: 1 }, { count: 7 });
    throw new Undo('on purpose');
  });
  await assert.rejects(failed, Undo);
  assert.equal(await countOf(source), 0);
});

onBoth('TypeORM keeps to a savepoint', async (source) => {
  await source.transaction(async (/** @type {any} */ manager) => {
    await manager.update(Counter, { id: 1 }, { count: 1 });
    const inner = manager.transaction(async (/** @type {any} */ nested) => {
      await nested.update(Counter, { id: 1 }, { count: 2 });
      throw new Undo('on purpose');
    });
    await assert.rejects(inner, Undo);
  });
  assert.equal(await countOf(source), 1);
});

onBoth('TypeORM runs transactions side by side', async (source) => {
  const add = () =>
    source.transaction('READ COMMITTED', async (/** @type {any} */ manager) => {
      await manager.find(Counter);
      await manager.increment(Counter, { id: 1 }, 'count', 1);
    });
  await Promise.all(Array.from({ length: 40 }, add));
  assert.equal(await countOf(source), 40);
});

onBoth(
  'TypeORM survives a connection lost in a transaction',
  async (source) => {
    const broken = source.transaction(async (/** @type {any} */ manager) => {
      await manager.update(Counter, { id: 1 }, { count: 9 });
      const [row] = await manager.query('select pg_backend_pid() as pid');
      await terminate(row.pid);
      await manager.update(Counter, { id: 1 }, { count: 10 });
    });
    await assert.rejects(broken);
    assert.equal(await countOf(source), 0);
  },
);
