// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert');
const { after, test } = require('node:test');

const { Pool } = require('../../lib/pool/pool.js');
const { Client } = require('../../lib/pool/standalone-client.js');
const { retryQuery } = require('../../lib/retry/retry.js');
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

/** What an attacker might enter. */
const ATTACKS = [
  "'; drop table item; --",
  "' or '1'='1",
  "\\'; drop table item; --",
  '"; drop table item; --',
  '$$; drop table item; $$',
  '*/ drop table item; /*',
  '1); drop table item; --',
  '$1',
  `\${x}`,
  '\u0001',
  'ʼ; drop table item; --',
];

/**
 * @param {() => unknown} fn
 * @param {RegExp} message
 * @param {string} [code]
 */
function refuses(fn, message, code = 'HF_TEMPLATE_INVALID') {
  assert.throws(fn, (/** @type {any} */ error) => {
    assert.strictEqual(error.code, code, error.message);
    assert.match(error.message, message);
    assert.strictEqual(error.outcome, 'permanent');
    return true;
  });
}

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

// ---- fragments --------------------------------------------------------------

test('a template in another is part of it, with its parameters renumbered', async () => {
  const where = sql.fragment`where n > ${5} and t = ${'y'}`;
  const inner = sql`select id from item ${where}`;
  const query = sql`select ${'a'}::text as a, id from (${inner}) as i where id < ${9}`;
  assert.strictEqual(
    query.text,
    'select $1::text as a, id from (select id from item where n > $2 and ' +
      't = $3) as i where id < $4',
  );
  assert.deepStrictEqual(query.values, ['a', 5, 'y', 9]);
  assert.deepStrictEqual((await query).rows, [{ a: 'a', id: 2 }]);
});

test('a fragment can be used again and again', async () => {
  const one = sql.fragment`${1}::int`;
  const { rows } =
    await sql`select ${one} + ${one} + ${sql.fragment`${one} * ${2}`} as n`;
  assert.deepStrictEqual(rows, [{ n: 4 }]);
});

test('an empty fragment leaves its place empty', async () => {
  const none = sql.fragment``;
  const { rowCount } = await sql`select * from item ${none}`;
  assert.strictEqual(rowCount, 2);
  assert.strictEqual(sql`a${none}b`.text, 'a b');
});

test('fragments do not run together with what is around them', async () => {
  const minus = sql.fragment`-3`;
  assert.strictEqual(sql`select 5 -${minus}`.text, 'select 5 - -3');
  assert.strictEqual(sql`'a'${sql.fragment`'b'`}`.text, "'a' 'b'");
  assert.strictEqual(sql`"a"${sql.identifier('b')}`.text, '"a" "b"');
  assert.strictEqual(sql`U&${sql.identifier('\\0041')}`.text, 'U& "\\0041"');
  const { rows } = await sql`select 5 -${minus} as n`;
  assert.deepStrictEqual(rows, [{ n: 8 }]);
});

test('a comment at the end of a fragment ends there', async () => {
  const commented = sql.fragment`true -- always`;
  const { rows } =
    await sql`select 1 as n where ${commented} and ${1}::int = 2`;
  assert.deepStrictEqual(rows, []);
});

test('a nested template does not run by itself', async () => {
  await pool.query('create table once (n int)');
  const insert = sql`insert into once values (${1}) returning n`;
  const { rows } = await sql`with i as (${insert}) select n from i`;
  assert.deepStrictEqual(rows, [{ n: 1 }]);
  const { rowCount } = await sql`select * from once`;
  assert.strictEqual(rowCount, 1);
});

// ---- identifiers --------------------------------------------------------------

test('identifiers are quoted', async () => {
  assert.strictEqual(sql`${sql.identifier('a')}`.text, '"a"');
  assert.strictEqual(sql`${sql.identifier('a', 'B c')}`.text, '"a"."B c"');
  assert.strictEqual(sql`${sql.identifier('a"b')}`.text, '"a""b"');
  const table = sql.identifier('public', 'item');
  const column = sql.identifier('t');
  const { rows } = await sql`select ${column} from ${table} where id = ${1}`;
  assert.deepStrictEqual(rows, [{ t: 'x' }]);
});

test('an identifier cannot change the statement', async () => {
  for (const attack of ATTACKS) {
    const { fields } = await sql`select 1 as ${sql.identifier(attack)}`;
    assert.strictEqual(fields[0].name, attack);
    const error = await failureOf(sql`select * from ${sql.identifier(attack)}`);
    assert.strictEqual(error.code, '42P01', attack);
  }
});

test('what is no identifier is refused', () => {
  refuses(() => sql.identifier(), /needs a name/);
  refuses(() => sql.identifier(''), /not empty/);
  refuses(() => sql.identifier('a\0b'), /NUL/);
  refuses(() => sql.identifier(['a', 'b']), /'schema', 'table'/);
  refuses(() => sql.identifier('a', undefined), /strings/);
});

// ---- lists, joins and rows ----------------------------------------------------

test('a list stands in parentheses', async () => {
  const query = sql`select id from item where id in ${sql.list([1, 2, 3])} order by id`;
  assert.strictEqual(
    query.text,
    'select id from item where id in ($1, $2, $3) order by id',
  );
  assert.deepStrictEqual((await query).rows, [{ id: 1 }, { id: 2 }]);
});

test('an empty list is an error, an empty array is a value', async () => {
  refuses(() => sql.list([]), /= any\(\$\{array\}\)/);
  refuses(() => sql.list('ab'), /needs an array/);
  refuses(
    () => sql.list([1, undefined]),
    /value 2 of sql.list\(\) is undefined/,
    'HF_PARAM_INVALID',
  );
  const { rowCount } = await sql`select * from item where id = any(${[]})`;
  assert.strictEqual(rowCount, 0);
  const all = await sql`select * from item where id <> all(${[]})`;
  assert.strictEqual(all.rowCount, 2);
});

test('fragments are joined by a comma, or by a fragment', async () => {
  const conditions = [sql.fragment`id > ${0}`, sql.fragment`n < ${15}`];
  const columns = ['id', 't'].map((name) => sql.identifier(name));
  const query = sql`
    select ${sql.join(columns)} from item
    where ${sql.join(conditions, sql.fragment` and `)}`;
  assert.match(query.text, /select "id", "t" from/);
  assert.match(query.text, /where id > \$1 and n < \$2$/);
  assert.deepStrictEqual((await query).rows, [{ id: 1, t: 'x' }]);
});

test('texts are not joined', () => {
  const part = sql.fragment`a`;
  refuses(() => sql.join(['a = 1']), /item 1 of sql.join\(\) is no fragment/);
  refuses(() => sql.join([part, 1]), /item 2 of sql.join\(\) is no fragment/);
  refuses(() => sql.join([part], ' and '), /separator .* must be a fragment/);
  refuses(() => sql.join([]), /at least one fragment/);
  refuses(() => sql.join('ab'), /at least one fragment/);
});

test('rows become VALUES', async () => {
  await pool.query('create table rows_in (a int, b text default $$d$$)');
  const byDefault = sql.fragment`default`;
  const rows = [
    [1, 'x'],
    [2, byDefault],
  ];
  const insert = sql`insert into rows_in (a, b) ${sql.values(rows)} returning *`;
  assert.strictEqual(
    insert.text,
    'insert into rows_in (a, b) values ($1, $2), ($3, default) returning *',
  );
  assert.deepStrictEqual((await insert).rows, [
    { a: 1, b: 'x' },
    { a: 2, b: 'd' },
  ]);
});

test('objects become VALUES by the columns that are named', async () => {
  const people = [
    { id: 11, t: 'a', admin: true },
    { admin: true, t: null, id: 12 },
  ];
  const insert = sql`insert into item ${sql.values(people, ['id', 't'])} returning id, t`;
  assert.strictEqual(
    insert.text,
    'insert into item ("id", "t") values ($1, $2), ($3, $4) returning id, t',
  );
  assert.deepStrictEqual((await insert).rows, [
    { id: 11, t: 'a' },
    { id: 12, t: null },
  ]);
  await sql`delete from item where id in ${sql.list([11, 12])}`;
});

test('rows that do not fit are refused', () => {
  refuses(() => sql.values([]), /at least one row/);
  refuses(() => sql.values([[]]), /row 1 of sql.values\(\)/);
  refuses(
    () => sql.values([[1], [1, 2]]),
    /row 2 .* has 2 values instead of 1/,
  );
  refuses(() => sql.values([{ a: 1 }]), /names of their columns/);
  refuses(() => sql.values([1], ['a']), /row 1 .* neither array nor object/);
  refuses(() => sql.values([[1]], []), /array of names/);
  refuses(() => sql.values([[1]], ['a', 'b']), /1 values instead of 2/);
  refuses(
    () => sql.values([{ a: 1 }, {}], ['a']),
    /"a" in row 2 of sql.values\(\) is undefined/,
    'HF_PARAM_INVALID',
  );
  refuses(
    () => sql.values([{}], ['constructor']),
    /is undefined/,
    'HF_PARAM_INVALID',
  );
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
