// SPDX-License-Identifier: MIT
// Processes and workers that end at random moments.

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const { startPostgres } = require('../support/index.js');
const {
  assertNoClients,
  chooseSeed,
  randomFrom,
  reach,
} = require('../lifecycle/support.js');
const {
  percentile,
  repeat,
  runtimes,
  sized,
  watchEnd,
} = require('./support.js');

const EXITS = sized({ quick: 10, ci: 50, full: 1000 });
const WORKERS = sized({ quick: 20, ci: 100, full: 1000 });

// Connecting and the first answers happen within this time.
const LIFE_MS = 120;

// Not a measure of speed: a process takes milliseconds unless it hangs.
const HANGS_AFTER_MS = 5000;

/** @type {{name: string, options: object}[]} */
const servers = [
  { name: 'without TLS', options: { auth: 'trust' } },
  { name: 'with TLS and SCRAM', options: { tls: true, requireTls: true } },
];

/** @param {any} t @param {string} node @param {any} server */
async function exits(t, node, server) {
  const seed = chooseSeed();
  const random = randomFrom(seed);
  /** @type {number[]} */
  const times = [];
  t.diagnostic(`HF_SEED=${seed}`);
  await repeat(EXITS, 2, async (n) => {
    const code = 1 + (n % 100);
    const afterMillis = Math.floor(random() * LIFE_MS);
    const job = { code, afterMillis, ...reach(server) };
    const end = await watchEnd(node, 'exit.js', job);
    assert.deepEqual(
      { code: end.code, signal: end.signal },
      { code, signal: null },
      `after ${afterMillis} ms:\n${end.output}`,
    );
    times.push(end.millis);
  });
  const [p50, p99] = [percentile(times, 0.5), percentile(times, 0.99)];
  const most = Math.max(...times);
  const late = times.filter((millis) => millis > 200).length;
  t.diagnostic(
    `ms to the end: median ${p50.toFixed(0)}, p99 ${p99.toFixed(0)}, ` +
      `most ${most.toFixed(0)}; ${late} over 200`,
  );
  assert.ok(most < HANGS_AFTER_MS);
}

/** @param {any} t @param {string} node @param {any} server */
async function workers(t, node, server) {
  const seed = chooseSeed();
  t.diagnostic(`HF_SEED=${seed}`);
  const atOnce = 4;
  // Half of them in one process, so that one process sees many ends.
  for (const count of [WORKERS >> 1, WORKERS - (WORKERS >> 1)]) {
    const job = { seed, count, atOnce, lifeMillis: LIFE_MS };
    const options = { max: 2 };
    const all = { ...job, ...reach(server), options };
    const end = await watchEnd(node, 'workers.js', all);
    assert.deepEqual(
      { code: end.code, signal: end.signal },
      { code: 0, signal: null },
      end.output,
    );
    assert.deepEqual(JSON.parse(end.output), { answers: count, engines: 1 });
  }
}

describe('processes and workers end at random moments', async () => {
  for (const runtime of await runtimes()) {
    for (const { name, options } of servers) {
      describe(`on ${runtime.name}, ${name}`, () => {
        /** @type {any} */
        let server;
        before(async () => {
          server = await startPostgres({ maxConnections: 100, ...options });
        });
        after(() => server.stop());

        test(`${EXITS} processes keep their exit code`, (t) =>
          exits(t, runtime.file, server));

        test(`${WORKERS} workers are terminated without harm`, (t) =>
          workers(t, runtime.file, server));

        test('no connection is left on the server', () =>
          assertNoClients(server));
      });
    }
  }
});
