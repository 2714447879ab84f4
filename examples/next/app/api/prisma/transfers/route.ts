// SPDX-License-Identifier: MIT
import { withTransactionRetry } from 'pg-holdfast';
import { badRequest, failure, isNumber, readBody } from '@/lib/answer';
import { prisma } from '@/lib/prisma';

/** As /api/transfers, with an interactive transaction of Prisma. */
export async function POST(request: Request) {
  const { first, second } = (await readBody(request)) ?? {};
  if (!isNumber(first) || !isNumber(second)) {
    return badRequest('first and second must be integers');
  }
  try {
    await withTransactionRetry(() =>
      prisma().$transaction(async (tx) => {
        await tx.entry.create({ data: { number: first } });
        await tx.entry.create({ data: { number: second } });
      }),
    );
    return Response.json({ first, second }, { status: 201 });
  } catch (error) {
    return failure(error);
  }
}
