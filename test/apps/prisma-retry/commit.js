// SPDX-License-Identifier: MIT

// One write for which the test drops the answer to COMMIT: in a transaction
// under a helper, and in one that Prisma makes by itself.

const { withTransactionRetry } = require('pg-holdfast/prisma');
const { describe, makeClient, start, tell } = require('./common.js');

const WAYS = {
  interactive: (prisma, key) =>
    withTransactionRetry(() =>
      prisma.$transaction(async (tx) => {
        tell({ began: true });
        await tx.entry.create({ data: { key } });
      }),
    ),
  batch: (prisma, key) =>
    withTransactionRetry(() =>
      prisma.$transaction([
        prisma.entry.create({ data: { key } }),
        prisma.entry.count(),
      ]),
    ),
  nested: (prisma, key) =>
    prisma.entry.create({ data: { key, parts: { create: [{ key }] } } }),
};

start(async () => {
  const prisma = makeClient();
  const { WAY, KEY } = process.env;
  await WAYS[WAY](prisma, KEY).then(
    () => tell({ committed: true }),
    (error) => tell({ failed: describe(error) }),
  );
});
