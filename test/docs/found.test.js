// SPDX-License-Identifier: MIT
'use strict';

// test/found.md: every fault that was found has a test that is there and ran,
// or a page that says why it is kept, or the issue that will mend it.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { findPgpool } = require('../support/pgpool.js');
const { ROOT, read } = require('./markdown.js');

/** @typedef {{id: string, fault: string, place: string, name: string}} Row */

/** @returns {Row[]} */
function rows() {
  return read('test/found.md')
    .split('\n')
    .filter((line) => /^\| [A-Z]+\d+b? \|/.test(line))
    .map((line) => {
      const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
      const [, id = '', fault = '', place = '', name = ''] = cells;
      return { id, fault, place, name: name.replaceAll('\\|', '|') };
    });
}

/** Suites that `npm test` does not run: CI has stages for them. */
const ELSEWHERE = /^test\/(apps|stress)\//;

/** The titles that a template stands for. @param {string} source */
function templates(source) {
  return [...source.matchAll(/`([^`]*\$\{[^`]*)`/g)].map(([, text]) => {
    const parts = text
      .split(/\$\{[^}]*\}/)
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${parts.join('.+')}$`);
  });
}

/** @param {string} source @param {string} name @returns {boolean} */
function names(source, name) {
  const plain = source.replaceAll(/\\(['"`])/g, '$1');
  // A title may be broken over two lines of a concatenation.
  const joined = plain.replaceAll(/['"`]\s*\+\s*['"`]/g, '');
  return (
    plain.includes(name) ||
    joined.includes(name) ||
    templates(joined).some((pattern) => pattern.test(name))
  );
}

test('every row of test/found.md says what, where and which test', () => {
  const faulty = rows().filter(
    ({ fault, place, name }) => fault === '' || place === '' || name === '',
  );
  assert.deepStrictEqual(faulty, []);
  assert.ok(rows().length > 0);
});

test('the tests that test/found.md names are there', () => {
  const missing = rows()
    .filter(({ place }) => /^(test|bench)\//.test(place))
    .filter(({ place, name }) => {
      const file = path.join(ROOT, place);
      return !fs.existsSync(file) || !names(read(place), name);
    });
  assert.deepStrictEqual(missing, []);
});

test('the pages that test/found.md names say it under that heading', () => {
  const missing = rows()
    .filter(({ place }) => /^docs\//.test(place))
    .filter(({ place, name }) => {
      const headings = fs.existsSync(path.join(ROOT, place))
        ? [...read(place).matchAll(/^#+ (.*)$/gm)].map(([, text]) => text)
        : [];
      return !headings.includes(name);
    });
  assert.deepStrictEqual(missing, []);
});

/**
 * A row may name a template, which stands for several tests.
 *
 * @param {Set<string>} ran
 * @param {string} name
 */
function hasRun(ran, name) {
  const [pattern] = templates(`\`${name}\``);
  return (
    ran.has(name) ||
    (pattern !== undefined && [...ran].some((title) => pattern.test(title)))
  );
}

const passed = process.env.HOLDFAST_PASSED_TESTS;

test('the tests that test/found.md names ran and passed', {
  skip: passed === undefined && 'only a run of all suites knows what ran',
}, () => {
  const ran = new Set(fs.readFileSync(passed ?? '', 'utf8').split('\n'));
  const missing = rows()
    .filter(({ place }) => /^test\//.test(place) && !ELSEWHERE.test(place))
    // Where it cannot be had, its suite says so in its name and is skipped.
    .filter(({ place }) => findPgpool() !== null || !place.includes('pgpool'))
    // This suite's own names are known only when it is over.
    .filter(({ place }) => !place.startsWith('test/docs/'))
    .filter(({ name }) => !hasRun(ran, name));
  assert.deepStrictEqual(missing, []);
});
