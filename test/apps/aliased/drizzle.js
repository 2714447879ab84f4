// SPDX-License-Identifier: MIT

// Drizzle tells a pool from a client by instanceof until 0.44, and so decides
// whether a transaction needs a client.

module.exports = async ({ url, pg, version }) => {
  const beside = require('pg');
  const isBeside = beside.Pool !== pg.Pool;
  if (isBeside) {
    pg.inheritFrom(beside);
  }
  const name = `drizzle-orm-${version}`;
  const { drizzle } = require(`${name}/node-postgres`);
  const { eq, sql } = require(name);
  const core = require(`${name}/pg-core`);
  const people = core.pgTable('people', {
    id: core.serial('id').primaryKey(),
    name: core.text('name').unique(),
    born: core.timestamp('born', { withTimezone: true }),
    day: core.date('day'),
    more: core.jsonb('more'),
    big: core.bigint('big', { mode: 'bigint' }),
  });
  const pool = new pg.Pool({
    connectionString: url,
    max: 3,
    // Before 0.36 it sets parsers there.
    types: isBeside ? beside.types : undefined,
  });
  const db = drizzle(pool, { schema: { people } });
  await db.execute(
    sql`create table people (id serial primary key, name text unique,
      born timestamptz, day date, more jsonb, big int8)`,
  );
  const values = {
    name: 'Ada',
    born: new Date(0),
    day: '1970-01-01',
    more: { a: [1] },
    big: 9007199254740993n,
  };
  const inserted = await db.insert(people).values(values).returning();
  const failed = await db
    .transaction(async (tx) => {
      await tx.insert(people).values({ name: 'Bob' });
      await tx.transaction(async (inner) => {
        await inner.insert(people).values({ name: 'Ada' });
      });
    })
    .catch((error) => (error.cause ?? error).code);
  const pids = await db.transaction(async (tx) => {
    const pid = sql`select pg_backend_pid() as pid`;
    const [one, two] = [await tx.execute(pid), await tx.execute(pid)];
    return one.rows[0].pid === two.rows[0].pid;
  });
  const found = await db.query.people.findFirst({
    where: eq(people.name, 'Ada'),
  });
  const prepared = db.select().from(people).prepare('all_people');
  const rows = [await prepared.execute(), await prepared.execute()];
  const client = await pool.connect();
  const inClient = await drizzle(client).transaction((tx) =>
    tx.select().from(people),
  );
  client.release();
  const counts = [pool.totalCount > 0, pool.idleCount > 0, pool.waitingCount];
  await pool.end();
  return { inserted, failed, pids, found, rows, inClient, counts };
};
