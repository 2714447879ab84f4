// SPDX-License-Identifier: MIT
'use strict';

// docs/reference has everything that lib/index.d.ts declares, in one order:
// signature, options, returns, errors, example.

const assert = require('node:assert');
const fs = require('node:fs');
const { test } = require('node:test');

const holdfast = require('../../lib/index.js');
const reference = require('../../scripts/reference.js');

const PARTS = ['**Options**', '**Returns**', '**Errors**', '```js'];

/** @param {string} name */
function page(name) {
  return fs.readFileSync(`${reference.FOLDER}/${name}.md`, 'utf8');
}

/** A heading is a signature. @param {string} text @returns {Map<string, string>} by name, its section */
function sectionsOf(text) {
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const part of text.split(/^(?=##+ )/m)) {
    const [, name] = /^##+ `+(?:new )?\s?([\w.[\]]+)/.exec(part) ?? [];
    if (name !== undefined) {
      found.set(name, part);
    }
  }
  return found;
}

/** Methods that are events, or that a page has under another heading. */
const ELSEWHERE = new Set(['on']);

test('every table of the reference is what the types say', () => {
  for (const file of reference.pages()) {
    const text = fs.readFileSync(file, 'utf8');
    assert.strictEqual(text, reference.completed(text), file);
  }
});

for (const [name, types] of /** @type {[string, string[]][]} */ ([
  ['pool', ['Pool', 'Queryable']],
  ['client', ['PoolClient', 'Client', 'Queryable']],
])) {
  test(`docs/reference/${name}.md has every method and no other`, () => {
    const methods = types.flatMap(reference.methodsOf);
    const wanted = new Set(
      [...methods, 'sql'].filter((m) => !ELSEWHERE.has(m)),
    );
    const own = name === 'pool' ? ['getPool', 'Pool'] : ['Client'];
    assert.deepStrictEqual(
      [...sectionsOf(page(name)).keys()].sort(),
      [...wanted, ...own].sort(),
    );
  });
}

test('what a method takes, gives and throws stands in one order', () => {
  for (const file of reference.pages()) {
    const text = fs.readFileSync(file, 'utf8');
    for (const [name, section] of sectionsOf(text)) {
      if (!/^##+ `[^`]*\(/.test(section) || name === 'Client') {
        continue;
      }
      const places = PARTS.map((part) => section.indexOf(part));
      const there = places.filter((place) => place >= 0);
      const where = `${name} in ${file}`;
      assert.deepStrictEqual(
        there,
        [...there].sort((a, b) => a - b),
        where,
      );
      assert.ok(places[1] >= 0, `${where}: what it returns`);
      assert.ok(places[2] >= 0, `${where}: its errors`);
      assert.ok(places[3] >= 0, `${where}: an example`);
    }
  }
});

test('every export has its place in the reference', () => {
  const all = reference
    .pages()
    .map((file) => fs.readFileSync(file, 'utf8'))
    .join('\n');
  for (const name of Object.keys(holdfast)) {
    assert.match(all, new RegExp(`\`(?:new )?${name}\\b`), name);
  }
});

test('every event that the types declare is in the reference', () => {
  const types = fs.readFileSync(
    require.resolve('../../lib/index.d.ts'),
    'utf8',
  );
  const text = page('events');
  const [, pool = ''] = types.split('export class Pool ');
  const [body] = pool.split('\n}\n');
  const lines = [...body.matchAll(/^ {2,4}(?:on\()?event: ('.*?)[,;]/gm)];
  const events = lines.flatMap(([, list]) =>
    [...list.matchAll(/'(\w+)'/g)].map(([, event]) => event),
  );
  assert.ok(events.length >= 5, String(events));
  for (const event of events) {
    assert.ok(text.includes(`| \`${event}\``), event);
  }
});
