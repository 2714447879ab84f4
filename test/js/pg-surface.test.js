// SPDX-License-Identifier: MIT
'use strict';

// What `require('pg')` and its files give, given by this package: each beside
// pg's, whose answer counts.

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { describe, test } = require('node:test');
const { inspect } = require('node:util');

const holdfast = /** @type {any} */ (require('../../lib/index.js'));
const { useServer } = require('../support/suite.js');

const pg = /** @type {any} */ (require('pg'));

const ROOT = path.join(__dirname, '..', '..');
const server = useServer();

/** @param {string} name as pg/lib/NAME */
function ours(name) {
  return require(`../../lib/pg/${name}.js`);
}

test('everything that require("pg") has is here', () => {
  // _pools is pg's own bookkeeping, empty since pg 7.
  const names = Object.getOwnPropertyNames(pg).filter((n) => n !== '_pools');
  for (const name of names) {
    assert.strictEqual(typeof holdfast[name], typeof pg[name], name);
  }
  assert.strictEqual(holdfast.native, null);
  assert.strictEqual(holdfast.Client.Query, holdfast.Query);
  for (const name of Object.keys(pg.utils)) {
    assert.strictEqual(typeof holdfast.utils[name], 'function', name);
  }
});

test('every name of @types/pg is exported', () => {
  const read = (/** @type {string} */ file) =>
    fs.readFileSync(path.join(ROOT, file), 'utf8');
  const declared =
    /^export (?:declare )?(?:type|interface|class|function|const) (\w+)/gm;
  const namesOf = (/** @type {string} */ text) =>
    [...text.matchAll(declared)].map(([, name]) => name);
  const types = read('node_modules/@types/pg/index.d.ts');
  const theirs = [...namesOf(types), 'DatabaseError', 'TypeOverrides'];
  const own = new Set([
    ...namesOf(read('lib/index.d.ts')),
    ...namesOf(read('lib/pg/names.d.ts')),
  ]);
  assert.ok(theirs.length > 35, String(theirs.length));
  assert.deepStrictEqual(
    theirs.filter((name) => !own.has(name)),
    [],
  );
  // And each stands in the test of the types.
  const used = read('test/types/pg-names.test-d.ts');
  const onDefault = read('node_modules/@types/pg/index.d.mts');
  for (const [, name] of onDefault.matchAll(/^ {4}type (\w+)/gm)) {
    assert.match(used, new RegExp(`expectType<pg\\.${name}\\b`), name);
  }
});

test('files of pg can be required and imported by their names', () => {
  const script = `
    const out = {};
    for (const name of ${JSON.stringify(FILES)}) {
      out[name] = typeof require('pg-holdfast/lib/' + name);
      if (require('pg-holdfast/lib/' + name + '.js') !==
          require('pg-holdfast/lib/' + name)) throw new Error(name);
    }
    import('pg-holdfast/lib/utils.js').then(({ default: utils }) => {
      out.same = utils === require('pg-holdfast').utils;
      console.log(JSON.stringify(out));
    });`;
  const said = execFileSync(process.execPath, ['-e', script], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const { same, ...kinds } = JSON.parse(said);
  assert.strictEqual(same, true);
  for (const name of FILES) {
    assert.strictEqual(kinds[name], typeof require(`pg/lib/${name}`), name);
  }
});

const FILES = [
  ...['client', 'connection', 'connection-parameters', 'defaults', 'query'],
  ...['result', 'type-overrides', 'utils'],
];

test('prepareValue() gives what pg would send', () => {
  const [mine, theirs] = [ours('utils'), require('pg/lib/utils')];
  const bytes = Buffer.from('abcdef');
  for (const value of [
    ...[null, undefined, 'a', 1.5, 10n, true, false, '', 'NULL'],
    ...[bytes, bytes.subarray(1, 3), new Uint8Array([1, 2])],
    ...[new Date(0), [1, [2, 'x"y']], { a: [1] }, [{ a: 1 }], new Date(-1e14)],
    { toPostgres: (/** @type {Function} */ prepare) => prepare([1, 2]) },
  ]) {
    assert.deepStrictEqual(
      mine.prepareValue(value),
      theirs.prepareValue(value),
      String(value),
    );
  }
  const config = { text: 'select 1' };
  const normal = mine.normalizeQueryConfig(config, [1], () => {});
  assert.deepStrictEqual(Object.keys(normal), ['text', 'values', 'callback']);
  assert.deepStrictEqual(config, { text: 'select 1' });
});

test('a result is built of messages as pg does it', () => {
  /** @param {any} Result @param {string} [mode] */
  const build = (Result, mode) => {
    const result = new Result(mode, undefined);
    result.addFields([
      { name: 'n', dataTypeID: 23, format: 'text' },
      { name: 't', dataTypeID: 25, format: 'text' },
    ]);
    result.addRow(result.parseRow(['7', null]));
    result.addCommandComplete({ text: 'INSERT 5 3' });
    const { command, rowCount, oid, rows, rowAsArray } = result;
    return { command, rowCount, oid, rows, rowAsArray };
  };
  for (const mode of [undefined, 'array']) {
    assert.deepStrictEqual(
      build(ours('result'), mode),
      build(require('pg/lib/result'), mode),
    );
  }
});

test('a column called __proto__ is a value, not the prototype of its row', () => {
  for (const Result of [ours('result'), require('pg/lib/result')]) {
    const result = new Result(undefined, { getTypeParser: () => JSON.parse });
    result.addFields([
      { name: '__proto__', dataTypeID: 114, format: 'text' },
      { name: 'id', dataTypeID: 23, format: 'text' },
    ]);
    const row = result.parseRow(['{"isAdmin":true}', '1']);
    assert.deepStrictEqual(Object.keys(row), ['__proto__', 'id']);
    assert.deepStrictEqual(Object.values(row)[0], { isAdmin: true });
    assert.ok(!('isAdmin' in row));
    assert.strictEqual(Object.getPrototypeOf(row), Object.prototype);
  }
});

test('ConnectionParameters says where a Client would connect', () => {
  for (const config of [
    'postgresql://u:p%20w@h:5433/d?application_name=a',
    { host: '/tmp', user: 'me', database: 'db', password: 'x' },
    { host: 'h', port: 5434, user: 'me' },
  ]) {
    const [mine, theirs] = [
      new (ours('connection-parameters'))(config),
      new (require('pg/lib/connection-parameters'))(config),
    ];
    for (const name of [
      ...['user', 'database', 'port', 'host', 'password', 'isDomainSocket'],
      'application_name',
    ]) {
      assert.strictEqual(mine[name], theirs[name], name);
    }
    assert.ok(!JSON.stringify(mine).includes('"password"'));
    assert.strictEqual(new holdfast.Client(mine).host, mine.host);
  }
});

for (const [name, library] of Object.entries({ pg, holdfast })) {
  const { Client, Pool, Query, Result, TypeOverrides, DatabaseError } = library;

  describe(`classes of ${name}`, () => {
    test('instanceof holds for what the library makes', async () => {
      const pool = new Pool({ connectionString: server.url });
      const client = await pool.connect();
      assert.ok(pool instanceof Pool);
      assert.ok(client instanceof Client);
      assert.ok(!(pool instanceof Client));
      // What libraries look at in place of instanceof.
      assert.strictEqual(client.constructor.name, 'Client');
      assert.match(pool.constructor.name, /Pool$/);
      assert.ok(!(new (class Sub extends Client {})() instanceof Pool));
      assert.ok((await pool.query('select 1')) instanceof Result);
      await assert.rejects(client.query('select 1/0'), (error) => {
        assert.ok(error instanceof DatabaseError);
        return true;
      });
      client.release();
      await pool.end();
    });

    test('a password that enumeration does not show is used', async () => {
      const { hostname, port, username, password } = new URL(server.url);
      const config = {
        host: hostname,
        port,
        user: username,
        database: 'postgres',
      };
      Object.defineProperty(config, 'password', { value: password });
      for (const Own of [Client, Pool]) {
        const own = new Own(config);
        if (Own === Client) {
          await own.connect();
        }
        assert.strictEqual((await own.query('select 1')).rowCount, 1);
        await own.end();
      }
    });

    test('a client says where it is connected to, as tracers ask', async () => {
      const { hostname, port, username, password, pathname } = new URL(
        server.url,
      );
      const own = new Client(server.url);
      const pool = new Pool({ connectionString: server.url });
      const leased = await pool.connect();
      for (const { connectionParameters: known } of [own, leased]) {
        assert.strictEqual(known.host, hostname);
        assert.strictEqual(known.port, Number(port));
        assert.strictEqual(known.user, username);
        assert.strictEqual(known.database, pathname.slice(1));
      }
      assert.strictEqual(own.password, password);
      assert.ok(!Object.keys(own).includes('password'));
      assert.ok(!inspect(own).includes(password));
      leased.release();
      await pool.end();
    });

    test('after end() a query is told that the client was closed', async () => {
      const client = new Client(server.url);
      await client.connect();
      await client.end();
      await assert.rejects(
        client.query('select 1'),
        /^\w*Error: Client was closed and is not queryable$/,
      );
    });

    test('a fraction of a time-out is cut off', async () => {
      const client = new Client({
        connectionString: server.url,
        statement_timeout: 1234.9,
      });
      await client.connect();
      const { rows } = await client.query('show statement_timeout');
      assert.strictEqual(rows[0].statement_timeout, '1234ms');
      await client.end();
    });

    test('a Query emits its rows and its end', async () => {
      const client = new Client(server.url);
      await client.connect();
      const query = new Query('select n from generate_series(1, $1) n', [3]);
      /** @type {number[]} */
      const seen = [];
      query.on('row', (/** @type {any} */ row) => seen.push(row.n));
      assert.strictEqual(client.query(query), query);
      const [result] = await once(query, 'end');
      assert.deepStrictEqual(seen, [1, 2, 3]);
      assert.deepStrictEqual(
        [result.command, result.rowCount, result.rows],
        ['SELECT', 3, []],
      );
      const several = client.query(new Query('select 1 as a; select 2 as b'));
      const [results] = await once(several, 'end');
      assert.deepStrictEqual(
        results.map((/** @type {any} */ one) => one.rows),
        [[{ a: 1 }], [{ b: 2 }]],
      );
      await client.end();
    });

    test('a Query that fails emits error, or calls back', async () => {
      const client = new Client(server.url);
      await client.connect();
      const wrong = client.query(new Query('select 1/0'));
      const [error] = await once(wrong, 'error');
      assert.strictEqual(error.code, '22012');
      const [calledBack, rows] = await new Promise((resolve) => {
        client.query(
          new Query(
            { text: 'select $1::int as n', rowMode: 'array' },
            [4],
            (/** @type {any} */ failed, /** @type {any} */ { rows }) =>
              resolve([failed, rows]),
          ),
        );
      });
      assert.deepStrictEqual([calledBack, rows], [null, [[4]]]);
      await client.end();
    });

    test("a pool's query() of a Query gives a promise", async () => {
      const pool = new Pool({ connectionString: server.url });
      const query = new Query('select 1 as a');
      const { rows } = await pool.query(query);
      assert.deepStrictEqual(rows, [{ a: 1 }]);
      await assert.rejects(pool.query(new Query('select 1/0')), /division/);
      await pool.end();
    });

    test('TypeOverrides are parsers of one pool', async () => {
      const types = new TypeOverrides();
      types.setTypeParser(20, (/** @type {string} */ text) => BigInt(text));
      const pool = new Pool({ connectionString: server.url, types });
      const text = 'select 1::int8 as a, 2::int4 as b';
      const { rows } = await pool.query(text);
      assert.deepStrictEqual(rows, [{ a: 1n, b: 2 }]);
      // ORMs clone their options.
      const copy = Object.assign(Object.create(TypeOverrides.prototype), types);
      const cloned = await pool.query({ text, types: copy });
      assert.deepStrictEqual(cloned.rows, rows);
      await pool.end();
    });
  });
}

test("parsers of the pg that is beside are honoured as a pool's types", async () => {
  const types = new pg.TypeOverrides();
  types.setTypeParser(20, 'text', Number);
  for (const { Pool } of [pg, holdfast]) {
    const pool = new Pool({ connectionString: server.url, types });
    const { rows } = await pool.query('select 5::int8 as a');
    assert.deepStrictEqual(rows, [{ a: 5 }]);
    await pool.end();
  }
});

test('installed as pg, an unknown option is a warning that names it', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-as-pg-'));
  try {
    fs.mkdirSync(path.join(folder, 'node_modules'));
    fs.symlinkSync(ROOT, path.join(folder, 'node_modules', 'pg'));
    const script = `
      process.on('warning', ({ code, message }) => console.log(code, message));
      new (require('pg').Pool)({ host: 'localhost', conectionString: 'x' });`;
    const said = execFileSync(
      process.execPath,
      ['--preserve-symlinks', '--no-warnings', '-e', script],
      { cwd: folder, encoding: 'utf8' },
    );
    assert.match(
      said,
      /^HF_OPTIONS unknown option "conectionString".*connectionString.*as pg/,
    );
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
