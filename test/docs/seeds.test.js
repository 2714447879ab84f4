// SPDX-License-Identifier: MIT
'use strict';

// The table of what was asked: every file it names is there, every row says
// where its code, its test and its guide are.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const ROOT = path.join(__dirname, '..', '..');
const FILE = path.join(ROOT, 'test', 'seeds.md');
const GUIDES = ['42p05', 'terminated-connections', 'function-timeout', 'retry'];
const text = fs.readFileSync(FILE, 'utf8');

/** @returns {string[][]} asked, code, test, guide of each row */
function rows() {
  return text
    .split('\n')
    .filter((line) => /^\| (?!asked|---)/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** @param {string} cell */
function links(cell) {
  return [...cell.matchAll(/\]\(([^)#]+)/g)].map(([, link]) => link);
}

test('every file that the table names is there', () => {
  const missing = links(text).filter(
    (link) => !fs.existsSync(path.join(path.dirname(FILE), link)),
  );
  assert.deepStrictEqual(missing, []);
});

test('every row names code, a test and a guide, or says why not', () => {
  const all = rows();
  assert.ok(all.length > 50);
  for (const cells of all) {
    assert.strictEqual(cells.length, 4, cells[0]);
    const [asked, code, tested, guide] = cells;
    assert.ok(links(code).length > 0 || /next|not needed/.test(code), asked);
    for (const link of links(tested)) {
      assert.match(link, /^[\w./-]*\.test\.js$/, asked);
    }
    assert.ok(tested === '-' || tested === 'next' || links(tested).length > 0);
    assert.ok(guide === '-' || guide === 'next' || links(guide).length > 0);
  }
});

test('guides begin with the symptom, lead to places, and can be parsed', () => {
  const vm = require('node:vm');
  for (const name of [...GUIDES, 'exactly-once']) {
    const file = path.join(ROOT, 'docs', `${name}.md`);
    const guide = fs.readFileSync(file, 'utf8');
    assert.match(guide, /^# .*\n\n/, name);
    for (const link of links(guide)) {
      assert.ok(fs.existsSync(path.join(ROOT, 'docs', link)), link);
    }
    const examples = [...guide.matchAll(/```js\n([\s\S]*?)```/g)];
    assert.ok(examples.length > 0, name);
    for (const [, code] of examples) {
      new vm.Script(`async () => {${code.replaceAll('…', '')}}`);
    }
  }
});
