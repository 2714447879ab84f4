// SPDX-License-Identifier: MIT

const fastify = require('fastify');

module.exports = async ({ url }) => {
  const app = fastify();
  app.register(require('@fastify/postgres'), { connectionString: url, max: 2 });
  app.get('/read', async () => {
    const client = await app.pg.connect();
    try {
      const { rows } = await client.query('select $1::int as n', [3]);
      return rows;
    } finally {
      client.release();
    }
  });
  app.get('/write', () =>
    app.pg.transact(async (client) => {
      await client.query('create table people (name text unique)');
      await client.query("insert into people values ('Ada'), ('Ada')");
    }),
  );
  await app.ready();
  const read = await app.inject('/read');
  const write = await app.inject('/write');
  const { rows } = await app.pg.query("select to_regclass('people') as t");
  await app.close();
  return { read: read.json(), write: [write.statusCode, write.json()], rows };
};
