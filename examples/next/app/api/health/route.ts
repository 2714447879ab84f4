// SPDX-License-Identifier: MIT
import { healthRoute } from 'pg-holdfast/next';
import { database } from '@/lib/database';

export const dynamic = 'force-dynamic';

export const GET = healthRoute({ pool: database, timeoutMillis: 1000 });
