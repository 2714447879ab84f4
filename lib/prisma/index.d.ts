// SPDX-License-Identifier: MIT
// `pg-holdfast/prisma`. Prisma's own types are not needed to compile this.

import type { withPrismaRetry, withTransactionRetry } from '../index.js';
import type { PrismaHoldfast } from './adapter-types.js';
import type {
  createPrismaClientWithExtensions,
  retryExtension,
} from './retry-types.js';

export { withPrismaRetry, withTransactionRetry } from '../index.js';
export * from './adapter-types.js';
export * from './retry-types.js';

declare const prisma: {
  PrismaHoldfast: typeof PrismaHoldfast;
  retryExtension: typeof retryExtension;
  createPrismaClientWithExtensions: typeof createPrismaClientWithExtensions;
  withPrismaRetry: typeof withPrismaRetry;
  withTransactionRetry: typeof withTransactionRetry;
  default: typeof prisma;
};
export default prisma;
