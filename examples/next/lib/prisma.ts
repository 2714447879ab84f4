// SPDX-License-Identifier: MIT
import { PrismaHoldfast } from 'pg-holdfast/prisma';
import { PrismaClient } from '@/generated/prisma/client';
import { database } from './database';

// A client is small, and its connections are the pool's: reloading this file
// would not open others. Keeping it saves making it anew.
const kept = globalThis as { prisma?: PrismaClient };

/** Prisma, on the connections of the pool. */
export function prisma(): PrismaClient {
  kept.prisma ??= new PrismaClient({
    adapter: new PrismaHoldfast(database()),
  });
  return kept.prisma;
}
