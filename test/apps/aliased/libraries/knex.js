// SPDX-License-Identifier: MIT

const knex = require('knex');

module.exports = async ({ url }) => {
  const db = knex({
    client: 'pg',
    connection: url,
    searchPath: ['public'],
    pool: { min: 0, max: 2 },
  });
  await db.schema.createTable('people', (table) => {
    table.increments('id');
    table.text('name').unique();
    table.jsonb('more');
    table.timestamp('born');
  });
  const inserted = await db('people')
    .insert({ name: 'Ada', more: { a: [1] }, born: new Date(0) })
    .returning('*');
  const error = await db
    .transaction(async (trx) => {
      await trx('people').insert({ name: 'Bob' });
      await trx('people').insert({ name: 'Ada' });
    })
    .catch((failed) => ({ code: failed.code, constraint: failed.constraint }));
  const rows = await db('people').select('name').where('id', '>', 0);
  const raw = await db.raw('select ?::int8 as n', [5]);
  const late = await db
    .raw('select pg_sleep(5)')
    .timeout(50, { cancel: true })
    .catch((failed) => failed.name);
  const numbers = () => db.select(db.raw('generate_series(1, 2500) as n'));
  const streamed = [];
  for await (const { n } of numbers().stream()) {
    streamed.push(n);
  }
  const first = [];
  for await (const { n } of numbers().stream()) {
    if (first.push(n) === 150) {
      break;
    }
  }
  await numbers().stream((stream) => {
    stream.on('data', ({ n }) => streamed.push(n));
  });
  await db.destroy();
  return { inserted, error, rows, raw: raw.rows, late, streamed, first };
};
