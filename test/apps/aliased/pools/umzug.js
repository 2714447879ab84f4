// SPDX-License-Identifier: MIT

const { Umzug } = require('umzug');

module.exports = async ({ url, pg }) => {
  const pool = new pg.Pool({ connectionString: url });
  await pool.query('create table done (name text primary key)');
  const umzug = new Umzug({
    logger: undefined,
    context: pool,
    migrations: [
      {
        name: '1-people',
        up: ({ context }) => context.query('create table people (id int)'),
        down: ({ context }) => context.query('drop table people'),
      },
      {
        name: '2-wrong',
        up: ({ context }) => context.query('select no_such_thing'),
      },
    ],
    storage: {
      logMigration: ({ name }) =>
        pool.query('insert into done values ($1)', [name]),
      unlogMigration: ({ name }) =>
        pool.query('delete from done where name = $1', [name]),
      executed: async () =>
        (await pool.query('select name from done')).rows.map((r) => r.name),
    },
  });
  const failed = await umzug.up().catch((error) => error.cause?.code);
  const done = (await umzug.executed()).map(({ name }) => name);
  await umzug.down();
  const after = (await umzug.executed()).map(({ name }) => name);
  await pool.end();
  return { failed, done, after };
};
