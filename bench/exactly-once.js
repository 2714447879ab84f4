#!/usr/bin/env node
// SPDX-License-Identifier: MIT

// What exactlyOnce costs: an insert with it and without, through PgBouncer in
// transaction mode and directly, in rounds that take turns.
//
//     node bench/exactly-once.js [calls a round] [rounds] [callers]

const { Pool } = require('../lib/index.js');
const { startPgBouncer, startPostgres } = require('../test/support');

const [CALLS = 400, ROUNDS = 9, CALLERS = 1] = process.argv
  .slice(2)
  .map(Number);
const POOL_SIZE = 4;
const WARM_CALLS = 100;

const TEXT = 'insert into written (label) values ($1)';

/** @param {number[]} list */
function median(list) {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

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

/** @param {string} name @param {string} url */
async function compare(name, url) {
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

async function main() {
  const server = await startPostgres();
  try {
    await server.psql('create table written (label text)');
    const bouncer = await startPgBouncer({ server, poolSize: POOL_SIZE });
    console.log(`PgBouncer ${bouncer.version}, ${CALLERS} callers`);
    await compare('through PgBouncer', bouncer.url);
    await bouncer.stop();
    await compare('directly', server.url);
  } finally {
    await server.stop();
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
