// SPDX-License-Identifier: MIT
'use strict';

// Channels and the slow query log, on a real server.

const assert = require('node:assert');
const { AsyncLocalStorage } = require('node:async_hooks');
const { subscribe, unsubscribe, channel } = require('node:diagnostics_channel');
const { afterEach, test } = require('node:test');

const { Pool, retryQuery } = /** @type {any} */ (require('../../lib/index.js'));
const { shownText } = require('../../lib/observe/slow-query.js');
const { eventually, startPostgres } = require('../support/index.js');
const { useServer } = require('../support/suite.js');

const server = useServer();
/** @type {(() => void)[]} */
const undo = [];

afterEach(() => {
  for (const one of undo.splice(0)) {
    one();
  }
});

/** @param {object} [options] */
function open(options) {
  return new Pool({
    connectionString: server.url,
    logger: false,
    ...options,
  });
}

/**
 * Keeps what a tracing channel says, in order.
 * @param {string} name
 */
function trace(name) {
  /** @type {[string, any][]} */
  const received = [];
  for (const event of ['start', 'end', 'asyncStart', 'asyncEnd', 'error']) {
    listen(`tracing:holdfast:${name}:${event}`, (message) => {
      received.push([event, message]);
    });
  }
  return received;
}

/**
 * @param {string} name
 * @param {(message: any) => void} listener
 */
function listen(name, listener) {
  subscribe(name, listener);
  undo.push(() => unsubscribe(name, listener));
}

/** A logger, and what it got at a level. */
function recorder() {
  /** @type {[any, string][]} */
  const lines = [];
  const keep = (/** @type {any} */ fields, /** @type {string} */ message) => {
    lines.push([fields, message]);
  };
  const logger = { debug() {}, info() {}, warn: keep, error: keep };
  return { lines, logger };
}

/** @param {[string, any][]} received */
function events(received) {
  return received.map(([event]) => event);
}

test('a statement is traced from start to end', async () => {
  const pool = open();
  const received = trace('query');
  await pool.query('select $1::text as x', ['a value']);
  const order = ['start', 'end', 'asyncStart', 'asyncEnd'];
  assert.deepStrictEqual(events(received), order);
  const [[, context]] = received;
  assert.ok(received.every(([, message]) => message === context));
  assert.strictEqual(context.text, 'select $1::text as x');
  assert.strictEqual(context.command, 'SELECT');
  assert.strictEqual(context.rows, 1);
  assert.strictEqual(context.attempts, 1);
  assert.strictEqual(context.onClient, false);
  assert.ok(context.durationMillis > 0);
  assert.strictEqual(context.target.port, pool.options.port);
  assert.ok(!JSON.stringify(context).includes('a value'));
  await pool.end();
});

test('a failure is traced with its error', async () => {
  const pool = open();
  const received = trace('query');
  const error = await pool
    .query('select 1/0')
    .catch((/** @type {any} */ reason) => reason);
  const order = ['start', 'end', 'error', 'asyncStart', 'asyncEnd'];
  assert.deepStrictEqual(events(received), order);
  assert.strictEqual(received[2][1].error, error);
  await pool.end();
});

test('refused arguments end the trace that began', () => {
  const pool = open();
  const received = trace('query');
  const bad = { toPostgres: () => assert.fail('refused') };
  return assert.rejects(pool.query('select $1', [bad])).then(() => {
    assert.deepStrictEqual(events(received), ['start', 'error', 'end']);
    return pool.end();
  });
});

test('stores bound to the start channel are visible while sending', async () => {
  const pool = open();
  const store = new AsyncLocalStorage();
  const start = channel('tracing:holdfast:query:start');
  /** @type {any} */ (start).bindStore(store, () => 'traced');
  undo.push(() => /** @type {any} */ (start).unbindStore(store));
  let seen;
  const value = {
    toPostgres() {
      seen = store.getStore();
      return 'x';
    },
  };
  await pool.query('select $1::text', [value]);
  assert.strictEqual(seen, 'traced');
  assert.strictEqual(store.getStore(), undefined);
  await pool.end();
});

test('connects, leases and releases are traced', async () => {
  const pool = open();
  const connects = trace('connect');
  const acquires = trace('acquire');
  /** @type {any[]} */
  const releases = [];
  listen('holdfast:release', (message) => releases.push(message));
  const client = await pool.connect();
  const { processID } = client;
  const received = trace('query');
  await client.query('select 1');
  client.release();
  assert.strictEqual(received[0][1].onClient, true);
  const order = ['start', 'end', 'asyncStart', 'asyncEnd'];
  assert.deepStrictEqual(events(connects), order);
  assert.ok(connects[0][1].durationMillis > 0);
  assert.deepStrictEqual(events(acquires), order);
  assert.strictEqual(acquires[0][1].processID, processID);
  assert.strictEqual(releases.length, 1);
  assert.strictEqual(releases[0].processID, processID);
  assert.ok(releases[0].heldMillis > 0);
  await pool.end();
});

test('an outage opens the breaker, its end closes it', async () => {
  const own = await startPostgres();
  const { lines, logger } = recorder();
  const pool = new Pool({ connectionString: own.url, logger, max: 1 });
  /** @type {any[]} */
  const states = [];
  listen('holdfast:breaker', ({ state, error }) => {
    states.push([state, error?.code]);
  });
  try {
    await pool.query('select 1');
    await own.stop('immediate');
    const waiting = pool.query({ text: 'select 2', deadlineMillis: 30000 });
    await eventually(() => states.length > 0);
    await own.start();
    await waiting;
    assert.deepStrictEqual(states, [
      ['open', 'ECONNREFUSED'],
      ['closed', undefined],
    ]);
    const opened = lines.filter(([{ event }]) => event === 'breaker.opened');
    assert.strictEqual(opened.length, 1);
    assert.match(
      opened[0][1],
      /cannot be reached, calls wait: connect ECONNREFUSED/,
    );
    const failed = lines.filter(([{ event }]) => event === 'connect.failed');
    assert.ok(failed.length < 5, 'once per reason');
  } finally {
    await pool.end();
    await own.stop();
  }
});

test('a retry by the engine is traced', async () => {
  const pool = open({ retryBaseMillis: 0 });
  await pool.query('create sequence told');
  const received = trace('retry');
  await pool.query({
    text: `do $$ begin if nextval('told') < 2 then
      raise exception 'x' using errcode = '40001'; end if; end $$`,
    idempotent: true,
  });
  const order = ['start', 'end', 'asyncStart', 'asyncEnd'];
  assert.deepStrictEqual(events(received), order);
  assert.strictEqual(received[0][1].attempts, 2);
  await pool.end();
});

test('a retry by a helper is traced, and logged with its delay', async () => {
  const received = trace('retry');
  let calls = 0;
  await retryQuery(
    () => {
      calls += 1;
      if (calls === 1) {
        throw Object.assign(new Error('x'), {
          code: '40001',
          severity: 'ERROR',
        });
      }
      return Promise.resolve();
    },
    { name: 'orders.find', baseMillis: 0 },
  );
  assert.deepStrictEqual(events(received), [
    'start',
    'end',
    'error',
    'asyncStart',
    'asyncEnd',
  ]);
  const [[, { name, attempt, maxAttempts, delayMillis }]] = received;
  assert.deepStrictEqual([name, attempt, maxAttempts], ['orders.find', 1, 3]);
  assert.ok(delayMillis >= 0);
});

test('a slow statement is logged once, without its values', async () => {
  const { lines, logger } = recorder();
  const pool = open({ logger, slowQueryMillis: 500 });
  /** @type {any[]} */
  const slow = [];
  listen('holdfast:slow', (message) => slow.push(message));
  await pool.query("select pg_sleep($1), 'in the text'", [0.6]);
  await pool.query('select 1');
  assert.strictEqual(lines.length, 1);
  const [[fields, message]] = lines;
  assert.match(
    message,
    /^Slow query: \d+ ms, 1 row: select pg_sleep\(\$1\), \?$/,
  );
  assert.strictEqual(fields.event, 'slow');
  assert.strictEqual(fields.rows, 1);
  assert.ok(fields.durationMillis >= 500);
  assert.strictEqual(slow.length, 1);
  assert.strictEqual(slow[0].text, fields.text);
  assert.strictEqual(pool.stats().slowQueries, 1);
  await pool.end();
});

test('a slow failure is logged with its code', async () => {
  const { lines, logger } = recorder();
  const pool = open({ logger, slowQueryMillis: 20 });
  const text =
    "do $$ begin perform pg_sleep(0.05); raise exception 'x'; end $$";
  await assert.rejects(pool.query(text), { code: 'P0001' });
  assert.match(lines[0][1], /^Slow query: \d+ ms, failed with P0001: do \?$/);
  await pool.end();
});

test('slowQueryMillis 0 turns the slow query log off', async () => {
  const { lines, logger } = recorder();
  const pool = open({ logger, slowQueryMillis: 0 });
  await pool.query('select pg_sleep(0.02)');
  assert.deepStrictEqual(lines, []);
  await pool.end();
});

test('texts are shown short and without values or comments', () => {
  /** @type {[string, string][]} */
  const texts = [
    ["select 'it''s' , 12, 1.5e3", 'select ? , ?, ?'],
    [String.raw`select E'a\'b', 'c'`, 'select ?, ?'],
    ['select $1, $2::int', 'select $1, $2::int'],
    ['select "col\'1", t1.a2 from t1', 'select "col\'1", t1.a2 from t1'],
    ["select /* user 'x' */ 1 -- it's\n, 2", 'select ? , ?'],
    ['do $body$ secret $$ $body$', 'do ?'],
    ["select 'cut", 'select ?'],
    ['  select\n\t1  ', 'select ?'],
  ];
  for (const [text, shown] of texts) {
    assert.strictEqual(shownText(text), shown);
  }
  const long = shownText(`select ${'column_name, '.repeat(1000)}x`);
  assert.strictEqual(long.length, 200);
  assert.ok(long.endsWith('…'));
});

test('a conflict of prepared statements is logged, with its code', async () => {
  const { logger, lines } = recorder();
  const pool = open({ logger, max: 1 });
  await pool.query('prepare mine as select 1');
  await assert.rejects(pool.query('prepare mine as select 1'), {
    code: '42P05',
  });
  await assert.rejects(pool.query('execute nobodys'), { code: '26000' });
  await pool.end();
  assert.deepStrictEqual(
    lines.map(([{ event, code }, message]) => [event, code, message]),
    [
      ['conflict', '42P05', 'Database prepared statement conflict'],
      ['conflict', '26000', 'Database prepared statement conflict'],
    ],
  );
});
