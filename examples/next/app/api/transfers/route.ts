// SPDX-License-Identifier: MIT
import { withTransactionRetry } from 'pg-holdfast';
import { badRequest, failure, isNumber, readBody } from '@/lib/answer';
import { database } from '@/lib/database';

const INSERT = 'insert into entries (number) values ($1)';

/**
 * Writes two rows that belong together. Should the answer to COMMIT be lost,
 * the server is asked what became of it before anything is repeated.
 */
export async function POST(request: Request) {
  const { first, second } = (await readBody(request)) ?? {};
  if (!isNumber(first) || !isNumber(second)) {
    return badRequest('first and second must be integers');
  }
  try {
    await withTransactionRetry(() =>
      database().transaction(
        async (client) => {
          await client.query(INSERT, [first]);
          await client.query(INSERT, [second]);
        },
        { exactlyOnce: true },
      ),
    );
    return Response.json({ first, second }, { status: 201 });
  } catch (error) {
    return failure(error);
  }
}
