// SPDX-License-Identifier: MIT

// What listening costs: the processor time of a short statement, without
// listeners and with each kind of listener. Runs as a process of its own with
// BENCH_URL; prints one line of JSON: {"check": [..], "nobody": [..], ...},
// with one number for each round: nanoseconds of the check, microseconds per
// statement.

const { subscribe, unsubscribe } = require('node:diagnostics_channel');
const { Pool, enableOpenTelemetry } = /** @type {any} */ (require('..'));

const { Log } = require('../lib/observe/log.js');
const { Observer } = require('../lib/observe/observer.js');

const BATCH = 100;
const CHECKS = 10_000_000;
const CONNECTIONS = 4;

function ignore() {}

const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const span = {
  setStatus: ignore,
  setAttribute: ignore,
  setAttributes: ignore,
  end: ignore,
};
const instrument = { record: ignore };
const meter = {
  createHistogram: () => instrument,
  createObservableUpDownCounter: () => instrument,
  createObservableCounter: () => instrument,
  addBatchObservableCallback: ignore,
  removeBatchObservableCallback: ignore,
};
/**
 * OpenTelemetry's API with an SDK that does nothing, so that only our own part
 * is measured.
 */
const api = {
  trace: { getTracer: () => ({ startSpan: () => span }) },
  metrics: { getMeter: () => meter },
};

/** @typedef {{pool?: object, listen?: () => () => void}} Listener */

/** @type {Record<string, Listener>} */
const LISTENERS = {
  nobody: { pool: { logger: false } },
  'slow query log': { pool: { logger } },
  'a subscriber': {
    pool: { logger: false },
    listen: () => {
      subscribe('tracing:holdfast:query:asyncEnd', ignore);
      return () => unsubscribe('tracing:holdfast:query:asyncEnd', ignore);
    },
  },
  OpenTelemetry: {
    pool: { logger: false },
    listen: () => enableOpenTelemetry({ api }),
  },
  'stats() each batch': { pool: { logger: false } },
};

/**
 * Returns the process's microseconds per statement.
 * @param {any} pool
 * @param {number} millis
 * @param {() => void} each after each batch
 */
async function turn(pool, millis, each) {
  const until = performance.now() + millis;
  const began = process.cpuUsage();
  let statements = 0;
  while (performance.now() < until) {
    const batch = [];
    for (let i = 0; i < BATCH; i++) {
      batch.push(pool.query('select 1'));
    }
    await Promise.all(batch);
    each();
    statements += BATCH;
  }
  const { user, system } = process.cpuUsage(began);
  return (user + system) / statements;
}

/** Returns the nanoseconds of asking whether anybody listens. */
function timeCheck() {
  const observer = new Observer(new Log(false), 1000, {});
  const began = performance.now();
  let received = 0;
  for (let i = 0; i < CHECKS; i++) {
    received += observer.followsCalls ? 1 : 0;
  }
  const nanos = ((performance.now() - began) * 1e6) / CHECKS;
  return received === 0 ? nanos : Number.NaN;
}

/** @param {number} rounds @param {number} millis */
async function main(rounds, millis) {
  const connectionString = process.env.BENCH_URL;
  const names = Object.keys(LISTENERS);
  /** @type {Record<string, number[]>} */
  const result = { check: [] };
  const pools = new Map();
  for (const name of names) {
    const options = { connectionString, max: CONNECTIONS };
    pools.set(name, new Pool({ ...options, ...LISTENERS[name].pool }));
    result[name] = [];
  }
  // The first round only warms up.
  for (let round = -1; round < rounds; round++) {
    result.check.push(timeCheck());
    for (let i = 0; i < names.length; i++) {
      const name = names[(round + 1 + i) % names.length];
      const pool = pools.get(name);
      const each = name.startsWith('stats') ? () => pool.stats() : ignore;
      const stop = LISTENERS[name].listen?.();
      const micros = await turn(pool, millis, each);
      stop?.();
      if (round >= 0) {
        result[name].push(micros);
      }
    }
  }
  await Promise.all([...pools.values()].map((pool) => pool.end()));
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

main(Number(process.argv[2]), Number(process.argv[3]));
