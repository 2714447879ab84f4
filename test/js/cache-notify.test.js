// SPDX-License-Identifier: MIT
'use strict';

// The cache of one process, told by others through NOTIFY what is old; and what
// holds while they cannot be heard.

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { beforeEach, test } = require('node:test');
const { promisify } = require('node:util');

const { Pool } = require('../../lib/index.js');
const {
  eventually,
  findPgBouncer,
  startPgBouncer,
  startProxy,
} = require('../support');
const { before, useServer } = require('../support/suite.js');

const MINUTE = 60_000;
const CHANNEL = 'forget';
const LISTENING = "query ~ 'LISTEN' or query = 'select 1'";

const server = useServer();

before(async () => {
  await server.psql('create table posts (n int)');
});

beforeEach(() => server.psql('truncate posts'));

/** @param {object} [options] @returns {any} */
function open(options) {
  return new Pool(
    /** @type {any} */ ({
      connectionString: server.url,
      cacheNotifyChannel: CHANNEL,
      logger: false,
      ...options,
    }),
  );
}

/**
 * @param {any} pool
 * @param {object} [cache]
 */
async function count(pool, cache) {
  const result = await pool.query({
    text: 'select count(*)::int as n from posts',
    cache: { ttlMillis: MINUTE, tags: 'posts', ...cache },
  });
  const { cached = false, stale = false } = result;
  return { n: result.rows[0].n, cached, stale };
}

/** Waits until answers are kept, which they are once it listens. */
async function untilKept(/** @type {any} */ pool) {
  await eventually(async () => (await count(pool)).cached);
}

/** What another process does. @param {string} [payload] */
async function write(payload = 'posts') {
  await server.psql(
    `begin; insert into posts values (1);
     select pg_notify('${CHANNEL}', '${payload}'); commit`,
  );
}

/**
 * The warning of the cache that a function causes.
 *
 * @param {() => Promise<unknown>} fn
 */
async function warningOf(fn) {
  /** @type {any[]} */
  const warnings = [];
  const note = (/** @type {any} */ warning) => warnings.push(warning);
  process.on('warning', note);
  try {
    await fn();
    return await eventually(() =>
      warnings.find(({ code }) => code === 'HF_CACHE_NOTIFY'),
    );
  } finally {
    process.off('warning', note);
  }
}

test('a write of another process invalidates by tag, and with an empty payload everything', async () => {
  const pool = open();
  try {
    for (const [n, payload] of ['posts', ''].entries()) {
      await untilKept(pool);
      assert.deepStrictEqual(await count(pool), {
        n,
        cached: true,
        stale: false,
      });
      await write(payload);
      await eventually(async () => (await count(pool)).n === n + 1);
    }
    await untilKept(pool);
    const before = pool.stats().cacheMisses;
    await write('authors');
    await pool.query('select 1');
    assert.strictEqual((await count(pool)).cached, true);
    assert.strictEqual(pool.stats().cacheMisses, before);
  } finally {
    await pool.end();
  }
});

test('nothing listens before the first call that caches, and nothing is cached before it listens', async () => {
  const pool = open();
  try {
    await pool.query('select 1');
    assert.deepStrictEqual(await server.backends("query ~ 'LISTEN'"), []);
    await count(pool);
    // Nobody can have heard what happened since.
    assert.strictEqual((await count(pool)).cached, false);
    await untilKept(pool);
  } finally {
    await pool.end();
  }
});

test('nothing stale is left of what was missed while the session was lost', async () => {
  const pool = open();
  try {
    for (let n = 0; n < 5; n++) {
      await untilKept(pool);
      assert.strictEqual((await count(pool)).n, n);
      const [{ pid }] = await server.backends(LISTENING);
      await server.terminate(`pid = ${pid}`);
      await write(); // to nobody, or to the one that comes after
      // It is lost at once, and from then on the server is asked.
      await eventually(async () => (await count(pool)).n === n + 1);
      await eventually(
        async () =>
          (await server.backends(`(${LISTENING}) and pid <> ${pid}`)).length ===
          1,
      );
      assert.strictEqual((await count(pool)).n, n + 1);
    }
  } finally {
    await pool.end();
  }
});

test('stale answers bridge an outage, and fresh ones follow it', async () => {
  const pool = open();
  const stale = { staleIfErrorMillis: MINUTE };
  try {
    await untilKept(pool);
    await pool.invalidate();
    await count(pool, stale);
    await server.stop('immediate');
    await eventually(async () => (await count(pool, stale)).stale);
    assert.strictEqual((await count(pool, stale)).n, 0);
    await server.start();
    await write();
    await eventually(async () => (await count(pool, stale)).n === 1, {
      timeout: 20_000,
    });
    await eventually(async () => (await count(pool, stale)).cached, {
      timeout: 20_000,
    });
    assert.strictEqual((await count(pool, stale)).n, 1);
  } finally {
    await pool.end();
  }
});

test('a session that does not answer counts as lost', async () => {
  const proxy = await startProxy(server);
  const pool = open({
    connectionString: proxy.urlFor(server.url),
    cacheNotifyProbeMillis: 50,
  });
  const config = Object.freeze({
    text: 'select 1 as n',
    cache: Object.freeze({ ttlMillis: MINUTE }),
  });
  try {
    await eventually(async () => (await pool.query(config)).cached);
    /** @type {Promise<any>[]} */
    const calls = [];
    const { cacheMisses } = pool.stats();
    proxy.pause();
    // Until one of them asks the server, which does not hear it for now.
    await eventually(() => {
      calls.push(pool.query(config));
      return pool.stats().cacheMisses > cacheMisses;
    });
    proxy.resume();
    await Promise.all(calls);
    await eventually(async () => (await pool.query(config)).cached, {
      timeout: 20_000,
    });
  } finally {
    proxy.resume();
    await pool.end();
    await proxy.close();
  }
});

test('a pool of one connection keeps it for queries', async () => {
  const pool = open({ max: 1 });
  try {
    await untilKept(pool);
    assert.strictEqual(pool.totalCount, 1);
    assert.strictEqual(pool.idleCount, 1);
    await write();
    await eventually(async () => (await count(pool)).n === 1);
  } finally {
    await pool.end();
  }
});

test('a process that only listens for its cache ends by itself', async () => {
  const file = path.join(__dirname, '..', '..', 'lib', 'index.js');
  const script = `
    const { Pool } = require(${JSON.stringify(file)});
    const pool = new Pool({
      connectionString: ${JSON.stringify(server.url)},
      cacheNotifyChannel: 'forget',
    });
    const ask = async () => {
      const { cached } = await pool.query({
        text: 'select 1 as n', cache: { ttlMillis: 60000 },
      });
      if (cached) {
        console.log('kept');
      } else {
        setTimeout(ask, 5);
      }
    };
    ask();`;
  const run = promisify(execFile);
  const options = {
    timeout: 60_000,
    killSignal: /** @type {const} */ ('SIGKILL'),
  };
  const { stdout } = await run(process.execPath, ['-e', script], options);
  assert.strictEqual(stdout, 'kept\n');
});

test('an invalid channel name is refused', () => {
  for (const wrong of ['', 7, {}]) {
    assert.throws(
      () => open({ cacheNotifyChannel: wrong }),
      /cacheNotifyChannel/,
    );
  }
});

const skip = findPgBouncer() === null && 'PgBouncer is not installed';

test('behind a pooler it listens on a direct connection, or says which variable is missing', {
  skip,
}, async () => {
  const bouncer = await startPgBouncer({ server });
  const through = { connectionString: bouncer.url };
  const pool = open({ ...through, directUrl: server.url });
  const bare = open(through);
  try {
    await untilKept(pool);
    await write();
    await eventually(async () => (await count(pool)).n === 1);
    const { message } = await warningOf(() => count(bare));
    assert.match(message, /DIRECT_URL/);
    await eventually(() => bare.stats().leased === 0);
    assert.strictEqual((await count(bare)).cached, false);
  } finally {
    await pool.end();
    await bare.end();
    await bouncer.stop();
  }
});
