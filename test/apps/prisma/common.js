// SPDX-License-Identifier: MIT
// Clients on our adapter and on Prisma's own, over the same database.

import { after } from 'node:test';
import { PrismaPg } from '@prisma/adapter-pg';
import { Pool } from 'pg-holdfast';
import { PrismaHoldfast } from 'pg-holdfast/prisma';
import { Prisma, PrismaClient } from './generated/client/client.js';

const { TEST_DIRECT_URL: url, TEST_POOLED_URL: pooledUrl } = process.env;

/** @type {(() => Promise<unknown>)[]} */
const closers = [];

after(async () => {
  for (const close of closers) {
    await close();
  }
});

/**
 * A client on our adapter.
 * @param {object} [config] of the pool
 * @param {object} [options] of the adapter
 */
function oursOn(config = {}, options = {}) {
  const pool = new Pool({ connectionString: url, max: 4, ...config });
  const adapter = new PrismaHoldfast(pool, {
    disposeExternalPool: true,
    ...options,
  });
  const client = new PrismaClient({ adapter, errorFormat: 'minimal' });
  closers.push(() => client.$disconnect());
  return client;
}

/** A client on Prisma's adapter. @param {object} [config] */
function theirsOn(config = {}, options = {}) {
  const adapter = new PrismaPg(
    { connectionString: url, max: 4, ...config },
    options,
  );
  const client = new PrismaClient({ adapter, errorFormat: 'minimal' });
  closers.push(() => client.$disconnect());
  return client;
}

/**
 * What a call rejects with.
 * @param {Promise<unknown>} promise
 * @returns {Promise<any>}
 */
async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

export {
  closers,
  failure,
  oursOn,
  Prisma,
  PrismaClient,
  pooledUrl,
  theirsOn,
  url,
};
