// SPDX-License-Identifier: MIT
'use strict';

// listen(): notifications across the loss of the session, on real servers.

const assert = require('node:assert');
const { test } = require('node:test');

const { Pool } = require('../../lib/index.js');
const { eventually, findPgBouncer, startPgBouncer } = require('../support');
const { useServer } = require('../support/suite.js');

const server = useServer();

/** @param {object} [options] @returns {any} */
function open(options) {
  return new Pool(
    /** @type {any} */ ({ connectionString: server.url, max: 2, ...options }),
  );
}

test('each channel is listened to until its returned function is called', async () => {
  const pool = open();
  /** @type {string[]} */
  const received = [];
  const note = ({ channel, payload }) => received.push(`${channel} ${payload}`);
  const endOne = await pool.listen('One "1"', note);
  const endTwo = await pool.listen('two', note);
  const again = await pool.listen('two', () => {
    throw new Error('mine');
  });
  await pool.query(`select pg_notify('One "1"', 'a'), pg_notify('two', 'b')`);
  await eventually(() => received.length === 2);
  assert.deepStrictEqual(received, ['One "1" a', 'two b']);
  assert.strictEqual(
    (await server.backends("query like '%LISTEN%'")).length,
    1,
  );
  await endOne();
  await again();
  await pool.query(`select pg_notify('One "1"', 'c'), pg_notify('two', 'd')`);
  await eventually(() => received.length === 3);
  assert.strictEqual(received[2], 'two d');
  await endTwo();
  await eventually(
    async () => (await server.backends("query ~ 'LISTEN'")).length === 0,
  );
  await pool.end();
});

test('a session that is lost is replaced, and listens again', async () => {
  const pool = open();
  /** @type {string[]} */
  const received = [];
  let reconnects = 0;
  await pool.listen(
    'news',
    (/** @type {any} */ { payload }) => received.push(payload),
    {
      onReconnect: () => {
        reconnects += 1;
      },
    },
  );
  await server.terminate("query ~ 'LISTEN'");
  await eventually(() => reconnects === 1);
  await pool.query("select pg_notify('news', 'after a kill')");
  await eventually(() => received.length === 1);
  await server.restart('fast');
  await eventually(() => reconnects === 2, { timeout: 20_000 });
  await pool.query("select pg_notify('news', 'after a restart')");
  await eventually(() => received.length === 2);
  assert.deepStrictEqual(received, ['after a kill', 'after a restart']);
  await pool.end();
});

test('channels that are listened to at once share a session', async () => {
  const pool = open();
  /** @type {string[]} */
  const received = [];
  const names = ['a', 'b', 'c', 'd'];
  await Promise.all(
    names.map((name) =>
      pool.listen(name, (/** @type {any} */ { channel }) =>
        received.push(channel),
      ),
    ),
  );
  await pool.query("select pg_notify(c, '') from unnest($1::text[]) c", [
    names,
  ]);
  await eventually(() => received.length === names.length);
  assert.deepStrictEqual(received.sort(), names);
  await pool.end();
});

test('channels asked for in an outage share the next session', async () => {
  const pool = open();
  /** @type {string[]} */
  const received = [];
  const note = (/** @type {any} */ { channel, payload }) =>
    received.push(`${channel} ${payload}`);
  await pool.listen('old', note);
  await server.stop('fast');
  await eventually(() => pool.totalCount === 0);
  const asked = ['new', 'newer'].map((name) => pool.listen(name, note));
  await server.start();
  await Promise.all(asked);
  assert.strictEqual((await server.backends("query ~ 'LISTEN'")).length, 1);
  await pool.query("select pg_notify('old', '1'), pg_notify('newer', '2')");
  await pool.query("select pg_notify('old', '3')");
  await eventually(() => received.includes('old 3'));
  assert.deepStrictEqual(received, ['old 1', 'newer 2', 'old 3']);
  await pool.end();
});

test('listen() waits for the end of an outage, as long as it may', async () => {
  const pool = open();
  const late = open({ deadlineMillis: 300 });
  // However long the first session takes to open.
  await late.listen('old', () => {}, { deadlineMillis: 0 });
  await server.stop('fast');
  try {
    const first = pool.listen('first', () => {}, { deadlineMillis: 0 });
    const refused = { code: 'HF_DEADLINE', outcome: 'not_executed' };
    await assert.rejects(
      pool.listen('soon', () => {}, { deadlineMillis: 100 }),
      refused,
    );
    // Also where it listened before, by the pool's own deadline.
    await assert.rejects(
      late.listen('new', () => {}),
      (/** @type {any} */ error) => error.outcome === 'not_executed',
    );
    await server.start();
    await first;
    assert.strictEqual((await server.backends("query ~ 'first'")).length, 1);
    assert.strictEqual((await server.backends("query ~ 'soon'")).length, 0);
  } finally {
    if (server.pid === 0) {
      await server.start();
    }
    await late.end();
    await pool.end();
  }
});

test('listen() in an outage rejects when the pool ends', async () => {
  const pool = open();
  await pool.listen('old', () => {});
  await server.stop('fast');
  try {
    await eventually(() => pool.totalCount === 0);
    const asked = assert.rejects(
      pool.listen('new', () => {}),
      { code: 'HF_POOL_CLOSED' },
    );
    await pool.end();
    await asked;
  } finally {
    await server.start();
  }
});

test('listen() that is under way when the pool ends rejects', async () => {
  const pool = open();
  const asked = assert.rejects(
    pool.listen('x', () => {}),
    { code: 'HF_POOL_CLOSED' },
  );
  await pool.end();
  await asked;
});

test('an invalid channel or function is refused', async () => {
  const pool = open();
  await assert.rejects(
    pool.listen('', () => {}),
    TypeError,
  );
  await assert.rejects(pool.listen('x', 'y'), /fn.*must be a function/);
  await assert.rejects(
    pool.listen('x', () => {}, { onReconnect: 1 }),
    /onReconnect.*must be a function/,
  );
  await pool.end();
  await assert.rejects(
    pool.listen('x', () => {}),
    { code: 'HF_POOL_CLOSED' },
  );
});

const skip = findPgBouncer() === null && 'PgBouncer is not installed';

test('behind a pooler it listens on a direct connection', {
  skip,
}, async () => {
  const bouncer = await startPgBouncer({ server });
  const pool = open({ connectionString: bouncer.url, directUrl: server.url });
  const bare = open({ connectionString: bouncer.url });
  try {
    /** @type {string[]} */
    const received = [];
    await pool.listen('far', (/** @type {any} */ { payload }) =>
      received.push(payload),
    );
    await pool.query("select pg_notify('far', 'hello')");
    await eventually(() => received.length === 1);
    await assert.rejects(
      bare.listen('far', () => {}),
      {
        code: 'HF_SESSION_REQUIRED',
        message: /DIRECT_URL/,
      },
    );
  } finally {
    await pool.end();
    await bare.end();
    await bouncer.stop();
  }
});
