// SPDX-License-Identifier: MIT
import { retryQuery, withDatabaseRetry } from 'pg-holdfast';
import { badRequest, failure, readBody } from '@/lib/answer';
import { prisma } from '@/lib/prisma';

export async function GET() {
  try {
    const domains = await retryQuery(
      () => prisma().domain.findMany({ orderBy: { id: 'desc' }, take: 20 }),
      { idempotent: true },
    );
    return Response.json(domains);
  } catch (error) {
    return failure(error);
  }
}

export async function POST(request: Request) {
  const name = (await readBody(request))?.name;
  if (typeof name !== 'string' || name === '') {
    return badRequest('name must be a text');
  }
  try {
    const domain = await withDatabaseRetry(() =>
      prisma().domain.create({ data: { name } }),
    );
    return Response.json(domain, { status: 201 });
  } catch (error) {
    return failure(error);
  }
}
