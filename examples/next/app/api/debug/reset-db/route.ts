// SPDX-License-Identifier: MIT
import { resetRoute } from 'pg-holdfast/next';
import { database } from '@/lib/database';

// curl -X POST -H "Authorization: Bearer $RESET_SECRET" \
//   http://localhost:3000/api/debug/reset-db
export const POST = resetRoute({
  secret: process.env.RESET_SECRET,
  pool: database,
});
