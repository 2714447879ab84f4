// SPDX-License-Identifier: MIT
'use strict';

// What the log says of a server that goes away and comes back: each thing once,
// with the pool's name.

const assert = require('node:assert');
const { test } = require('node:test');

const { Pool, getPool, retryQuery } = require('../../lib/index.js');
const { Incidents } = require('../../lib/observe/incidents.js');
const { Log } = require('../../lib/observe/log.js');
const { startPostgres } = require('../support/index.js');

const LEVELS = ['debug', 'info', 'warn', 'error'];
const REFUSED = Object.assign(
  new Error(
    'connect ECONNREFUSED 10.0.0.7:5432: connection to server failed: ' +
      'Connection refused\n\tIs the server running there?',
  ),
  { code: 'ECONNREFUSED' },
);

function recorder() {
  /** @type {{level: string, event: string, fields: any, message: string}[]} */
  const lines = [];
  const logger = Object.fromEntries(
    LEVELS.map((level) => [
      level,
      (/** @type {any} */ fields, /** @type {string} */ message) => {
        lines.push({ level, event: fields.event, fields, message });
      },
    ]),
  );
  return {
    logger: /** @type {any} */ (logger),
    /** All but those of debug. */
    told: () => lines.filter(({ level }) => level !== 'debug'),
    lines,
  };
}

/** Incidents of a pool called db, on a clock that the test moves. */
function onOwnClock() {
  const { logger, told, lines } = recorder();
  const log = new Log(logger);
  log.pool = 'db';
  /** @type {{at: number, run: () => void}[]} */
  const timers = [];
  const clock = {
    now: 1000,
    /** @param {number} millis */
    pass(millis) {
      this.now += millis;
      for (const timer of timers.filter(({ at }) => at <= this.now)) {
        timers.splice(timers.indexOf(timer), 1);
        timer.run();
      }
    },
  };
  const incidents = new Incidents(
    'db',
    log,
    () => clock.now,
    (run, millis) => timers.push({ at: clock.now + millis, run }),
  );
  const messages = () => told().map(({ message }) => message);
  return { clock, incidents, lines, messages, told };
}

test('an outage is a start, a summary once a minute, and an end', () => {
  const { clock, incidents, told } = onOwnClock();
  incidents.connectFailed(REFUSED);
  incidents.breakerOpened(REFUSED);
  incidents.breakerOpened(REFUSED);
  for (let second = 0; second < 90; second++) {
    clock.now += 1000;
    incidents.connectFailed(REFUSED);
    incidents.checked('down', `reason ${second}`, false);
    incidents.retried({ name: 'orders', code: 'ECONNREFUSED' }, 'again');
  }
  incidents.breakerClosed();
  incidents.breakerClosed();
  assert.deepStrictEqual(
    told().map(({ level, event }) => `${level} ${event}`),
    ['error breaker.opened', 'error breaker.lasts', 'info breaker.closed'],
  );
  const [first, second, third] = told();
  assert.strictEqual(
    first?.message,
    'db cannot be reached, calls wait: connect ECONNREFUSED 10.0.0.7:5432',
  );
  assert.match(
    String(second?.message),
    /^db has been unavailable for 60 s: connect ECONNREFUSED 10\.0\.0\.7:5432; meanwhile failed: 60 connects, 59 health checks, /,
  );
  assert.strictEqual(
    third?.message,
    'db is back after 90 s; meanwhile failed: 90 connects, 90 health checks, ' +
      '90 attempts of helpers',
  );
  assert.strictEqual(third?.fields.pool, 'db');
  assert.strictEqual(third?.fields.durationMillis, 90_000);
});

test('a refused password is not called an unreachable server', () => {
  const { incidents, told } = onOwnClock();
  incidents.breakerOpened(
    Object.assign(new Error('password authentication failed'), {
      code: '28P01',
    }),
  );
  assert.deepStrictEqual(
    told().map(({ message }) => message),
    ['Cannot connect to db: 28P01: password authentication failed'],
  );
});

test('what began before the end of an outage belongs to it', () => {
  const { clock, incidents, told } = onOwnClock();
  const starting = Object.assign(new Error('is starting up'), {
    code: '57P03',
  });
  const retry = { event: 'retry', name: 'orders', code: 'HF_DEADLINE' };
  incidents.breakerOpened(REFUSED);
  incidents.breakerClosed();
  clock.now += 200;
  const since = told().length;
  incidents.retried(retry, 'again', 300);
  incidents.checked('down', 'no answer', false, 300);
  incidents.connectFailed(starting, 300);
  incidents.flush();
  assert.deepStrictEqual(told().slice(since), []);
  incidents.retried(retry, 'again', 100);
  incidents.checked('down', 'no answer', false, 100);
  incidents.connectFailed(starting, 100);
  incidents.flush();
  assert.deepStrictEqual(
    told()
      .slice(since)
      .map(({ event }) => event),
    ['retry', 'health.failed', 'connect.failed'],
  );
});

test('a reason why connecting fails is told once until it succeeds', () => {
  const { incidents, messages } = onOwnClock();
  const fail = (/** @type {string} */ code) => {
    incidents.connectFailed(Object.assign(new Error('no'), { code }));
    incidents.flush();
  };
  for (const code of ['57P03', '53300', '57P03', '53300']) {
    fail(code);
  }
  assert.deepStrictEqual(messages(), [
    'Connecting to db failed: 57P03: no',
    'Connecting to db failed: 53300: no',
  ]);
  incidents.connected();
  fail('57P03');
  assert.strictEqual(messages().length, 3);
});

test('an outage explains that calls were slow which waited in it', () => {
  const { clock, incidents } = onOwnClock();
  assert.strictEqual(incidents.explains(500), false);
  incidents.breakerOpened(REFUSED);
  assert.strictEqual(incidents.explains(500), true);
  incidents.breakerClosed();
  clock.now += 400;
  assert.strictEqual(incidents.explains(500), true);
  assert.strictEqual(incidents.explains(300), false);
});

test('another reason is told during an outage, once', () => {
  const { incidents, told } = onOwnClock();
  const starting = Object.assign(new Error('is starting up'), {
    code: '57P03',
  });
  incidents.breakerOpened(REFUSED);
  for (const error of [REFUSED, starting, REFUSED, starting]) {
    incidents.connectFailed(error);
  }
  assert.deepStrictEqual(
    told()
      .map(({ message }) => message)
      .slice(1),
    ['Connecting to db failed: 57P03: is starting up'],
  );
});

test('a health check that fails again is no news, one that passes then is', () => {
  const { clock, incidents, told } = onOwnClock();
  incidents.checked('up', '', true);
  assert.deepStrictEqual(told(), []);
  for (const status of /** @type {const} */ (['degraded', 'down', 'up'])) {
    for (let i = 0; i < 3; i++) {
      clock.now += 1000;
      incidents.checked(status, status === 'up' ? '' : 'so', true);
    }
  }
  assert.deepStrictEqual(
    told().map(({ level, message }) => [level, message]),
    [
      ['warn', 'Health check: so'],
      ['error', 'Health check failed: so'],
      ['info', 'Health check passed (warmup complete)'],
    ],
  );
  incidents.checked('down', 'one', false);
  incidents.checked('down', 'two', false);
  clock.now += 10_000;
  incidents.checked('down', 'three', false);
  assert.deepStrictEqual(
    told()
      .slice(3)
      .map(({ message }) => message),
    ['Health check failed: one', 'Health check failed: three'],
  );
});

test('a failure that is repeated has five lines in ten seconds', () => {
  const { clock, incidents, messages } = onOwnClock();
  const retry = (/** @type {string} */ code) =>
    incidents.retried({ name: 'orders', code }, `failed (${code})`);
  for (let i = 0; i < 100; i++) {
    retry('40001');
  }
  retry('40P01');
  assert.strictEqual(messages().length, 6);
  clock.now += 10_000;
  retry('40001');
  assert.strictEqual(
    messages().at(-1),
    'failed (40001); 95 more were not logged',
  );
});

test('connections that are lost together have one line', () => {
  const { clock, incidents, told } = onOwnClock();
  for (const connection of [1, 2, 3]) {
    incidents.lost(
      connection,
      Object.assign(new Error('x'), { code: '57P01' }),
    );
  }
  assert.deepStrictEqual(told(), []);
  clock.pass(100);
  assert.deepStrictEqual(
    told().map(({ message, fields }) => [message, fields.count]),
    [['3 idle connections to db were lost: 57P01: x', 3]],
  );
});

test('connections that are lost on and on have one line in ten seconds', () => {
  const { clock, incidents, told } = onOwnClock();
  const error = Object.assign(new Error('x'), { code: '57P01' });
  const counts = () => told().map(({ fields }) => fields.count);
  incidents.lost(1, error);
  clock.pass(100);
  for (let connection = 2; connection < 10; connection++) {
    clock.pass(1000);
    incidents.lost(connection, error);
  }
  assert.deepStrictEqual(counts(), [1]);
  clock.pass(2000);
  assert.deepStrictEqual(counts(), [1, 8]);
});

test('a lost connection is no news when one was told and an outage follows, or is there', () => {
  const { clock, incidents, lines, told } = onOwnClock();
  const error = Object.assign(new Error('x'), { code: '57P01' });
  incidents.lost(1, error);
  incidents.flush();
  clock.now += 5000;
  incidents.lost(2, error);
  incidents.breakerOpened(REFUSED);
  incidents.lost(3, error);
  incidents.flush();
  assert.deepStrictEqual(
    told().map(({ event }) => event),
    ['connection.lost', 'breaker.opened'],
  );
  assert.strictEqual(lines.length, 4);
});

test("a logger's lines are single lines, whatever the driver's text is", () => {
  const { logger, lines } = recorder();
  new Log(logger).warn({ event: 'x' }, 'refused\n\tIs it running?\n');
  assert.strictEqual(lines[0]?.message, 'refused Is it running? ');
});

/** @param {any} server @param {any[]} pools */
async function outage(server, pools) {
  await server.stop('immediate');
  const calls = [];
  // A call that begins when the server is back must not fail on a slow machine.
  let deadlineMillis = 300;
  for (let i = 0; i < 8; i++) {
    for (const pool of pools) {
      const ask = () => pool.query({ text: 'select 1', deadlineMillis });
      calls.push(retryQuery(ask, { deadlineMillis: 1500 }).catch(() => null));
      calls.push(pool.health());
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  deadlineMillis = 10_000;
  await server.start();
  await Promise.all(calls);
  await Promise.all(pools.map((pool) => pool.query('select 1')));
}

test("a server's outage is told in a few lines, and none of them twice", async () => {
  const server = await startPostgres();
  const { logger, told } = recorder();
  const options = { connectionString: server.url, logger, max: 3 };
  const pool = new Pool({ ...options, slowQueryMillis: 0 });
  try {
    const warm = () => pool.query('select pg_sleep(0.1)');
    await Promise.all([warm(), warm(), warm()]);
    await outage(server, [pool]);
    const texts = told().map(({ message }) => message);
    assert.deepStrictEqual([...new Set(texts)], texts);
    const events = told().map(({ event }) => event);
    const start = events.indexOf('breaker.opened');
    const ongoing = events.slice(start).filter((e) => e !== 'connect.failed');
    assert.deepStrictEqual(ongoing, ['breaker.opened', 'breaker.closed']);
    // Before its start, on a slow machine, also a call, or a health check, that
    // was quicker than the first attempt to connect. Connections that were lost
    // by calls that ran on them are in those calls' errors.
    const before = events.slice(0, start);
    const warnings = /^(?:connect\.failed|retry|health\.(?:failed|degraded))$/;
    assert.deepStrictEqual(
      before.filter((event) => !warnings.test(event)),
      before.includes('connection.lost') ? ['connection.lost'] : [],
      texts.join('\n'),
    );
    for (const { message, fields } of told()) {
      assert.strictEqual(fields.pool, new URL(server.url).host + '/postgres');
      assert.doesNotMatch(message, /\n/);
    }
  } finally {
    await pool.end();
    await server.stop('immediate');
  }
});

test('handles on one pool tell it together', async () => {
  const server = await startPostgres();
  const { logger, told } = recorder();
  const options = { connectionString: server.url, logger };
  const pools = [
    getPool(options),
    getPool({ ...options, deadlineMillis: 4000 }),
  ];
  assert.notStrictEqual(pools[0], pools[1]);
  try {
    await Promise.all(pools.map((pool) => pool.query('select 1')));
    await outage(server, pools);
    const opened = told().filter(({ event }) => event === 'breaker.opened');
    assert.strictEqual(opened.length, 1);
    const closed = told().filter(({ event }) => event === 'breaker.closed');
    assert.strictEqual(closed.length, 1);
  } finally {
    await Promise.all(pools.map((pool) => pool.end()));
    await server.stop('immediate');
  }
});

test('a statement that was never sent was not slow', async () => {
  const { logger, told } = recorder();
  const pool = new Pool({
    ...{ host: '127.0.0.1', port: 1, user: 'u', database: 'd', logger },
    slowQueryMillis: 1,
    deadlineMillis: 300,
  });
  await assert.rejects(pool.query('select 1'), { code: 'ECONNREFUSED' });
  assert.deepStrictEqual(
    told().filter(({ event }) => event === 'slow'),
    [],
  );
  await pool.end();
});
