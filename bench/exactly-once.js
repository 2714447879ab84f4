#!/usr/bin/env node
// SPDX-License-Identifier: MIT

// What exactlyOnce costs: an insert with it and without, through PgBouncer in
// transaction mode and directly, in rounds that take turns.
//
//     node bench/exactly-once.js [calls a round] [rounds] [callers]
//     node bench/exactly-once.js floor
//
// With HF_PACKED=dist it measures the release that is packed there; `floor`
// measures the bound: the same flights sent by pgbench.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const { startPgBouncer, startPostgres } = require('../test/support');
const { runBenchmark } = require('./measured.js');
const { median } = require('./statistics.js');

const IS_FLOOR = process.argv[2] === 'floor';
const [CALLS = 400, ROUNDS = 9, CALLERS = 1] = process.argv
  .slice(IS_FLOOR ? 3 : 2)
  .map(Number);
const POOL_SIZE = 4;
const WARM_CALLS = 100;

const TEXT = 'insert into written (label) values ($1)';

/**
 * Returns microseconds a call.
 * @param {any} pool
 * @param {boolean} exactlyOnce
 * @param {number} calls
 */
async function round(pool, exactlyOnce, calls) {
  let left = calls;
  const caller = async () => {
    while (left-- > 0) {
      await pool.query({ text: TEXT, values: ['a label'], exactlyOnce });
    }
  };
  const began = process.hrtime.bigint();
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return Number(process.hrtime.bigint() - began) / 1000 / calls;
}

/**
 * @param {string} name
 * @param {string} url
 * @param {typeof import('../lib/index.js').Pool} Pool
 */
async function compare(name, url, Pool) {
  const pool = new Pool({ connectionString: url, max: POOL_SIZE });
  /** @type {number[]} */
  const plain = [];
  /** @type {number[]} */
  const once = [];
  await round(pool, false, WARM_CALLS);
  await round(pool, true, WARM_CALLS);
  for (let i = 0; i < ROUNDS; i++) {
    plain.push(await round(pool, false, CALLS));
    once.push(await round(pool, true, CALLS));
  }
  await pool.end();
  const ratios = once.map((micros, i) => micros / plain[i]);
  console.log(
    `${name}: plain ${median(plain).toFixed(0)} us, exactlyOnce ` +
      `${median(once).toFixed(0)} us, ${median(ratios).toFixed(2)} times ` +
      `(${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
  );
}

const WHO = `select pg_catalog.pg_current_xact_id_if_assigned()::text as xid,
  pg_catalog.pg_backend_pid()::text as pid,
  pg_catalog.current_setting('synchronous_commit') as waits,
  pg_catalog.pg_postmaster_start_time()::text as started`.replace(/\s+/g, ' ');
const INSERT = "insert into written (label) values ('a label');";
const FLOOR_SECONDS = 2;

/** What pgbench sends. @type {Record<string, string>} */
const SCRIPTS = {
  plain: INSERT,
  flights: `\\startpipeline\nbegin;\n${INSERT}\n${WHO};\n\\endpipeline\ncommit;`,
};

/**
 * Returns microseconds a run of a script.
 * @param {string} file
 * @param {string} url
 */
function runScript(file, url) {
  const args = ['-n', '-M', 'extended', '-T', String(FLOOR_SECONDS)];
  const output = execFileSync('pgbench', [...args, '-f', file, url], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [, millis] = /latency average = ([\d.]+)/.exec(output) ?? [];
  return Number(millis) * 1000;
}

/** @param {string} name @param {string} url */
function compareFloor(name, url) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'once-'));
  /** @type {Record<string, number[]>} */
  const taken = { plain: [], flights: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const [kind, text] of Object.entries(SCRIPTS)) {
      const file = path.join(folder, `${kind}.sql`);
      fs.writeFileSync(file, `${text}\n`);
      taken[kind].push(runScript(file, url));
    }
  }
  fs.rmSync(folder, { recursive: true });
  const ratios = taken.flights.map((micros, i) => micros / taken.plain[i]);
  console.log(
    `${name}, pgbench: plain ${median(taken.plain).toFixed(0)} us, two ` +
      `flights ${median(taken.flights).toFixed(0)} us, ` +
      `${median(ratios).toFixed(2)} times`,
  );
}

/** @param {typeof import('../lib/index.js')} holdfast */
async function main({ Pool }) {
  const server = await startPostgres();
  try {
    await server.psql('create table written (label text)');
    const bouncer = await startPgBouncer({ server, poolSize: POOL_SIZE });
    console.log(`PgBouncer ${bouncer.version}, ${CALLERS} callers`);
    const measure = IS_FLOOR ? compareFloor : compare;
    await measure('through PgBouncer', bouncer.url, Pool);
    await bouncer.stop();
    await measure('directly', server.url, Pool);
  } finally {
    await server.stop();
  }
}

runBenchmark(main);
