// SPDX-License-Identifier: MIT
'use strict';

// libpq as judge of connection strings: a seeded slice. `npm run prove -- fuzz`
// does it for many more.

const assert = require('node:assert');
const { test } = require('node:test');

const { resolveOptions } = require('../../lib/options/options.js');
const { works } = require('../../scripts/steps.js');
const { judgeConninfo } = require('../support/conninfo-judge.js');

const SEED = 20_261_130;
const STRINGS = 3000;

/** @param {string} text @returns {Map<string, string>} */
function targetOf(text) {
  return new Map(resolveOptions(text, { env: {} }).target);
}

const skip =
  !works('pkg-config', ['--exists', 'libpq']) &&
  "libpq's headers are not installed";

test('what we and libpq both accept as a connection string names the same place and user', {
  skip,
}, () => {
  const { figures, faults } = judgeConninfo({ seed: SEED, count: STRINGS });
  assert.deepStrictEqual(faults, []);
  assert.ok(figures.both > STRINGS / 4, JSON.stringify(figures));
});

test('a value of keyword=value may hold quotes, and white space of other alphabets', () => {
  const target = targetOf("host=localhost user=o'hara password=a\u00a0b\u2003");
  assert.strictEqual(target.get('user'), "o'hara");
  assert.strictEqual(target.get('password'), 'a\u00a0b');
});

test('a keyword without a value takes the next word, as in libpq', () => {
  const target = targetOf("host=localhost password= dbname='x'");
  assert.strictEqual(target.get('password'), "dbname='x'");
});
