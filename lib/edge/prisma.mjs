// SPDX-License-Identifier: MIT
import prisma from './prisma.js';

// The same objects by name; a test compares the names with lib/prisma.
export const {
  PrismaHoldfast,
  retryExtension,
  createPrismaClientWithExtensions,
  withPrismaRetry,
  withTransactionRetry,
} = prisma;

export default prisma;
