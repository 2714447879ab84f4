// SPDX-License-Identifier: MIT
'use strict';

// Our type parsers beside those of `pg`, over what a real server writes.

const assert = require('node:assert');
const { after, test } = require('node:test');

const pg = require('pg');

const types = require('../../lib/values/types.js');
const { LITERALS, WITHOUT_INPUT } = require('./types.literals.js');
const { before, useServer } = require('../support/suite.js');

const ZONES = [
  'UTC',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Africa/Monrovia',
];

/** Types that the engine decodes, in the order of their bits. */
const DECODED = [16, 21, 23, 26, 700, 701, 1184];
const ALL_DECODED = 2 ** DECODED.length - 1;

const server = useServer();
/** @type {import('pg').Client} */
let client;
const homeZone = process.env.TZ;

before(async () => {
  client = new pg.Client({
    connectionString: server.url,
    types: { getTypeParser: () => (/** @type {string} */ text) => text },
  });
  await client.connect();
});

after(async () => {
  setZone(homeZone);
  await client?.end();
});

/** @param {string | undefined} zone */
function setZone(zone) {
  // Node takes over a change of TZ at once.
  if (zone === undefined) {
    delete process.env.TZ;
  } else {
    process.env.TZ = zone;
  }
}

/**
 * Makes values of both sides comparable: dates by their time (invalid ones
 * too), intervals by properties, their order, and what their methods return.
 * @param {any} value
 * @returns {unknown}
 */
function comparable(value) {
  if (value instanceof Date) {
    return ['Date', value.getTime()];
  }
  if (Array.isArray(value)) {
    return value.map(comparable);
  }
  if (value !== null && typeof value?.toPostgres === 'function') {
    return {
      entries: Object.entries(value),
      json: JSON.stringify(value),
      postgres: value.toPostgres(),
      iso: value.toISO(),
      isoString: value.toISOString(),
    };
  }
  return value;
}

/**
 * @param {number} oid
 * @param {string} text
 */
function assertSame(oid, text) {
  const theirs = pg.types.getTypeParser(oid)(text);
  const ours = types.getTypeParser(oid)(text);
  assert.deepStrictEqual(
    comparable(ours),
    comparable(theirs),
    `type ${oid}, text ${text}, zone ${process.env.TZ}`,
  );
}

/**
 * Selects expressions, one statement each, and compares every result.
 * @param {string} expression
 * @param {unknown[]} [values]
 */
async function compare(expression, values) {
  const result = await client.query({
    text: `select ${expression} as value`,
    values,
    rowMode: 'array',
  });
  const text = result.rows[0][0];
  assert.strictEqual(typeof text, 'string', expression);
  assertSame(result.fields[0].dataTypeID, text);
}

/** @returns {[string, string[]][]} */
function entries() {
  return Object.entries(LITERALS);
}

test('every base type and range of the server is compared', async () => {
  const { rows } = await client.query(
    `select format_type(oid, null) as shown, typname from pg_type
      where typtype in ('b', 'r', 'm') and typnamespace = 11
        and typcategory <> 'A'`,
  );
  const known = new Set([
    ...Object.keys(LITERALS).map((name) => name.replaceAll('"', '')),
    ...WITHOUT_INPUT,
  ]);
  assert.deepStrictEqual(
    rows.map((row) => row.typname).filter((name) => !known.has(name)),
    [],
  );
});

for (const zone of ZONES) {
  test(`single values equal pg's in ${zone}`, async () => {
    setZone(zone);
    await client.query(`set timezone = '${zone}'`);
    for (const [type, literals] of entries()) {
      for (const literal of literals) {
        await compare(`$1::${type}`, [literal]);
      }
    }
  });

  test(`arrays equal pg's in ${zone}`, async () => {
    setZone(zone);
    await client.query(`set timezone = '${zone}'`);
    for (const [type, literals] of entries()) {
      if (type.endsWith('vector') && type !== 'tsvector') {
        continue;
      }
      const marks = literals.map((_, i) => `$${i + 1}::${type}`).join(', ');
      const list = `array[${marks}]`;
      await compare(`'{}'::${type}[]`);
      await compare(`array[null]::${type}[]`);
      await compare(list, literals);
      await compare(`array[${marks}, null]`, literals);
      await compare(`array[${list}, ${list}]`, literals);
      await compare(`array[[${list}], [${list}]]`, literals);
      await compare(
        `array_fill($1::${type}, array[2, 3], array[-1, 0])`,
        literals.slice(0, 1),
      );
    }
  });
}

test('bytea in escape format equals pg', async () => {
  await client.query("set bytea_output = 'escape'");
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  await compare('$1::bytea', [bytes]);
  await compare('array[$1::bytea, null, $1]', [bytes]);
  await compare("''::bytea");
  await client.query('reset bytea_output');
});

test('enums, domains and composite types come as text', async () => {
  await client.query(`
    create type mood as enum ('sad', 'ok');
    create domain positive as int check (value > 0);
    create type pair as (a int, b text)`);
  await compare("'sad'::mood");
  await compare("array['sad'::mood, null]");
  await compare('5::positive');
  await compare('array[5::positive]');
  await compare("row(1, 'x,y')::pair");
  await compare("array[row(1, 'x')::pair]");
});

test('every microsecond fraction is cut to the millisecond pg gives', () => {
  setZone('UTC');
  for (let micros = 0; micros < 1_000_000; micros += 997) {
    const fraction = String(micros).padStart(6, '0').replace(/0+$/, '');
    const dot = fraction === '' ? '' : '.';
    assertSame(1184, `2020-06-01 00:00:00${dot}${fraction}+00`);
    assertSame(1114, `1920-06-01 00:00:00${dot}${fraction}`);
  }
});

test('years up to 99 are read right where pg is wrong', () => {
  // pg goes through 1900 + year: 1900 has no 29 February, and in 1999 New
  // York had no 02:30 on 4 April.
  setZone('UTC');
  const leap = types.getTypeParser(1184)('0001-02-29 00:00:00+00 BC');
  assert.strictEqual(leap.toISOString(), '0000-02-29T00:00:00.000Z');
  setZone('America/New_York');
  const gap = types.getTypeParser(1114)('0099-04-04 02:30:00');
  assert.deepStrictEqual([gap.getHours(), gap.getMinutes()], [2, 30]);
});

test('a text that is not a date gives null, as in pg', () => {
  for (const text of ['', 'garbage', '12:00:00', 'Thu Jan 01 2020']) {
    assertSame(1082, text);
    assertSame(1114, text);
    assertSame(1184, text);
  }
});

test('int arrays that do not take the fast path still equal pg', () => {
  for (const text of [
    '{}',
    '{1}',
    '{-1,-22}',
    '{1,NULL,3}',
    '{NULL}',
    '{{1,2},{3,NULL}}',
    '[0:2]={1,2,3}',
    '[-1:0][2:3]={{1,2},{3,4}}',
    '{-0}',
    '{9007199254740993}',
    '{98765432109876543210987654321}',
    '{1,}',
    '{ 1 , 2 }',
  ]) {
    assertSame(1007, text);
  }
});

test('an array literal that is cut off throws', () => {
  for (const text of ['{1,2', '{1,2}}', '{"a', '{{a}', '{"a\\', '{']) {
    for (const oid of [1007, 1009]) {
      assert.throws(() => types.getTypeParser(oid)(text), /not balanced/, text);
    }
  }
});

test('a deeply nested array literal does not overflow the stack', () => {
  const depth = 100_000;
  const text = '{'.repeat(depth) + '}'.repeat(depth);
  let value = types.getTypeParser(1009)(text);
  let seen = 0;
  for (; Array.isArray(value); value = value[0]) {
    seen += 1;
  }
  assert.strictEqual(seen, depth);
});

test('an interval copied without its constructor keeps its methods', () => {
  const interval = types.getTypeParser(1186)('1 day 00:00:01.5');
  const copy = Object.assign(
    Object.create(Object.getPrototypeOf(interval)),
    interval,
  );
  assert.strictEqual(copy.toPostgres(), '1.5 seconds 1 days');
  assert.strictEqual(copy.toISOString(), 'P0Y0M1DT0H0M1.5S');
});

test('builtins and the set of parsed types are those of pg', () => {
  assert.deepStrictEqual({ ...types.builtins }, pg.types.builtins);
  const theirText = pg.types.getTypeParser(/** @type {any} */ (999_999));
  const ourText = types.getTypeParser(999_999);
  for (let oid = 0; oid < 10_000; oid++) {
    assert.strictEqual(
      types.getTypeParser(oid) === ourText,
      pg.types.getTypeParser(oid) === theirText,
      `type ${oid}`,
    );
  }
});

test('arrayParser reads with a transform and without', () => {
  const { arrayParser } = types;
  assert.deepStrictEqual(arrayParser.create('{1,2}', Number).parse(), [1, 2]);
  assert.deepStrictEqual(arrayParser.create('{a,NULL,"b c"}').parse(), [
    'a',
    null,
    'b c',
  ]);
});

test('a parser that is set is used, and can be taken back', () => {
  const original = types.getTypeParser(20, 'text');
  try {
    types.setTypeParser(20, BigInt);
    assert.strictEqual(types.getTypeParser(20)('5'), 5n);
    types.setTypeParser(20, 'text', Number);
    assert.strictEqual(types.getTypeParser(20, 'text')('5'), 5);
    assert.strictEqual(types.isBuiltin(20), false);
    types.setTypeParser(20, 'binary', () => 'binary');
    assert.strictEqual(types.getTypeParser(20, 'binary')(''), 'binary');
    assert.strictEqual(types.getTypeParser(20)('5'), 5);
  } finally {
    types.setTypeParser(20, original);
  }
  assert.strictEqual(types.isBuiltin(20), true);
});

test('setTypeParser refuses another format and values that are not functions', () => {
  const bad = /** @type {any} */ (types.setTypeParser);
  assert.throws(() => bad(20, 'xml', Number), TypeError);
  assert.throws(() => bad(20, '__proto__', Number), TypeError);
  assert.throws(() => bad(20, 'text', 5), TypeError);
  assert.strictEqual(types.isBuiltin(20), true);
});

test('the mask has a bit for each decoded type that is built in', () => {
  assert.strictEqual(types.builtinMask(), ALL_DECODED);
  for (const [bit, oid] of DECODED.entries()) {
    const original = types.getTypeParser(oid);
    types.setTypeParser(oid, (text) => text);
    assert.strictEqual(types.builtinMask(), ALL_DECODED & ~(1 << bit));
    assert.strictEqual(types.isBuiltin(oid), false);
    types.setTypeParser(oid, original);
    assert.strictEqual(types.builtinMask(), ALL_DECODED);
  }
});

test('overrides of one pool leave the others alone', () => {
  const overrides = types.createTypeOverrides();
  overrides.setTypeParser(23, (text) => `int ${text}`);
  assert.strictEqual(overrides.getTypeParser(23, 'text')('5'), 'int 5');
  assert.strictEqual(types.getTypeParser(23)('5'), 5);
  assert.strictEqual(types.builtinMask(overrides), ALL_DECODED & ~4);
  assert.strictEqual(types.builtinMask(), ALL_DECODED);
  assert.strictEqual(types.isBuiltin(23), true);
});

test('the mask of overrides follows the process-wide parsers', () => {
  const overrides = types.createTypeOverrides();
  const original = types.getTypeParser(16);
  assert.strictEqual(types.builtinMask(overrides), ALL_DECODED);
  types.setTypeParser(16, (text) => text);
  try {
    assert.strictEqual(types.builtinMask(overrides), ALL_DECODED & ~1);
    overrides.setTypeParser(16, original);
    assert.strictEqual(types.builtinMask(overrides), ALL_DECODED);
  } finally {
    types.setTypeParser(16, original);
  }
  assert.strictEqual(types.builtinMask(overrides), ALL_DECODED);
});

test('a types object of the caller decides, directly and as a base', () => {
  let upper = false;
  const custom = {
    /** @param {number} oid @param {'text' | 'binary'} format */
    getTypeParser(oid, format) {
      return upper && oid === 701
        ? (/** @type {string} */ text) => text.toUpperCase()
        : types.getTypeParser(oid, format);
    },
  };
  const overrides = types.createTypeOverrides(custom);
  for (const subject of [custom, overrides]) {
    upper = false;
    assert.strictEqual(types.builtinMask(subject), ALL_DECODED);
    upper = true;
    assert.strictEqual(types.builtinMask(subject), ALL_DECODED & ~32);
    assert.strictEqual(subject.getTypeParser(701, 'text')('nan'), 'NAN');
  }
  assert.strictEqual(types.builtinMask(pg.types), 0);
  assert.strictEqual(types.builtinMask(types), ALL_DECODED);
});

test('createTypeOverrides refuses a base without getTypeParser', () => {
  const bad = /** @type {any} */ ({});
  assert.throws(() => types.createTypeOverrides(bad), TypeError);
});
