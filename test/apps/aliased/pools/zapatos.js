// SPDX-License-Identifier: MIT

const db = require('zapatos/db');

module.exports = async ({ url, pg }) => {
  const pool = new pg.Pool({ connectionString: url });
  await pool.query('create table people (id serial, name text unique)');
  const one = await db.insert('people', { name: 'Ada' }).run(pool);
  const insertTwo = async (client) => {
    await db.insert('people', { name: 'Bob' }).run(client);
    await db.insert('people', { name: 'Ada' }).run(client);
  };
  const failed = await db
    .serializable(pool, insertTwo)
    .catch((error) => error.code);
  const client = await pool.connect();
  const inClient = await db.readCommitted(client, async (txn) => {
    const { rows } = await txn.query('select now() = transaction_timestamp()');
    return [rows, txn === client];
  });
  client.release();
  const rows = await db.select('people', db.all).run(pool);
  await pool.end();
  return { one, failed, inClient, rows };
};
