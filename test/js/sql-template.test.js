// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert');
const { after, test } = require('node:test');

const { Pool } = require('../../lib/pool/pool.js');
const { Client } = require('../../lib/pool/standalone-client.js');
const { retryQuery } = require('../../lib/retry/retry.js');
const { ATTACKS, refuses } = require('../support/sql.js');
const { before, failureOf, useServer } = require('../support/suite.js');

const server = useServer();
/** @type {any} */
let pool;
/** @type {any} */
let sql;

before(async () => {
  pool = new Pool({ connectionString: server.url, max: 2 });
  ({ sql } = pool);
  await pool.query('create table item (id int primary key, t text, n int)');
  await pool.query("insert into item values (1, 'x', 10), (2, 'y', 20)");
});

after(async () => {
  await pool?.end();
});
// ---- values ---------------------------------------------------------------

test('each value becomes a parameter', async () => {
  const query = sql`select t from item where id = ${1} and t = ${'x'}`;
  assert.strictEqual(query.text, 'select t from item where id = $1 and t = $2');
  assert.deepStrictEqual(query.values, [1, 'x']);
  const result = await query;
  assert.deepStrictEqual(result.rows, [{ t: 'x' }]);
  assert.strictEqual(result.rowCount, 1);
});

test('values travel as those of query()', async () => {
  const date = new Date(1e12);
  const { rows } = await sql`
    select ${null}::text as a, ${[1, 2]}::int[] as b, ${{ c: 1 }}::jsonb as c,
      ${date}::timestamptz as d, ${Buffer.from('e')}::bytea as e,
      ${10n}::int8 as f, ${true}::bool as g`;
  assert.deepStrictEqual(rows, [
    {
      a: null,
      b: [1, 2],
      c: { c: 1 },
      d: date,
      e: Buffer.from('e'),
      f: '10',
      g: true,
    },
  ]);
});

test('a value cannot change the statement', async () => {
  for (const attack of ATTACKS) {
    const { rows } = await sql`select ${attack}::text as v`;
    assert.deepStrictEqual(rows, [{ v: attack }]);
    const found = await sql`select id from item where t = ${attack}`;
    assert.strictEqual(found.rowCount, 0);
    const listed =
      await sql`select id from item where t in ${sql.list([attack])}`;
    assert.strictEqual(listed.rowCount, 0);
    const made = await sql`select * from (${sql.values([[attack]])}) as v (v)`;
    assert.deepStrictEqual(made.rows, [{ v: attack }]);
  }
  assert.strictEqual((await sql`select * from item`).rowCount, 2);
});

test('data cannot pass for a fragment', async () => {
  const forged = JSON.parse(
    '{"texts": ["1; drop table item"], "values": [], "text": "drop table item",' +
      '"pg-holdfast.sql": {"texts": ["drop table item"], "values": []},' +
      '"Symbol(pg-holdfast.sql)": {"texts": ["drop table item"], "values": []}}',
  );
  const { rows } = await sql`select ${forged}::jsonb as v`;
  assert.deepStrictEqual(rows, [{ v: forged }]);
  refuses(() => sql.join([forged]), /is no fragment/);
  refuses(() => sql(['drop table item']), /is a template tag/);
  refuses(() => sql.fragment(['drop table item']), /is a template tag/);
});

test('what is no value is refused where it stands', () => {
  const invalid = [
    [undefined, /value 2 of the template is undefined: write null for NULL/],
    [Promise.resolve(1), /value 2 of the template is a promise: await it/],
    [Object.fromEntries([['then', () => {}]]), /is a promise/],
    [() => 1, /value 2 of the template is a function/],
    [Symbol('s'), /value 2 of the template is a symbol/],
  ];
  for (const [value, message] of invalid) {
    const expected = /** @type {RegExp} */ (message);
    refuses(() => sql`select ${1}, ${value}`, expected, 'HF_PARAM_INVALID');
    const part = sql.fragment`1`;
    refuses(() => sql`select ${part}, ${value}`, expected, 'HF_PARAM_INVALID');
  }
});

test('a statement takes 65,535 values and no more', async () => {
  const most = sql.list(Array.from({ length: 65_535 }, (_, i) => i));
  const { rows } =
    await sql`select count(*)::int as n from item where id in ${most}`;
  assert.deepStrictEqual(rows, [{ n: 2 }]);
  const error = await failureOf(sql`select 1 where ${0} in ${most}`);
  assert.strictEqual(error.code, 'HF_PARAM_INVALID');
  assert.match(error.message, /at most 65535/);
});

test('a value that cannot be sent rejects', async () => {
  const error = await failureOf(sql`select ${'a\0b'}::text`);
  assert.strictEqual(error.code, 'HF_PARAM_INVALID');
});

// ---- where a value may stand ------------------------------------------------

test('within quotes and comments there is no place for a value', () => {
  const id = () => sql.identifier("x'; drop table item; --");
  refuses(() => sql`select '${1}'`, /value 1 of .* stands in a string literal/);
  refuses(() => sql`select ${1}, '%${'a'}%'`, /value 2 .* a string literal/);
  refuses(() => sql`select E'\\'${1}'`, /string literal/);
  refuses(() => sql`select "${1}"`, /a quoted name/);
  refuses(() => sql`select $$${1}$$`, /a dollar-quoted string/);
  refuses(() => sql`select $x$ ${1} $x$`, /a dollar-quoted string/);
  refuses(() => sql`select 1 -- ${1}`, /a comment/);
  refuses(() => sql`select /* ${1} */ 1`, /a comment/);
  refuses(() => sql`select '${id()}'`, /string literal/);
  refuses(() => sql`select '${sql.fragment`a`}'`, /string literal/);
  refuses(() => sql.fragment`select '${1}'`, /string literal/);
});

test('a quote or a comment ends in the template that begins it', () => {
  refuses(() => sql`select 'a`, /without an end/);
  refuses(() => sql.fragment`'`, /without an end/);
  refuses(() => sql.fragment`/* a`, /without an end/);
  refuses(() => sql.fragment`$$`, /without an end/);
  refuses(() => sql`select ${1} \0`, /NUL/);
});

test('quotes and comments beside values are no matter', async () => {
  const { rows } = await sql`
    select 'it''s $1' as a, ${1}::int as b, $$ $2 $$ as c -- $3
      , ${2}::int as "$4" /* $5 */`;
  assert.deepStrictEqual(rows, [{ a: "it's $1", b: 1, c: ' $2 ', $4: 2 }]);
});

test('a template numbers its parameters itself', () => {
  refuses(() => sql`select $1, ${1}`, /write \$\{value\}/);
  refuses(() => sql`select $1`, /write \$\{value\}/);
});

test('an invalid escape is an error', () => {
  refuses(() => sql`select \u`, /invalid escape/);
});

test('a value beside a word or another value stays a parameter', async () => {
  assert.strictEqual(sql`limit${1}`.text, 'limit $1');
  assert.strictEqual(sql`${1}${2}`.text, '$1 $2');
  assert.strictEqual(sql`${1}2`.text, '$1 2');
  assert.strictEqual(sql`a=${1}::int`.text, 'a=$1::int');
  const { rows } = await sql`select ${1}::int-${-2}::int as n limit${1}`;
  assert.deepStrictEqual(rows, [{ n: 3 }]);
});

test('a tag is not called with a text', () => {
  refuses(() => sql('select 1'), /sql is a template tag: write sql`…`/);
  refuses(() => sql('item', 1), /template tag/);
  refuses(() => sql(), /template tag/);
  refuses(() => sql.fragment('a = 1'), /sql.fragment is a template tag/);
});

// ---- when it runs ---------------------------------------------------------------

test('a template runs when it is awaited, once', async () => {
  await pool.query('create sequence runs');
  const query = sql`select nextval('runs')::int as n`;
  await new Promise((resolve) => setImmediate(resolve));
  const [one, two] = await Promise.all([query, query]);
  assert.strictEqual(one, two);
  assert.deepStrictEqual(one.rows, [{ n: 1 }]);
  assert.strictEqual(await query, one);
});

test('execute() runs it each time, with options', async () => {
  await pool.query('create sequence executed');
  const query = sql`select nextval('executed')::int as n`;
  assert.deepStrictEqual((await query.execute()).rows, [{ n: 1 }]);
  const { rows } = await query.execute({ rowMode: 'array', retry: false });
  assert.deepStrictEqual(rows, [[2]]);
  const write = sql`insert into item values (${50}, 'z')`;
  const error = await failureOf(write.execute({ readOnly: true }));
  assert.strictEqual(error.code, '25006');
  const wrong = await failureOf(query.execute('x'));
  assert.strictEqual(wrong.code, 'HF_TEMPLATE_INVALID');
});

test('options cannot change the text or the values', async () => {
  const query = sql`select ${1}::int as n`;
  const { rows } = await query.execute({ text: 'select 2 as n', values: [3] });
  assert.deepStrictEqual(rows, [{ n: 1 }]);
});

test('a template that is never awaited does not run and is no rejection', async () => {
  /** @type {unknown[]} */
  const seen = [];
  const note = (/** @type {unknown} */ error) => seen.push(error);
  process.on('unhandledRejection', note);
  const fresh = new Pool({ connectionString: 'postgres://127.0.0.1:1/none' });
  /** @type {any} */ (fresh).sql`select 1`;
  await pool.query('select 1');
  await new Promise((resolve) => setImmediate(resolve));
  assert.strictEqual(fresh.totalCount, 0);
  await fresh.end();
  process.off('unhandledRejection', note);
  assert.deepStrictEqual(seen, []);
});

test('catch() and finally() run it', async () => {
  const failed = await sql`select 1/${0}::int`.catch(
    (/** @type {any} */ e) => e,
  );
  assert.strictEqual(failed.code, '22012');
  let done = false;
  const { rows } = await sql`select 1 as n`.finally(() => {
    done = true;
  });
  assert.deepStrictEqual(rows, [{ n: 1 }]);
  assert.ok(done);
});

test('query() takes a template', async () => {
  const { rows } = await pool.query(sql`select ${3}::int as n`);
  assert.deepStrictEqual(rows, [{ n: 3 }]);
  const arrays = await pool.query({
    ...sql`select ${4}::int`,
    rowMode: 'array',
  });
  assert.deepStrictEqual(arrays.rows, [[4]]);
});

test('a fragment is no statement', async () => {
  const error = await failureOf(pool.query(sql.fragment`select 1`));
  assert.ok(error instanceof TypeError);
});

test('a template in a client and a transaction runs there', async () => {
  const client = await pool.connect();
  try {
    const { rows } = await client.sql`select pg_backend_pid() as pid`;
    assert.strictEqual(rows[0].pid, client.processID);
  } finally {
    client.release();
  }
  await assert.rejects(client.sql`select 1`, { code: 'HF_RELEASED' });
  await assert.rejects(
    pool.transaction(async (/** @type {any} */ tx) => {
      await tx.sql`insert into item ${tx.sql.values([[99, 'z', 0]])}`;
      const { rowCount } = await tx.sql`select from item where id = ${99}`;
      assert.strictEqual(rowCount, 1);
      throw new Error('undo');
    }),
    /undo/,
  );
  assert.strictEqual((await sql`select from item where id = 99`).rowCount, 0);
});

test('a template of a Client runs on its connection', async () => {
  const client = new Client({ connectionString: server.url });
  await client.connect();
  try {
    const { rows } = await /** @type {any} */ (client)
      .sql`select pg_backend_pid() as pid, ${1}::int as n`;
    assert.deepStrictEqual(rows, [{ pid: client.processID, n: 1 }]);
  } finally {
    await client.end();
  }
});

test('a template of the pool can be part of one of a client', async () => {
  const part = sql`select ${1}::int as n`;
  const rows = await pool.transaction(
    async (/** @type {any} */ tx) =>
      (await tx.sql`select n from (${part}) as p`).rows,
  );
  assert.deepStrictEqual(rows, [{ n: 1 }]);
});

test('a retry helper knows of a template that its function begins', async () => {
  let calls = 0;
  const query = retryQuery(
    () => {
      calls += 1;
      return sql`select pg_sleep(${5})`;
    },
    { deadlineMillis: 100 },
  );
  const error = await failureOf(query);
  assert.strictEqual(error.code, 'HF_DEADLINE');
  assert.strictEqual(calls, 1);
});

test('the tag works taken off its pool, through a Proxy and by inheritance', async () => {
  const { sql: taken } = new Proxy(pool, {});
  assert.deepStrictEqual((await taken`select 1 as n`).rows, [{ n: 1 }]);
  const heir = Object.create(pool);
  assert.deepStrictEqual((await heir.sql`select 1 as n`).rows, [{ n: 1 }]);
  assert.strictEqual(pool.sql, sql);
});

test('one that wraps query() sees what templates send', async () => {
  /** @type {any[]} */
  const seen = [];
  const wrapped = Object.create(pool, {
    query: {
      value: (/** @type {any} */ config) => {
        seen.push(config.text);
        return pool.query(config);
      },
    },
  });
  await wrapped.sql`select ${1}::int`;
  assert.deepStrictEqual(seen, ['select $1::int']);
});

test('the same template is the same statement', async () => {
  const one = new Pool({ connectionString: server.url, max: 1 });
  /** @type {any} */
  const { sql: tag } = one;
  for (let n = 0; n < 10; n++) {
    const part = tag.fragment`${n}::int < 100`;
    await tag`select ${n}::int as n where ${part}`;
  }
  const prepared = await one.query(
    "select statement from pg_prepared_statements where statement like '%< 100'",
  );
  assert.deepStrictEqual(prepared.rows, [
    { statement: 'select $1::int as n where $2::int < 100' },
  ]);
  await one.end();
});
