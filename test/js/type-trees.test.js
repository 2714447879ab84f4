// SPDX-License-Identifier: MIT
'use strict';

// Random types and values through a server; and texts that are broken.

const assert = require('node:assert');
const { after, test } = require('node:test');

const { Pool } = require('../../lib/index.js');
const { Catalog } = require('../../lib/values/catalog/catalog.js');
const literal = require('../../lib/values/catalog/literal.js');
const { TypeReader } = require('../../lib/values/catalog/type-reader.js');
const types = require('../../lib/values/types.js');
const { before, useServer } = require('../support/suite.js');
const { TreeMaker } = require('./type-trees.js');

const TREES = 60;
const VALUES = 8;

const server = useServer();
/** @type {any} */
let pool;

before(() => {
  pool = new Pool({
    connectionString: server.url,
    max: 2,
    catalogTypes: true,
    maxResultBytes: 2 ** 30,
  });
});

after(() => pool?.end());

/** Texts of values, as the server wrote them. @type {string[]} */
const texts = [];

test('random types are read as they were made', async () => {
  for (let seed = 1; seed <= TREES; seed++) {
    const maker = new TreeMaker(seed, `trees${seed}`);
    const tree = maker.tree(1 + (seed % 4));
    await pool.query(
      [`create schema trees${seed}`, ...maker.statements].join(';'),
    );
    const made = Array.from({ length: VALUES }, () => tree.make());
    const columns = made.map(({ sql }, i) => `${sql} as v${i}`);
    const rows = await pool.query({
      text: `select ${columns.join()}`,
      rowMode: 'array',
    });
    assert.deepStrictEqual(
      rows.rows[0],
      made.map(({ value }) => value),
      `seed ${seed}`,
    );
    const asText = await pool.query({
      text: `select ${made.map(({ sql }) => `(${sql})::text`).join()}`,
      rowMode: 'array',
    });
    texts.push(...asText.rows[0]);
  }
});

const identity = (/** @type {string} */ text) => text;

const READERS = {
  array: (/** @type {string} */ text) => literal.readArray(text, ',', identity),
  composite: literal.readRecord,
  range: (/** @type {string} */ text) => literal.readRange(text, identity),
  multirange: (/** @type {string} */ text) =>
    literal.readMultirange(text, identity),
};

/**
 * Writes what was read; it must be read as the same again.
 * @param {string} kind
 * @param {any} value
 */
function writeAgain(kind, value) {
  switch (kind) {
    case 'array':
      return writeArray(value);
    case 'composite':
      return literal.writeRecord(value);
    case 'range':
      return literal.writeRange(value.lower, value.upper, value.bounds);
    default:
      return `{${value
        .map((/** @type {any} */ { lower, upper, bounds }) =>
          literal.writeRange(lower, upper, bounds),
        )
        .join()}}`;
  }
}

/** @param {any[]} value @returns {string} */
function writeArray(value) {
  const nested = value.some(Array.isArray);
  const parts = nested
    ? value.map((part) => (Array.isArray(part) ? writeArray(part) : 'x'))
    : value;
  return literal.writeArray(parts, ',', nested);
}

test('broken texts are read as something or refused, in the one way', () => {
  assert.ok(texts.length > 100, 'needs the texts of the test before');
  const maker = new TreeMaker(1, '');
  let refused = 0;
  for (let round = 0; round < 20; round++) {
    for (const text of texts) {
      const broken = maker.broken(text);
      for (const [kind, read] of Object.entries(READERS)) {
        let value;
        try {
          value = read(broken);
        } catch (error) {
          const { code } = /** @type {any} */ (error);
          assert.strictEqual(code, 'HF_RESULT_UNREADABLE', broken);
          refused += 1;
          continue;
        }
        const mixed = JSON.stringify(value).includes('[[');
        if (kind !== 'array' || !mixed) {
          const again = writeAgain(kind, value);
          assert.deepStrictEqual(READERS[kind](again), value, broken);
        }
      }
    }
  }
  assert.ok(refused > texts.length);
});

test('text that is no value of its type rejects, and nothing else', () => {
  const catalog = new Catalog();
  const base = { schema: 's', visible: true, alias: '', of: 0, at: Infinity };
  const plain = { ...base, delimiter: ',', attributes: [] };
  catalog.add(
    [
      {
        ...plain,
        oid: 20001,
        name: 'c',
        kind: 'composite',
        attributes: [
          { name: 'a', oid: 25 },
          { name: 'b', oid: 20002 },
        ],
      },
      { ...plain, oid: 20002, name: '_c', kind: 'array', of: 25 },
    ],
    0,
  );
  const reader = new TypeReader(types, catalog, true);
  reader.begin(true);
  const parse = reader.getTypeParser(20001);
  assert.deepStrictEqual(parse('(x,"{1,2}")'), { a: 'x', b: ['1', '2'] });
  for (const text of ['', '(', '(x)', '(x,y,z)', '(x,"{1")', '(x,1)', 'x']) {
    assert.throws(() => parse(text), { code: 'HF_RESULT_UNREADABLE' }, text);
  }
});
