// SPDX-License-Identifier: MIT
// The list of all pages at the end of docs/README.md, written by
// `scripts/check-layers --fix`: a new page is in the index at once.

const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.dirname(__dirname);
const FILE = 'docs/README.md';
const LIST = /(<!-- pages -->\n)[\s\S]*?(<!-- \/pages -->)/;

/** @returns {string[]} relative to docs */
function pages() {
  return fs
    .readdirSync(path.join(ROOT, 'docs'), { encoding: 'utf8', recursive: true })
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .sort();
}

/** @param {string} name */
function lineOf(name) {
  const text = fs.readFileSync(path.join(ROOT, 'docs', name), 'utf8');
  const [, title = name] = /^# (.*)$/m.exec(text) ?? [];
  return `- [${title}](${name})\n`;
}

/** @returns {{file: string, text: string, right: string}} */
function docIndex() {
  const text = fs.readFileSync(path.join(ROOT, FILE), 'utf8');
  const list = pages().map(lineOf).join('');
  const right = text.replace(LIST, (_, open, close) => open + list + close);
  return { file: FILE, text, right };
}

module.exports = { docIndex };
