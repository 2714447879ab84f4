// SPDX-License-Identifier: MIT
'use strict';

// Bytes as judge of the wire: a seeded slice. `npm run prove -- wire` does it
// for a hundred times as many faults.

const assert = require('node:assert');
const { test } = require('node:test');

const { judgeLedger, judgeWire } = require('../support/wire-judge.js');
const { before, useServer } = require('../support/suite.js');

const SEED = 20_261_130;
const FAULTS = 100;
/** Of those at the ends of messages, TLS records and buffers. */
const BOUNDARIES = 40;
const LANES = 6;
/** What is written under each fault. */
const WRITES = 4;

const server = useServer({ tls: true });
/** @type {Awaited<ReturnType<typeof judgeWire>>} */
let verdict;

before(async () => {
  verdict = await judgeWire(server, {
    ...{ seed: SEED, count: FAULTS },
    lanes: LANES,
    boundaries: BOUNDARIES,
  });
});

test('no write is lost, doubled or mislabelled, and no call hangs, wherever a connection is cut', () => {
  assert.strictEqual(verdict.entries.length, WRITES * (FAULTS + BOUNDARIES));
  assert.deepStrictEqual(verdict.faults, []);
  assert.ok(verdict.told.ok > 0);
});

test('the ledger detects a lost write, a doubled one and a mislabelled one', () => {
  const { entries, counts } = verdict;
  const done = entries.filter(({ told }) => told === 'ok');
  const [lost, twice, wrong] = done;
  const planted = new Map(counts);
  planted.set(lost.id, 0);
  planted.set(twice.id, 2);
  const mislabelled = entries.map((entry) =>
    entry === wrong ? { ...entry, told: 'rolled_back' } : entry,
  );
  assert.deepStrictEqual(
    judgeLedger(mislabelled, planted).map((line) => line.split(',')[0]),
    [
      `${lost.id}: told ok`,
      `${twice.id}: told ok`,
      `${wrong.id}: told rolled_back`,
    ],
  );
});
