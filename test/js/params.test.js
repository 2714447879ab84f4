// SPDX-License-Identifier: MIT
'use strict';

// Our parameter texts beside those of `pg`: the same values go into the same
// typed expressions by both ways, and the server has to see no difference.

const assert = require('node:assert');
const { after, test } = require('node:test');
const { inspect } = require('node:util');
const vm = require('node:vm');

const pg = require('pg');

const {
  binary,
  encodeParam,
  encodeParams,
  pushTexts,
  Wire,
} = require('../../lib/values/params.js');
const types = require('../../lib/values/types.js');
const { before, useServer } = require('../support/suite.js');

const ZONES = [
  'UTC',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Africa/Monrovia',
];

/** Times, not Date objects: local getters must see the zone under test. */
const TIMES = [
  0,
  1,
  -1,
  Date.UTC(2020, 0, 31, 12, 34, 56, 789),
  Date.UTC(2021, 2, 14, 7, 0),
  Date.UTC(2021, 10, 7, 5, 30),
  Date.UTC(2021, 9, 2, 15, 45),
  Date.UTC(1850, 5, 1),
  Date.parse('0099-12-31T23:59:59.999Z'),
  Date.parse('0001-06-01T00:00:00Z'),
  Date.parse('0000-06-01T00:00:00Z'),
  Date.parse('-000043-03-15T10:11:12.005Z'),
  Date.parse('-004700-01-01T00:00:00Z'),
  Date.parse('+010000-01-01T00:00:00Z'),
  Date.parse('+200000-07-01T00:00:00Z'),
];

class Money {
  /** @param {number} cents */
  constructor(cents) {
    this.cents = cents;
  }

  toPostgres() {
    return (this.cents / 100).toFixed(2);
  }
}

class Pair {
  /** @param {unknown} a @param {unknown} b */
  constructor(a, b) {
    this.both = [a, b];
  }

  /** @param {(value: unknown) => unknown} prepare */
  toPostgres(prepare) {
    return prepare(this.both);
  }
}

const BYTES = Buffer.from([0, 1, 39, 92, 255]);
const AWKWARD = [
  '',
  'NULL',
  'null',
  ' ',
  'a"b',
  'a\\b',
  '\\"',
  '{a,b}',
  "'",
  '漢字 😀',
  '\n\t',
  '\u0001',
];

/** @type {[string, unknown[]][]} */
const VALUES = [
  ['text', [...AWKWARD, 'plain', null, undefined, 5, -0, 1.5, true, 7n]],
  ['text', [1e21, 1e-7, NaN, Infinity, Object(5), Object(true)]],
  ['int4', [0, -5, '7', 2147483647n, null]],
  ['int8', [9223372036854775807n, -9223372036854775808n]],
  ['float8', [1.7976931348623157e308, 5e-324, 0.1, NaN, -Infinity]],
  ['numeric', [1.5, '1e400', new Money(12345)]],
  ['bool', [true, false, 't', 1]],
  ['bytea', [BYTES, new Uint8Array(BYTES), Buffer.alloc(0)]],
  ['bytea', [new Uint16Array([1, 515]), new DataView(new ArrayBuffer(3))]],
  ['bytea', [new Uint8Array([1, 2, 3, 4]).subarray(1, 3)]],
  ['bytea', [{ toPostgres: () => BYTES }]],
  ['bytea[]', [[BYTES, null, new Uint8Array([92])], [[BYTES], [BYTES]], []]],
  ['text[]', [AWKWARD, [], [null, undefined, 'NULL'], [AWKWARD, AWKWARD]]],
  [
    'text[]',
    [
      [true, 5n, 1.5, -0],
      ['a', new Money(1)],
    ],
  ],
  ['text[]', [new Pair('a"b', null), [new Pair(1, 2)], new Pair(['x'], ['y'])]],
  ['text[]', [Array(2), [{ a: 'q"\\' }, new String('s')]]],
  [
    'int4[]',
    [
      [1, 2, null],
      [
        [1, 2],
        [3, 4],
      ],
      [[[1]], [[2]]],
    ],
  ],
  ['float8[]', [[1.5, NaN, -Infinity, 5e-324]]],
  ['bool[]', [[true, false, null]]],
  ['json', [{ a: [1, 'x"\\', null], b: undefined }, {}, new Map([[1, 2]])]],
  ['jsonb', [{ é: '漢字' }, { toJSON: () => ['x'] }, { nested: { a: {} } }]],
  ['jsonb', [{ toJSON: () => undefined }, Object.create(null), /x/]],
  ['jsonb[]', [[{ a: 1 }, { b: 'q"\\' }, null]]],
  ['interval', [types.getTypeParser(1186)('1 year -2 days 03:00:00.25')]],
  ['interval[]', [[types.getTypeParser(1186)('-00:00:00.000001')]]],
  ['uuid', ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11']],
];

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
 * Sends a value as pg does and as we do, in one statement.
 * @param {string} type
 * @param {unknown} value
 */
async function assertSame(type, value) {
  const encoded = encodeParam(value);
  const { rows } = await client.query({
    text: `select $1::${type}::text, $2::${type}::text`,
    values: [
      value,
      encoded instanceof Wire
        ? Buffer.from(encoded.wire.slice(2), 'hex')
        : encoded,
    ],
    rowMode: 'array',
  });
  assert.strictEqual(rows[0][1], rows[0][0], `${type}: ${inspect(value)}`);
}

/**
 * @param {() => unknown} fn
 * @param {RegExp} message
 */
function assertInvalid(fn, message) {
  assert.throws(fn, (/** @type {any} */ error) => {
    assert.ok(error instanceof Error);
    assert.strictEqual(/** @type {any} */ (error).code, 'HF_PARAM_INVALID');
    assert.match(error.message, message);
    return true;
  });
}

test('the server reads our texts as it reads what pg sends', async () => {
  for (const [type, values] of VALUES) {
    for (const value of values) {
      await assertSame(type, value);
    }
  }
});

for (const zone of ZONES) {
  test(`dates reach the server as with pg in ${zone}`, async () => {
    setZone(zone);
    await client.query(`set timezone = '${zone}'`);
    const dates = TIMES.map((time) => new Date(time)).filter(
      // pg cuts off the seconds of clocks that were set by the sun.
      (date) => !/[+-]\d\d:\d\d:\d\d( BC)?$/.test(String(encodeParam(date))),
    );
    for (const type of ['timestamptz', 'timestamp', 'date', 'text']) {
      for (const date of dates) {
        await assertSame(type, date);
      }
      await assertSame(`${type}[]`, dates);
      await assertSame(`${type}[]`, [[dates[0]], [null]]);
    }
  });
}

test('dates of this century come back unchanged', async () => {
  setZone('Australia/Lord_Howe');
  for (let month = 0; month < 24; month++) {
    const date = new Date(Date.UTC(2020, month, 3, 15, 15, 7, month));
    const { rows } = await client.query('select $1::timestamptz as at', [
      encodeParam(date),
    ]);
    const back = types.getTypeParser(1184)(rows[0].at);
    assert.strictEqual(back.getTime(), date.getTime());
  }
});

test('values of another realm are recognised', () => {
  setZone('UTC');
  const values = vm.runInNewContext(
    '[new Date(0), [1], new Uint8Array([1]), new ArrayBuffer(1)]',
  );
  assert.deepStrictEqual(encodeParams(values), [
    '1970-01-01T00:00:00.000+00:00',
    '{"1"}',
    binary(Buffer.from([1])),
    binary(Buffer.from([0])),
  ]);
});

test('an ArrayBuffer is sent as its bytes', () => {
  const buffer = new Uint8Array([1, 255]).buffer;
  const shared = new SharedArrayBuffer(2);
  assert.deepStrictEqual(encodeParam(buffer), binary(Buffer.from([1, 255])));
  assert.strictEqual(encodeParam([buffer]), '{"\\\\x01ff"}');
  assert.deepStrictEqual(encodeParam(shared), binary(Buffer.alloc(2)));
});

test('null, undefined and what becomes undefined in JSON are NULL', () => {
  const silent = { toJSON: () => undefined };
  const values = [null, undefined, silent, { toPostgres: () => null }];
  assert.deepStrictEqual(encodeParams(values), [null, null, null, null]);
  assert.strictEqual(encodeParam([values]), '{{NULL,NULL,NULL,NULL}}');
});

test('a deeply nested value is not taken for a circular one', () => {
  const shared = [1];
  assert.strictEqual(encodeParam([shared, shared]), '{{"1"},{"1"}}');
  const money = new Money(5);
  assert.strictEqual(encodeParam(new Pair(money, money)), '{"0.05","0.05"}');
});

test('a value that contains itself is refused, naming its position', () => {
  const circular = { toPostgres: () => circular };
  const asks = {
    /** @param {(value: unknown) => unknown} prepare */
    toPostgres: (prepare) => prepare(asks),
  };
  /** @type {unknown[]} */
  const list = [];
  list.push([list]);
  const through = new Pair(1, null);
  through.both[1] = through;
  for (const value of [circular, asks, list, through]) {
    assertInvalid(
      () => encodeParams(['x', value]),
      /^circular reference detected while preparing parameter \$2$/,
    );
  }
  /** @type {{ self?: unknown }} */
  const plain = {};
  plain.self = plain;
  assert.throws(() => encodeParams([plain]), TypeError);
});

test('an invalid Date is refused, naming its position', () => {
  const bad = new Date(NaN);
  for (const value of [bad, [bad], { toPostgres: () => bad }]) {
    assertInvalid(
      () => encodeParams([1, 2, value]),
      /^parameter \$3 is an invalid Date$/,
    );
  }
});

test('a NUL in any text is refused and the text is not shown', () => {
  const secret = 'se\0cret';
  for (const value of [secret, [secret], { toPostgres: () => secret }]) {
    assertInvalid(() => encodeParams([value]), /^parameter \$1 contains a NUL/);
    assert.throws(
      () => encodeParams([value]),
      (/** @type {Error} */ error) => !error.message.includes('cret'),
    );
  }
  // JSON escapes it, and the server decides (jsonb refuses, json stores).
  assert.strictEqual(encodeParam({ a: '\0' }), '{"a":"\\u0000"}');
});

test('symbols and functions are refused, naming their position', () => {
  for (const value of [Symbol('x'), () => 1, class {}, [Symbol('x')]]) {
    assert.throws(
      () => encodeParams([0, value]),
      (/** @type {Error} */ error) =>
        error instanceof TypeError &&
        /^parameter \$2 is a (symbol|function)$/.test(error.message),
    );
  }
});

test('values that are no array are refused by name', () => {
  for (const values of [undefined, null, 'ab', { 0: 1, length: 1 }, 5]) {
    const bad = /** @type {any} */ (values);
    assert.throws(() => encodeParams(bad), /^TypeError: values must be/);
  }
});

test('65535 parameters are taken, one more is refused', () => {
  const most = Array(65535).fill(1);
  assert.strictEqual(encodeParams(most).length, 65535);
  assertInvalid(() => encodeParams([...most, 1]), /65536 .* at most 65535/);
});

test('what the caller throws while encoding arrives as it is', () => {
  const mine = new Error('mine');
  const fail = () => {
    throw mine;
  };
  const values = [
    { toPostgres: fail },
    { toJSON: fail },
    Object.defineProperty({}, 'toPostgres', { get: fail }),
    Object.defineProperty({}, 'a', { get: fail, enumerable: true }),
    new Proxy({}, { get: fail }),
  ];
  for (const value of values) {
    assert.throws(
      () => encodeParams([value]),
      (error) => error === mine,
    );
  }
});

test('NULL, and texts that look like its mark, are marked', () => {
  const parts = ['before'];
  pushTexts(
    parts,
    encodeParams(['a', null, '\u0001', '\u0001x', '', 5, undefined]),
  );
  assert.deepStrictEqual(parts, [
    'before',
    'a',
    '\u0001',
    '\u0001\u0001',
    '\u0001\u0001x',
    '',
    '5',
    '\u0001',
  ]);
});
