// SPDX-License-Identifier: MIT
// `pg-holdfast/prisma`. Prisma's own types are not needed to compile this.
import type { PrismaHoldfast } from './adapter-types.js';

export * from './adapter-types.js';

declare const prisma: {
  PrismaHoldfast: typeof PrismaHoldfast;
  default: typeof prisma;
};
export default prisma;
