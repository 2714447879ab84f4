// SPDX-License-Identifier: MIT
import { withDatabaseRetry } from 'pg-holdfast';
import { badRequest, failure, isNumber, readBody } from '@/lib/answer';
import { database } from '@/lib/database';

export async function GET() {
  try {
    const { rows } = await database().query(
      'select id, number, made_at from entries order by id desc limit 20',
    );
    return Response.json(rows);
  } catch (error) {
    return failure(error);
  }
}

/** Writes one row, once or not at all. */
export async function POST(request: Request) {
  const number = (await readBody(request))?.number;
  if (!isNumber(number)) {
    return badRequest('number must be an integer');
  }
  try {
    const { rows } = await withDatabaseRetry(() =>
      database().query(
        'insert into entries (number) values ($1) returning id, number',
        [number],
      ),
    );
    return Response.json(rows[0], { status: 201 });
  } catch (error) {
    return failure(error);
  }
}
