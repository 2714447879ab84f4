// SPDX-License-Identifier: MIT
'use strict';

// Health against queries: the server is disturbed at random, and what health()
// says is compared with what a query does right after it. HF_STRESS=full does
// more of it; HF_SEED repeats a run.

const assert = require('node:assert');
const { test } = require('node:test');
const { setTimeout: delay } = require('node:timers/promises');

const { Pool } = require('../../lib/index.js');
const {
  findPgBouncer,
  startPgBouncer,
  startProxy,
} = require('../support/index.js');
const { before, useServer } = require('../support/suite.js');

const ROUNDS = process.env.HF_STRESS === 'full' ? 200 : 20;
const SEED = Number(process.env.HF_SEED ?? Date.now() % 1e6);

/** A change is complete that long before health() is asked. */
const SETTLE_MILLIS = 100;

const server = useServer();
before(async () => {
  await server.psql("create user app login password 'app'");
});
/** @param {number} seed a linear congruential generator's */
function randomFrom(seed) {
  let state = seed;
  return (/** @type {number} */ n) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/**
 * What can be wrong, how it comes about and how it ends.
 * @typedef {object} Trouble
 * @property {string} name
 * @property {() => Promise<unknown>} begin
 * @property {() => Promise<unknown>} end
 */

/**
 * @param {any} proxy
 * @returns {Trouble[]}
 */
function troublesOf(proxy) {
  return [
    {
      name: 'server stopped',
      begin: () => server.stop(),
      end: () => server.start(),
    },
    {
      name: 'server killed',
      begin: () => server.stop('immediate'),
      end: () => server.start(),
    },
    {
      name: 'connections refused',
      begin: async () => {
        await proxy.refuse(true);
        proxy.killAll();
      },
      end: () => proxy.refuse(false),
    },
    {
      name: 'network silent',
      begin: async () => proxy.pause(),
      end: async () => proxy.resume(),
    },
    {
      name: 'connections cut',
      begin: async () => proxy.killAll(),
      end: async () => {},
    },
    {
      name: 'connections ended',
      begin: async () => proxy.killAll('fin'),
      end: async () => {},
    },
    {
      name: 'backends terminated',
      begin: () => server.terminate('true'),
      end: async () => {},
    },
    {
      name: 'login refused',
      begin: async () => {
        await server.psql('alter user app nologin');
        await server.terminate('true');
      },
      end: () => server.psql('alter user app login'),
    },
    {
      name: 'login refused, connections kept',
      begin: () => server.psql('alter user app nologin'),
      end: () => server.psql('alter user app login'),
    },
  ];
}

/**
 * Returns a function that deals all of the list in random order, then all of
 * it again: each trouble comes in every run, however short.
 * @template T
 * @param {readonly T[]} list
 * @param {(n: number) => number} random
 * @returns {() => T}
 */
function dealer(list, random) {
  /** @type {T[]} */
  let deck = [];
  return () => {
    deck = deck.length === 0 ? [...list] : deck;
    return deck.splice(random(deck.length), 1)[0];
  };
}

/**
 * Asks for the health, then lets a query find out, and says what each found.
 * @param {any} pool
 */
async function compare(pool) {
  await delay(SETTLE_MILLIS);
  const health = await pool.health({ timeoutMillis: 1500 });
  const query = { text: 'select 1', retry: false, deadlineMillis: 1000 };
  const error = await pool.query(query).then(
    () => null,
    (/** @type {any} */ failure) => failure,
  );
  return { health, error };
}

/**
 * @param {string} url that troubles lie on
 * @param {Trouble[]} troubles
 */
async function run(url, troubles) {
  const deal = dealer(troubles, randomFrom(SEED));
  const pool = new Pool({ connectionString: url, max: 4, logger: false });
  /** @type {string[]} */
  const lies = [];
  const seen = { up: 0, degraded: 0, down: 0 };
  /** @type {Trouble | null} */
  let trouble = null;
  for (let round = 0; round < ROUNDS; round++) {
    if (trouble === null) {
      trouble = deal();
      await trouble.begin();
    } else {
      await trouble.end();
      trouble = null;
    }
    const { health, error } = await compare(pool);
    seen[/** @type {keyof seen} */ (health.status)] += 1;
    const works = error === null;
    if (
      (health.status === 'up' && !works) ||
      (health.status === 'down' && works)
    ) {
      const state = trouble?.name ?? 'no trouble';
      const found = works ? 'worked' : `failed: ${error.code} ${error.message}`;
      lies.push(
        `round ${round}, ${state}: ${health.status} ` +
          `(${health.reasons.join('; ')}), and the query ${found}`,
      );
    }
  }
  await trouble?.end();
  await pool.end();
  return { lies, seen };
}

test(`health never says what queries deny (seed ${SEED})`, async (t) => {
  const proxy = await startProxy(server);
  const url = proxy.urlFor(server.urlFor({ user: 'app', password: 'app' }));
  const { lies, seen } = await run(url, troublesOf(proxy));
  await proxy.close();
  t.diagnostic(JSON.stringify(seen));
  assert.deepStrictEqual(lies, []);
  assert.ok(seen.up > 0);
  assert.ok(seen.down > 0);
});

const without = findPgBouncer() === null && 'pgbouncer is not installed';
test(`health never says what queries deny, behind a pooler (seed ${SEED})`, {
  skip: without,
}, async (t) => {
  const bouncer = await startPgBouncer({ server });
  const troubles = [
    {
      name: 'pooler stopped',
      begin: () => bouncer.stop(),
      end: () => bouncer.start(),
    },
    {
      name: 'pooler restarted',
      begin: () => bouncer.restart(),
      end: async () => {},
    },
    {
      name: 'pooler frozen',
      begin: async () => bouncer.freeze(),
      end: async () => bouncer.thaw(),
    },
    {
      name: 'server behind the pooler stopped',
      begin: () => server.stop(),
      end: () => server.start(),
    },
    {
      name: 'server connections terminated',
      begin: () => server.terminate('true'),
      end: async () => {},
    },
  ];
  const { lies, seen } = await run(bouncer.url, troubles);
  await bouncer.stop();
  t.diagnostic(JSON.stringify(seen));
  assert.deepStrictEqual(lies, []);
  assert.ok(seen.up > 0);
  assert.ok(seen.down > 0);
});
