// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { after, test } = require('node:test');
const { inspect } = require('node:util');

const { Pool } = require('../../lib/pool/pool.js');
const { eventually, findPgBouncer, startPgBouncer } = require('../support');
const { before, failureOf, useServer } = require('../support/suite.js');

const server = useServer();
/** @type {Pool} */
let pool;

before(() => {
  pool = new Pool({ connectionString: server.url, max: 2 });
});

after(async () => {
  await pool?.end();
});

/**
 * @param {(client: any) => Promise<void> | void} use
 */
async function withClient(use) {
  const client = await pool.connect();
  try {
    await use(client);
  } finally {
    client.release();
  }
}

test('statements of a client run in the order of the calls', () =>
  withClient(async (client) => {
    /** @type {number[]} */
    const order = [];
    const calls = [0.03, 0, 0.01].map((seconds, i) =>
      client
        .query('select pg_sleep($1), $2::int as n', [seconds, i])
        .then((/** @type {any} */ result) => order.push(result.rows[0].n)),
    );
    await Promise.all(calls);
    assert.deepStrictEqual(order, [0, 1, 2]);
  }));

test('a statement that fails does not fail the next one', () =>
  withClient(async (client) => {
    const [bad, good] = await Promise.allSettled([
      client.query('select 1/0'),
      client.query('select 1 as n'),
    ]);
    assert.strictEqual(bad.status, 'rejected');
    assert.deepStrictEqual(good.value.rows, [{ n: 1 }]);
  }));

test('processID is the process id of the backend', () =>
  withClient(async (client) => {
    const { rows } = await client.query('select pg_backend_pid() as pid');
    assert.strictEqual(client.processID, rows[0].pid);
  }));

test('the client object of a connection stays the same', async () => {
  const one = new Pool({ connectionString: server.url, max: 1 });
  const first = await one.connect();
  first.mark = 'kept';
  first.release();
  const second = await one.connect();
  assert.strictEqual(second, first);
  assert.strictEqual(second.mark, 'kept');
  second.release();
  await one.end();
});

test("a second release throws pg's sentence", async () => {
  const client = await pool.connect();
  client.release();
  assert.throws(
    () => client.release(),
    /^\w*Error: Release called on client which has already been released to the pool\.$/,
  );
});

test('a released client is refused, with and without a callback', async () => {
  const client = await pool.connect();
  client.release();
  const error = await failureOf(client.query('select 1'));
  assert.strictEqual(error.code, 'HF_RELEASED');
  assert.strictEqual(error.outcome, 'not_executed');
  const told = await new Promise((resolve) => {
    client.query('select 1', resolve);
  });
  assert.strictEqual(told.code, 'HF_RELEASED');
});

test('release(true) closes the connection, release(error) a broken one', async () => {
  const one = new Pool({ connectionString: server.url, max: 1 });
  const pids = [];
  for (const how of [undefined, new Error('not its fault'), true, undefined]) {
    const client = await one.connect();
    pids.push(client.processID);
    client.release(how);
  }
  assert.strictEqual(pids[1], pids[0]);
  assert.strictEqual(pids[2], pids[0]);
  assert.notStrictEqual(pids[3], pids[0]);
  await one.end();
});

test('connect() calls back with the client and its release', async () => {
  await new Promise((resolve, reject) => {
    pool.connect(
      (
        /** @type {any} */ error,
        /** @type {any} */ client,
        /** @type {any} */ release,
      ) => {
        if (error) {
          reject(error);
          return;
        }
        client.query(
          'select 1 as n',
          (/** @type {any} */ failed, /** @type {any} */ result) => {
            release();
            assert.throws(release, /already been released/);
            failed ? reject(failed) : resolve(result.rows);
          },
        );
      },
    );
  });
});

test('connect() to nowhere calls back with an error and a release', async () => {
  const nowhere = new Pool({
    connectionString: 'postgres://u@127.0.0.1:1/db',
    deadlineMillis: 200,
  });
  const error = await new Promise((resolve) => {
    nowhere.connect(
      (
        /** @type {any} */ failed,
        /** @type {any} */ client,
        /** @type {any} */ release,
      ) => {
        assert.strictEqual(client, undefined);
        release();
        resolve(failed);
      },
    );
  });
  assert.ok(error instanceof Error);
  await nowhere.end();
});

test('the transaction status is followed', () =>
  withClient(async (client) => {
    const status = () => client.getTransactionStatus();
    assert.strictEqual(status(), 'I');
    await client.query('begin');
    assert.strictEqual(status(), 'T');
    await client.query('savepoint a');
    await failureOf(client.query('select 1/0'));
    assert.strictEqual(status(), 'E');
    await client.query('rollback to savepoint a');
    assert.strictEqual(status(), 'T');
    await client.query('commit and chain');
    assert.strictEqual(status(), 'T');
    await client.query('rollback');
    assert.strictEqual(status(), 'I');
    await failureOf(client.query('select 1/0'));
    assert.strictEqual(status(), 'I');
  }));

test('a transaction left open is rolled back before the next user', async () => {
  const one = new Pool({ connectionString: server.url, max: 1 });
  await one.query('create table left_open (n int)');
  const client = await one.connect();
  await client.query('begin');
  await client.query('insert into left_open values (1)');
  client.release();
  const { rows } = await one.query('select count(*)::int as n from left_open');
  assert.deepStrictEqual(rows, [{ n: 0 }]);
  await one.end();
});

test('a parser of a client is for that client only', async () => {
  const [first, second] = await Promise.all([pool.connect(), pool.connect()]);
  first.setTypeParser(23, (/** @type {string} */ text) => `int ${text}`);
  const read = async (/** @type {any} */ client) =>
    (await client.query('select 1 as n')).rows[0].n;
  assert.strictEqual(await read(first), 'int 1');
  assert.strictEqual(await read(second), 1);
  assert.strictEqual(first.getTypeParser(23)('5'), 'int 5');
  first.release(true);
  second.release();
});

test('names and texts are escaped as by pg', () =>
  withClient((client) => {
    assert.strictEqual(client.escapeIdentifier('a"b'), '"a""b"');
    assert.strictEqual(client.escapeLiteral("a'b"), "'a''b'");
    assert.strictEqual(client.escapeLiteral('a\\b'), " E'a\\\\b'");
  }));

test('ref() and unref() do no harm', () =>
  withClient(async (client) => {
    client.unref();
    client.ref();
    assert.strictEqual((await client.query('select 1 as n')).rows[0].n, 1);
  }));

test('await using releases a client once', async () => {
  const client = await pool.connect();
  await client[Symbol.asyncDispose]();
  await client[Symbol.asyncDispose]();
  assert.throws(() => client.release(), /already been released/);
});

test('inspection of a client is short and without secrets', () =>
  withClient((client) => {
    const shown = inspect(client, { depth: 9, showHidden: true });
    assert.ok(!shown.includes(server.password));
    assert.match(shown, /processID/);
    assert.ok(!JSON.stringify(client).includes(server.password));
  }));

test('the connection of a garbage-collected client is taken back, with one warning', () => {
  const lib = path.join(__dirname, '../../lib/pool/pool.js');
  const script = `
    const { Pool } = require(${JSON.stringify(lib)});
    const pool = new Pool({
      connectionString: process.env.URL_FOR_TEST, max: 1,
    });
    process.on('warning', (w) => console.log(w.code, w.detail));
    async function forgetful() { await pool.connect(); }
    (async () => {
      for (let i = 0; i < 3; i++) {
        await forgetful();
        const next = pool.query('select 1 as n');
        const timer = setInterval(() => global.gc(), 5);
        console.log((await next).rows[0].n);
        clearInterval(timer);
      }
      await pool.end();
    })();`;
  const out = execFileSync(process.execPath, ['--expose-gc', '-e', script], {
    encoding: 'utf8',
    env: { ...process.env, URL_FOR_TEST: server.url },
    timeout: 30000,
  });
  assert.deepStrictEqual(out.match(/^1$/gm), ['1', '1', '1']);
  assert.strictEqual(out.match(/HF_CLIENT_LEAKED/g)?.length, 1);
  assert.match(out, /forgetful/);
});

test('a lease that is held keeps the process alive, a released one not', () => {
  const lib = path.join(__dirname, '../../lib/pool/pool.js');
  const script = `
    const { Pool } = require(${JSON.stringify(lib)});
    const pool = new Pool({ connectionString: process.env.URL_FOR_TEST });
    pool.connect().then((client) => {
      setTimeout(() => { console.log('still here'); client.release(); }, 20)
        .unref();
      process.once('beforeExit', () => console.log('leaving'));
    });`;
  const out = execFileSync(process.execPath, ['-e', script], {
    encoding: 'utf8',
    env: { ...process.env, URL_FOR_TEST: server.url },
    timeout: 20000,
  });
  assert.deepStrictEqual(out.trim().split('\n'), ['still here', 'leaving']);
});

test('a lost connection fails the running statement and later ones, until it is released', async () => {
  const one = new Pool({ connectionString: server.url, max: 1 });
  const client = await one.connect();
  const running = failureOf(client.query('select pg_sleep(60)'));
  await eventually(async () => {
    const { rows } = await pool.query(
      `select 1 from pg_stat_activity
        where pid = $1 and query like '%pg_sleep%'`,
      [client.processID],
    );
    return rows.length === 1;
  });
  await pool.query('select pg_terminate_backend($1)', [client.processID]);
  assert.ok((await running) instanceof Error);
  assert.ok((await failureOf(client.query('select 1'))) instanceof Error);
  client.release();
  assert.deepStrictEqual((await one.query('select 1 as n')).rows, [{ n: 1 }]);
  await one.end();
});

test('a session is refused behind a transaction pooler', {
  skip: findPgBouncer() ? false : 'no pgbouncer',
}, async () => {
  const bouncer = await startPgBouncer({ server, poolMode: 'transaction' });
  const pooled = new Pool({ connectionString: bouncer.url, max: 1 });
  try {
    const error = await failureOf(pooled.connect({ session: true }));
    assert.strictEqual(error.code, 'HF_SESSION_REQUIRED');
    assert.match(error.message, /DIRECT_URL/);
    (await pooled.connect()).release();
    const direct = await pool.connect({ session: true });
    direct.release();
  } finally {
    await pooled.end();
    await bouncer.stop();
  }
});
