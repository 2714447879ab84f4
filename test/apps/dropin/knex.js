// SPDX-License-Identifier: MIT

const assert = require('node:assert/strict');
const knex = require('knex');
const common = require('./common.js');

const { THING, Undo, asWithPg, countOf, onBoth, terminate } = common;
const STORED = { ...THING, notes: JSON.stringify(THING.notes) };

/** @param {any} pool */
function open(pool) {
  return knex({ client: 'pg', connectionPool: pool });
}

asWithPg('Knex writes and reads every type', async (pool) => {
  const db = open(pool);
  const [written] = await db('things').insert(STORED).returning('*');
  assert.equal(written.name, THING.name);
  const read = await db('things').where({ big: THING.big });
  assert.deepEqual(read, [written]);
  assert.deepEqual(await db('things').first(), written);
  assert.deepEqual(await db('things').pluck('name'), [THING.name]);
  const changed = await db('things').update({ ready: false });
  const gone = await db('things').del();
  return [written, changed, gone];
});

onBoth('Knex rolls a transaction back', async (pool) => {
  const failed = open(pool).transaction(async (trx) => {
    await trx('counters').update({ count: 7 });
    throw new Undo('on purpose');
  });
  await assert.rejects(failed, Undo);
  assert.equal(await countOf(pool), 0);
});

onBoth('Knex keeps to a savepoint', async (pool) => {
  await open(pool).transaction(async (trx) => {
    await trx('counters').update({ count: 1 });
    const inner = trx.transaction(async (nested) => {
      await nested('counters').update({ count: 2 });
      throw new Undo('on purpose');
    });
    await assert.rejects(inner, Undo);
  });
  assert.equal(await countOf(pool), 1);
});

onBoth('Knex runs transactions side by side', async (pool) => {
  const db = open(pool);
  const add = () =>
    db.transaction(
      async (trx) => {
        await trx('counters').select();
        await trx('counters').increment('count', 1);
      },
      { isolationLevel: 'read committed' },
    );
  await Promise.all(Array.from({ length: 40 }, add));
  assert.equal(await countOf(pool), 40);
});

onBoth('Knex survives a connection lost in a transaction', async (pool) => {
  const broken = open(pool).transaction(async (trx) => {
    await trx('counters').update({ count: 9 });
    const { rows } = await trx.raw('select pg_backend_pid() as pid');
    await terminate(rows[0].pid);
    await trx('counters').update({ count: 10 });
  });
  await assert.rejects(broken);
  assert.equal(await countOf(pool), 0);
});

onBoth('Knex leaves the pool to its owner', async (pool) => {
  await open(pool).destroy();
  assert.equal(await countOf(pool), 0);
});
