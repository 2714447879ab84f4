// SPDX-License-Identifier: MIT

const { sql } = require('@pgtyped/runtime');

module.exports = async ({ url, pg }) => {
  const pool = new pg.Pool({ connectionString: url });
  await pool.query('create table people (id serial, name text, age int)');
  const insert = sql`
    insert into people (name, age) values $$people(name, age) returning id`;
  const find = sql`select name, age from people
    where age > $least and name in $$names order by age`;
  const rename = sql`update people set name = $name where id = $id`;
  const ids = await insert.run(
    {
      people: [
        { name: 'Ada', age: 36 },
        { name: 'Bob', age: null },
        { name: 'Eve', age: 40 },
      ],
    },
    pool,
  );
  const found = await find.run({ least: 30, names: ['Ada', 'Eve'] }, pool);
  const client = await pool.connect();
  await client.query('begin');
  const none = await rename.run({ id: ids[0].id, name: 'Ann' }, client);
  const failed = await sql`select $n::int`
    .run({ n: 'x' }, client)
    .catch((error) => error.code);
  await client.query('rollback');
  client.release();
  const after = await find.run({ least: 0, names: ['Ada', 'Ann'] }, pool);
  await pool.end();
  return { ids, found, none, failed, after };
};
