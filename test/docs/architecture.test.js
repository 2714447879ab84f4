// SPDX-License-Identifier: MIT
'use strict';

// docs/architecture.md: its maps have every file of native and every folder of
// lib once, lowest first, and the functions of a query's way are where it says.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { AREAS } = require('../../scripts/layers/floors.js');
const { ROOT, read, sectionOf } = require('./markdown.js');

const PAGE = 'docs/architecture.md';

/** @typedef {{folder: string, names: string[]}[]} Map one entry a folder */

/** @param {string} text */
function quoted(text) {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, word]) => word);
}

/** @param {string} text @returns {string[][]} the cells of its table */
function rowsOf(text) {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
    .slice(1)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/**
 * Reads a table in which a bold cell begins a folder.
 * @param {string} text
 * @returns {Map}
 */
function mapOf(text) {
  /** @type {Map} */
  const map = [];
  for (const [first] of rowsOf(text)) {
    const [, folder] = /^\*\*(\w+)\*\*$/.exec(first) ?? [];
    if (folder !== undefined) {
      map.push({ folder, names: [] });
    } else {
      map.at(-1)?.names.push(...quoted(first));
    }
  }
  return map;
}

/** @param {string} folder @returns {string[]} its modules, without endings */
function modulesIn(folder) {
  const files = fs
    .readdirSync(path.join(ROOT, folder))
    .filter((name) => /\.(c|cc|h)$/.test(name));
  return [...new Set(files.map((name) => name.replace(/\.\w+$/, '')))].sort();
}

/** @param {string} folder @returns {string[]} its folders */
function foldersIn(folder) {
  return fs
    .readdirSync(path.join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

for (const [heading, layer] of /** @type {const} */ ([
  ['The files of the core', 'core'],
  ['The files of the net', 'net'],
])) {
  const map = mapOf(sectionOf(PAGE, heading));

  test(`the folders of native/${layer} are listed, lowest first`, () => {
    assert.deepStrictEqual(
      map.map(({ folder }) => folder),
      AREAS[layer].order,
    );
    assert.deepStrictEqual(
      foldersIn(`native/${layer}`).sort(),
      [...AREAS[layer].order].sort(),
    );
  });

  for (const { folder, names } of map) {
    test(`every file of native/${layer}/${folder} is listed once`, () => {
      assert.deepStrictEqual(
        names.toSorted(),
        modulesIn(`native/${layer}/${folder}`),
      );
    });
  }
}

test('every other file of native is listed once', () => {
  const map = mapOf(
    sectionOf(PAGE, 'The files of the binding and of WebAssembly'),
  );
  assert.deepStrictEqual(
    [...map.map(({ folder }) => folder), 'core', 'net'].sort(),
    foldersIn('native').sort(),
  );
  for (const { folder, names } of map) {
    assert.deepStrictEqual(names.toSorted(), modulesIn(`native/${folder}`));
  }
});

test('every folder of lib is listed once, lowest first', () => {
  const listed = rowsOf(sectionOf(PAGE, 'The folders of lib')).flatMap(
    ([first]) => quoted(first),
  );
  assert.deepStrictEqual(listed.toSorted(), foldersIn('lib').sort());
  const ordered = AREAS.lib.order
    .filter((name) => name.startsWith('lib/') && !name.includes('.'))
    .map((name) => name.slice('lib/'.length));
  assert.deepStrictEqual(listed.slice(0, ordered.length), ordered);
});

test("the functions of a query's way are in the files beside them", () => {
  const hops = rowsOf(sectionOf(PAGE, "A query's way"));
  assert.ok(hops.length > 10, String(hops.length));
  for (const [first, second] of hops) {
    const names = quoted(first);
    const files = quoted(second);
    assert.ok(names.length === files.length || files.length === 1, first);
    for (const [i, name] of names.entries()) {
      const file = files[i] ?? files[0];
      assert.match(read(file), new RegExp(`\\b${name}\\b`), `${name}: ${file}`);
    }
  }
});
