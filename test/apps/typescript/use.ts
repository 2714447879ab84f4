// SPDX-License-Identifier: MIT
// Compiled as CommonJS, as an ES module and for a bundler, without the
// frameworks that some exports are for: the types must not need them.

import holdfast, {
  type Classification,
  classify,
  getPool,
  HoldfastError,
  Pool,
  type PoolClient,
  type QueryResult,
  retryQuery,
  withTransactionRetry,
} from 'pg-holdfast';
import * as nest from 'pg-holdfast/nest';
import * as next from 'pg-holdfast/next';
import * as prisma from 'pg-holdfast/prisma';

interface User {
  id: number;
  name: string;
}

export async function read(id: number): Promise<User | undefined> {
  const pool: Pool = getPool({ max: 4 });
  const result: QueryResult<User> = await retryQuery(() =>
    pool.query<User>('select id, name from users where id = $1', [id]),
  );
  return result.rows[0];
}

export function write(pool: Pool, name: string): Promise<number> {
  return withTransactionRetry(() =>
    pool.transaction(async (client: PoolClient) => {
      const { rowCount } = await client.query(
        'insert into users (name) values ($1)',
        [name],
      );
      return rowCount ?? 0;
    }),
  );
}

export function explain(error: unknown): Classification['outcome'] | undefined {
  return error instanceof HoldfastError
    ? error.outcome
    : classify(error).outcome;
}

// @ts-expect-error: no such option
export const misspelt = new Pool({ maximum: 4 });

export const same: typeof Pool = holdfast.Pool;
export const adapter = new prisma.PrismaHoldfast(getPool());
export const extension = prisma.retryExtension();
export const config = next.withHoldfast({ reactStrictMode: true });
export const GET = next.healthRoute();
export const module_ = nest.HoldfastModule.forRoot({ max: 4 });
