// SPDX-License-Identifier: MIT
// The adapter's types fit Prisma's. Compiled, not run.

import type {
  SqlDriverAdapter,
  SqlDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import { getPool } from 'pg-holdfast';
import all, { PrismaHoldfast } from 'pg-holdfast/prisma';
import { PrismaClient } from './generated/client/client.js';

const factory: SqlDriverAdapterFactory = new PrismaHoldfast();
const adapter: SqlDriverAdapter = await factory.connect();
const clients = [
  new PrismaClient({ adapter: new PrismaHoldfast(getPool()) }),
  new PrismaClient({ adapter: new PrismaHoldfast('postgres://h/d') }),
  new PrismaClient({
    adapter: new PrismaHoldfast(
      { host: 'h', max: 5 },
      { schema: 's', disposeExternalPool: true },
    ),
  }),
  new PrismaClient({ adapter: new all.PrismaHoldfast() }),
];
// @ts-expect-error an option is misspelt
new PrismaHoldfast(undefined, { shema: 's' });
// @ts-expect-error this is no pool
new PrismaHoldfast(5);

export { adapter, clients };
