// SPDX-License-Identifier: MIT
import { classify } from 'pg-holdfast';

/** Prisma keeps the adapter's error, which tells what the pool did. */
interface Failure {
  code?: string;
  attempts?: number;
  meta?: { driverAdapterError?: { attempts?: number } };
}

/**
 * What a caller learns of a failure: `outcome` says whether the request may
 * be sent again, `Retry-After` whether that is any use.
 */
export function failure(error: unknown): Response {
  const { outcome, retryable, sqlState, reason } = classify(error);
  const { code, attempts, meta } = error as Failure;
  const again = retryable && outcome !== 'ambiguous';
  return Response.json(
    {
      error: {
        code: sqlState ?? code,
        outcome,
        attempts: attempts ?? meta?.driverAdapterError?.attempts,
        reason,
        message: String(error),
      },
    },
    {
      status: outcome === 'permanent' ? 500 : 503,
      headers: again ? { 'retry-after': '1' } : {},
    },
  );
}

/** The body of a request, undefined when it is no JSON. */
export async function readBody(
  request: Request,
): Promise<Record<string, unknown> | undefined> {
  const body: unknown = await request.json().catch(() => undefined);
  return typeof body === 'object' && body !== null
    ? (body as Record<string, unknown>)
    : undefined;
}

/** What is wrong with a request. */
export function badRequest(message: string): Response {
  return Response.json({ error: { message } }, { status: 400 });
}

/** A 32-bit integer. */
export function isNumber(value: unknown): value is number {
  return Number.isInteger(value) && Math.abs(value as number) < 2 ** 31;
}
