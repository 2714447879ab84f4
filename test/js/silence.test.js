// SPDX-License-Identifier: MIT
'use strict';

// Statements whose answer stays away: what runs on is left alone, what is lost
// is told. Two looks lie five seconds apart, so all of them wait side by side.

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { after, test } = require('node:test');

const { Pool } = require('../../lib/index.js');
const {
  eventually,
  findPgBouncer,
  startPgBouncer,
  startPostgres,
  startProxy,
} = require('../support');
const { before, useServer } = require('../support/suite.js');

/** Longer than two looks take. */
const LONG_SECONDS = 9;

const QUICK = {
  logger: false,
  max: 2,
  retry: false,
  deadlineMillis: 0,
  connectTimeoutMillis: 700,
  silenceMillis: 500,
};

const withPgBouncer = { skip: findPgBouncer() === null && 'no PgBouncer' };

const server = useServer();
/** @type {any} */
let bouncer;
/** @type {Record<string, Promise<any>>} */
const scenes = {};
/** @type {Array<() => Promise<unknown>>} */
const endings = [];

before(async () => {
  if (findPgBouncer() !== null) {
    bouncer = await startPgBouncer({ server, poolSize: 1 });
  }
  for (const [name, scene] of Object.entries(stage)) {
    scenes[name] = name === 'saturated' && !bouncer ? never() : scene();
    scenes[name].catch(() => {});
  }
});
after(async () => {
  for (const end of endings) {
    await end();
  }
  await bouncer?.stop();
});

const never = async () => undefined;

/** @param {string} connectionString @param {object} [more] @returns {any} */
function open(connectionString, more) {
  const pool = new Pool({ connectionString, ...QUICK, ...more });
  endings.push(() => pool.end());
  return pool;
}

async function proxy() {
  const made = await startProxy({ host: server.host, port: server.port });
  endings.unshift(() => made.close());
  return made;
}

/** @param {Promise<any>} promise */
function outcomeOf(promise) {
  return promise.then(
    (value) => ({ rows: value.rows }),
    ({ code, outcome, message }) => ({ code, outcome, message }),
  );
}

const stage = {
  /** The server is away behind this address, another one answers. */
  async frozen() {
    const link = await proxy();
    const other = await proxy();
    const { username, password, pathname } = new URL(server.url);
    const login = password ? `${username}:${password}` : username;
    const pool = open(
      `postgresql://${login}@${link.host}:${link.port},` +
        `${other.host}:${other.port}${pathname}`,
    );
    await other.refuse(true); // or a slow first host is passed over
    await eventually(() => pool.query('select 1'), { timeout: 60_000 });
    await other.refuse(false);
    const call = pool.query(`select pg_sleep(${LONG_SECONDS * 10})`);
    link.pause();
    return outcomeOf(call);
  },

  /** The answer is lost on the way; everything else works. */
  async lost() {
    const link = await proxy();
    const pool = open(link.urlFor(server.url), { max: 1 });
    await pool.query('select 1');
    const [connection] = link.connections;
    link.onMessage((/** @type {any} */ { direction, connection: on }) =>
      direction === 'down' && on === connection ? 'drop' : 'pass',
    );
    return outcomeOf(pool.query("select 'lost'"));
  },

  running() {
    const pool = open(server.url);
    return outcomeOf(
      pool.query(`select 1 as one from pg_sleep(${LONG_SECONDS})`),
    );
  },

  /** No place for a look: its question would wait for our own statement. */
  saturated() {
    const pool = open(bouncer.url, { max: 4 });
    return outcomeOf(
      pool.query(`select 1 as one from pg_sleep(${LONG_SECONDS})`),
    );
  },

  /** No descriptor is left for a look. */
  async exhausted() {
    const child = spawn(
      'sh',
      [
        '-c',
        'ulimit -n 128; exec "$0" "$1" "$2" "$3"',
        process.execPath,
        path.join(__dirname, 'silence.child.js'),
        server.url,
        String(LONG_SECONDS),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    await once(child, 'close');
    return JSON.parse(text);
  },

  /** Another server has taken the address over; the old one is frozen. */
  async replaced() {
    const other = await startPostgres();
    const link = await proxy();
    const pool = open(link.urlFor(server.url), { max: 1 });
    await pool.query('select 1');
    const call = pool.query(`select pg_sleep(${LONG_SECONDS * 10})`);
    const [connection] = link.connections;
    connection.stall();
    link.retarget({ host: other.host, port: other.port });
    const found = await outcomeOf(call);
    await other.stop('immediate');
    return found;
  },
};

test('a call on a frozen server ends although another host answers', async () => {
  const { code, outcome } = await scenes.frozen;
  assert.deepStrictEqual([code, outcome], ['HF_SILENT', 'ambiguous']);
});

test('an answer that was lost on the way is reported as such', async () => {
  const { code, outcome, message } = await scenes.lost;
  assert.deepStrictEqual([code, outcome], ['HF_SILENT', 'ambiguous']);
  assert.match(message, /lost on the way/);
});

test('a call ends when another server has taken over its address', async () => {
  const { code, outcome } = await scenes.replaced;
  assert.deepStrictEqual([code, outcome], ['HF_SILENT', 'ambiguous']);
});

test('a long statement is left alone', async () => {
  assert.deepStrictEqual(await scenes.running, { rows: [{ one: 1 }] });
});

test(
  'a long statement is left alone when its pooler is full',
  withPgBouncer,
  async () => {
    assert.deepStrictEqual(await scenes.saturated, { rows: [{ one: 1 }] });
  },
);

test('a long statement is left alone when no descriptor is left', async () => {
  assert.deepStrictEqual(await scenes.exhausted, { rows: [{ one: 1 }] });
});
