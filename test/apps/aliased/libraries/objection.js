// SPDX-License-Identifier: MIT

const knex = require('knex');
const { Model, UniqueViolationError, raw } = require('objection');

class Pet extends Model {
  static tableName = 'pets';
}

class Person extends Model {
  static tableName = 'people';
  static relationMappings = {
    pets: {
      relation: Model.HasManyRelation,
      modelClass: Pet,
      join: { from: 'people.id', to: 'pets.owner' },
    },
  };
}

module.exports = async ({ url }) => {
  const db = knex({ client: 'pg', connection: url, pool: { min: 0, max: 2 } });
  Model.knex(db);
  await db.schema.createTable('people', (table) => {
    table.increments('id');
    table.text('name').unique();
  });
  await db.schema.createTable('pets', (table) => {
    table.increments('id');
    table.integer('owner').references('people.id');
    table.text('name');
  });
  await Person.query().insertGraph({ name: 'Ada', pets: [{ name: 'Rex' }] });
  const failed = await Person.transaction(async (trx) => {
    await Person.query(trx).insert({ name: 'Bob' });
    await Person.query(trx).insert({ name: 'Ada' });
  }).catch((error) => [
    error instanceof UniqueViolationError,
    error.constraint,
  ]);
  const graph = await Person.query().withGraphFetched('pets');
  const count = await Person.query().select(raw('count(*)')).first();
  await db.destroy();
  return { failed, graph, count };
};
