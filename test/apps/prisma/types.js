// SPDX-License-Identifier: MIT
// Values of every type, written and read on our adapter and on Prisma's own.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { failure, oursOn, Prisma, theirsOn } from './common.js';

const ours = oursOn();
const theirs = theirsOn();

const MOMENT = new Date('2024-02-29T23:59:58.987Z');
const OLD = new Date('0099-01-02T03:04:05.006Z');
const CLOCK = new Date('1970-01-01T13:14:15.167Z');
const ODD_TEXTS = [
  '',
  'NULL',
  'a "quoted" \\ one, {with} all',
  ' déjà vu \u{1F680} ',
  "it's\nnew",
  '\u0001',
];
const UUID = '0e2c1a3e-5b0f-4c6d-9d6f-1c1f0b7a9d01';
const BYTES = Uint8Array.from([0, 1, 92, 120, 39, 255]);
const JSONS = [
  { a: [1, 'two', null, { b: true }], 'odd "key"': '\\' },
  ['x', 1.5, false],
  'text',
  12,
  true,
];

/** Three rows: ordinary, extreme, and NULL in all columns. */
const ROWS = [
  {
    text: ODD_TEXTS[2],
    varchar: 'varchar',
    char: 'ab',
    uuid: UUID,
    xml: '<a b="c">d</a>',
    inet: '10.1.2.3/8',
    bit: '1010',
    varbit: '101',
    citext: 'CiTeXt',
    bool: true,
    int: -12345,
    small: 12,
    oid: 2_000_000_000,
    big: 9_007_199_254_740_993n,
    real: 1.5,
    double: 0.1,
    decimal: new Prisma.Decimal('12345678901234567890.123456789'),
    money: new Prisma.Decimal('12.34'),
    stamp: MOMENT,
    stampTz: MOMENT,
    date: new Date('2024-02-29'),
    time: CLOCK,
    timeTz: CLOCK,
    json: JSONS[0],
    jsonb: JSONS[0],
    bytes: BYTES,
    color: 'RED',
  },
  {
    text: '',
    varchar: ODD_TEXTS[3],
    char: '',
    bool: false,
    int: 2_147_483_647,
    small: -32_768,
    oid: 0,
    big: -9_223_372_036_854_775_808n,
    real: -1e-30,
    double: 1e300,
    decimal: new Prisma.Decimal('-0.00000000000000000000000000001'),
    money: new Prisma.Decimal('0.5'),
    stamp: OLD,
    stampTz: OLD,
    date: new Date('9999-12-31'),
    time: new Date('1970-01-01T00:00:00Z'),
    timeTz: new Date('1970-01-01T23:59:59.999Z'),
    json: JSONS[1],
    jsonb: Prisma.JsonNull,
    bytes: new Uint8Array(),
    color: 'DEEP_BLUE',
  },
  {},
];

const LISTS = [
  {
    text: ODD_TEXTS,
    varchar: ['a', 'b c', ''],
    char: ['abc', 'x'],
    uuid: [UUID, UUID.replace('0e', 'ff')],
    xml: ['<a/>', '<b c="d, e"/>'],
    inet: ['::1', '10.0.0.0/8'],
    bit: ['1111', '0000'],
    varbit: ['1', ''],
    bool: [true, false, true],
    int: [1, -2, 2_147_483_647],
    small: [1, -32_768],
    oid: [1, 2_000_000_000],
    big: [1n, -9_223_372_036_854_775_808n],
    real: [1.5, -1e-30],
    double: [0.1, 1e300],
    decimal: [new Prisma.Decimal('1.10'), new Prisma.Decimal('-99999999999')],
    money: [new Prisma.Decimal('1.5'), new Prisma.Decimal('99.99')],
    stamp: [MOMENT, OLD],
    stampTz: [MOMENT, OLD],
    date: [new Date('2024-02-29'), new Date('0099-01-02')],
    time: [CLOCK, new Date('1970-01-01T00:00:00Z')],
    json: JSONS,
    jsonb: JSONS,
    bytes: [BYTES, new Uint8Array()],
    color: ['RED', 'DEEP_BLUE'],
  },
  {},
];

/** Rows of both tables as written by one client and read by another. */
async function roundTrip(writer, reader) {
  await writer.$executeRaw`TRUNCATE "Every", "EveryList" RESTART IDENTITY`;
  for (const data of ROWS) {
    await writer.every.create({ data });
  }
  for (const data of LISTS) {
    await writer.everyList.create({ data });
  }
  return {
    rows: await reader.every.findMany({ orderBy: { id: 'asc' } }),
    lists: await reader.everyList.findMany({ orderBy: { id: 'asc' } }),
    raw: await reader.$queryRaw`SELECT * FROM "Every" ORDER BY id`,
    rawLists: await reader.$queryRaw`SELECT * FROM "EveryList" ORDER BY id`,
  };
}

/** @type {Awaited<ReturnType<typeof roundTrip>>} */
let expected;

before(async () => {
  expected = await roundTrip(theirs, theirs);
});

test('every type reads and writes as on adapter-pg', async () => {
  assert.deepEqual(await roundTrip(ours, ours), expected);
});

test('what we write adapter-pg reads, and the other way round', async () => {
  assert.deepEqual(await roundTrip(ours, theirs), expected);
  assert.deepEqual(await roundTrip(theirs, ours), expected);
});

test('values come back as they were written', async () => {
  const { rows, lists } = await roundTrip(ours, ours);
  const { char, ...row } = ROWS[0];
  assert.equal(rows[0].char, 'ab    ');
  for (const [key, value] of Object.entries(row)) {
    assert.deepEqual(rows[0][key], value, key);
  }
  for (const key of ['text', 'big', 'stampTz', 'bytes', 'color', 'jsonb']) {
    assert.deepEqual(lists[0][key], LISTS[0][key], key);
  }
  assert.ok(lists[1].text.length === 0);
});

test('filters, sorting and cursors by every type agree', async () => {
  await roundTrip(theirs, theirs);
  const [row] = ROWS;
  for (const key of Object.keys(row)) {
    if (['xml', 'json', 'bytes'].includes(key)) {
      continue; // these have no order, or no equality
    }
    const value = key === 'char' ? 'ab    ' : row[key];
    const where = { [key]: key === 'jsonb' ? { equals: value } : value };
    const query = { where, select: { id: true } };
    const found = await ours.every.findMany(query);
    assert.deepEqual(found, await theirs.every.findMany(query), key);
    assert.deepEqual(found, [{ id: 1 }], key);
    const page = {
      orderBy: [{ [key]: 'desc' }, { id: 'asc' }],
      cursor: { id: 1 },
      take: 2,
    };
    assert.deepEqual(
      await ours.every.findMany(page),
      await theirs.every.findMany(page),
      key,
    );
  }
});

test('in, aggregates and groups agree', async () => {
  await roundTrip(theirs, theirs);
  const queries = [
    (c) => c.every.findMany({ where: { big: { in: [ROWS[0].big, 5n] } } }),
    (c) => c.every.findMany({ where: { stampTz: { in: [MOMENT, OLD] } } }),
    (c) => c.every.findMany({ where: { uuid: { in: [UUID] } } }),
    (c) => c.everyList.findMany({ where: { text: { has: ODD_TEXTS[2] } } }),
    (c) => c.everyList.findMany({ where: { stampTz: { has: MOMENT } } }),
    (c) =>
      c.every.aggregate({
        _sum: { int: true, big: true, decimal: true, double: true },
        _avg: { int: true, decimal: true },
        _min: { stamp: true, date: true, text: true },
        _max: { stampTz: true, big: true },
        _count: true,
      }),
    (c) =>
      c.every.groupBy({
        by: ['color'],
        _count: true,
        orderBy: { color: 'asc' },
      }),
    (c) => c.every.count({ where: { NOT: { bool: true } } }),
  ];
  for (const query of queries) {
    assert.deepEqual(await query(ours), await query(theirs), String(query));
  }
});

test('lists of bytes are compared, which adapter-pg gets wrong', async () => {
  await roundTrip(theirs, theirs);
  const query = {
    where: { bytes: { hasSome: [BYTES] } },
    select: { id: true },
  };
  assert.deepEqual(await ours.everyList.findMany(query), [{ id: 1 }]);
  assert.deepEqual(await theirs.everyList.findMany(query), []);
});

test('raw parameters of every kind agree', async () => {
  const date = new Date('2020-05-06T07:08:09.010Z');
  const queries = [
    (c) => c.$queryRaw`SELECT ${1}::int AS a, ${'x'}::text AS b, ${true} AS c`,
    (c) => c.$queryRaw`SELECT ${12n}::bigint AS a, ${1.5}::float8 AS b`,
    (c) => c.$queryRaw`SELECT ${new Prisma.Decimal('1.25')}::numeric AS a`,
    (c) =>
      c.$queryRaw`SELECT ${date}::timestamptz AS a, ${date}::timestamp AS b`,
    (c) => c.$queryRaw`SELECT ${date}::date AS a, ${date}::time AS b`,
    (c) => c.$queryRaw`SELECT ${Buffer.from(BYTES)}::bytea AS a`,
    (c) => c.$queryRaw`SELECT ${{ a: [1, null] }}::jsonb AS a`,
    (c) =>
      c.$queryRaw`SELECT ${[1, 2, 3]}::int[] AS a, ${['x', 'y"']}::text[] AS b`,
    (c) => c.$queryRaw`SELECT ${[date]}::timestamptz[] AS a, ${null}::int AS b`,
    (c) =>
      c.$queryRaw`SELECT 'RED'::"Color" AS a, ARRAY['RED']::"Color"[] AS b`,
    (c) => c.$queryRaw`SELECT '12.34'::money AS a, 1::oid AS b, 'n'::name AS c`,
    (c) => c.$queryRaw`SELECT 1 AS a, 2 AS a`,
    (c) => c.$queryRaw`SELECT 1 AS a WHERE false`,
    (c) => c.$executeRaw`UPDATE "Every" SET int = 5 WHERE id IN (1, 2)`,
    (c) => c.$queryRawUnsafe('SELECT $1::int AS a', 3),
    (c) => c.$executeRawUnsafe('CREATE TEMP TABLE IF NOT EXISTS none (a int)'),
  ];
  for (const query of queries) {
    assert.deepEqual(await query(ours), await query(theirs), String(query));
  }
});

test('types that adapter-pg refuses come as text', async () => {
  const rows = await ours.$queryRaw`
    SELECT 'c'::"char" AS "char", pg_sleep(0) AS void, '1 day'::interval AS span,
      '(1,2)'::point AS point, int4range(1, 5) AS range, 'pg_class'::regclass AS class,
      '08:00:2b:01:02:03'::macaddr AS mac, 'a & b'::tsquery AS query,
      ROW(1, 'x') AS record, '{"1 day"}'::interval[] AS spans,
      '16/B374D848'::pg_lsn AS lsn, '$.a'::jsonpath AS path`;
  assert.deepEqual(rows, [
    {
      char: 'c',
      void: '',
      span: '1 day',
      point: '(1,2)',
      range: '[1,5)',
      class: 'pg_class',
      mac: '08:00:2b:01:02:03',
      query: "'a' & 'b'",
      record: '(1,x)',
      spans: ['1 day'],
      lsn: '16/B374D848',
      path: '$."a"',
    },
  ]);
  await assert.rejects(theirs.$queryRaw`SELECT 'c'::"char"`, { code: 'P2010' });
  await assert.rejects(theirs.$queryRaw`SELECT pg_sleep(0)`, { code: 'P2010' });
});

test('a list of times with a zone, which adapter-pg cannot read', async () => {
  const data = { timeTz: [CLOCK, new Date('1970-01-01T00:00:00Z')] };
  const { id } = await ours.refused.create({ data });
  const where = { id };
  assert.deepEqual(await ours.refused.findUnique({ where }), { id, ...data });
  await assert.rejects(theirs.refused.findUnique({ where }), { code: 'P2010' });
});

test('money of any size and sign is a number', async () => {
  const rows = await ours.$queryRaw`
    SELECT '-1234567.89'::money AS a, '1234.5'::money AS b, '-0.5'::money AS c`;
  assert.deepEqual(Object.values(rows[0]).map(String), [
    '-1234567.89',
    '1234.5',
    '-0.5',
  ]);
});

test("the server's rarer dates are right", async () => {
  const rows = await ours.$queryRaw`
    SELECT '0044-03-15 BC'::date AS caesar, '12345-06-07'::date AS far,
      '0044-03-15 12:00:00+00 BC'::timestamptz AS ides`;
  assert.deepEqual(rows, [
    {
      caesar: new Date('-000043-03-15'),
      far: new Date('+012345-06-07'),
      ides: new Date('-000043-03-15T12:00:00Z'),
    },
  ]);
});

for (const zone of ['Asia/Kolkata', 'America/New_York', 'Europe/Amsterdam']) {
  test(`a session in ${zone} changes no moment`, async () => {
    const zoned = oursOn({ options: `-c TimeZone=${zone}` });
    const [{ setting }] = await zoned.$queryRaw`
      SELECT current_setting('TimeZone') AS setting`;
    assert.equal(setting, zone);
    assert.deepEqual(await roundTrip(zoned, ours), expected);
    assert.deepEqual(await roundTrip(ours, zoned), expected);
    // Before standard time, offsets had seconds.
    const [{ old }] = await zoned.$queryRaw`
      SELECT '1850-01-01 12:00:00Z'::timestamptz AS old`;
    assert.deepEqual(old, new Date('1850-01-01T12:00:00Z'));
  });
}

test('adapter-pg is wrong there by the offset', async () => {
  const zoned = theirsOn({ options: '-c TimeZone=Asia/Kolkata' });
  const { stampTz } = await zoned.every.findFirstOrThrow({ where: { id: 1 } });
  assert.notDeepEqual(stampTz, MOMENT);
});

test('the types of the process do not reach Prisma', async () => {
  const { types } = await import('pg-holdfast');
  const before = types.getTypeParser(1700);
  types.setTypeParser(1700, () => 'spoilt');
  types.setTypeParser(23, () => 'spoilt');
  try {
    assert.deepEqual(await ours.$queryRaw`SELECT 1 AS a, 1.50 AS b`, [
      { a: 1, b: new Prisma.Decimal('1.50') },
    ]);
  } finally {
    types.setTypeParser(1700, before);
    types.setTypeParser(23, (text) => Number.parseInt(text, 10));
  }
});

test("a user's types are read by the user's function", async () => {
  const client = oursOn(
    {},
    {
      userDefinedTypeParser: (oid, value) => value && `${oid > 16383}:${value}`,
    },
  );
  assert.deepEqual(
    await client.$queryRaw`SELECT 'RED'::"Color" AS a, 'x' AS b`,
    [{ a: 'true:RED', b: 'x' }],
  );
});

test('raw arguments that the server gives no type get one, outside a transaction', async () => {
  const at = new Date('2024-05-06T12:00:00Z');
  /** @param {any} on */
  const ask = (on) => on.$queryRaw`
    SELECT length('abc') > ${1.1} AS fraction,
      (${at} + interval '1 day') = timestamptz '2024-05-07 12:00+00' AS time,
      jsonb_build_object('a', ${1}, 'b', ${'x'}, 'c', ${true}) AS json,
      length(${Buffer.from([0, 1, 255])}) AS bytes`;
  assert.deepEqual(await ask(ours), [
    { fraction: true, time: true, json: { a: 1, b: 'x', c: true }, bytes: 3 },
  ]);
  // The first attempt has failed, and with it the transaction.
  /** @param {any} on */
  const inTransaction = (on) => failure(on.$transaction(ask));
  for (const client of [ours, theirs]) {
    assert.equal((await inTransaction(client)).code, 'P2010');
  }
});

test('with a cast, raw arguments have types in a transaction too', async () => {
  const rows = await ours.$transaction(
    (tx) => tx.$queryRaw`SELECT length('abc') > ${1.1}::float8 AS fraction,
      jsonb_build_object('a', ${1}::int) AS json`,
  );
  assert.deepEqual(rows, [{ fraction: true, json: { a: 1 } }]);
});
