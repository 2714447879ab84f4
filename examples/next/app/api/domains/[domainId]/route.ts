// SPDX-License-Identifier: MIT
import { retryQuery } from 'pg-holdfast';
import { badRequest, failure, isNumber, readBody } from '@/lib/answer';
import { prisma } from '@/lib/prisma';

interface Context {
  params: Promise<{ domainId: string }>;
}

export async function GET(_request: Request, { params }: Context) {
  const id = Number((await params).domainId);
  if (!isNumber(id)) {
    return badRequest('the id must be an integer');
  }
  try {
    const domain = await retryQuery(
      () => prisma().domain.findUnique({ where: { id } }),
      { idempotent: true },
    );
    return domain === null
      ? Response.json({ error: { message: 'no such domain' } }, { status: 404 })
      : Response.json(domain);
  } catch (error) {
    return failure(error);
  }
}

export async function PATCH(request: Request, { params }: Context) {
  const id = Number((await params).domainId);
  const isVerified = (await readBody(request))?.isVerified;
  if (!isNumber(id) || typeof isVerified !== 'boolean') {
    return badRequest('isVerified must be true or false');
  }
  try {
    // Setting it twice comes to the same: it may be repeated in any case.
    const domain = await retryQuery(
      () => prisma().domain.update({ where: { id }, data: { isVerified } }),
      { idempotent: true },
    );
    return Response.json(domain);
  } catch (error) {
    return failure(error);
  }
}
