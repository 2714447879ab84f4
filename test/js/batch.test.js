// SPDX-License-Identifier: MIT
'use strict';

// batch(): several statements as one transaction in one flight, or each for
// itself; each with its result, and an error with the place of its statement.

const assert = require('node:assert');
const { afterEach, beforeEach, describe, test } = require('node:test');

const { Pool } = require('../../lib/index.js');
const { blocksOf } = require('../docs/markdown.js');
const { findPgBouncer, startProxy } = require('../support');
const {
  before,
  failureOf,
  usePgBouncer,
  useServer,
} = require('../support/suite.js');

const server = useServer();
const noBouncer = findPgBouncer() === null && 'PgBouncer is not installed';
const bouncer = noBouncer ? null : usePgBouncer({ server, poolSize: 1 });

/** @type {any[]} */
const pools = [];

before(() =>
  server.psql(`create table t (id int primary key, note text,
      unique (note) deferrable initially deferred);
    create procedure commits() language plpgsql as $$
      begin insert into t values (99, 'p'); commit; end $$`),
);

beforeEach(() => server.psql('truncate t'));

function endAll() {
  return Promise.all(pools.splice(0).map((pool) => pool.end()));
}

afterEach(endAll);

/** @param {string} [url] @param {object} [options] @returns {any} */
function open(url = server.url, options = {}) {
  const config = { connectionString: url, max: 2, logger: false, ...options };
  pools.push(new Pool(config));
  return pools.at(-1);
}

/** @param {any} pool */
async function ids(pool) {
  const { rows } = await pool.query('select id from t order by id');
  return rows.map(({ id }) => id);
}

const INSERT = 'insert into t values ($1, $2)';

/** @param {number} id @param {unknown} [note] */
function insert(id, note = `n${id}`) {
  return { text: INSERT, values: [id, note] };
}

/** @param {() => string} url */
function worksEverywhere(url) {
  test('each statement has its result, in order', async () => {
    const pool = open(url());
    const results = await pool.batch([
      insert(1),
      'insert into t values (2) returning id',
      {
        text: 'select :a::int as a, note from t where id = :a',
        values: { a: 1 },
      },
      { text: 'select id from t order by id', rowMode: 'array' },
      {
        text: 'select 1 as x where false',
        types: { getTypeParser: () => () => 0 },
      },
      pool.sql`select ${[1, 2]}::int[] as list`,
      'update t set note = id::text',
      '',
    ]);
    assert.deepStrictEqual(
      results.map(({ command, rowCount }) => [command, rowCount]),
      [
        ['INSERT', 1],
        ['INSERT', 1],
        ['SELECT', 1],
        ['SELECT', 2],
        ['SELECT', 0],
        ['SELECT', 1],
        ['UPDATE', 2],
        [null, null],
      ],
    );
    assert.deepStrictEqual(results[1].rows, [{ id: 2 }]);
    assert.deepStrictEqual(results[2].rows, [{ a: 1, note: 'n1' }]);
    assert.deepStrictEqual(results[3].rows, [[1], [2]]);
    assert.deepStrictEqual(results[5].rows, [{ list: [1, 2] }]);
    const alone = await pool.batch(['select 1 as one']);
    assert.deepStrictEqual(
      alone.map(({ rows }) => rows),
      [[{ one: 1 }]],
    );
    assert.deepStrictEqual(await pool.batch([]), []);
  });

  test('all of it is done, or nothing', async () => {
    const pool = open(url());
    for (const [list, index, code] of [
      [[insert(1), insert(2), insert(1)], 2, '23505'],
      [[insert(1), 'select nonsense', insert(2)], 1, '42703'],
      [[insert(1), { text: 'select $1::int', values: ['x'] }], 1, '22P02'],
      [['select 1/0', insert(1)], 0, '22012'],
    ]) {
      await assert.rejects(pool.batch(list), (/** @type {any} */ error) => {
        assert.strictEqual(error.code, code);
        assert.strictEqual(error.batchIndex, index);
        assert.match(error.outcome, /permanent|rolled_back/);
        return true;
      });
      assert.deepStrictEqual(await ids(pool), []);
    }
    // Checked at the end of the transaction.
    const late = await failureOf(pool.batch([insert(1, 'a'), insert(2, 'a')]));
    assert.deepStrictEqual([late.code, late.batchIndex], ['23505', undefined]);
    assert.deepStrictEqual(await ids(pool), []);
    await pool.batch([insert(1), insert(2)]);
    assert.deepStrictEqual(await ids(pool), [1, 2]);
  });

  test('a thousand statements, and large ones both ways', async () => {
    const pool = open(url());
    const list = Array.from({ length: 1000 }, (_, i) => insert(i));
    const results = await pool.batch(list);
    assert.strictEqual(results.length, 1000);
    assert.strictEqual((await ids(pool)).length, 1000);
    // More than the buffers of a socket hold, in both directions at once.
    const big = 'x'.repeat(100_000);
    const echo = { text: 'select $1::text as big', values: [big] };
    const echoes = await pool.batch(Array.from({ length: 100 }, () => echo));
    assert.ok(echoes.every(({ rows }) => rows[0].big === big));
  });

  test('what cannot be one transaction is refused, and works apart', async () => {
    const pool = open(url());
    for (const [text, message] of [
      ['vacuum t', /cannot run in one/],
      ['begin', /has no BEGIN/],
      ['commit', /has no BEGIN/],
      ['savepoint a', /has no BEGIN/],
      ['insert into t values (7); select 1', /one statement/],
    ]) {
      await assert.rejects(
        pool.batch([insert(1), text]),
        (/** @type {any} */ error) => {
          assert.strictEqual(error.code, 'HF_PARAM_INVALID');
          assert.match(error.message, message);
          assert.strictEqual(error.batchIndex, 1);
          return true;
        },
      );
    }
    await assert.rejects(
      pool.batch([insert(1), insert(2), 'copy t to stdout']),
      { code: 'HF_COPY_UNSUPPORTED', batchIndex: 2 },
    );
    await assert.rejects(
      pool.batch([insert(1), 'call commits()']),
      (/** @type {any} */ error) => {
        assert.strictEqual(error.code, '2D000');
        assert.match(error.reason, /give atomic: false/);
        return error.outcome !== 'ambiguous' && error.batchIndex === 1;
      },
    );
    assert.deepStrictEqual(await ids(pool), []);
    const outcomes = await pool.batch(
      [
        insert(1),
        'vacuum t',
        insert(1),
        'call commits()',
        'select count(*) from t',
      ],
      { atomic: false },
    );
    assert.deepStrictEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
    );
    assert.strictEqual(outcomes[2].reason.batchIndex, 2);
    assert.strictEqual(outcomes[2].reason.code, '23505');
    assert.deepStrictEqual(outcomes[4].value.rows, [{ count: '2' }]);
  });

  test('it has settings, may be read-only, and ends with its time', async () => {
    const pool = open(url());
    const show = `select current_setting('app.tenant', true) as tenant`;
    const settings = { 'app.tenant': 'b' };
    const seen = await pool.batch([show, insert(1), show], { settings });
    assert.deepStrictEqual(
      [seen[0].rows, seen[2].rows],
      [[{ tenant: 'b' }], [{ tenant: 'b' }]],
    );
    const handle = await pool.withSettings(settings).batch([show, show]);
    assert.deepStrictEqual(handle[1].rows, [{ tenant: 'b' }]);
    assert.strictEqual((await pool.query(show)).rows[0].tenant || null, null);
    await assert.rejects(pool.batch([show, insert(2)], { readOnly: true }), {
      code: '25006',
      batchIndex: 1,
    });
    await assert.rejects(
      pool.batch([insert(3), 'select pg_sleep(30)'], { timeoutMillis: 200 }),
      { code: 'HF_QUERY_TIMEOUT', batchIndex: 1 },
    );
    const signal = AbortSignal.timeout(200);
    await assert.rejects(
      pool.batch([insert(3), 'select pg_sleep(30)'], { signal }),
      { code: 'HF_ABORTED' },
    );
    assert.deepStrictEqual(await ids(pool), [1]);
  });

  test('on a client it belongs to the open transaction', async () => {
    const pool = open(url());
    const client = await pool.connect();
    await client.query('begin');
    await client.batch([insert(1), insert(2)]);
    assert.strictEqual(client.getTransactionStatus(), 'T');
    await client.query('rollback');
    assert.deepStrictEqual(await ids(pool), []);
    await client.batch([insert(3), insert(4)]);
    assert.strictEqual(client.getTransactionStatus(), 'I');
    await assert.rejects(client.batch([insert(5), insert(3)]), {
      code: '23505',
      batchIndex: 1,
    });
    const apart = await client.batch([insert(6), insert(3), insert(7)], {
      atomic: false,
    });
    assert.deepStrictEqual(
      apart.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    client.release();
    assert.deepStrictEqual(await ids(pool), [3, 4, 6, 7]);
    const [one] = await pool.transaction((/** @type {any} */ tx) =>
      tx.batch(['select 1 as one', insert(8)]),
    );
    assert.deepStrictEqual(one.rows, [{ one: 1 }]);
  });
}

test('the examples of the guide run', async () => {
  const AsyncFunction = (async () => {}).constructor;
  const pool = open();
  await pool.query(`create table customers (id int, orders int);
    create table orders (id serial, customer int)`);
  const blocks = blocksOf('docs/batches.md').filter((b) => b.language === 'js');
  assert.strictEqual(blocks.length, 2);
  for (const { code } of blocks) {
    const run = Reflect.construct(AsyncFunction, ['pool', 'console', code]);
    await run(pool, { log: () => {} });
  }
});

describe('directly', () => {
  worksEverywhere(() => server.url);

  test('what is wrong is found before anything is sent', async () => {
    const pool = open();
    const loop = /** @type {any} */ ({});
    loop.self = loop;
    for (const [list, options, message, index] of [
      ['select 1', {}, /takes an array/, undefined],
      [['select 1', 5], {}, /SQL text or an object/, 1],
      [['select 1', { text: 5 }], {}, /must be a string/, 1],
      [['a\0b'], {}, /NUL/, 0],
      [[{ text: 'select $1', values: [loop] }], {}, /./, 0],
      [['select 1', { text: 'select $1', values: ['\0'] }], {}, /NUL/i, 1],
      [[{ text: 'select 1', timeoutMillis: 5 }], {}, /give it to batch/, 0],
      [[{ text: 'select 1', exactlyOnce: true }], {}, /give it to batch/, 0],
      [['select 1'], { atomc: true }, /unknown option.*atomic/, undefined],
      [['select 1'], { atomic: 1 }, /must be true or false/, undefined],
      [['select 1'], null, /must be an object/, undefined],
      [Array(10_001).fill('select 1'), {}, /at most 10000/, undefined],
    ]) {
      for (const atomic of [undefined, false]) {
        const given = atomic === false ? { atomic, ...options } : options;
        await assert.rejects(
          pool.batch(list, options === null ? null : given),
          (/** @type {any} */ error) => {
            assert.match(error.message, message);
            assert.strictEqual(error.batchIndex, index);
            return true;
          },
        );
      }
    }
    assert.strictEqual(pool.totalCount, 0);
  });

  test('a connection that is lost leaves all of it or nothing, and says so', async () => {
    const proxy = await startProxy(server);
    const pool = open(proxy.urlFor(server.url), { retry: { maxRetries: 0 } });
    await pool.query('select 1');
    proxy.onMessage(({ direction, type }) =>
      direction === 'down' && type === 'C' ? 'rst' : 'pass',
    );
    const error = await pool.batch([insert(1), insert(2)]).catch((e) => e);
    proxy.onMessage(null);
    assert.ok(
      ['ambiguous', 'rolled_back', 'not_executed'].includes(error.outcome),
    );
    assert.ok([0, 2].includes((await ids(open())).length));
    await endAll();
    await proxy.close();
  });

  test('a batch that only reads is repeated as a whole', async () => {
    const proxy = await startProxy(server);
    const pool = open(proxy.urlFor(server.url));
    await pool.query('select 1');
    let cut = false;
    proxy.onMessage(({ direction, type }) => {
      if (direction === 'down' && type === 'D' && !cut) {
        cut = true;
        return 'rst';
      }
      return 'pass';
    });
    const results = await pool.batch(['select 1 as a', 'select 2 as b']);
    assert.deepStrictEqual(
      results.map(({ rows }) => rows[0]),
      [{ a: 1 }, { b: 2 }],
    );
    assert.ok(cut);
    await endAll();
    await proxy.close();
  });
});

describe('behind PgBouncer', { skip: noBouncer }, () => {
  worksEverywhere(() => bouncer.url);
});
