// SPDX-License-Identifier: MIT
'use strict';

// A canary: passwords appear nowhere, whatever goes wrong and however it is
// looked at.

const assert = require('node:assert');
const { channel, subscribe, unsubscribe } = require('node:diagnostics_channel');
const { after, test } = require('node:test');
const { inspect } = require('node:util');
const { before, useServer } = require('../support/suite.js');

const { Pool, classify, prometheusText } = /** @type {any} */ (
  require('../../lib/index.js')
);

const CANARY = 'canary-8f3a/x y';
const FORMS = [CANARY, encodeURIComponent(CANARY), 'canary-8f3a'];

const KINDS = ['query', 'acquire', 'connect', 'retry'];
const EVENTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'];
const CHANNELS = [
  ...KINDS.flatMap((kind) =>
    EVENTS.map((event) => `tracing:holdfast:${kind}:${event}`),
  ),
  'holdfast:release',
  'holdfast:breaker',
  'holdfast:slow',
  'holdfast:retry',
];

const server = useServer({ auth: 'scram-sha-256' });
/** What was seen, as text, with where it came from. @type {[string, string][]} */
let seen = [];
/** How many things of a kind were looked at. @type {Map<string, number>} */
let looked = new Map();

/**
 * Looks at a thing in every way there is.
 * @param {string} from
 * @param {any} thing
 */
function look(from, thing) {
  looked.set(from, (looked.get(from) ?? 0) + 1);
  const ways = {
    string: () => String(thing),
    inspect: () => inspect(thing, { depth: 12, getters: true }),
    hidden: () => inspect(thing, { depth: 12, showHidden: true }),
    json: () => JSON.stringify(thing),
    stack: () => thing?.stack,
    cause: () => inspect(thing?.cause, { depth: 12 }),
  };
  for (const [way, view] of Object.entries(ways)) {
    seen.push([`${from} by ${way}`, String(view())]);
  }
}

const onMessage = (/** @type {any} */ message, /** @type {any} */ name) => {
  look(`channel ${String(name)}`, message);
};

const logger = Object.fromEntries(
  ['debug', 'info', 'warn', 'error'].map((level) => [
    level,
    (/** @type {any} */ fields, /** @type {string} */ text) => {
      look('log', fields);
      look('log', text);
    },
  ]),
);

const onWarning = (/** @type {any} */ warning) => look('warning', warning);

before(() => {
  for (const name of CHANNELS) {
    subscribe(name, onMessage);
    assert.ok(channel(name).hasSubscribers);
  }
  process.on('warning', onWarning);
});

after(() => {
  for (const name of CHANNELS) {
    unsubscribe(name, onMessage);
  }
  process.off('warning', onWarning);
});

/** The ways a password is given; `host` and `port` may be others. */
/** @type {Record<string, (more: object) => object>} */
const WAYS = {
  'in the URL': (
    { port = server.port, ...more } = /** @type {any} */ ({}),
  ) => ({
    connectionString:
      `postgresql://${server.user}:${encodeURIComponent(CANARY)}` +
      `@127.0.0.1:${port}/postgres`,
    ...more,
  }),
  'in the object': (more) => ({
    host: '127.0.0.1',
    port: server.port,
    user: server.user,
    database: 'postgres',
    password: CANARY,
    ...more,
  }),
  'from a function': (more) => ({
    host: '127.0.0.1',
    port: server.port,
    user: server.user,
    database: 'postgres',
    password: async () => CANARY,
    ...more,
  }),
};

/**
 * Opens a pool, makes it fail, and looks at everything.
 * @param {object} config
 * @param {(pool: any) => Promise<unknown>} act
 */
async function session(config, act) {
  let pool;
  try {
    pool = new Pool({ logger, deadlineMillis: 1500, ...config });
  } catch (error) {
    look('refusal', error);
    return;
  }
  pool.on('error', (/** @type {any} */ error) => look('event', error));
  try {
    look('result', await act(pool));
  } catch (error) {
    look('error', error);
    look('classification', classify(error));
  }
  for (const thing of [pool, pool.options, pool.stats(), { pool }]) {
    look('pool', thing);
  }
  look('exposition', pool.prometheus());
  look('exposition', prometheusText());
  await pool.end();
  look('pool', pool);
}

/** Every text that was seen is free of it. */
function assertClean() {
  for (const [from, text] of seen) {
    for (const form of FORMS) {
      assert.ok(!text.includes(form), `${from} shows it: ${text}`);
    }
  }
}

for (const [way, configure] of Object.entries(WAYS)) {
  test(`a password ${way} is never shown`, async () => {
    seen = [];
    looked = new Map();
    const ask = (/** @type {any} */ pool) => pool.query('select 1');
    // Refused, as it is not the user's.
    await session(configure({}), ask);
    // Nobody there, often enough to open the breaker.
    await session(configure({ port: 1 }), ask);
    // No TLS over there.
    await session(configure({ ssl: true }), ask);
    await session(configure({ ssl: { rejectUnauthorized: false } }), ask);
    // Bad options beside it.
    await session(configure({ max: -1 }), ask);
    await session(configure({ nothing: 1 }), ask);
    // Right, and what goes wrong then.
    await server.psql(
      `alter role ${server.user} password '${CANARY.replaceAll("'", "''")}'`,
    );
    await session(configure({ slowQueryMillis: 1 }), async (pool) => {
      await pool.query('select pg_sleep(0.01)');
      const client = await pool.connect();
      look('client', client);
      client.release();
      return pool.query('select 1/0');
    });
    await session(configure({}), async (pool) => {
      await pool.warmup();
      await pool.query('select 1');
      return pool.query('select pg_terminate_backend(pg_backend_pid())');
    });
    await server.psql(`alter role ${server.user} password 'another'`);
    assertClean();
    // It was not for want of looking.
    for (const from of ['error', 'log', 'classification', 'refusal']) {
      assert.ok((looked.get(from) ?? 0) > 0, from);
    }
    for (const kind of ['query', 'connect', 'acquire']) {
      const name = `channel tracing:holdfast:${kind}:asyncEnd`;
      assert.ok((looked.get(name) ?? 0) > 0, name);
    }
    assert.ok(seen.length > 500);
  });
}

test('a connection string that cannot be read is not repeated', () => {
  seen = [];
  const texts = [
    `postgresql://u:${CANARY}@[bad/x`,
    `postgres//u:${encodeURIComponent(CANARY)}@h/x`,
    `postgresql://u:${encodeURIComponent(CANARY)}@h/x?nothing=1`,
    `postgresql://u@h/x?password=${encodeURIComponent(CANARY)}&nope=1`,
    `host=h password='${CANARY}' nothing=1`,
  ];
  for (const connectionString of texts) {
    try {
      look('pool', new Pool({ connectionString, logger: false }));
    } catch (error) {
      look('refusal', error);
    }
  }
  assertClean();
});
