// SPDX-License-Identifier: MIT
import prisma from './index.js';

// The same objects by name; a test compares the names with index.js.
export const {
  PrismaHoldfast,
  retryExtension,
  createPrismaClientWithExtensions,
  withPrismaRetry,
  withTransactionRetry,
} = prisma;

export default prisma;
