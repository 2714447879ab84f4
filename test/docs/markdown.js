// SPDX-License-Identifier: MIT
'use strict';

// The pages that a user reads, and the blocks of code in them.

const fs = require('node:fs');
const path = require('node:path');

const FRAGMENT = '<!-- example: fragment -->';
const ROOT = path.join(__dirname, '..', '..');

/**
 * @typedef {object} Block
 * @property {string} page
 * @property {number} line of its first line of code
 * @property {string} heading the nearest above
 * @property {string} language as after the fence
 * @property {string} code
 * @property {boolean} fragment marked as one: it needs what is not shown
 */

/** @param {string} folder @returns {string[]} */
function pagesIn(folder) {
  return fs
    .readdirSync(path.join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => path.join(folder, name));
}

/** @returns {string[]} relative to the repository */
function pages() {
  const examples = fs
    .readdirSync(path.join(ROOT, 'examples'))
    .map((name) => path.join('examples', name, 'README.md'))
    .filter((file) => fs.existsSync(path.join(ROOT, file)));
  const docs = [...pagesIn('docs'), ...pagesIn('docs/reference')];
  return [...pagesIn('.'), ...docs, ...examples];
}

/** @param {string} page */
function read(page) {
  return fs.readFileSync(path.join(ROOT, page), 'utf8');
}

/** @param {string} page @returns {Block[]} */
function blocksOf(page) {
  /** @type {Block[]} */
  const blocks = [];
  let heading = '';
  let fragment = false;
  /** @type {Block | null} */
  let open = null;
  for (const [index, line] of read(page).split('\n').entries()) {
    const fence = /^```(\w*)$/.exec(line);
    if (fence !== null && open === null) {
      const language = fence[1];
      const line = index + 2;
      open = { page, line, heading, language, code: '', fragment };
      blocks.push(open);
    } else if (fence !== null) {
      open = null;
    } else if (open !== null) {
      open.code += `${line}\n`;
    } else if (/^#+ /.test(line)) {
      heading = line.replace(/^#+ /, '');
    }
    fragment = line === FRAGMENT;
  }
  return blocks;
}

/** A page without its blocks of code. @param {string} page */
function proseOf(page) {
  return read(page).replace(/^```[\s\S]*?^```$/gm, '');
}

/**
 * The text between a heading of the second level and the next.
 *
 * @param {string} page
 * @param {string} heading
 */
function sectionOf(page, heading) {
  const [, rest] = read(page).split(`\n## ${heading}\n`);
  if (rest === undefined) {
    throw new Error(`${page} has no section ${heading}`);
  }
  return rest.split('\n## ')[0];
}

module.exports = { ROOT, blocksOf, pages, proseOf, read, sectionOf };
