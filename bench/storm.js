// SPDX-License-Identifier: MIT
'use strict';

// A storm of 42P05: pg with named statements, two pools of 4, PgBouncer in
// transaction mode, 3 names, and every 150 ms a DEALLOCATE ALL that frees
// names. Compares the ten lines that applications write with retryQuery.
//
// node bench/storm.js [calls a side] [callers]

process.env.NODE_ENV = 'test'; // no log lines

const pg = require('pg');

const { retryQuery } = require('../lib/index.js');
const { startPgBouncer, startPostgres } = require('../test/support');

const CALLS = Number(process.argv[2] ?? 10_000);
const CALLERS = Number(process.argv[3] ?? 16);
const NAMES = ['s0', 's1', 's2'];
const DEALLOCATE_MILLIS = 150;
const MAX_POINTS = 1;

const sleep = (/** @type {number} */ millis) =>
  new Promise((resolve) => setTimeout(resolve, millis));

/**
 * The ten lines.
 * @param {() => Promise<any>} fn
 */
async function tenLines(fn) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await fn();
    } catch (error) {
      const { code, message } = /** @type {any} */ (error);
      const conflict =
        code === '42P05' || message?.includes('prepared statement');
      if (!conflict || attempt > 3) {
        throw error;
      }
      await sleep(100 * attempt);
    }
  }
}

/** @type {Record<string, (fn: () => Promise<any>) => Promise<any>>} */
const SIDES = {
  nothing: (fn) => fn(),
  'the ten lines': tenLines,
  'retryQuery, linear': (fn) => retryQuery(fn, { preset: 'linear' }),
  'retryQuery, default': (fn) => retryQuery(fn),
};

/**
 * @param {pg.Pool[]} pools
 * @param {(fn: () => Promise<any>) => Promise<any>} side
 * @returns {Promise<number>} failed calls of a hundred
 */
async function measure(pools, side) {
  let left = CALLS;
  let failed = 0;
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      const n = left;
      const pool = pools[n % pools.length];
      const name = NAMES[n % NAMES.length];
      const text = `select $1::int + ${NAMES.indexOf(name)} as n`;
      await side(() => pool.query({ name, text, values: [n] })).catch(() => {
        failed += 1;
      });
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return (100 * failed) / CALLS;
}

async function main() {
  const server = await startPostgres();
  const bouncer = await startPgBouncer({ server, poolSize: 4 });
  const config = { connectionString: bouncer.url, max: 4 };
  const cleaner = new pg.Pool({ connectionString: bouncer.url, max: 1 });
  cleaner.on('error', () => {});
  const timer = setInterval(() => {
    cleaner.query('DEALLOCATE ALL').catch(() => {});
  }, DEALLOCATE_MILLIS);
  /** @type {Record<string, number>} */
  const results = {};
  try {
    for (const [name, side] of Object.entries(SIDES)) {
      const pools = [new pg.Pool(config), new pg.Pool(config)];
      results[name] = await measure(pools, side);
      process.stdout.write(`${name}: ${results[name].toFixed(2)} % failed\n`);
      await Promise.all(pools.map((pool) => pool.end()));
    }
  } finally {
    clearInterval(timer);
    await cleaner.end();
    await bouncer.stop();
    await server.stop();
  }
  const limit = results['the ten lines'] + MAX_POINTS;
  const over = Object.entries(results).filter(
    ([name, points]) => name.startsWith('retryQuery') && points > limit,
  );
  process.exitCode = over.length === 0 ? 0 : 1;
}

main();
