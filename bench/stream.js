#!/usr/bin/env node
// SPDX-License-Identifier: MIT

// Rows streamed: stream() beside pg-query-stream and postgres.js' cursor, in
// rounds that take turns. Each reads all rows, and does nothing with them. Beside
// them psql, which copies the same rows to nowhere: how long the server takes.
// Once with three columns, where that is most of it, and once with the seven of
// the case `rows`.
//
//     node bench/stream.js [rows] [rounds]
//
// With HF_PACKED=dist it measures the release that is packed there.

const { execFileSync } = require('node:child_process');
const { performance } = require('node:perf_hooks');
const pg = require('pg');
const QueryStream = require('pg-query-stream');
const postgres = require('postgres');
const { startPostgres } = require('../test/support');
const { runBenchmark } = require('./measured.js');
const { median } = require('./statistics.js');

const [ROWS = 1_000_000, ROUNDS = 9] = process.argv.slice(2).map(Number);
const BATCH = 1000;

/** @type {Record<string, string>} */
const TEXTS = {
  'three columns': `select i, 'user ' || i as name, i % 2 = 0 as even
    from generate_series(1, ${ROWS}) i`,
  'seven columns, as in the case rows': 'select * from people',
};
const PEOPLE = `create unlogged table people as
  select i as id, i % 100 as team, 'user ' || i as name,
    i || '@example.com' as email,
    now() - i * interval '1 minute' as seen, i % 2 = 0 as active,
    i / 7.0::float8 as score
  from generate_series(1, ${ROWS}) i`;

/** @param {AsyncIterable<unknown>} rows */
async function count(rows) {
  let n = 0;
  for await (const _ of rows) {
    n += 1;
  }
  return n;
}

/**
 * @param {typeof import('../lib/index.js').Pool} Pool
 * @param {string} url
 * @param {string} text
 */
async function open(Pool, url, text) {
  const pool = new Pool({ connectionString: url, logger: false });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const sql = postgres(url, { max: 1 });
  /** @type {Record<string, () => Promise<number>>} */
  const readers = {
    holdfast: () => count(pool.stream(text, [], { batchSize: BATCH })),
    'pg-query-stream': () =>
      count(client.query(new QueryStream(text, [], { batchSize: BATCH }))),
    'postgres.js cursor': async () => {
      let n = 0;
      for await (const rows of sql.unsafe(text).cursor(BATCH)) {
        n += rows.length;
      }
      return n;
    },
    'psql, copy': () => {
      const copy = `copy (${text}) to stdout`;
      execFileSync('psql', ['-qAtX', '-c', copy, url], { stdio: 'ignore' });
      return Promise.resolve(ROWS);
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

/**
 * @param {typeof import('../lib/index.js').Pool} Pool
 * @param {string} url
 * @param {string} what
 * @param {string} text
 */
async function compare(Pool, url, what, text) {
  const { readers, close } = await open(Pool, url, text);
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
  console.log(`${what}:`);
  for (const [name, list] of Object.entries(taken)) {
    const wall = median(list.map((one) => one.wall));
    const main = median(list.map((one) => one.main));
    const ratios = list.map((one, i) => one.wall / taken.holdfast[i].wall);
    console.log(
      `  ${name}: ${wall.toFixed(0)} ms, main thread ${main.toFixed(0)} ms, ` +
        `${median(ratios).toFixed(2)} times holdfast's`,
    );
  }
  await close();
}

/** @param {typeof import('../lib/index.js')} holdfast */
async function main({ Pool }) {
  const server = await startPostgres();
  try {
    await server.psql(PEOPLE);
    for (const [what, text] of Object.entries(TEXTS)) {
      await compare(Pool, server.url, what, text);
    }
  } finally {
    await server.stop();
  }
}

runBenchmark(main);
