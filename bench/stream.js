#!/usr/bin/env node
// SPDX-License-Identifier: MIT

// Rows streamed: stream() beside pg-query-stream and postgres.js' cursor, in
// rounds that take turns. Each reads all rows, and does nothing with them.
//
//     node bench/stream.js [rows] [rounds]

const { performance } = require('node:perf_hooks');
const pg = require('pg');
const QueryStream = require('pg-query-stream');
const postgres = require('postgres');
const { Pool } = require('../lib/index.js');
const { startPostgres } = require('../test/support');

const [ROWS = 1_000_000, ROUNDS = 9] = process.argv.slice(2).map(Number);
const BATCH = 1000;

const TEXT = `select i, 'user ' || i as name, i % 2 = 0 as even
  from generate_series(1, ${ROWS}) i`;

/** @param {number[]} list */
function median(list) {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** @param {AsyncIterable<unknown>} rows */
async function count(rows) {
  let n = 0;
  for await (const _ of rows) {
    n += 1;
  }
  return n;
}

/** @param {string} url */
async function open(url) {
  const pool = new Pool({ connectionString: url, logger: false });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const sql = postgres(url, { max: 1 });
  /** @type {Record<string, () => Promise<number>>} */
  const readers = {
    holdfast: () => count(pool.stream(TEXT, [], { batchSize: BATCH })),
    'pg-query-stream': () =>
      count(client.query(new QueryStream(TEXT, [], { batchSize: BATCH }))),
    'postgres.js cursor': async () => {
      let n = 0;
      for await (const rows of sql.unsafe(TEXT).cursor(BATCH)) {
        n += rows.length;
      }
      return n;
    },
  };
  const close = () => Promise.all([pool.end(), client.end(), sql.end()]);
  return { readers, close };
}

/** @param {() => Promise<number>} read */
async function measure(read) {
  const before = performance.eventLoopUtilization();
  const began = performance.now();
  const rows = await read();
  if (rows !== ROWS) {
    throw new Error(`${rows} rows of ${ROWS}`);
  }
  const wall = performance.now() - began;
  return { wall, main: performance.eventLoopUtilization(before).active };
}

async function main() {
  const server = await startPostgres();
  const { readers, close } = await open(server.url);
  /** @type {Record<string, {wall: number, main: number}[]>} */
  const taken = {};
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, read] of Object.entries(readers)) {
      const one = await measure(read);
      if (round > 0) {
        taken[name] = [...(taken[name] ?? []), one]; // the first warms up
      }
    }
  }
  for (const [name, list] of Object.entries(taken)) {
    const wall = median(list.map((one) => one.wall));
    const main = median(list.map((one) => one.main));
    const ratios = list.map((one, i) => one.wall / taken.holdfast[i].wall);
    console.log(
      `${name}: ${wall.toFixed(0)} ms, main thread ${main.toFixed(0)} ms, ` +
        `${median(ratios).toFixed(2)} times holdfast's`,
    );
  }
  await close();
  await server.stop();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
