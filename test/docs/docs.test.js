// SPDX-License-Identifier: MIT
'use strict';

// The documents, the types and the code name the same things.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const holdfast = require('../../lib/index.js');
const { statNames } = require('../../lib/observe/metrics.js');
const native = require('../../lib/engine/native.js');
const parameters = require('../../lib/options/parameters.js');
const codes = require('../../lib/protocol/codes.js');
const keys = require('../../lib/options/keys.js');

const ROOT = path.join(__dirname, '..', '..');
const TYPES = read('lib/index.d.ts');

/**
 * Returns the JavaScript files of a folder.
 * @param {string} folder
 */
function sourcesUnder(folder) {
  return fs
    .readdirSync(path.join(ROOT, folder), { encoding: 'utf8', recursive: true })
    .filter((name) => /\.m?js$/.test(name))
    .map((name) => path.join(folder, name));
}

/** @param {string} file */
function read(file) {
  return fs.readFileSync(path.join(ROOT, file), 'utf8');
}

/**
 * Returns the text between a heading and the next.
 * @param {string} text
 * @param {string} heading
 */
function section(text, heading) {
  const [, rest] = text.split(`\n## ${heading}\n`);
  assert.ok(rest, `no section ${heading}`);
  return rest.split('\n## ')[0];
}

/**
 * Returns the cells of a text's table rows.
 * @param {string} text
 */
function rows(text) {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
}

/**
 * Returns the words in backquotes of a table's first column.
 * @param {string} text
 */
function firstWords(text) {
  return rows(text).flatMap(([, first]) =>
    [...first.matchAll(/`([^`]+)`/g)].map(([, word]) => word),
  );
}

/**
 * Returns the body of an interface or type of the declarations.
 * @param {string} name
 */
function declared(name) {
  const found = new RegExp(
    `export interface ${name}[^{]*\\{([\\s\\S]*?)\\n\\}`,
  ).exec(TYPES);
  assert.ok(found, `no interface ${name}`);
  return found[1];
}

/** @param {string} body */
function properties(body) {
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map(([, n]) => n);
}

test("the options' names, defaults, bounds and units are the engine's", () => {
  const expected = native.optionTable().map((row) => {
    const words = row.words?.split('|').map((word) => `\`${word}\``) ?? [];
    /** @type {Record<string, string[]>} */
    const shown = {
      int: [String(row.initial), `${row.min} to ${row.max}`],
      bool: [String(row.initial !== 0), 'true, false'],
      enum: [words[row.initial], words.join(', ')],
    };
    return [`\`${row.name}\``, ...shown[row.kind], row.unit || '-'];
  });
  const text = section(read('docs/options.md'), "The engine's options");
  assert.deepStrictEqual(
    rows(text).map((cells) => cells.slice(1, 5)),
    expected,
  );
});

test('the types have every option, with its default', () => {
  const body = declared('PoolOptions');
  const names = properties(body);
  for (const row of native.optionTable()) {
    assert.ok(names.includes(row.name), row.name);
    const above = body.split(new RegExp(`\\n {2}${row.name}\\?:`))[0];
    const comment = above.slice(above.lastIndexOf('/**'));
    const words = row.words?.split('|') ?? [];
    const initial = {
      int: String(row.initial),
      bool: String(row.initial !== 0),
      enum: `'${words[row.initial]}'`,
      text: '',
    }[row.kind];
    assert.match(comment, new RegExp(`@default ${initial} \\*/`), row.name);
  }
});

test('every key that is read is in the types and in the documents', () => {
  const names = properties(declared('PoolOptions'));
  const documents = read('docs/options.md') + read('docs/pg.md');
  for (const key of keys.knownKeys()) {
    assert.ok(names.includes(key), `${key} is not in the types`);
    assert.ok(documents.includes(`\`${key}\``), `${key} is not in docs`);
  }
  for (const key of [...keys.IGNORED, ...Object.keys(keys.REFUSED)]) {
    assert.ok(documents.includes(`\`${key}\``), `${key} is not in docs`);
  }
});

test("pg's keys are all in the document for those who come from it", () => {
  const types = read('node_modules/@types/pg/index.d.ts');
  const documented = firstWords(section(read('docs/pg.md'), 'Options'));
  for (const name of ['ClientConfig', 'PoolConfig', 'ConnectionConfig']) {
    const found = new RegExp(
      `interface ${name}[^{]*\\{([\\s\\S]*?)\\n\\}`,
    ).exec(types);
    const theirs = [...(found?.[1] ?? '').matchAll(/^ {4}(\w+)\??:/gm)];
    for (const [, key] of theirs) {
      assert.ok(documented.includes(key), `${key} of ${name}`);
    }
  }
});

test('the parameters of connection strings are documented', () => {
  const text = section(read('docs/options.md'), 'Connection strings');
  const known = new Set([
    ...Object.keys(parameters.READERS),
    ...parameters.IGNORED,
    ...Object.keys(parameters.REFUSED),
  ]);
  for (const word of firstWords(text)) {
    assert.ok(known.has(word.split('=')[0]), `${word} is not a parameter`);
  }
});

/**
 * Returns the words of a union of texts in the declarations.
 * @param {string} name
 */
function declaredWords(name) {
  const found = new RegExp(`export type ${name} =([\\s\\S]*?);\\n`).exec(TYPES);
  return [...(found?.[1] ?? '').matchAll(/\| '(\w+)'/g)].map(
    ([, word]) => word,
  );
}

for (const [heading, type, registry] of /** @type {const} */ ([
  ['Codes', 'ErrorCode', codes.ERRORS],
  ['Warnings', 'WarningCode', codes.WARNINGS],
])) {
  test(`docs and types have the registry's ${heading.toLowerCase()}`, () => {
    const text = section(read('docs/errors.md'), heading);
    assert.deepStrictEqual(
      rows(text).map(([, code, sentence]) => [code, sentence]),
      Object.entries(registry).map(([code, said]) => [`\`${code}\``, said]),
    );
    assert.deepStrictEqual(declaredWords(type), Object.keys(registry));
  });
}

test("the engine's codes of errors are the registry's", () => {
  const table = native.statuses().filter(({ code }) => code !== '');
  assert.deepStrictEqual(
    table.map(({ code, text }) => [code, text]),
    Object.entries(codes.ERRORS).slice(0, table.length),
  );
});

test('every code that is raised is in the registry', () => {
  const known = { ...codes.ERRORS, ...codes.WARNINGS };
  for (const file of ['lib', 'cli'].flatMap(sourcesUnder)) {
    for (const [, code] of read(file).matchAll(/'(HF_\w+)'/g)) {
      assert.ok(Object.hasOwn(known, code), `${file}: ${code}`);
    }
  }
});

test('the names of statistics are the same everywhere', () => {
  const names = statNames();
  const text = section(read('docs/options.md'), 'Statistics');
  assert.deepStrictEqual(
    firstWords(text).flatMap((words) => words.split(' ')),
    names,
  );
  assert.deepStrictEqual(properties(declared('Stats')), names);
});

test('the reference names every export and nothing else', () => {
  const text = section(read('docs/reference/exports.md'), 'pg-holdfast');
  assert.deepStrictEqual(firstWords(text).sort(), Object.keys(holdfast).sort());
});

test("a retry helper's options are in the types and in the documents", () => {
  const text = section(read('docs/options.md'), 'Options of a retry helper');
  assert.deepStrictEqual(
    firstWords(text).sort(),
    properties(declared('RetryOptions')).sort(),
  );
});
