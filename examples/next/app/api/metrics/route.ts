// SPDX-License-Identifier: MIT
import { prometheusText } from 'pg-holdfast';
import { database } from '@/lib/database';

export const dynamic = 'force-dynamic';

export function GET() {
  return new Response(prometheusText(database()), {
    headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
  });
}
