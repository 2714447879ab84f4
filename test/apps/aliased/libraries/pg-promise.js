// SPDX-License-Identifier: MIT

const pgPromise = require('pg-promise');

module.exports = async ({ url }) => {
  const events = [];
  const pgp = pgPromise({
    connect: () => events.push('connect'),
    disconnect: () => events.push('disconnect'),
    error: (error) => events.push(error.code),
    query: ({ query }) => events.push(query),
  });
  const db = pgp({ connectionString: url, max: 1 });
  await db.none('create table people (id serial, name text unique)');
  const one = await db.one(
    'insert into people (name) values ($<name>) returning *',
    { name: "O'Hara" },
  );
  const failed = await db
    .tx(async (t) => {
      await t.none('insert into people (name) values ($1)', ['Bob']);
      await t.tx((deeper) => deeper.any('select 1/0'));
    })
    .catch((error) => error.code);
  const several = await db.multi('select 1 as a; select 2 as b');
  const counted = await db.result(
    'select * from people',
    [],
    (r) => r.rowCount,
  );
  const direct = await db.connect({ direct: true });
  const heard = new Promise((resolve) => {
    direct.client.on('notification', ({ channel, payload }) =>
      resolve([channel, payload]),
    );
  });
  await direct.none('listen $1:name', 'news');
  await db.none("notify news, 'hello'");
  const notification = await heard;
  await direct.done();
  const prepared = new pgp.PreparedStatement({
    name: 'by-name',
    text: 'select id from people where name = $1',
    values: ["O'Hara"],
  });
  const byName = [await db.one(prepared), await db.one(prepared)];
  await db.$pool.end();
  return { one, failed, several, counted, notification, byName, events };
};
