// SPDX-License-Identifier: MIT

// What Prisma itself does with the extension. Run by the application's test,
// once for each version of Prisma and each adapter, with --test-force-exit:
// $disconnect() would wait for ever for connections that Prisma 6 has lost.

const assert = require('node:assert');
const { beforeEach, test } = require('node:test');
const { classify } = require('pg-holdfast');
const {
  createPrismaClientWithExtensions,
  retryExtension,
  withPrismaRetry,
  withTransactionRetry,
} = require('pg-holdfast/prisma');
const { PATIENT, makeRaw } = require('./common.js');
const { Prisma } = require('./generated');

const QUICK = Object.freeze({ baseMillis: 0, capMillis: 0 });
const DIE = 'select pg_terminate_backend(pg_backend_pid())';

const raw = makeRaw();
/** @type {any[]} */
let events = [];
const onRetry = (/** @type {any} */ event) => events.push(event);
const prisma = createPrismaClientWithExtensions(raw, { ...QUICK, onRetry });

beforeEach(() => {
  events = [];
});

/**
 * A client whose findMany fails `times` times: its backend ends in a
 * transaction, where nothing is repeated below the extension.
 * @param {number} times
 */
function deadly(times) {
  let left = times;
  // Prisma calls the first extension first, so ours wraps this one.
  return raw.$extends(retryExtension({ ...QUICK, onRetry })).$extends({
    query: {
      entry: {
        findMany({ args, query }) {
          left -= 1;
          return left < 0
            ? query(args)
            : raw.$transaction((tx) => tx.$queryRawUnsafe(DIE));
        },
      },
    },
  });
}

/** A barrier for two callers. */
function makeGate() {
  let arrived = 0;
  /** @type {() => void} */
  let open = () => {};
  const opened = new Promise((resolve) => {
    open = () => resolve(undefined);
  });
  return () => {
    arrived += 1;
    if (arrived === 2) {
      open();
    }
    return opened;
  };
}

test('operations, templates and the fluent way give what Prisma gives', async () => {
  const made = await prisma.entry.create({
    data: { key: 'plain', parts: { create: [{ key: 'a' }, { key: 'b' }] } },
  });
  const parts = await prisma.entry
    .findUnique({ where: { id: made.id } })
    .parts();
  assert.deepStrictEqual(
    parts.map(({ key }) => key),
    ['a', 'b'],
  );
  const [{ n }] = await prisma.$queryRaw`select ${41}::int + 1 as n`;
  assert.strictEqual(n, 42);
  const ids = Prisma.sql`select id from "Entry" where id = ${made.id}`;
  assert.deepStrictEqual(await prisma.$queryRaw(ids), [{ id: made.id }]);
  assert.strictEqual(
    await prisma.$executeRawUnsafe(
      'update "Entry" set key = $1 where id = $2',
      'changed',
      made.id,
    ),
    1,
  );
  const counts = await prisma.$transaction([
    prisma.entry.count({ where: { id: made.id } }),
    prisma.$queryRaw`select 2 as two`,
  ]);
  assert.deepStrictEqual(counts, [1, [{ two: 2 }]]);
  assert.deepStrictEqual(events, []);
});

test('a read whose backend ends is repeated, and names itself', async () => {
  await deadly(2).entry.findMany({ take: 1 });
  assert.deepStrictEqual(
    events.map(({ name, operation, attempt }) => ({
      name,
      operation,
      attempt,
    })),
    [1, 2].map((attempt) => ({
      ...{ name: 'entry.findMany', operation: 'findMany', attempt },
    })),
  );
});

test('helpers around an operation cost no further budget', async () => {
  const client = deadly(99);
  await assert.rejects(
    withPrismaRetry(
      () => withPrismaRetry(() => client.entry.findMany(), QUICK),
      QUICK,
    ),
  );
  assert.strictEqual(events.length, 2);
});

test('the same extension twice is one', async () => {
  const client = deadly(99).$extends(retryExtension({ ...QUICK, onRetry }));
  await assert.rejects(client.entry.findMany());
  assert.strictEqual(events.length, 2);
});

test('an operation inside a transaction is not repeated, the whole is', async () => {
  let attempts = 0;
  let asked = 0;
  const key = `whole-${process.pid}`;
  await withTransactionRetry(
    () =>
      prisma.$transaction(async (tx) => {
        attempts += 1;
        await tx.entry.create({ data: { key } });
        asked += 1;
        if (attempts === 1) {
          await tx.$queryRawUnsafe(DIE);
        }
      }),
    QUICK,
  );
  assert.deepStrictEqual({ attempts, asked }, { attempts: 2, asked: 2 });
  assert.strictEqual(await prisma.entry.count({ where: { key } }), 1);
  assert.deepStrictEqual(events, []);
});

test('helpers around a transaction have one budget', async () => {
  let attempts = 0;
  await assert.rejects(
    withTransactionRetry(
      () =>
        withTransactionRetry(
          () =>
            prisma.$transaction(async (tx) => {
              attempts += 1;
              await tx.$queryRawUnsafe(DIE);
            }),
          QUICK,
        ),
      QUICK,
    ),
  );
  assert.strictEqual(attempts, 3);
});

test('a conflict that shows at COMMIT repeats the whole', async () => {
  await prisma.doctor.updateMany({ data: { onCall: true } });
  let attempts = 0;
  // Both read before either writes, and both write before either commits.
  const haveRead = makeGate();
  const haveWritten = makeGate();
  const leave = (/** @type {number} */ id) =>
    withTransactionRetry(
      () =>
        prisma.$transaction(
          async (tx) => {
            attempts += 1;
            const on = await tx.doctor.count({ where: { onCall: true } });
            await haveRead();
            if (on >= 2) {
              await tx.doctor.update({
                where: { id },
                data: { onCall: false },
              });
            }
            await haveWritten();
          },
          { isolationLevel: 'Serializable' },
        ),
      QUICK,
    );
  await Promise.all([leave(1), leave(2)]);
  assert.strictEqual(attempts, 3);
  const on = await prisma.doctor.count({ where: { onCall: true } });
  assert.strictEqual(on, 1);
});

test('increments under contention are all there', async () => {
  const WORKERS = 4;
  const ROUNDS = 5;
  const before = await prisma.doctor.findUniqueOrThrow({ where: { id: 1 } });
  const work = async () => {
    for (let i = 0; i < ROUNDS; i++) {
      await withTransactionRetry(
        () =>
          prisma.$transaction(
            async (tx) => {
              const where = { id: 1 };
              const { shifts } = await tx.doctor.findUniqueOrThrow({ where });
              await tx.doctor.update({ where, data: { shifts: shifts + 1 } });
            },
            { isolationLevel: 'Serializable', maxWait: 10_000 },
          ),
        PATIENT,
      );
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  const { shifts } = await prisma.doctor.findUniqueOrThrow({
    where: { id: 1 },
  });
  assert.strictEqual(shifts - before.shifts, WORKERS * ROUNDS);
});

test('a write that is refused is not repeated', async () => {
  const [row] = await prisma.$queryRaw`select 1 as one`;
  assert.strictEqual(row.one, 1);
  const error = await prisma.doctor
    .create({ data: { id: 1, onCall: true } })
    .then(assert.fail, (caught) => caught);
  assert.strictEqual(error.code, 'P2002');
  assert.strictEqual(classify(error).outcome, 'permanent');
  assert.deepStrictEqual(events, []);
});

test('Prisma.defineExtension() takes it', async () => {
  const defined = Prisma.defineExtension(retryExtension(QUICK));
  assert.ok((await raw.$extends(defined).entry.count()) >= 0);
});
