// SPDX-License-Identifier: MIT
'use strict';

// A monitor that asks for the health again and again, across outages. What is
// asserted is the order of events: a slow machine changes the figures, which
// are printed, and not that order.

const assert = require('node:assert');
const { test } = require('node:test');
const { setTimeout: delay } = require('node:timers/promises');

const { Pool } = require('../../lib/index.js');
const {
  eventually,
  findPgBouncer,
  startPgBouncer,
  startProxy,
} = require('../support');
const { useServer } = require('../support/suite.js');

/** A check's own deadline, and the pause between two of them. */
const DEADLINE_MILLIS = 800;
const INTERVAL_MILLIS = 50;

/** A query's success is proof for so long, and checks share a probe. */
const SETTLE_MILLIS = 100;

/** Connecting may be suspended still, which is told as degraded. */
const CHECKS_TO_GREEN = 20;

const server = useServer();
/** @param {string} url @returns {any} */
function open(url) {
  return new Pool({ connectionString: url, max: 4, logger: false });
}

/**
 * One check, and whether its answer came before timers that were set with it:
 * for its deadline, and from there for one interval. What holds up the process
 * holds up both.
 * @param {any} pool
 */
async function check(pool) {
  const begunAt = performance.now();
  let late = false;
  const answer = pool.health({ timeoutMillis: DEADLINE_MILLIS });
  let timer = setTimeout(() => {
    timer = setTimeout(() => {
      late = true;
    }, INTERVAL_MILLIS);
  }, DEADLINE_MILLIS);
  const { status, reasons } = await answer;
  clearTimeout(timer);
  return { begunAt, endedAt: performance.now(), status, reasons, late };
}

/**
 * Checks until it is stopped.
 * @param {any} pool
 */
function monitor(pool) {
  /** @type {Awaited<ReturnType<typeof check>>[]} */
  const checks = [];
  let stopped = false;
  const work = (async () => {
    while (!stopped) {
      checks.push(await check(pool));
      await delay(INTERVAL_MILLIS);
    }
  })();
  return {
    checks,
    stop: () => {
      stopped = true;
      return work;
    },
  };
}

/**
 * Watches one outage and says how long red and green took.
 * @param {any} pool
 * @param {{begin: () => Promise<unknown>, end: () => Promise<unknown>}} trouble
 */
async function crossOutage(pool, { begin, end }) {
  await pool.query('select 1');
  const { checks, stop } = monitor(pool);
  const since = (/** @type {number} */ at) =>
    checks.filter(({ begunAt }) => begunAt >= at);
  try {
    await eventually(() => checks.at(-1)?.status === 'up');
    const beganAt = performance.now();
    await begin();
    const awayAt = performance.now() + SETTLE_MILLIS;
    await eventually(() => since(awayAt).length >= 2, { timeout: 30_000 });
    const during = since(awayAt);
    const endedAt = performance.now();
    await end();
    await pool.query({ text: 'select 1', deadlineMillis: 30_000 });
    const worksAt = performance.now();
    await eventually(
      () => since(worksAt).some(({ status }) => status === 'up'),
      { timeout: 30_000 },
    );
    const firstGreen = checks.find(
      (one) => one.begunAt >= endedAt && one.status === 'up',
    );
    const firstRed = checks.find(
      (one) => one.endedAt >= beganAt && one.status === 'down',
    );
    return {
      during,
      afterwards: since(worksAt),
      redMillis: (firstRed?.endedAt ?? Number.NaN) - beganAt,
      greenMillis: (firstGreen?.endedAt ?? Number.NaN) - worksAt,
      late: checks.filter(({ late }) => late).length,
    };
  } finally {
    await stop();
  }
}

/**
 * @param {any} t
 * @param {string} name
 * @param {Awaited<ReturnType<typeof crossOutage>>} seen
 */
function judge(t, name, seen) {
  const { during, afterwards, redMillis, greenMillis, late } = seen;
  t.diagnostic(
    `${name}: red ${redMillis.toFixed(0)} ms after it began, green ` +
      `${greenMillis.toFixed(0)} ms after the first query that worked`,
  );
  // The first check that began in the outage, and every other one, is red.
  for (const { status, reasons } of during) {
    assert.strictEqual(status, 'down', `${name}: ${reasons.join('; ')}`);
    assert.ok(reasons.length > 0, name);
  }
  assert.strictEqual(late, 0, `${name}: an answer came after its deadline`);
  // Once a query worked nothing is red, and soon all is green.
  const green = afterwards.findIndex(({ status }) => status === 'up');
  assert.ok(green < CHECKS_TO_GREEN, `${name}: green after ${green} checks`);
  for (const { status, reasons } of afterwards) {
    assert.notStrictEqual(status, 'down', `${name}: ${reasons.join('; ')}`);
  }
}

test('health is down during an outage and up after it', async (t) => {
  const proxy = await startProxy(server);
  const pool = open(proxy.urlFor(server.url));
  const troubles = {
    'server killed': {
      begin: () => server.stop('immediate'),
      end: () => server.start(),
    },
    'connections refused': {
      begin: async () => {
        await proxy.refuse(true);
        proxy.killAll();
      },
      end: () => proxy.refuse(false),
    },
    'everything swallowed': {
      begin: async () => proxy.pause(),
      end: async () => proxy.resume(),
    },
  };
  try {
    for (const [name, trouble] of Object.entries(troubles)) {
      judge(t, name, await crossOutage(pool, trouble));
    }
  } finally {
    proxy.resume();
    await pool.end();
    await proxy.close();
  }
});

const skip = findPgBouncer() === null && 'PgBouncer is not installed';

test('health is down during an outage and up after it, behind a pooler', {
  skip,
}, async (t) => {
  const settings = { server_login_retry: 1 };
  const bouncer = await startPgBouncer({ server, settings });
  const pool = open(bouncer.url);
  const troubles = {
    'pooler stopped': {
      begin: () => bouncer.stop(),
      end: () => bouncer.start(),
    },
    'pooler frozen': {
      begin: async () => bouncer.freeze(),
      end: async () => bouncer.thaw(),
    },
    'server behind the pooler killed': {
      begin: () => server.stop('immediate'),
      end: () => server.start(),
    },
  };
  try {
    for (const [name, trouble] of Object.entries(troubles)) {
      judge(t, name, await crossOutage(pool, trouble));
    }
  } finally {
    await pool.end();
    await bouncer.stop();
  }
});

test('health stays down while the only connection is stuck in an unanswered check', async () => {
  const proxy = await startProxy(server);
  const pool = new Pool(
    /** @type {any} */ ({
      connectionString: proxy.urlFor(server.url),
      max: 1,
      logger: false,
    }),
  );
  try {
    await pool.query('select 1');
    await delay(SETTLE_MILLIS);
    proxy.pause();
    for (let i = 0; i < 3; i++) {
      const { status } = await pool.health({ timeoutMillis: 200 });
      assert.strictEqual(status, 'down');
    }
    proxy.resume();
    await pool.query('select 1');
    assert.strictEqual((await pool.health()).status !== 'down', true);
  } finally {
    proxy.resume();
    await pool.end();
    await proxy.close();
  }
});

test('health of a pool that never connected is down by its own check', async () => {
  const proxy = await startProxy(server);
  proxy.pause();
  const pool = open(proxy.urlFor(server.url));
  try {
    const { status, late } = await check(pool);
    assert.strictEqual(status, 'down');
    assert.strictEqual(late, false);
  } finally {
    proxy.resume();
    await pool.end();
    await proxy.close();
  }
});
