// SPDX-License-Identifier: MIT
'use strict';

// Rows out of messages written by hand, the way the engine writes them.

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');

const { RESULT_AT } = require('../../lib/protocol/messages.js');
const { RowReaders } = require('../../lib/values/rows.js');
const types = require('../../lib/values/types.js');

const KINDS = { text: 0, int: 1, bool: 2, float: 3, time: 4 };
const CHUNK_UNITS = 1024;
const TEXT_OID = 25;

/** @typedef {keyof typeof KINDS} Kind */

/**
 * @param {string[]} chunks
 * @param {string} cell
 */
function addText(chunks, cell) {
  const last = chunks.length - 1;
  const used = last < 0 ? 0 : chunks[last].length;
  const full = used > 0 && used + cell.length > CHUNK_UNITS;
  if (last < 0 || (full && cell.length > 0)) {
    chunks.push(cell);
  } else {
    chunks[last] += cell;
  }
}

/**
 * Writes rows as the engine does.
 * @param {Kind[]} kinds
 * @param {any[][]} rows
 */
function encode(kinds, rows) {
  /** @type {number[]} */
  const ints = [];
  /** @type {number[]} */
  const nums = [];
  /** @type {string[]} */
  const strings = [];
  for (const row of rows) {
    const bitmap = ints.length;
    for (let i = 0; i < Math.ceil(kinds.length / 32); i++) {
      ints.push(0);
    }
    row.forEach((value, i) => {
      if (value === null) {
        ints[bitmap + (i >>> 5)] |= 1 << (i & 31);
      } else if (kinds[i] === 'text') {
        ints.push(value.length);
        addText(strings, value);
      } else {
        const numeric = kinds[i] === 'int' || kinds[i] === 'bool';
        (numeric ? ints : nums).push(Number(value));
      }
    });
  }
  const head = new Array(RESULT_AT.INTS).fill(0);
  head[RESULT_AT.ROWS] = rows.length;
  return {
    ints: Int32Array.from([...head, ...ints]),
    at: 0,
    nums: Float64Array.from(nums),
    num: 0,
    strings,
    first: 0,
  };
}

/**
 * @param {Kind[]} kinds
 * @param {any[][]} rows
 * @param {{names?: string[], oids?: number[], asArray?: boolean,
 *   types?: any}} [options]
 * @returns {any[]}
 */
function decode(kinds, rows, options = {}) {
  const names = options.names ?? kinds.map((_, i) => `c${i}`);
  const oids = options.oids ?? kinds.map(() => TEXT_OID);
  const numbers = Uint8Array.from(kinds, (kind) => KINDS[kind]);
  const readers = new RowReaders(
    names,
    oids,
    numbers,
    options.asArray ?? false,
  );
  return readers.get(options.types ?? types)(encode(kinds, rows), 0);
}

/** @type {Kind[]} */
const ALL = ['int', 'bool', 'float', 'time', 'text'];
const TIME = 1600000000123;

test('every kind of column is read', () => {
  const rows = decode(ALL, [[-5, true, 1.5, TIME, 'hello']]);
  assert.deepStrictEqual(rows, [
    { c0: -5, c1: true, c2: 1.5, c3: new Date(TIME), c4: 'hello' },
  ]);
});

test('rows as arrays hold the same values in order', () => {
  const rows = decode(ALL, [[7, false, -0, TIME, '']], { asArray: true });
  assert.deepStrictEqual(rows, [[7, false, -0, new Date(TIME), '']]);
});

test('NULL is null in every kind of column', () => {
  const rows = decode(ALL, [
    [null, null, null, null, null],
    [1, true, 2, TIME, 'x'],
    [null, false, null, null, 'y'],
  ]);
  assert.deepStrictEqual(rows[0], {
    c0: null,
    c1: null,
    c2: null,
    c3: null,
    c4: null,
  });
  assert.deepStrictEqual(Object.values(rows[2]), [
    null,
    false,
    null,
    null,
    'y',
  ]);
});

test('an infinite time is a number and an unreadable one an invalid Date', () => {
  const rows = decode(['time'], [[Infinity], [-Infinity], [Number.NaN]], {
    asArray: true,
  });
  assert.strictEqual(rows[0][0], Infinity);
  assert.strictEqual(rows[1][0], -Infinity);
  assert.ok(rows[2][0] instanceof Date);
  assert.ok(Number.isNaN(rows[2][0].getTime()));
});

test('text is found across chunks, empty and long cells included', () => {
  const cells = [];
  for (let i = 0; i < 500; i++) {
    cells.push(['', 'x'.repeat(i * 7), `žluť ${i}`, '']);
  }
  const rows = decode(['text', 'text', 'text', 'text'], cells, {
    asArray: true,
  });
  assert.deepStrictEqual(rows, cells);
});

test('more columns than one bitmap word, or generated code, can take', () => {
  for (const columns of [31, 32, 33, 64, 65, 200, 201, 1600]) {
    /** @type {Kind[]} */
    const kinds = Array.from({ length: columns }, (_, i) => ALL[i % 5]);
    const row = kinds.map((kind, i) => {
      const value = { int: i, bool: true, float: i / 2, time: i, text: `${i}` };
      return i % 3 === 0 ? null : value[kind];
    });
    const [read] = decode(kinds, [row, row], { asArray: true });
    const times = read.map((/** @type {any} */ value) =>
      value instanceof Date ? value.getTime() : value,
    );
    assert.deepStrictEqual(times, row, `${columns} columns`);
    const [object] = decode(kinds, [row]);
    assert.strictEqual(Object.keys(object).length, columns);
  }
});

for (const columns of [4, 300]) {
  const filler = Array.from({ length: columns - 4 }, (_, i) => `f${i}`);

  test(`special column names are ordinary keys among ${columns} columns`, () => {
    const names = [
      '__proto__',
      'constructor',
      '"]; throw new Error(1); //',
      '1',
      ...filler,
    ];
    /** @type {Kind[]} */
    const kinds = names.map(() => 'text');
    const [row] = decode(kinds, [names.map((_, i) => `v${i}`)], { names });
    assert.strictEqual(Object.getPrototypeOf(row), Object.prototype);
    assert.ok(Object.hasOwn(row, '__proto__'));
    assert.strictEqual(Object.entries(row).at(1)?.[1], 'v0');
    assert.strictEqual(row.constructor, 'v1');
    assert.strictEqual(row[names[2]], 'v2');
    assert.strictEqual(row['1'], 'v3');
  });

  test(`of two columns of one name the last counts among ${columns}`, () => {
    const names = ['id', 'a', 'id', 'b', ...filler];
    /** @type {Kind[]} */
    const kinds = names.map(() => 'int');
    const [row] = decode(kinds, [names.map((_, i) => i)], { names });
    assert.deepStrictEqual(Object.keys(row).slice(0, 3), ['id', 'a', 'b']);
    assert.strictEqual(row.id, 2);
  });

  test(`parsers get the text, and not NULL, among ${columns} columns`, () => {
    const names = ['a', 'b', 'c', 'd', ...filler];
    /** @type {Kind[]} */
    const kinds = names.map(() => 'text');
    /** @type {string[]} */
    const seen = [];
    const custom = {
      getTypeParser: (/** @type {number} */ oid) =>
        oid === 1
          ? (/** @type {string} */ text) => {
              seen.push(text);
              return { text };
            }
          : (/** @type {string} */ text) => text,
    };
    const [row] = decode(kinds, [['x', null, 'y', 'z', ...filler]], {
      names,
      oids: [1, 1, 2, 1, ...filler.map(() => 2)],
      types: custom,
    });
    assert.deepStrictEqual(seen, ['x', 'z']);
    assert.deepStrictEqual(row.a, { text: 'x' });
    assert.strictEqual(row.b, null);
    assert.strictEqual(row.c, 'y');
  });
}

test('a parser set later is used by the next result', () => {
  const own = types.createTypeOverrides();
  const readers = new RowReaders(['a'], [25], Uint8Array.of(0), true);
  const read = () => readers.get(own)(encode(['text'], [['x']]), 0);
  assert.deepStrictEqual(read(), [['x']]);
  own.setTypeParser(25, (text) => `${text}!`);
  assert.deepStrictEqual(read(), [['x!']]);
  own.setTypeParser(25, (text) => `${text}?`);
  assert.deepStrictEqual(read(), [['x?']]);
});

test('the reader is kept while the parsers are the same', () => {
  const readers = new RowReaders(['a'], [25], Uint8Array.of(0), false);
  assert.strictEqual(readers.get(types), readers.get(types));
  const custom = () => ({ getTypeParser: types.getTypeParser });
  assert.strictEqual(readers.get(custom()), readers.get(custom()));
});

test('what a parser throws passes through', () => {
  const types = {
    getTypeParser: () => () => {
      throw new RangeError('no such thing');
    },
  };
  assert.throws(() => decode(['text'], [['x']], { types }), RangeError);
});

test('rows are read where code generation is forbidden', () => {
  const rows = path.join(__dirname, '../../lib/values/rows.js');
  const script = `
    const { RowReaders } = require(${JSON.stringify(rows)});
    const types = require(${JSON.stringify(rows.replace('rows.js', 'types.js'))});
    const readers = new RowReaders(['a', '__proto__'], [25, 23],
      Uint8Array.of(0, 1), false);
    const message = ${JSON.stringify(encode(['text', 'int'], [['hi', 7]]))};
    message.ints = Object.values(message.ints);
    const [row] = readers.get(types)(message, 0);
    console.log(JSON.stringify(Object.entries(row)));`;
  const out = execFileSync(
    process.execPath,
    ['--disallow-code-generation-from-strings', '-e', script],
    { encoding: 'utf8' },
  );
  assert.strictEqual(out.trim(), '[["a","hi"],["__proto__",7]]');
});
