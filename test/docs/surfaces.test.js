// SPDX-License-Identifier: MIT
'use strict';

// What the package and its subpaths export is the same by run time, as an ES
// module, by types, in the reference and in the guides.

const assert = require('node:assert');
const { test } = require('node:test');

const manifest = require('../../package.json');
const { read, sectionOf } = require('./markdown.js');
const {
  SUBPATHS,
  exportsOf,
  exportsOfModule,
  optionsOf,
  promisedBy,
} = require('./surfaces.js');

const NAMES = ['pg-holdfast', ...SUBPATHS.map((path) => `pg-holdfast/${path}`)];

/** Where a subpath's exports are explained. @type {Record<string, string[]>} */
const GUIDES = {
  prisma: ['docs/prisma.md', 'docs/prisma-retry.md', 'docs/retry.md'],
  next: ['docs/next.md'],
  nest: ['docs/nest.md'],
};

/** @param {string} text */
function quoted(text) {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, word]) => word);
}

test('the subpaths are those of package.json', () => {
  // ./lib is for what imports files of pg: test/js/pg-surface.test.js.
  const own = Object.keys(manifest.exports).filter(
    (name) => !/^\.(\/package\.json|\/lib\/.*)?$/.test(name),
  );
  assert.deepStrictEqual(
    own,
    SUBPATHS.map((name) => `./${name}`),
  );
});

for (const name of NAMES) {
  test(`${name} exports what its types say, in both formats`, () => {
    assert.deepStrictEqual(exportsOfModule(name), exportsOf(name));
    assert.deepStrictEqual(promisedBy(name), exportsOf(name));
  });
}

test('the reference names every export of every subpath', () => {
  const rows = sectionOf('docs/reference/exports.md', 'Subpaths')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  assert.deepStrictEqual(
    rows.map(([, first]) => first),
    SUBPATHS.map((name) => `\`pg-holdfast/${name}\``),
  );
  for (const [, first, second] of rows) {
    const [name] = quoted(first);
    assert.deepStrictEqual(quoted(second).sort(), exportsOf(name), name);
  }
});

for (const name of SUBPATHS) {
  test(`the guide of pg-holdfast/${name} has every export`, () => {
    const text = GUIDES[name].map(read).join('\n');
    for (const one of exportsOf(`pg-holdfast/${name}`)) {
      assert.match(text, new RegExp(`\\b${one}\\b`));
    }
  });
}

for (const name of SUBPATHS) {
  test(`the guide of pg-holdfast/${name} has every option`, () => {
    const text = GUIDES[name].map(read).join('\n');
    const all = optionsOf(`pg-holdfast/${name}`);
    assert.ok(all.length > 0);
    for (const [options, members] of all) {
      for (const one of members) {
        assert.match(text, new RegExp(`\\b${one}\\b`), `${options}.${one}`);
      }
    }
  });
}
