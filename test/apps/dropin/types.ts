// SPDX-License-Identifier: MIT
// Compiled only: each builder takes our pool without a cast.

import { attachDatabasePool } from '@vercel/functions';
import { drizzle } from 'drizzle-orm/node-postgres';
import knex from 'knex';
import { Kysely, PostgresDialect } from 'kysely';
import * as holdfast from 'pg-holdfast';
import { DataSource } from 'typeorm';

interface Database {
  counters: { id: number; count: number };
}

const pool = new holdfast.Pool({ max: 4 });

export const viaKysely = new Kysely<Database>({
  dialect: new PostgresDialect({ pool }),
});
export const viaDrizzle = drizzle(pool);
export const viaDrizzleConfig = drizzle({ client: pool });
export const viaKnex = knex({ client: 'pg', connectionPool: pool });
export const viaTypeOrm = new DataSource({
  type: 'postgres',
  driver: holdfast,
});
attachDatabasePool(pool);
