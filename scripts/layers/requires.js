// SPDX-License-Identifier: MIT
// Who needs whom by require() and import, also inside functions: a module that
// is loaded late is needed all the same.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { distinct } = require('./graph.js');
const { filesUnder } = require('./includes.js');

/** @typedef {import('./graph.js').Edge} Edge */

const WANTED =
  /(?:\brequire\(|\bfrom\s|\bimport\s|\bimport\()\s*['"](\.[^'"]*)['"]/g;

/** Comments, whose types may name modules, give way to as many lines.
 * @param {string} text */
function withoutComments(text) {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/^\s*\/\/.*$/gm, '');
}

/**
 * The files that a file asks for.
 *
 * @param {string} root @param {string} file
 * @returns {{name: string, target: string, line: number}[]}
 */
function requiresOf(root, file) {
  const text = withoutComments(fs.readFileSync(path.join(root, file), 'utf8'));
  return [...text.matchAll(WANTED)].map((match) => ({
    name: match[1],
    target: path.join(path.dirname(file), match[1]),
    line: text.slice(0, match.index).split('\n').length,
  }));
}

/**
 * @param {string} root @param {string[]} folders as lib and cli
 * @returns {Edge[]} by file, named below root
 */
function requireEdges(root, folders) {
  const files = folders
    .flatMap((folder) => filesUnder(root, folder))
    .filter((file) => /\.[cm]?js$/.test(file));
  const known = new Set(files);
  const edges = [];
  for (const from of files) {
    for (const { target, line } of requiresOf(root, from)) {
      const to = ['', '.js', '/index.js']
        .map((ending) => target + ending)
        .find((candidate) => known.has(candidate));
      if (to) {
        edges.push({ from, to, where: `${from}:${line}` });
      }
    }
  }
  return distinct(edges);
}

module.exports = { requireEdges, requiresOf };
