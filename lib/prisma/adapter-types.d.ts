// SPDX-License-Identifier: MIT
// The adapter's types. They are structural: Prisma's own accept them.

/** Of the driver adapter that `PrismaClient` takes as `adapter`. */
export class PrismaHoldfast {
  constructor(pool?: unknown, options?: unknown);
}
