// SPDX-License-Identifier: MIT
'use strict';

// `pg-holdfast/prisma` in edge runtimes and browsers: the retry extension works
// with any driver adapter that runs there; ours needs the pool. The names are
// those of lib/prisma/index.js.

const {
  createPrismaClientWithExtensions,
} = require('../prisma/extended-client.js');
const { retryExtension } = require('../prisma/retry-extension.js');
const { withPrismaRetry, withTransactionRetry } = require('../retry/retry.js');
const { poolHere } = require('../engine/no-pool.js');

/** Prisma asks for the connection at the first operation, which rejects. */
class PrismaHoldfast {
  provider = 'postgres';
  adapterName = 'pg-holdfast';

  connect() {
    return Promise.reject(poolHere());
  }
}

module.exports = {
  PrismaHoldfast,
  retryExtension,
  createPrismaClientWithExtensions,
  withPrismaRetry,
  withTransactionRetry,
};
