// SPDX-License-Identifier: MIT
// One round of the benchmark, on one adapter: prints, for every case, calls
// per second and the main thread's CPU time for a call. Run by bench/prisma.js.

import fs from 'node:fs';
import { performance } from 'node:perf_hooks';
import { PrismaPg } from '@prisma/adapter-pg';
import { Pool } from 'pg-holdfast';
import { PrismaHoldfast } from 'pg-holdfast/prisma';
import { PrismaClient } from './generated/client/client.js';

const { BENCH_URL: url, BENCH_SECONDS = '1', BENCH_ADAPTER } = process.env;
const CALLERS = 64;
const CONNECTIONS = 10;
const WARMUP = 0.5;
const ROWS = 1000;

/** What one call does; each gets a number of its own. */
const CASES = {
  'findFirst, 1 row': (client, n) =>
    client.user.findFirst({ where: { id: 1 + (n % ROWS) } }),
  // Prisma merges all calls of the same tick into one statement.
  'findUnique, batched': (client, n) =>
    client.user.findUnique({ where: { id: 1 + (n % ROWS) } }),
  'findMany, 100 rows': (client, n) =>
    client.user.findMany({ where: { id: { gt: n % 800 } }, take: 100 }),
  '$queryRaw, 1 row': (client, n) =>
    client.$queryRaw`SELECT * FROM "User" WHERE id = ${1 + (n % ROWS)}`,
  '$queryRaw, 1000 rows': (client) => client.$queryRaw`SELECT * FROM "User"`,
  update: (client, n) =>
    client.user.update({
      where: { id: 1 + (n % ROWS) },
      data: { visits: n },
    }),
  'interactive transaction': (client, n) =>
    client.$transaction((tx) =>
      tx.user.findUnique({ where: { id: 1 + (n % ROWS) } }),
    ),
};

/** CPU time of the main thread, in ms. */
function mainThread() {
  const text = fs.readFileSync(`/proc/self/task/${process.pid}/schedstat`);
  return Number(String(text).split(' ')[0]) / 1e6;
}

async function measure(client, call, seconds) {
  let calls = 0;
  const end = performance.now() + seconds * 1000;
  const caller = async () => {
    while (performance.now() < end) {
      calls += 1;
      await call(client, calls);
    }
  };
  const [began, cpu] = [performance.now(), mainThread()];
  await Promise.all(Array.from({ length: CALLERS }, caller));
  const elapsed = performance.now() - began;
  return {
    perSecond: (calls * 1000) / elapsed,
    mainMicros: ((mainThread() - cpu) * 1000) / calls,
  };
}

const max = CONNECTIONS;
const adapter =
  BENCH_ADAPTER === 'holdfast'
    ? new PrismaHoldfast(new Pool({ connectionString: url, max }), {
        disposeExternalPool: true,
      })
    : new PrismaPg({ connectionString: url, max });
const client = new PrismaClient({ adapter });

await client.$executeRaw`
  INSERT INTO "User" (id, email, name)
  SELECT n, n || '@example.org', 'name ' || n FROM generate_series(1, ${ROWS}) n
  ON CONFLICT DO NOTHING`;

const figures = {};
for (const [name, call] of Object.entries(CASES)) {
  await measure(client, call, WARMUP);
  figures[name] = await measure(client, call, Number(BENCH_SECONDS));
}
await client.$disconnect();
process.stdout.write(`${JSON.stringify(figures)}\n`);
