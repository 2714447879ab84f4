// SPDX-License-Identifier: MIT

const { EntitySchema, MikroORM } = require('@mikro-orm/postgresql');

const Person = new EntitySchema({
  name: 'Person',
  properties: {
    id: { type: 'number', primary: true },
    name: { type: 'string', unique: true },
    born: { type: 'datetime', nullable: true },
    tags: { type: 'array', nullable: true },
    more: { type: 'json', nullable: true },
    big: { type: 'bigint', nullable: true },
  },
});

module.exports = async ({ url }) => {
  const orm = await MikroORM.init({
    clientUrl: url,
    entities: [Person],
    allowGlobalContext: false,
  });
  await orm.schema.createSchema();
  const em = orm.em.fork();
  em.create('Person', {
    name: 'Ada',
    born: new Date(0),
    tags: ['x', 'y,z'],
    more: { a: [1] },
    big: '9007199254740993',
  });
  await em.flush();
  const error = await orm.em
    .fork()
    .transactional((inner) => {
      inner.create('Person', { name: 'Bob' });
      inner.create('Person', { name: 'Ada' });
    })
    .catch((failed) => [failed.name, failed.code]);
  const found = await orm.em.fork().find('Person', { name: { $like: 'A%' } });
  const count = await orm.em.fork().count('Person');
  const raw = await orm.em.fork().execute('select 5::int8 as n');
  await orm.close();
  return { error, found, count, raw };
};
