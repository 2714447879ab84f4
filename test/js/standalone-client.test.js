// SPDX-License-Identifier: MIT
'use strict';

// Client beside pg's: the same cases on both, so that what is written for one
// works on the other.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const { once } = require('node:events');
const { describe, test } = require('node:test');

const holdfast = require('../../lib/index.js');
const {
  failureOf,
  noPgBouncer,
  usePgBouncer,
  useProxy,
  useServer,
} = require('../support/suite.js');

const server = useServer();
const proxy = useProxy(server);
const bouncer = usePgBouncer({ server });

const pg = /** @type {any} */ (require('pg'));

/** Not events.once(): that rejects when 'error' comes first. @param {any} client */
const endOf = (client) =>
  new Promise((resolve) => {
    client.once('end', resolve);
  });

for (const [name, library] of Object.entries({ pg, holdfast })) {
  const { Client, Pool } = /** @type {any} */ (library);
  const open = async (/** @type {any} */ config = server.url) => {
    const client = new Client(config);
    await client.connect();
    return client;
  };

  describe(`Client of ${name}`, () => {
    test('connects, asks, and ends', async () => {
      const client = new Client(server.url);
      assert.strictEqual(await client.connect(), client);
      const { rows } = await client.query('select $1::int as n', [7]);
      assert.deepStrictEqual(rows, [{ n: 7 }]);
      const { rows: same } = await client.query('select pg_backend_pid() as p');
      assert.strictEqual(same[0].p, client.processID);
      const ended = once(client, 'end');
      await client.end();
      await ended;
    });

    test('logs nothing when its connect fails', () => {
      const script = `const { Client } = require(process.argv[1]);
        new Client({ host: '127.0.0.1', port: 1, user: 'u' }).connect()
          .catch((error) => console.log(error.code));`;
      const file = require.resolve(name === 'pg' ? 'pg' : '../../lib');
      const { stdout, stderr } = spawnSync(
        process.execPath,
        ['-e', script, file],
        { encoding: 'utf8', env: { ...process.env, NODE_ENV: 'development' } },
      );
      assert.deepStrictEqual([stdout, stderr], ['ECONNREFUSED\n', '']);
    });

    test('takes callbacks, which get null for no error', (_, done) => {
      const client = new Client(server.url);
      client.connect((/** @type {any} */ failed) => {
        assert.strictEqual(failed, null);
        client.query(
          'select 1 as a',
          (/** @type {any} */ error, /** @type {any} */ result) => {
            assert.strictEqual(error, null);
            assert.deepStrictEqual(result.rows, [{ a: 1 }]);
            client.end(done);
          },
        );
      });
    });

    test('has the fields of its connection', async () => {
      const url = new URL(server.url);
      const client = await open();
      const { host, port, user, database } = client;
      assert.deepStrictEqual(
        [host, port, user, database],
        [url.hostname, Number(url.port), url.username, url.pathname.slice(1)],
      );
      assert.strictEqual(JSON.stringify(client).includes(url.password), false);
      await client.end();
    });

    test('queries asked for before connect() wait for it, in order', async () => {
      const client = new Client(server.url);
      const answers = ['select 1 as n', 'select 2 as n'].map((text) =>
        client.query(text),
      );
      await client.connect();
      const results = await Promise.all(answers);
      assert.deepStrictEqual(
        results.map(({ rows }) => rows[0].n),
        [1, 2],
      );
      await client.end();
    });

    test('keeps its session', async () => {
      const client = await open();
      await client.query('create temp table mine (a int)');
      await client.query('begin');
      assert.strictEqual(client.getTransactionStatus(), 'T');
      await client.query('insert into mine values (1)');
      await client.query('commit');
      assert.strictEqual(client.getTransactionStatus(), 'I');
      const { rows } = await client.query('select a from mine');
      assert.deepStrictEqual(rows, [{ a: 1 }]);
      await client.end();
    });

    test('cannot be connected twice', async () => {
      const client = await open();
      const error = await failureOf(client.connect());
      assert.match(error.message, /^Client has already been connected/);
      await client.end();
    });

    test('refuses queries after end()', async () => {
      const client = await open();
      await client.end();
      const error = await failureOf(client.query('select 1'));
      assert.match(error.message, /not queryable/);
    });

    test('end() without connect() has nothing to do', async () => {
      await new Client(server.url).end();
    });

    test('end() may be called twice', async () => {
      const client = await open();
      await Promise.all([client.end(), client.end()]);
    });

    test('a refused connect is the answer, at once', async () => {
      const client = new Client('postgresql://nobody@127.0.0.1:1/none');
      const { code } = await failureOf(client.connect());
      assert.strictEqual(code, 'ECONNREFUSED');
      await client.end();
    });

    test('a wrong password is the answer', async () => {
      const url = new URL(server.url);
      url.password = 'wrong';
      const client = new Client(url.href);
      const { code } = await failureOf(client.connect());
      assert.strictEqual(code, '28P01');
      await client.end();
    });

    test('hears of notifications and notices', async () => {
      const client = await open();
      const notified = once(client, 'notification');
      const noticed = once(client, 'notice');
      await client.query('listen news');
      await client.query("notify news, 'payload'");
      await client.query("do $$ begin raise notice 'look'; end $$");
      const [{ channel, payload, processId }] = await notified;
      assert.deepStrictEqual(
        [channel, payload, processId],
        ['news', 'payload', client.processID],
      );
      const [{ message }] = await noticed;
      assert.strictEqual(message, 'look');
      await client.end();
    });

    test('has parsers of its own, set before or after connect()', async () => {
      const client = new Client(server.url);
      client.setTypeParser(23, (/** @type {string} */ text) => `int ${text}`);
      await client.connect();
      client.setTypeParser(25, (/** @type {string} */ text) => `text ${text}`);
      const ask = 'select 1::int as n, $$x$$::text as t';
      const { rows } = await client.query(ask);
      assert.deepStrictEqual(rows, [{ n: 'int 1', t: 'text x' }]);
      assert.strictEqual(client.getTypeParser(23)('4'), 'int 4');
      await client.end();
      const other = await open();
      assert.deepStrictEqual((await other.query(ask)).rows, [{ n: 1, t: 'x' }]);
      await other.end();
    });

    test("takes the config's types", async () => {
      const types = { getTypeParser: () => () => 'parsed' };
      const client = await open({ connectionString: server.url, types });
      const { rows } = await client.query('select 1 as n');
      assert.deepStrictEqual(rows, [{ n: 'parsed' }]);
      await client.end();
    });

    test('escapes', () => {
      const client = new Client(server.url);
      assert.strictEqual(client.escapeIdentifier('a"b'), '"a""b"');
      assert.strictEqual(client.escapeLiteral("a'b\\"), " E'a''b\\\\'");
    });

    test('the loss of its connection is an error, then the end', async () => {
      const client = await open();
      const events = /** @type {any[]} */ ([]);
      client.on('error', () => events.push('error'));
      client.on('end', () => events.push('end'));
      const over = endOf(client);
      await server.psql(`select pg_terminate_backend(${client.processID})`);
      await over;
      assert.deepStrictEqual(events.slice(-2), ['error', 'end']);
      const error = await failureOf(client.query('select 1'));
      assert.match(error.message, /connection error and is not queryable/);
      await client.end();
    });

    test('the loss under a query fails the query, too', async () => {
      const client = await open(proxy.urlFor(server.url));
      const errors = /** @type {any[]} */ ([]);
      client.on('error', (/** @type {any} */ error) => errors.push(error));
      const over = endOf(client);
      const failed = failureOf(client.query('select pg_sleep(60)'));
      proxy.killAll();
      assert.ok((await failed) instanceof Error);
      await over;
      assert.ok(errors.length > 0);
      await client.end();
    });

    test('a process whose connection was lost ends by itself', () => {
      const library = name === 'pg' ? 'pg' : '../../lib/index.js';
      const script = `const { Client } = require(${JSON.stringify(library)});
        const client = new Client(${JSON.stringify(server.url)});
        client.on('error', () => {});
        client.connect().then(() => client.query('select pg_backend_pid() as p'))
          .then(({ rows }) => client.query('select pg_terminate_backend($1)', [rows[0].p]))
          .catch(() => {});`;
      const { status } = spawnSync(process.execPath, ['-e', script], {
        cwd: __dirname,
        timeout: 30_000,
      });
      assert.strictEqual(status, 0);
    });

    test('a client whose connect failed cannot be connected again', async () => {
      const client = new Client('postgresql://nobody@127.0.0.1:1/none');
      await failureOf(client.connect());
      const error = await failureOf(client.connect());
      assert.match(error.message, /^Client has already been connected/);
      await client.end();
    });

    test('after end() without connect() it still connects, and ends', async () => {
      const client = new Client(server.url);
      await client.end();
      await client.connect();
      await client.end();
    });

    test('a loss that nobody listens for ends the process', () => {
      const library = name === 'pg' ? 'pg' : '../../lib/index.js';
      const script = `const { Client } = require(${JSON.stringify(library)});
        const client = new Client(${JSON.stringify(server.url)});
        client.connect().then(() => client.query('select pg_backend_pid() as p'))
          .then(({ rows }) => client.query('select pg_terminate_backend($1)', [rows[0].p]))
          .catch(() => {});`;
      const { status, stderr } = spawnSync(process.execPath, ['-e', script], {
        cwd: __dirname,
        encoding: 'utf8',
        timeout: 30_000,
      });
      assert.strictEqual(status, 1);
      assert.match(stderr, /Unhandled 'error' event/);
    });

    test("says 'connect' and 'drain'", async () => {
      const client = new Client(server.url);
      const connected = once(client, 'connect');
      await client.connect();
      await connected;
      const drained = once(client, 'drain');
      await Promise.all([client.query('select 1'), client.query('select 2')]);
      await drained;
      await client.end();
    });

    test('works through PgBouncer in transaction mode', {
      skip: noPgBouncer,
    }, async () => {
      const client = await open(bouncer.url);
      await client.query('begin');
      const { rows } = await client.query('select 1 as n');
      await client.query('commit');
      assert.deepStrictEqual(rows, [{ n: 1 }]);
      await client.end();
    });

    test('a client of a pool is a Client', async () => {
      const pool = new Pool({ connectionString: server.url });
      const client = await pool.connect();
      assert.ok(client instanceof Client);
      assert.strictEqual({} instanceof Client, false);
      client.release();
      await pool.end();
    });

    test('can be inherited from', async () => {
      class Mine extends Client {
        async one(/** @type {string} */ text) {
          return (await this.query(text)).rows[0];
        }
      }
      const client = /** @type {any} */ (new Mine(server.url));
      await client.connect();
      assert.deepStrictEqual(await client.one('select 1 as a'), { a: 1 });
      assert.ok(client instanceof Mine && client instanceof Client);
      await client.end();
    });

    test('a null query is thrown', () => {
      const client = new Client(server.url);
      assert.throws(() => client.query(null), TypeError);
    });

    test("tells connection's listeners the server's parameters", async () => {
      const client = new Client(server.url);
      const told = /** @type {Record<string, string>} */ ({});
      client.connection.on(
        'parameterStatus',
        (/** @type {any} */ { parameterName, parameterValue }) => {
          told[parameterName] = parameterValue;
        },
      );
      await client.connect();
      await client.query('select 1');
      assert.match(told.server_version, /^\d+/);
      assert.strictEqual(told.standard_conforming_strings, 'on');
      await client.end();
    });

    test('what knex, Sequelize and others look at is there', async () => {
      const client = await open();
      const { _connected, _ending, _ended, _queryable } = client;
      assert.deepStrictEqual(
        [_connected, _ending, _ended, _queryable],
        [true, false, false, true],
      );
      await client.end();
      assert.strictEqual(client._ending, true);
    });
  });
}
