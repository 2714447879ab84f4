// SPDX-License-Identifier: MIT
// Who needs whom by the functions and tables that object files define and ask
// for: also what no header shows, as a declaration of one's own.
'use strict';

const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { filesUnder, moduleOf } = require('./includes.js');

/** @typedef {import('./graph.js').Edge} Edge */

/**
 * @param {string} text of nm -P -A
 * @returns {{file: string, name: string, kind: string}[]}
 */
function parse(text) {
  return [...text.matchAll(/^(.*\.o): (\S+) (\S)/gm)].map(
    ([, file, name, kind]) => ({ file, name, kind }),
  );
}

/**
 * @param {string} text of nm -P -A over all object files
 * @param {(object: string) => string} nameOf the module of an object file
 * @returns {Edge[]} one for each pair; `where` lists the names
 */
function edgesOf(text, nameOf) {
  const symbols = parse(text);
  const home = new Map();
  for (const { file, name, kind } of symbols) {
    if (/[A-TV-Z]/.test(kind)) {
      home.set(name, nameOf(file));
    }
  }
  /** @type {Map<string, Edge>} */
  const edges = new Map();
  for (const { file, name } of symbols.filter((s) => s.kind === 'U')) {
    const [from, to] = [nameOf(file), home.get(name)];
    if (to !== undefined && to !== from) {
      const edge = edges.get(`${from} ${to}`) ?? { from, to, where: '' };
      edge.where += edge.where === '' ? name : `, ${name}`;
      edges.set(`${from} ${to}`, edge);
    }
  }
  return [...edges.values()];
}

/**
 * @param {string} root
 * @param {string} out where object files are, as build/c-debug
 * @param {string[]} folders of sources, as native/core
 * @returns {Edge[]} by module, named below native
 */
function callEdges(root, out, folders) {
  const sources = folders
    .flatMap((folder) => filesUnder(root, folder))
    .filter((file) => file.endsWith('.c'));
  const objects = sources.map((f) => path.join(out, `${moduleOf(f)}.o`));
  const text = execFileSync('nm', ['-P', '-A', ...objects], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  return edgesOf(text, (object) =>
    moduleOf(path.relative(path.join(out, 'native'), object)),
  );
}

module.exports = { callEdges, edgesOf };
