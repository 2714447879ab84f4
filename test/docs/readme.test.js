// SPDX-License-Identifier: MIT
'use strict';

// The README is for somebody in a hurry: what it cures, how to install it,
// and ten lines to begin with. test/apps/readme.test.js runs all of it.

const assert = require('node:assert');
const { test } = require('node:test');

const { blocksOf, read, sectionOf } = require('./markdown.js');

const SCREEN_LINES = 85;
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
  assert.deepStrictEqual(headings.slice(0, 3), [
    'Install',
    'With Prisma',
    'With `pool.query`',
  ]);
});

test('ten lines are enough to begin with, for Prisma and for a pool', () => {
  for (const heading of ['With Prisma', 'With `pool.query`']) {
    const block = firstBlock(heading);
    assert.ok(lines(block.code) <= FEW_LINES, `${heading}: ${block.code}`);
    const end = block.line + block.code.split('\n').length;
    assert.ok(end <= SCREEN_LINES, `${heading} ends in line ${end}`);
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
