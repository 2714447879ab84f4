// SPDX-License-Identifier: MIT
'use strict';

// `pg-holdfast/prisma`. Nothing of Prisma's is loaded, by no file here.

const loaders = {
  PrismaHoldfast: () => require('./adapter.js').PrismaHoldfast,
  retryExtension: () => require('./retry-extension.js').retryExtension,
  createPrismaClientWithExtensions: () =>
    require('./extended-client.js').createPrismaClientWithExtensions,
  withPrismaRetry: () => require('../retry/retry.js').withPrismaRetry,
  withTransactionRetry: () => require('../retry/retry.js').withTransactionRetry,
};

/** @type {Record<string, unknown>} */
const prisma = {};

for (const [name, load] of Object.entries(loaders)) {
  Object.defineProperty(prisma, name, {
    enumerable: true,
    configurable: true,
    get() {
      const value = load();
      Object.defineProperty(prisma, name, { value, enumerable: true });
      return value;
    },
  });
}
Object.defineProperty(prisma, 'default', { value: prisma });

module.exports = prisma;
