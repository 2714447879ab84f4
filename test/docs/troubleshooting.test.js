// SPDX-License-Identifier: MIT
'use strict';

// docs/troubleshooting.md: every code of the registry is there, and sentences
// mean what it says.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { classify } = require('../../lib/index.js');
const { ROOT, sectionOf } = require('./markdown.js');

const PAGE = 'docs/troubleshooting.md';

/** @param {string} text @returns {string[][]} cells of rows */
function rows(text) {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| /, '')));
}

/** @param {string} cell @returns {string[]} */
function quoted(cell) {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word);
}

/** The codes of a map in the registry. @param {string} map @returns {string[]} */
function registered(map) {
  const file = path.join(ROOT, 'native/include/holdfast_codes.h');
  const text = fs.readFileSync(file, 'utf8');
  const [, rest = ''] = text.split(`#define ${map}(X)`);
  const [body] = rest.split(/[^\\]\n/);
  return [...body.matchAll(/"((?:HF_|E)[A-Z_]+)"/g)].map(([, code]) => code);
}

test('every code of holdfast_codes.h has its row', () => {
  const header = fs.readFileSync(
    path.join(ROOT, 'native/include/holdfast_codes.h'),
    'utf8',
  );
  const maps = [...header.matchAll(/#define (HF_\w*MAP)\(X\)/g)];
  const codes = maps.flatMap(([, map]) => registered(map));
  assert.ok(codes.length > 45, String(codes.length));
  const [errors, warnings] = sectionOf(PAGE, 'By code').split(
    'Codes of warnings',
  );
  const told = new Set(
    [errors, warnings].flatMap((text) =>
      rows(text).flatMap(([c]) => quoted(c)),
    ),
  );
  assert.deepStrictEqual(
    codes.filter((code) => !told.has(code)),
    [],
  );
});

test('no row has a code of ours that is not in the registry', () => {
  const header = fs.readFileSync(
    path.join(ROOT, 'native/include/holdfast_codes.h'),
    'utf8',
  );
  for (const [cell] of rows(sectionOf(PAGE, 'By code'))) {
    for (const code of quoted(cell).filter((one) => one.startsWith('HF_'))) {
      assert.ok(header.includes(`"${code}"`), code);
    }
  }
});

test('a sentence has the outcome that its row says', () => {
  const all = rows(sectionOf(PAGE, 'By sentence'));
  assert.ok(all.length > 20, String(all.length));
  const wrong = all
    .map(([sentence, outcome]) => [...quoted(sentence), ...quoted(outcome)])
    .filter(([text, outcome]) => classify(new Error(text)).outcome !== outcome)
    .map(([text, outcome]) => `${text}: ${outcome}`);
  assert.deepStrictEqual(wrong, []);
});
