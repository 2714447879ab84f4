// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert');
const { describe, test } = require('node:test');

const { Pool } = require('../../lib/pool/pool.js');
const { eventually } = require('../support');
const { useCache } = require('../support/cache.js');
const { before, failureOf, useServer } = require('../support/suite.js');

const server = useServer();
const cache = useCache(server);
const { ask, atGate, count, sentBy } = cache;
/** @type {Pool} */
let pool;

before(() => {
  pool = cache.pool;
});

describe('equal queries', () => {
  test('a hundred at once are one statement on the server', async () => {
    const text = 'select clock_timestamp()::text as t, pg_sleep(0.05)';
    const calls = Array.from({ length: 100 }, () =>
      ask(text, { config: { readOnly: true } }),
    );
    /** @type {any[]} */
    let results = [];
    const sent = await sentBy(async () => {
      results = await Promise.all(calls);
    });
    // Each statement would see another time.
    assert.strictEqual(new Set(results.map((r) => r.rows[0].t)).size, 1);
    assert.strictEqual(results.filter((r) => r.cached).length, 99);
    assert.ok(sent <= 1);
  });

  test('later ones are answered without a connection', async () => {
    const lonely = new Pool({ connectionString: server.url });
    const first = await ask('select 1 as n', {}, [], lonely);
    assert.strictEqual(first.cached, undefined);
    await lonely.reset();
    await eventually(() => lonely.totalCount === 0);
    const second = await ask('select 1 as n', {}, [], lonely);
    assert.strictEqual(lonely.totalCount, 0);
    assert.deepStrictEqual(second.rows, first.rows);
    assert.deepStrictEqual(second.fields, first.fields);
    assert.strictEqual(second.command, 'SELECT');
    assert.strictEqual(second.rowCount, 1);
    assert.strictEqual(second.cached, true);
    assert.strictEqual(second.stale, false);
    await lonely.end();
  });

  test('every caller has rows of its own', async () => {
    const first = await ask("select 'a' as a");
    first.rows[0].a = 'changed';
    assert.strictEqual((await ask("select 'a' as a")).rows[0].a, 'a');
  });

  test('rows may be asked for as arrays and parsed otherwise', async () => {
    const text = 'select 1.5::numeric as n';
    await ask(text);
    const types = {
      getTypeParser: () => (/** @type {string} */ t) => `<${t}>`,
    };
    const arrays = await ask(text, { config: { rowMode: 'array' } });
    const parsed = await ask(text, { config: { types } });
    assert.deepStrictEqual(arrays.rows, [['1.5']]);
    assert.strictEqual(arrays.cached, true);
    assert.deepStrictEqual(parsed.rows, [{ n: '<1.5>' }]);
  });

  test('all kinds of values come out of the cache as they went in', async () => {
    const text =
      "select 1 as i, true as b, 1.5::float8 as f, 'é€😀' as t, null as z," +
      " '2024-01-02 03:04:05+00'::timestamptz as d, repeat('x', 3000) as l" +
      ' from generate_series(1, 50)';
    const first = await ask(text);
    const second = await ask(text);
    assert.strictEqual(second.cached, true);
    assert.deepStrictEqual(second.rows, first.rows);
  });

  test('a type parser that throws rejects its own caller only', async () => {
    const types = {
      getTypeParser: () => () => {
        throw new Error('mine');
      },
    };
    await ask("select 'x' as x");
    const call = ask("select 'x' as x", { config: { types } });
    await assert.rejects(call, { message: 'mine' });
    assert.deepStrictEqual((await ask("select 'x' as x")).rows, [{ x: 'x' }]);
  });

  test('a result without columns or rows is cached, too', async () => {
    await ask('select from generate_series(1, 2)');
    const again = await ask('select from generate_series(1, 2)');
    assert.deepStrictEqual(again.rows, [{}, {}]);
    await ask('select 1 as n where false');
    assert.deepStrictEqual((await ask('select 1 as n where false')).rows, []);
  });
});

describe('different queries share nothing', () => {
  test('in their values', async () => {
    /** @type {any[][]} */
    const lists = [['1'], ['1 '], [''], [null], ['\u0001'], ['1', '2'], ['12']];
    for (const values of lists) {
      const text = `select ${values.map((_, i) => `$${i + 1}::text as v${i}`)}`;
      for (let i = 0; i < 2; i++) {
        const result = await ask(text, {}, values);
        assert.deepStrictEqual(Object.values(result.rows[0]), values);
      }
    }
  });

  test('in the border between values', async () => {
    const text = 'select $1::text as a, $2::text as b';
    await ask(text, {}, ['x', 'yz']);
    const { rows } = await ask(text, {}, ['xy', 'z']);
    assert.deepStrictEqual(rows, [{ a: 'xy', b: 'z' }]);
  });

  test('in the types the engine decodes', async () => {
    await ask('select 7 as n');
    const types = {
      getTypeParser: () => (/** @type {string} */ t) => `<${t}>`,
    };
    const { rows } = await ask('select 7 as n', { config: { types } });
    assert.deepStrictEqual(rows, [{ n: '<7>' }]);
  });

  test('in their key', async () => {
    const { rows } = await ask('select clock_timestamp()::text as t', {
      key: 'anna',
      config: { readOnly: true },
    });
    const same = { key: 'anna', config: { readOnly: true } };
    const other = { key: 'bert', config: { readOnly: true } };
    const text = 'select clock_timestamp()::text as t';
    assert.deepStrictEqual((await ask(text, same)).rows, rows);
    assert.notDeepStrictEqual((await ask(text, other)).rows, rows);
  });

  test('in their pool, and so in user and settings', async () => {
    const user = new Pool({ connectionString: server.url, max: 1 });
    const path = new Pool({
      connectionString: server.url,
      schema: 'elsewhere',
    });
    const [one] = (await ask('select current_user as u', {}, [], user)).rows;
    const text = "select current_setting('search_path') as p";
    const options = { config: { readOnly: true } };
    const here = (await ask(text, options, [], user)).rows[0].p;
    const there = (await ask(text, options, [], path)).rows[0].p;
    assert.ok(one.u);
    assert.notStrictEqual(here, there);
    assert.strictEqual(user.stats().cacheMisses, 2);
    assert.strictEqual(path.stats().cacheMisses, 1);
    await Promise.all([user.end(), path.end()]);
  });
});

describe('age', () => {
  test('an answer that is too old for the caller is renewed', async () => {
    assert.strictEqual(await count(), 0);
    await pool.query('insert into kept values (1)');
    // A write invalidates nothing by itself.
    assert.strictEqual(await count(), 0);
    assert.strictEqual(await count({ ttlMillis: 0 }), 1);
    assert.strictEqual(await count(), 1);
  });

  test('an answer ages by the clock', async () => {
    assert.strictEqual(await count({ ttlMillis: 50 }), 0);
    await pool.query('insert into kept values (1)');
    await eventually(async () => (await count({ ttlMillis: 50 })) === 1);
  });
});

describe('invalidation', () => {
  test('by tag, by key, of all', async () => {
    const tagged = { tags: ['kept', 'more'], key: 'a' };
    const ways = ['kept', ['other', 'more'], { key: 'a' }, undefined];
    for (const way of [...ways, { tag: 'more' }, { tags: 'kept' }]) {
      const before = await count(tagged);
      await pool.query('insert into kept values (1)');
      assert.strictEqual(await pool.invalidate('other'), 0);
      assert.strictEqual(await pool.invalidate({ key: 'b' }), 0);
      assert.strictEqual(await count(tagged), before);
      assert.strictEqual(await pool.invalidate(/** @type {any} */ (way)), 1);
      assert.strictEqual(await count(tagged), before + 1);
    }
  });

  test('a result in flight is delivered, but neither stored nor shared', async () => {
    // Its snapshot is taken before it waits.
    const text =
      'select count(*)::int as n, pg_advisory_xact_lock_shared(1) from kept';
    const options = { tags: 'kept', config: { readOnly: true } };
    const holder = /** @type {any} */ (await pool.connect());
    await holder.query('select pg_advisory_lock(1)');
    const early = ask(text, options);
    await atGate();
    await pool.query('insert into kept values (1)');
    assert.strictEqual(await pool.invalidate('kept'), 1);
    const calls = Promise.all([early, ask(text, options)]);
    await holder.query('select pg_advisory_unlock(1)');
    holder.release();
    const [old, late] = await calls;
    assert.strictEqual(old.rows[0].n, 0);
    assert.strictEqual(late.rows[0].n, 1);
    const again = await ask(text, options);
    assert.strictEqual(again.rows[0].n, 1);
    assert.strictEqual(again.cached, true);
  });

  test('comes from elsewhere by NOTIFY', async () => {
    const client = /** @type {any} */ (await pool.connect({ session: true }));
    client.on('notification', (/** @type {any} */ { payload }) => {
      pool.invalidate(payload);
    });
    await client.query('listen cache');
    await count({ tags: 'kept' });
    await server.psql(
      "insert into kept values (1); select pg_notify('cache', 'kept')",
    );
    await eventually(async () => (await count({ tags: 'kept' })) === 1);
    client.release(true);
  });

  test('reaches a pool that never connected, and not an ended one', async () => {
    const fresh = new Pool({ connectionString: server.url });
    assert.strictEqual(await fresh.invalidate(), 0);
    await fresh.end();
    await assert.rejects(fresh.invalidate(), { code: 'HF_POOL_CLOSED' });
  });
});

describe('what is not cached', () => {
  for (const text of [
    'insert into kept values (1)',
    'begin',
    'set work_mem = 1000',
    'select 1; select 2',
    'select pg_sleep(0)',
    '',
  ]) {
    test(`${text || 'nothing'}: refused before it is sent`, async () => {
      const sent = await sentBy(async () => {
        const error = await failureOf(ask(text));
        assert.strictEqual(error.code, 'HF_PARAM_INVALID');
        assert.strictEqual(error.outcome, 'permanent');
        assert.match(error.message, /^cache /);
      });
      assert.strictEqual(sent, 0);
    });
  }

  test('a statement declared to read that writes', async () => {
    const text = 'insert into kept values (1)';
    const error = await failureOf(ask(text, { config: { readOnly: true } }));
    assert.strictEqual(error.code, 'HF_PARAM_INVALID');
    await pool.query('create sequence if not exists counted');
    const hidden = await failureOf(
      ask("select nextval('counted')", { config: { readOnly: true } }),
    );
    assert.strictEqual(hidden.code, '25006');
  });

  test("a client's statements, in a transaction or not", async () => {
    const client = /** @type {any} */ (await pool.connect());
    const error = await failureOf(
      client.query({ text: 'select 1', cache: { ttlMillis: 1 } }),
    );
    assert.strictEqual(error.code, 'HF_PARAM_INVALID');
    assert.match(error.message, /^cache /);
    client.release();
    await assert.rejects(
      pool.transaction((tx) =>
        tx.query({ text: 'select 1', cache: { ttlMillis: 1 } }),
      ),
      { code: 'HF_PARAM_INVALID' },
    );
  });

  test('an error: the next one asks again', async () => {
    const text = 'select n from not_there';
    const failures = await Promise.all(
      [1, 2, 3].map(() => failureOf(ask(text))),
    );
    assert.deepStrictEqual(
      failures.map((error) => error.code),
      ['42P01', '42P01', '42P01'],
    );
    await pool.query('create table not_there (n int)');
    assert.deepStrictEqual((await ask(text)).rows, []);
  });

  for (const [cache, pattern] of /** @type {[any, RegExp][]} */ ([
    [true, /^cache must be an object/],
    [{}, /cache\.ttlMillis must be a number/],
    [{ ttlMillis: NaN }, /cache\.ttlMillis must not be negative/],
    [{ ttlMillis: -1 }, /cache\.ttlMillis must not be negative/],
    [{ ttlMillis: 1, tag: 'x' }, /unknown option cache\.tag/],
    [{ ttlMillis: 1, tags: [''] }, /cache\.tags must be a string/],
    [{ ttlMillis: 1, key: 'a\0b' }, /cache\.key must be a string/],
    [{ ttlMillis: 1, staleIfErrorMillis: '5' }, /staleIfErrorMillis must be/],
  ])) {
    test(`bad options: ${JSON.stringify(cache)}`, async () => {
      const error = await failureOf(pool.query({ text: 'select 1', cache }));
      assert.match(error.message, pattern);
    });
  }

  for (const what of [null, 7, [], {}, '', { tgas: 'x' }]) {
    test(`bad invalidation: ${JSON.stringify(what)}`, async () => {
      const call = pool.invalidate(/** @type {any} */ (what));
      await assert.rejects(call, TypeError);
    });
  }
});

test('the cache stays below cacheMaxBytes', async () => {
  const max = 64 * 1024;
  const small = new Pool({
    connectionString: server.url,
    cacheMaxBytes: max,
  });
  for (let i = 0; i < 100; i++) {
    await ask("select repeat('x', 2000) as x, $1::int as i", {}, [i], small);
    assert.ok(small.stats().cacheBytes <= max);
  }
  const { cacheEvictions, cacheBytes } = small.stats();
  assert.ok(cacheEvictions > 50);
  assert.ok(cacheBytes > max / 2);
  const large = "select repeat('x', 20000) as x";
  await ask(large, {}, [], small);
  assert.strictEqual((await ask(large, {}, [], small)).cached, undefined);
  await small.invalidate();
  assert.strictEqual(small.stats().cacheBytes, 0);
  await small.end();
});

test('results stay right after the port has dropped its row descriptions', async () => {
  const first = await ask('select 1 as kept_column');
  // More lists of columns than the port remembers.
  for (let i = 0; i < 1100; i += 50) {
    const calls = Array.from({ length: 50 }, (_, k) =>
      pool.query(`select 1 as c${i + k}`),
    );
    await Promise.all(calls);
  }
  for (let i = 0; i < 2; i++) {
    const again = await ask('select 1 as kept_column');
    assert.deepStrictEqual(again.rows, first.rows);
    assert.deepStrictEqual(again.fields, first.fields);
  }
});
