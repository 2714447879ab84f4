// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const holdfast = require('../../lib/index.js');

const ROOT = path.join(__dirname, '..', '..');
const NAMES = Object.keys(holdfast).sort();

test('every export is there, by name and on the default export', () => {
  assert.ok(NAMES.length >= 14);
  for (const name of NAMES) {
    assert.notStrictEqual(holdfast[name], undefined, name);
  }
  assert.strictEqual(/** @type {any} */ (holdfast).default, holdfast);
});

test('import gives the same objects under the same names', async () => {
  const esm = /** @type {any} */ (await import('../../lib/index.mjs'));
  const { default: main, ...named } = esm;
  assert.strictEqual(main, holdfast);
  assert.deepStrictEqual(Object.keys(named).sort(), NAMES);
  for (const name of NAMES) {
    assert.strictEqual(named[name], holdfast[name], name);
  }
});

test('the types have the same names', () => {
  const text = fs.readFileSync(path.join(ROOT, 'lib/index.d.ts'), 'utf8');
  const values = [
    ...text.matchAll(/^export (?:declare )?(?:class|function|const) (\w+)/gm),
  ].map(([, name]) => name);
  assert.deepStrictEqual([...new Set(values)].sort(), NAMES);
  const whole = /declare const holdfast: \{([^}]*)\}/.exec(text)?.[1] ?? '';
  const properties = [...whole.matchAll(/(\w+): typeof/g)].map(([, n]) => n);
  assert.deepStrictEqual(properties.sort(), [...NAMES, 'default'].sort());
});

test('requiring loads no part of ours, and connects to nothing', () => {
  const script = `
    require(${JSON.stringify(ROOT)});
    const own = Object.keys(require.cache);
    process.stdout.write(JSON.stringify(own));`;
  const loaded = JSON.parse(
    execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }),
  );
  const expected = ['lib/index.js', 'lib/platform/lazy-exports.js'];
  assert.deepStrictEqual(
    loaded,
    expected.map((file) => path.join(ROOT, file)),
  );
});

test('versions name this package, libpq and OpenSSL', () => {
  const { version } = JSON.parse(
    fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'),
  );
  const { versions } = /** @type {any} */ (holdfast);
  assert.strictEqual(versions.holdfast, version);
  assert.match(versions.libpq, /^\d+\.\d+$/);
  assert.match(versions.openssl, /^\d+\.\d+\.\d+$/);
});

test('identifiers and literals are escaped as pg does', () => {
  const pg = require('pg');
  const { escapeIdentifier, escapeLiteral } = /** @type {any} */ (holdfast);
  for (const text of ['plain', `a"b`, `it's`, String.raw`back\slash'`, '']) {
    assert.strictEqual(escapeIdentifier(text), pg.escapeIdentifier(text));
    assert.strictEqual(escapeLiteral(text), pg.escapeLiteral(text));
  }
  assert.throws(() => escapeLiteral('a\0b'), TypeError);
  assert.throws(() => escapeIdentifier(7), TypeError);
});
