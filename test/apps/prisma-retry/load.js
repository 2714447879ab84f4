// SPDX-License-Identifier: MIT

// Reads and writes until a file appears, while the test breaks things. It
// reports its progress, and at the end what it was told of each write.

const fs = require('node:fs');
const { withTransactionRetry } = require('pg-holdfast/prisma');
const { PATIENT, describe, makeClient, start, tell } = require('./common.js');

const LOOPS = 4;
const STEP = 200;

let repeats = 0;
let done = 0;
const prisma = makeClient({
  ...PATIENT,
  onRetry: () => {
    repeats += 1;
  },
});

/** Each way of writing, and what it leaves. */
const WRITES = [
  (key) => prisma.entry.create({ data: { key } }),
  (key) =>
    prisma.entry.create({
      data: { key, parts: { create: [{ key }] } },
      include: { parts: true },
    }),
  (key) => prisma.$executeRaw`insert into "Entry" (key) values (${key})`,
  (key) =>
    prisma.$queryRaw`insert into "Entry" (key) values (${key}) returning id`,
  (key) =>
    withTransactionRetry(
      () =>
        prisma.$transaction(async (tx) => {
          const { id } = await tx.entry.create({ data: { key } });
          await tx.part.create({ data: { key, entryId: id } });
        }),
      PATIENT,
    ),
  (key) =>
    withTransactionRetry(
      () =>
        prisma.$transaction([
          prisma.entry.create({ data: { key } }),
          prisma.entry.count(),
        ]),
      PATIENT,
    ),
];

const READS = [
  () => prisma.entry.findMany({ take: 5, orderBy: { id: 'desc' } }),
  () => prisma.entry.findFirst({ include: { parts: true } }),
  () => prisma.doctor.findUnique({ where: { id: 1 } }),
  () => prisma.entry.count(),
  () => prisma.$queryRaw`select count(*)::int as n from "Part"`,
];

function progress() {
  done += 1;
  if (done % STEP === 0) {
    tell({ step: done / STEP });
  }
}

const stopped = () => fs.existsSync(process.env.STOP_FILE);

async function write(loop, written, failed) {
  for (let i = 0; !stopped(); i++) {
    const key = `w${loop}-${i}`;
    try {
      await WRITES[i % WRITES.length](key);
      written.push(key);
    } catch (error) {
      failed.push({ key, way: i % WRITES.length, ...describe(error) });
    }
    progress();
  }
}

async function read(loop, failed) {
  for (let i = loop; !stopped(); i++) {
    try {
      await READS[i % READS.length]();
    } catch (error) {
      failed.push({ way: i % READS.length, ...describe(error) });
    }
    progress();
  }
}

start(async () => {
  const written = [];
  const failed = [];
  const unread = [];
  const loops = Array.from({ length: LOOPS }, (_, loop) => [
    write(loop, written, failed),
    read(loop, unread),
  ]);
  await Promise.all(loops.flat());
  tell({ done, repeats, written, failed, unread });
});
