// SPDX-License-Identifier: MIT
// Calls through tables of functions: an arrow from who calls to who fills the
// table in, which no symbol of an object file shows.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { filesUnder, moduleOf } = require('./includes.js');

/** @typedef {import('./graph.js').Edge} Edge */

/** Comments and texts say nothing. @param {string} text */
function codeOf(text) {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, ' ')
    .replace(/"(?:\\.|[^"\\\n])*"/g, '""');
}

/**
 * The function pointers that structs of a header have.
 *
 * @param {string} text @returns {{table: string, field: string}[]}
 */
function fieldsOf(text) {
  return [...codeOf(text).matchAll(/struct (\w+) \{([\s\S]*?)\n\}/g)].flatMap(
    ([, table, body]) =>
      [...body.matchAll(/\(\*(\w+)\)\(/g)].map(([, field]) => ({
        table,
        field,
      })),
  );
}

/** All that a file includes, itself among them.
 * @param {Map<string, string>} texts @param {string} file */
function seenFrom(texts, file) {
  const seen = [file];
  for (const name of seen) {
    const found = (texts.get(name) ?? '').matchAll(/#include "([^"]+)"/g);
    for (const [, other] of found) {
      const full = path.join('native', other);
      if (texts.has(full) && !seen.includes(full)) {
        seen.push(full);
      }
    }
  }
  return new Set(seen);
}

/**
 * @param {string} root
 * @param {string[]} folders of sources, as native/core
 * @returns {(Edge & {table: string})[]} by module, named below native
 */
function tableEdges(root, folders) {
  const files = folders
    .flatMap((folder) => filesUnder(root, folder))
    .filter((file) => /\.[ch]$/.test(file));
  const texts = new Map(
    files.map((f) => [f, fs.readFileSync(path.join(root, f), 'utf8')]),
  );
  const sources = files.filter((file) => file.endsWith('.c'));
  const codes = new Map(sources.map((f) => [f, codeOf(texts.get(f) ?? '')]));
  const seen = new Map(sources.map((f) => [f, seenFrom(texts, f)]));
  /** @param {string} header @param {RegExp} pattern */
  const who = (header, pattern) =>
    sources
      .filter(
        (f) => seen.get(f)?.has(header) && pattern.test(codes.get(f) ?? ''),
      )
      .map((f) => moduleOf(path.relative('native', f)));
  return files
    .filter((file) => file.endsWith('.h'))
    .flatMap((header) =>
      fieldsOf(texts.get(header) ?? '').flatMap(({ table, field }) => {
        const callers = who(header, new RegExp(`(?:->|\\.)${field}\\(`));
        const fillers = who(
          header,
          new RegExp(
            `(?:->|\\.)${field} = (?!NULL|true|false)&?[a-z_]\\w*[,;}\\s]`,
          ),
        );
        return callers.flatMap((from) =>
          fillers
            .filter((to) => to !== from)
            .map((to) => ({ from, to, where: `${table}.${field}`, table })),
        );
      }),
    );
}

module.exports = { fieldsOf, tableEdges };
