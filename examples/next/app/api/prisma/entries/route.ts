// SPDX-License-Identifier: MIT
import { withDatabaseRetry } from 'pg-holdfast';
import { badRequest, failure, isNumber, readBody } from '@/lib/answer';
import { prisma } from '@/lib/prisma';

/** As /api/entries, with Prisma. */
export async function POST(request: Request) {
  const number = (await readBody(request))?.number;
  if (!isNumber(number)) {
    return badRequest('number must be an integer');
  }
  try {
    const entry = await withDatabaseRetry(() =>
      prisma().entry.create({ data: { number } }),
    );
    return Response.json({ number: entry.number }, { status: 201 });
  } catch (error) {
    return failure(error);
  }
}
