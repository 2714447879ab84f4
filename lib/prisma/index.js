// SPDX-License-Identifier: MIT
'use strict';

// `pg-holdfast/prisma`. Nothing of Prisma's is loaded, by no file here.

const { lazyExports } = require('../platform/lazy-exports.js');

const prisma = lazyExports({
  PrismaHoldfast: () => require('./adapter.js').PrismaHoldfast,
  retryExtension: () => require('./retry-extension.js').retryExtension,
  createPrismaClientWithExtensions: () =>
    require('./extended-client.js').createPrismaClientWithExtensions,
  withPrismaRetry: () => require('../retry/retry.js').withPrismaRetry,
  withTransactionRetry: () => require('../retry/retry.js').withTransactionRetry,
});
// Here, and not in lazyExports(): tools that read the types look for it.
Object.defineProperty(prisma, 'default', { value: prisma });

module.exports = prisma;
