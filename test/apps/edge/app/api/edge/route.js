// SPDX-License-Identifier: MIT
import * as holdfast from 'pg-holdfast';
import * as prisma from 'pg-holdfast/prisma';
import { check } from '../../../checks.mjs';

export const runtime = 'edge';
export const dynamic = 'force-dynamic';

export async function GET() {
  return Response.json(await check(holdfast, prisma));
}
