// SPDX-License-Identifier: MIT
// A server that is away for a while: calls wait for it, those that cannot wait
// that long fail at their deadline as not executed, and calls are answered
// again soon after it is back. Directly, and through PgBouncer.

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const {
  eventually,
  findPgBouncer,
  startPgBouncer,
  startPostgres,
} = require('../support/index.js');
const { Pool } = require('../../lib/index.js');
const { sized } = require('./support.js');

const RUNS = sized({ quick: 1, ci: 1, full: 20 });
const SHORT = sized({
  quick: { downMs: 1500, rate: 200, deadlineMs: 8000 },
  ci: { downMs: 5000, rate: 500, deadlineMs: 8000 },
  full: { downMs: 5000, rate: 500, deadlineMs: 8000 },
});
const LONG = sized({
  quick: { downMs: 3000, rate: 500, deadlineMs: 1000 },
  ci: { downMs: 6000, rate: 1000, deadlineMs: 3000 },
  full: { downMs: 10_000, rate: 2000, deadlineMs: 3000 },
});

// How much later than its deadline an answer may come: a measure not of the
// engine but of a machine with two cores that also runs the load.
const LATE_MS = 1500;
// A call fails at once when the next probe comes after its deadline.
const EARLY_MS = 300;
// The shortest pause of an open breaker: half of the longest.
const SHORTEST_PACE_MS = 125;
// Failures before the breaker opens, and of what was in flight.
const CONNECTS_BEFORE = 25;
const WINDOW_MS = 250;
const MAX = 10;
/** Its deadline has passed, or will pass before the next probe. */
const OVER = [
  'HF_DEADLINE',
  'HF_BREAKER_OPEN',
  'ECONNREFUSED',
  'ECONNRESET',
  '57P03',
];

const WRITE = 'insert into calls values ($1)';
// A pooler does not report what became of a write in flight.
const READ = 'select $1::int';

/**
 * @typedef {object} Answer
 * @property {number} begunAt
 * @property {number} endedAt
 * @property {any} error undefined when it succeeded
 */

/**
 * Queries a pool at a steady rate, however slowly it answers.
 *
 * @param {any} pool
 * @param {string} text
 * @param {{rate: number, deadlineMs: number}} size
 */
function startLoad(pool, text, { rate, deadlineMs }) {
  /** @type {Answer[]} */
  const answers = [];
  let offered = 0;
  const beganAt = performance.now();
  const call = () => {
    const answer = { begunAt: performance.now(), endedAt: 0, error: undefined };
    offered += 1;
    pool
      .query({ text, values: [offered], deadlineMillis: deadlineMs })
      .then(undefined, (/** @type {any} */ error) => {
        answer.error = error;
      })
      .then(() => {
        answer.endedAt = performance.now();
        answers.push(answer);
      });
  };
  const timer = setInterval(() => {
    const due = ((performance.now() - beganAt) / 1000) * rate;
    while (offered < due) {
      call();
    }
  }, 2);
  return {
    answers,
    async stop() {
      clearInterval(timer);
      await eventually(() => answers.length === offered, {
        timeout: 60_000,
        what: 'an answer to every call',
      });
      return offered;
    },
  };
}

/** @param {number} millis */
function pass(millis) {
  return new Promise((resolve) => setTimeout(resolve, millis));
}

/**
 * How long after `backAt` all calls were answered in time again: the end of the
 * last window in which a call that began in it, or before, was not.
 *
 * @param {Answer[]} answers
 * @param {number} backAt
 */
function millisToFlow(answers, backAt) {
  const slow = answers
    .filter(({ endedAt }) => endedAt > backAt)
    .filter(
      ({ begunAt, endedAt, error }) =>
        error !== undefined || endedAt - begunAt > WINDOW_MS,
    )
    .map(({ endedAt }) => endedAt - backAt);
  return Math.max(0, ...slow);
}

/**
 * Runs the load across an outage.
 *
 * @param {{server: any, pool: any, text: string}} world
 * @param {{downMs: number, rate: number, deadlineMs: number}} size
 * @param {number} flowMs how long it may take to flow again
 */
async function crossOutage({ server, pool, text }, size, flowMs) {
  await server.psql('truncate calls');
  await Promise.all(
    Array.from({ length: 20 }, () => pool.query('select pg_sleep(0.02)')),
  );
  const before = pool.stats();
  const load = startLoad(pool, text, size);
  await pass(500);
  const downAt = performance.now();
  await server.stop('fast');
  await pass(Math.max(0, size.downMs - (performance.now() - downAt)));
  await server.start();
  const backAt = performance.now();
  await pass(flowMs + 1000);
  const offered = await load.stop();
  const stats = pool.stats();
  const grown = (/** @type {string} */ name) => stats[name] - before[name];
  return {
    answers: load.answers,
    failed: load.answers.filter(({ error }) => error !== undefined),
    offered,
    writes: text === WRITE,
    sent: grown('succeeded') + grown('retries'),
    connects: grown('connectsStarted'),
    downMs: backAt - downAt,
    flowMs: millisToFlow(load.answers, backAt),
    rows: Number(await server.psql('select count(*) from calls')),
    distinct: Number(await server.psql('select count(distinct n) from calls')),
  };
}

/**
 * @param {any} t
 * @param {Awaited<ReturnType<typeof crossOutage>>} run
 * @param {number} flowMs
 */
function judge(t, run, flowMs) {
  const { offered, failed, sent, connects, downMs } = run;
  t.diagnostic(
    `offered ${offered}, failed ${failed.length}, sent ${sent}, connects ` +
      `${connects}, down ${downMs.toFixed(0)} ms, flows after ` +
      `${run.flowMs.toFixed(0)} ms`,
  );
  assert.ok(sent <= offered * 1.1, `${sent} statements for ${offered} calls`);
  assert.ok(
    connects <= CONNECTS_BEFORE + downMs / SHORTEST_PACE_MS,
    `${connects} connects`,
  );
  assert.equal(run.rows, run.writes ? offered - failed.length : 0);
  assert.equal(run.distinct, run.rows);
  assert.ok(run.flowMs <= flowMs, `flows after ${run.flowMs} ms`);
}

/**
 * @param {any} failed
 * @param {number} deadlineMs
 */
function judgeFailures(failed, deadlineMs) {
  // What was in flight when the server stopped may have run. A pooler holds
  // such a call without an answer, so the outcome is unknown.
  let sent = 0;
  for (const { begunAt, endedAt, error } of failed) {
    sent += error.outcome === 'not_executed' ? 0 : 1;
    if (error.outcome === 'rolled_back') {
      // It was to be retried, and waited for the server like all others, but
      // its deadline came first. It did run, and was rolled back.
      assert.ok(OVER.includes(error.code), error.stack);
      assert.equal(error.cause?.code, '57P01', error.stack);
    }
    assert.notEqual(error.outcome, 'permanent', error.stack);
    const took = endedAt - begunAt;
    assert.ok(took >= deadlineMs - EARLY_MS, `failed after ${took} ms`);
    assert.ok(took <= deadlineMs + LATE_MS, `failed after ${took} ms`);
  }
  assert.ok(sent <= MAX, `${sent} may have run`);
}

/**
 * @param {() => {server: any, url: string, text: string}} world
 * @param {number} flowMs
 */
function outages(world, flowMs) {
  /** @type {any} */
  let pool;
  before(async () => {
    await world().server.psql('create table if not exists calls (n int)');
    pool = new Pool({
      connectionString: world().url,
      queueMax: 100_000,
      max: MAX,
    });
  });
  after(() => pool?.end());

  const short = `a server away for ${SHORT.downMs} ms under ${SHORT.rate} calls/s fails no call`;
  test(short, async (t) => {
    for (let i = 0; i < RUNS; i++) {
      const run = await crossOutage({ ...world(), pool }, SHORT, flowMs);
      judge(t, run, flowMs);
      assert.deepEqual(
        run.failed.map(({ error }) => error),
        [],
      );
    }
  });

  const long = `a server away for ${LONG.downMs} ms under ${LONG.rate} calls/s fails calls at their deadline, as not executed`;
  test(long, async (t) => {
    for (let i = 0; i < RUNS; i++) {
      const run = await crossOutage({ ...world(), pool }, LONG, flowMs);
      judge(t, run, flowMs);
      assert.ok(run.failed.length > 0);
      judgeFailures(run.failed, LONG.deadlineMs);
    }
  });
}

describe('directly', () => {
  /** @type {any} */
  let server;
  before(async () => {
    server = await startPostgres();
  });
  after(() => server?.stop());
  outages(() => ({ server, url: server.url, text: WRITE }), 2000);
});

const skip = findPgBouncer() === null && 'PgBouncer is not installed';

describe('through PgBouncer', { skip }, () => {
  /** @type {any} */
  let server;
  /** @type {any} */
  let bouncer;
  before(async () => {
    server = await startPostgres();
    const settings = { server_login_retry: 1 };
    bouncer = await startPgBouncer({ server, poolSize: 10, settings });
  });
  after(async () => {
    await bouncer?.stop();
    await server?.stop();
  });
  outages(() => ({ server, url: bouncer.url, text: READ }), 2500);
});
