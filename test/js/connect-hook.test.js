// SPDX-License-Identifier: MIT
'use strict';

// What prepares a new connection: listeners of 'connect' and onConnect as a
// function, beside pg.

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');
const { setTimeout: delay } = require('node:timers/promises');

const { onBoth } = require('../support/both.js');
const { eventually, findPgBouncer, startPgBouncer } = require('../support');
const { getPool } = require('../../lib/index.js');
const { Pool } = require('../../lib/pool/pool.js');
const { before, useServer } = require('../support/suite.js');

const server = useServer();
/** @type {{connectionString: string, max: number}} */
let config;

before(() => {
  config = { connectionString: server.url, max: 3 };
});

/**
 * @param {any} pool
 * @param {string} name
 */
async function settingOn(pool, name) {
  const { rows } = await pool.query(`select current_setting('${name}') as v`);
  return rows[0].v;
}

test('settings of a connect listener hold for every call, on every connection', async () => {
  const { theirs, ours } = await onBoth(config, async (pool) => {
    let opened = 0;
    pool.on('connect', (/** @type {any} */ client) => {
      opened += 1;
      client.query("set app.tenant to 'acme'");
    });
    const seen = await Promise.all(
      Array.from({ length: 9 }, () => settingOn(pool, 'app.tenant')),
    );
    // Three at once are on three connections.
    const clients = await Promise.all([1, 2, 3].map(() => pool.connect()));
    for (const client of clients) {
      const { rows } = await client.query('show app.tenant');
      seen.push(rows[0]['app.tenant']);
      client.release();
    }
    return { seen, opened };
  });
  assert.deepStrictEqual(ours, theirs);
  assert.deepStrictEqual(new Set(ours.seen), new Set(['acme']));
  assert.strictEqual(ours.opened, 3);
});

test('an async listener completes before its connection serves a call', async () => {
  const pool = new Pool({ ...config, max: 1 });
  pool.on('connect', async (client) => {
    await client.query("set app.one to 'a'");
    await delay(20);
    const { rows } = await client.query('select 2 as n');
    await client.query(`set app.two to 'b${rows[0].n}'`);
  });
  const call = settingOn(pool, 'app.two');
  const client = await pool.connect();
  assert.strictEqual(
    (await client.query('show app.one')).rows[0]['app.one'],
    'a',
  );
  client.release();
  assert.strictEqual(await call, 'b2');
  assert.strictEqual(
    await pool.transaction(
      async (within) => (await within.query('show app.two')).rows[0]['app.two'],
    ),
    'b2',
  );
  await pool.end();
});

test('callbacks of a listener complete before its connection serves a call', async () => {
  const pool = new Pool({ ...config, max: 1 });
  pool.on('connect', (client) => {
    client.query("set app.one to 'a'", () => {
      client.query('select 1').then(() => {
        client.query("set app.two to 'b'");
      });
    });
  });
  assert.strictEqual(await settingOn(pool, 'app.two'), 'b');
  await pool.end();
});

test('onConnect as a function is awaited, and comes before the listeners', async () => {
  const { theirs, ours } = await onBoth(
    {
      ...config,
      onConnect: async (/** @type {any} */ client) => {
        await client.query("set app.trail to 'onConnect'");
        await client.query('select 1');
      },
    },
    async (pool) => {
      /** @type {string[]} */
      const events = [];
      pool.on('connect', (/** @type {any} */ client) => {
        events.push('connect');
        client.query(
          "select set_config('app.trail', current_setting('app.trail') || ' listener', false)",
        );
      });
      pool.on('acquire', () => events.push('acquire'));
      return { order: await settingOn(pool, 'app.trail'), events };
    },
  );
  assert.deepStrictEqual(ours, theirs);
  assert.strictEqual(ours.order, 'onConnect listener');
});

test('a role set in onConnect is the role of every call', async () => {
  const admin = new Pool({ ...config, max: 1 });
  await admin.query('create role restricted');
  await admin.query('grant restricted to current_user');
  await admin.end();
  const { theirs, ours } = await onBoth(
    {
      ...config,
      onConnect: (/** @type {any} */ c) => c.query('set role restricted'),
    },
    async (pool) => {
      const rows = await Promise.all(
        Array.from({ length: 6 }, () => pool.query('select current_user as u')),
      );
      return rows.map((result) => result.rows[0].u);
    },
  );
  assert.deepStrictEqual(ours, theirs);
  assert.deepStrictEqual(new Set(ours), new Set(['restricted']));
});

test('parsers, listeners and processID of a hook hold for pool.query()', async () => {
  const { theirs, ours } = await onBoth({ ...config, max: 1 }, async (pool) => {
    /** @type {unknown[]} */
    const received = [];
    let pid = 0;
    pool.on('connect', (/** @type {any} */ client) => {
      pid = client.processID;
      for (const oid of [16, 20, 23, 1184]) {
        client.setTypeParser(oid, (/** @type {string} */ t) => `${oid}:${t}`);
      }
      client.on('notice', (/** @type {any} */ n) => received.push(n.message));
      client.on('notification', (/** @type {any} */ n) =>
        received.push(n.payload),
      );
      client.query('listen news');
    });
    const text = `select 1 as a, true as b, 2::int8 as c, timestamptz
      '2020-01-02 03:04:05+00' at time zone 'UTC' = timestamp '2020-01-02 03:04:05' as d`;
    const first = (await pool.query(text)).rows;
    const again = (await pool.query({ text, rowMode: 'array' })).rows;
    const own = await pool.query({
      text: 'select 5 as n',
      types: { getTypeParser: () => String },
    });
    await pool.query("do $$ begin raise notice 'mind'; end $$");
    await pool.query("notify news, 'paper'");
    await eventually(() => received.length === 2, {
      what: 'both were notified',
    });
    const [{ pid: same }] = (
      await pool.query('select pg_backend_pid()::text as pid')
    ).rows;
    return {
      first,
      again,
      own: own.rows,
      received,
      same: Number(same) === pid,
    };
  });
  assert.deepStrictEqual(ours, theirs);
  assert.strictEqual(ours.first[0].a, '23:1');
});

test('parsers of a hook hold in transaction() and for a client', async () => {
  const pool = new Pool({ ...config, max: 1 });
  pool.on('connect', (client) => {
    client.setTypeParser(23, (/** @type {string} */ text) => `<${text}>`);
  });
  const text = 'select 1 as n';
  const client = await pool.connect();
  assert.strictEqual((await client.query(text)).rows[0].n, '<1>');
  client.release();
  await pool.transaction(async (within) => {
    assert.strictEqual((await within.query(text)).rows[0].n, '<1>');
  });
  await pool.end();
});

test('a rejection of onConnect goes to the call that waits, and closes the connection', async () => {
  const wrong = new Error('mine');
  const { theirs, ours } = await onBoth(
    {
      ...config,
      max: 1,
      onConnect: async (/** @type {any} */ client) => {
        await client.query('select 1');
        throw wrong;
      },
    },
    async (pool) => {
      /** @type {unknown[]} */
      const told = [];
      for (const call of [
        () => pool.query('select 1'),
        () => pool.connect(),
        () => pool.query('select 1'),
      ]) {
        await call().then(
          () => told.push('worked'),
          (/** @type {unknown} */ error) => told.push(error),
        );
      }
      return told;
    },
  );
  assert.deepStrictEqual(ours, theirs);
  assert.ok(ours.every((error) => error === wrong));
});

test('a listener that throws or rejects gives its error to the call that waits', async () => {
  const wrong = new Error('mine');
  for (const listener of [
    () => {
      throw wrong;
    },
    async (/** @type {any} */ client) => {
      await client.query('select 1');
      throw wrong;
    },
  ]) {
    const pool = new Pool({ ...config, max: 1 });
    pool.once('connect', listener);
    await assert.rejects(() => pool.query('select 1'), wrong);
    // The listener is gone: the next connection works.
    assert.strictEqual((await pool.query('select 1 as n')).rows[0].n, 1);
    await pool.end();
  }
});

test("a hook that fails with no call waiting is an 'error' of the pool", async () => {
  const wrong = new Error('mine');
  const pool = new Pool({
    ...config,
    max: 1,
    onConnect: () => Promise.reject(wrong),
  });
  /** @type {unknown[]} */
  const told = [];
  pool.on('error', (error) => told.push(error));
  const warming = pool.warmup({ timeoutMillis: 300 }).catch(() => {});
  await eventually(() => told.length > 0, { what: 'the error' });
  assert.strictEqual(told[0], wrong);
  await warming;
  await pool.end();
});

test('a hook that does not end is given up after connectTimeoutMillis', async () => {
  const pool = new Pool({
    ...config,
    max: 1,
    connectTimeoutMillis: 200,
    onConnect: () => new Promise(() => {}),
  });
  await assert.rejects(
    () => pool.query('select 1'),
    (/** @type {any} */ error) => {
      assert.strictEqual(error.code, 'HF_HOOK_FAILED');
      assert.strictEqual(error.outcome, 'not_executed');
      assert.match(error.cause.message, /did not settle within/);
      return true;
    },
  );
  await pool.end();
});

test('a connection that dies while a hook prepares it is replaced', async () => {
  const admin = new Pool({ ...config, max: 1 });
  const pool = new Pool({ ...config, max: 1 });
  let opened = 0;
  pool.on('connect', async (client) => {
    opened += 1;
    if (opened === 1) {
      await admin.query('select pg_terminate_backend($1)', [client.processID]);
      await client.query('select pg_sleep(30)');
    }
    await client.query("set app.one to 'a'");
  });
  assert.strictEqual(await settingOn(pool, 'app.one'), 'a');
  assert.strictEqual(opened, 2);
  await pool.end();
  await admin.end();
});

test('a hook cannot release its client, nor use it afterwards', async () => {
  const pool = new Pool({ ...config, max: 1 });
  /** @type {any} */
  let kept;
  pool.on('connect', (client) => {
    kept = client;
    assert.throws(() => client.release(), /gives the client of onConnect/);
  });
  await pool.query('select 1');
  await assert.rejects(() => kept.query('select 1'), { code: 'HF_RELEASED' });
  await pool.end();
});

test('a listener on the shared pool prepares what is opened later, and warns', async () => {
  /** @type {any[]} */
  const warnings = [];
  const note = (/** @type {any} */ warning) => warnings.push(warning);
  process.on('warning', note);
  const pool = getPool({ ...config, max: 2, application_name: 'hooked' });
  const first = await pool.connect();
  pool.on('connect', (client) => {
    client.query("set app.tenant to 'late'");
  });
  const second = await pool.connect();
  const text = "select current_setting('app.tenant', true) as v";
  assert.strictEqual((await first.query(text)).rows[0].v, null);
  assert.strictEqual((await second.query(text)).rows[0].v, 'late');
  first.release();
  second.release();
  await pool.end();
  process.off('warning', note);
  assert.deepStrictEqual(
    warnings.map((warning) => warning.code),
    ['HF_SHARED_LISTENER'],
  );
});

test('the documented way to prepare connections does not end the process', () => {
  const script = `
    const { Pool } = require(${JSON.stringify(path.join(__dirname, '../../lib'))});
    const pool = new Pool({ connectionString: process.env.URL_FOR_TEST });
    pool.on('connect', (c) => { c.query('set search_path to app'); });
    pool.query('show search_path').then(({ rows }) => {
      console.log(rows[0].search_path);
      return pool.end();
    });`;
  const out = execFileSync(process.execPath, ['-e', script], {
    encoding: 'utf8',
    env: { ...process.env, URL_FOR_TEST: server.url },
    timeout: 30000,
  });
  assert.strictEqual(out, 'app\n');
});

test('behind a transaction pooler SQL in a hook is refused with advice', {
  skip: findPgBouncer() ? false : 'no pgbouncer',
}, async () => {
  const bouncer = await startPgBouncer({ server, poolMode: 'transaction' });
  /** @param {string} how */
  const run = (how) => {
    const script = `
      const { Pool } = require(${JSON.stringify(path.join(__dirname, '../../lib'))});
      const pool = new Pool({ connectionString: process.env.URL_FOR_TEST, max: 1 });
      process.on('warning', ({ code, message }) => console.log(code, message));
      pool.on('connect', ${how});
      pool.query('select 1 as n').then(
        ({ rows }) => console.log('served', rows[0].n),
        (error) => console.log('rejected', error.code, error.message),
      ).then(() => pool.end());`;
    return execFileSync(process.execPath, ['-e', script], {
      encoding: 'utf8',
      env: { ...process.env, URL_FOR_TEST: bouncer.url },
      timeout: 30000,
    });
  };
  try {
    const loose = run('(c) => { c.query("set search_path to app"); }');
    assert.match(loose, /served 1/);
    assert.match(loose, /HF_SESSION_REQUIRED .*use the options schema/);
    const awaited = run(
      'async (c) => { await c.query("set search_path to app"); }',
    );
    assert.match(
      awaited,
      /rejected HF_SESSION_REQUIRED .*use the options schema/,
    );
    const parsers = run('(c) => { c.setTypeParser(23, (t) => "i" + t); }');
    assert.strictEqual(parsers, 'served i1\n');
  } finally {
    await bouncer.stop();
  }
});
