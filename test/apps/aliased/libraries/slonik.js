// SPDX-License-Identifier: MIT

const { createPool, sql, UniqueIntegrityConstraintViolationError } =
  require('slonik');

module.exports = async ({ url }) => {
  const pool = await createPool(url, { maximumPoolSize: 2 });
  await pool.query(
    sql.unsafe`create table people (id int8 primary key, name text unique,
      born timestamptz)`,
  );
  const first = await pool.one(
    sql.unsafe`insert into people values (${1}, ${'Ada'}, ${'1970-01-01Z'})
      returning *`,
  );
  const failed = await pool
    .transaction(async (connection) => {
      await connection.query(sql.unsafe`insert into people values (2, 'Bob')`);
      await connection.query(sql.unsafe`insert into people values (3, 'Ada')`);
    })
    .catch((error) => [
      error instanceof UniqueIntegrityConstraintViolationError,
      error.constraint,
    ]);
  const names = await pool.anyFirst(sql.unsafe`select name from people`);
  const missing = await pool
    .one(sql.unsafe`select 1 where false`)
    .catch((error) => error.name);
  const state = pool.state().state;
  await pool.end();
  return { first, failed, names, missing, state };
};
