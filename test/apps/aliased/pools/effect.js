// SPDX-License-Identifier: MIT

const { PgClient } = require('@effect/sql-pg');
const { SqlClient } = require('@effect/sql');
const { Chunk, Effect, Either, Stream } = require('effect');

module.exports = async ({ url, pg }) => {
  const pool = new pg.Pool({ connectionString: url, max: 3 });
  const layer = PgClient.layerFromPool({ acquire: Effect.succeed(pool) });
  const program = Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient;
    yield* sql`create table people (id serial, name text unique)`;
    const added = yield* sql`insert into people
      ${sql.insert([{ name: 'Ada' }, { name: 'Bob' }])} returning *`;
    const failed = yield* Effect.either(
      sql.withTransaction(
        sql`insert into people (name) values ('Eve')`.pipe(
          Effect.zipRight(sql`insert into people (name) values ('Ada')`),
        ),
      ),
    );
    const left = yield* sql`select count(*)::int as n from people`;
    const rows = sql`select i from generate_series(1, ${1000}::int) i`.stream;
    const sum = yield* Stream.runFold(rows, 0, (all, { i }) => all + i);
    const first = yield* Stream.runCollect(Stream.take(rows, 2));
    const wrong = yield* Effect.either(
      Stream.runDrain(sql`select 1 / 0 as n`.stream),
    );
    const nested = yield* sql.withTransaction(
      Stream.runCount(sql`select * from people`.stream),
    );
    return {
      added,
      failed: Either.isLeft(failed) && failed.left.cause.code,
      left,
      sum,
      first: Chunk.toArray(first),
      wrong: Either.isLeft(wrong) && wrong.left.cause.code,
      nested,
    };
  });
  const seen = await Effect.runPromise(program.pipe(Effect.provide(layer)));
  await pool.end();
  return seen;
};
