// SPDX-License-Identifier: MIT
'use strict';

// The README is for somebody in a hurry: what it cures, how to install it,
// and ten lines to begin with. test/apps/readme.test.js runs all of it.

const assert = require('node:assert');
const { test } = require('node:test');

const { blocksOf, read, sectionOf } = require('./markdown.js');

/** Of a first screen, and of what one scrolls to in a moment. */
const SCREEN_LINES = 34;
const BEGIN_LINES = 105;
const FEW_LINES = 10;

const text = read('README.md');
const blocks = blocksOf('README.md');

/** @param {string} code */
function lines(code) {
  return code.split('\n').filter((line) => line.trim() !== '').length;
}

/** @param {string} heading */
function firstBlock(heading) {
  const found = blocks.find(
    (block) => block.heading === heading && /^[jt]s$/.test(block.language),
  );
  assert.ok(found, heading);
  return found;
}

test('the symptoms come first, then how to install, then how to begin', () => {
  const start = text.slice(0, text.indexOf('\n## '));
  assert.match(start, /what you see/);
  assert.match(start, /42P05/);
  const headings = [...text.matchAll(/^## (.*)$/gm)].map(([, name]) => name);
  assert.deepStrictEqual(headings.slice(0, 4), [
    'See it',
    'Install',
    'With `pool.query`',
    'With Prisma',
  ]);
});

test('the commands that show it are on the first screen', () => {
  const screen = text.split('\n').slice(0, SCREEN_LINES).join('\n');
  for (const command of ['git clone', 'npm run demo', 'npm test']) {
    assert.ok(screen.includes(command), command);
  }
});

test('the first line to install is one that works', () => {
  const [first] = blocks.filter(({ heading }) => heading === 'Install');
  const { version } = require('../../package.json');
  const unreleased = read('CHANGELOG.md').includes(`${version} (unreleased)`);
  const published = first.code.startsWith('npm install pg-holdfast');
  assert.strictEqual(published, !unreleased);
});

test('ten lines are enough to begin with, for Prisma and for a pool', () => {
  for (const heading of ['With Prisma', 'With `pool.query`']) {
    const block = firstBlock(heading);
    assert.ok(lines(block.code) <= FEW_LINES, `${heading}: ${block.code}`);
    const end = block.line + block.code.split('\n').length;
    assert.ok(end <= BEGIN_LINES, `${heading} ends in line ${end}`);
  }
});

test('there are three lines for Next.js and for NestJS', () => {
  assert.match(firstBlock('With Next.js').code, /withHoldfast/);
  assert.match(firstBlock('With NestJS').code, /HoldfastModule\.forRoot/);
  assert.ok(lines(firstBlock('With Next.js').code) <= 3);
});

test('figures come with the command that makes them again', () => {
  const section = sectionOf('README.md', 'How fast');
  assert.match(section, /<!-- bench -->\n[\s\S]*<!-- \/bench -->/);
  for (const command of ['npm run bench', 'node bench/prisma.js']) {
    assert.ok(section.includes(`\`${command}\``), command);
  }
});

test('what is not published is not said to be', () => {
  const { version } = require('../../package.json');
  const install = sectionOf('README.md', 'Install');
  const unreleased = read('CHANGELOG.md').includes(`${version} (unreleased)`);
  assert.strictEqual(/not in the registry/.test(install), unreleased);
  if (unreleased) {
    assert.ok(install.includes(`pg-holdfast-${version}.tgz`));
  }
});
