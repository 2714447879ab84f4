// SPDX-License-Identifier: MIT
// The extension keeps Prisma's types. Compiled, not run.
import {
  createPrismaClientWithExtensions,
  retryExtension,
  withPrismaRetry,
  withTransactionRetry,
} from 'pg-holdfast/prisma';
import { Prisma, type PrismaClient } from './generated';

declare const raw: PrismaClient;

/** Fails to compile unless both are the same type. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2
    ? true
    : false;
function same<A, B>(_: Same<A, B>): void {}

type Row = { id: number; key: string };

export async function use(): Promise<void> {
  const prisma = raw.$extends(
    retryExtension({ preset: 'serverless', onRetry: ({ model }) => model }),
  );
  const rows = await prisma.entry.findMany();
  same<typeof rows, Row[]>(true);
  const some = await prisma.entry.findFirst({ select: { key: true } });
  same<typeof some, { key: string } | null>(true);
  // @ts-expect-error: no such column
  await prisma.entry.findMany({ where: { nope: 1 } });
  const [count, first] = await prisma.$transaction([
    prisma.entry.count(),
    prisma.entry.findFirst(),
  ]);
  same<typeof count, number>(true);
  same<typeof first, Row | null>(true);
  const made = await withTransactionRetry(() =>
    prisma.$transaction(async (tx) => tx.entry.create({ data: { key: 'a' } })),
  );
  same<typeof made, Row>(true);

  raw.$extends(Prisma.defineExtension(retryExtension()));
  const client = createPrismaClientWithExtensions(raw, {
    idempotent: ({ operation }) => operation === 'upsert',
  });
  same<typeof client, PrismaClient>(true);
  const found = await withPrismaRetry(() => client.entry.findMany());
  same<typeof found, Row[]>(true);

  // @ts-expect-error: of one call
  retryExtension({ context: undefined as never, joinAsync: true });
  // @ts-expect-error: a function
  retryExtension({ idempotent: true });
  // @ts-expect-error: no client of Prisma's
  createPrismaClientWithExtensions({});
}
