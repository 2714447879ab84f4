// SPDX-License-Identifier: MIT
// Who needs whom by #include. A .c and its .h are one module, named by their
// path without the ending.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { distinct } = require('./graph.js');

/** @typedef {import('./graph.js').Edge} Edge */

/** @param {string} root @param {string} folder @returns {string[]} */
function filesUnder(root, folder) {
  const full = path.join(root, folder);
  if (!fs.existsSync(full)) {
    return [];
  }
  return fs
    .readdirSync(full, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      path.relative(
        root,
        path.join(entry.parentPath ?? entry.path, entry.name),
      ),
    )
    .sort();
}

/** @param {string} file @returns {string} its module: base/list of base/list.h */
function moduleOf(file) {
  return file.replace(/\.[a-z]+$/, '');
}

/**
 * The #includes with quotes among the files of a folder.
 *
 * @param {string} root @param {string} folder under root, as native/core
 * @param {string[]} places where names are looked up, as native
 * @returns {Edge[]} by module, named below `folder`
 */
function includeEdges(root, folder, places) {
  const files = filesUnder(root, folder).filter((f) => /\.[ch]$/.test(f));
  const known = new Set(files);
  /** @param {string} file */
  const short = (file) => moduleOf(path.relative(folder, file));
  const edges = [];
  for (const file of files) {
    const lines = fs.readFileSync(path.join(root, file), 'utf8').split('\n');
    for (const [index, line] of lines.entries()) {
      const name = /^[ \t]*#[ \t]*include\s*"([^"]+)"/.exec(line)?.[1];
      const target = [path.dirname(file), ...places]
        .map((place) => path.join(place, name ?? ''))
        .find((candidate) => known.has(candidate));
      if (name && target) {
        const where = `${file}:${index + 1}`;
        edges.push({ from: short(file), to: short(target), where });
      }
    }
  }
  return distinct(edges);
}

module.exports = { filesUnder, includeEdges, moduleOf };
