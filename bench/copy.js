#!/usr/bin/env node
// SPDX-License-Identifier: MIT

// COPY in both directions: copyTo() and copyFrom() beside psql's \copy and
// pg-copy-streams, in rounds that take turns. Each writes a file, or reads it.
//
//     node bench/copy.js [rows] [rounds]
//
// With HF_PACKED=dist it measures the release that is packed there.

const { execFile } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { performance } = require('node:perf_hooks');
const { pipeline } = require('node:stream/promises');
const { promisify } = require('node:util');
const pg = require('pg');
const pgCopy = require('pg-copy-streams');
const { startPostgres } = require('../test/support');
const { runBenchmark } = require('./measured.js');
const { median } = require('./statistics.js');

const [ROWS = 1_000_000, ROUNDS = 5] = process.argv.slice(2).map(Number);

const FILE_BYTES = 1 << 17; // of a read from the file, for all of them

const FILL = `insert into given select i, 'user ' || i, i * 1.5, now()
  from generate_series(1, ${ROWS}) i`;

const run = promisify(execFile);

/**
 * @param {typeof import('../lib/index.js').Pool} Pool
 * @param {string} url
 * @param {string} file
 */
async function open(Pool, url, file) {
  const pool = new Pool({ connectionString: url, logger: false });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const psql = (/** @type {string} */ command) =>
    run('psql', ['-X', '-q', '-c', command, url]);
  const source = () => fs.createReadStream(file, { highWaterMark: FILE_BYTES });
  const target = () => fs.createWriteStream(file);
  const [out, into] = ['copy given to stdout', 'copy taken from stdin'];
  /** @type {Record<string, Record<string, () => Promise<unknown>>>} */
  const ways = {
    out: {
      holdfast: () => pipeline(pool.copyTo(out), target()),
      'psql \\copy': () => psql(`\\copy given to '${file}'`),
      'pg-copy-streams': () => pipeline(client.query(pgCopy.to(out)), target()),
    },
    in: {
      holdfast: () => pipeline(source(), pool.copyFrom(into)),
      'psql \\copy': () => psql(`\\copy taken from '${file}'`),
      'pg-copy-streams': () =>
        pipeline(source(), client.query(pgCopy.from(into))),
    },
  };
  const close = () => Promise.all([pool.end(), client.end()]);
  return { pool, ways, close };
}

/** @param {() => Promise<unknown>} copy */
async function measure(copy) {
  const before = performance.eventLoopUtilization();
  const began = performance.now();
  await copy();
  const wall = performance.now() - began;
  return { wall, main: performance.eventLoopUtilization(before).active };
}

/**
 * @param {import('../lib/index.js').Pool} pool
 * @param {Record<string, () => Promise<unknown>>} way
 */
async function compare(pool, way) {
  /** @type {Record<string, {wall: number, main: number}[]>} */
  const taken = {};
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, copy] of Object.entries(way)) {
      await pool.query('truncate taken');
      const one = await measure(copy);
      if (round > 0) {
        taken[name] = [...(taken[name] ?? []), one]; // the first warms up
      }
    }
  }
  return taken;
}

/**
 * @param {string} direction
 * @param {Record<string, {wall: number, main: number}[]>} taken
 */
function report(direction, taken) {
  for (const [name, list] of Object.entries(taken)) {
    const wall = median(list.map((one) => one.wall));
    const main = median(list.map((one) => one.main));
    const ratios = list.map((one, i) => one.wall / taken.holdfast[i].wall);
    console.log(
      `${direction}, ${name}: ${wall.toFixed(0)} ms, main thread ` +
        `${name.startsWith('psql') ? '-' : `${main.toFixed(0)} ms`}, ` +
        `${median(ratios).toFixed(2)} times holdfast's`,
    );
  }
}

/** @param {typeof import('../lib/index.js')} holdfast */
async function main({ Pool }) {
  const server = await startPostgres();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'copy-'));
  const { pool, ways, close } = await open(
    Pool,
    server.url,
    path.join(folder, 'rows.txt'),
  );
  const columns = 'id int, name text, amount numeric, at timestamptz';
  await pool.query(
    `create unlogged table given (${columns});
     create unlogged table taken (${columns}); ${FILL}`,
  );
  for (const [direction, way] of Object.entries(ways)) {
    report(direction, await compare(pool, way));
  }
  const { rows } = await pool.query('select count(*) as n from taken');
  if (Number(rows[0].n) !== ROWS) {
    throw new Error(`${rows[0].n} rows of ${ROWS}`);
  }
  await close();
  await server.stop();
  fs.rmSync(folder, { recursive: true });
}

runBenchmark(main);
