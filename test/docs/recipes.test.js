// SPDX-License-Identifier: MIT
'use strict';

// The recipes of CONTRIBUTING.md: the files, names and commands that they give
// exist.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { SUITES } = require('../../scripts/suites.js');
const { ROOT, read, sectionOf } = require('./markdown.js');

const TASKS = [
  'Add an option of the pool',
  'Add an error code',
  'Add an operation',
  'Decode a column type in C',
  'Follow a query',
];

/** @param {string} text the section @returns {[string, string][]} */
function recipesOf(text) {
  const parts = text.split(/^### /m).slice(1);
  return parts.map((part) => {
    const end = part.indexOf('\n');
    return [part.slice(0, end), part.slice(end)];
  });
}

/** @param {string} recipe @returns {string[]} its numbered steps */
function stepsOf(recipe) {
  const [, list = ''] = /\n\n(1\. [\s\S]*?)\n\n/.exec(recipe) ?? [];
  return list.split(/^\d+\. /m).slice(1);
}

/** @param {string} recipe @returns {string[]} its commands that check */
function commandsOf(recipe) {
  const [, block = ''] = /^Check.*:\n\n((?: {4}.*\n)+)/m.exec(recipe) ?? [];
  return block.split('\n').flatMap((line) => line.trim() || []);
}

/** @param {string} text */
function quoted(text) {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, word]) =>
    word.replace(/\s+/g, ' '),
  );
}

/** @param {string} file @param {string} name @returns {boolean} */
function has(file, name) {
  const exact = name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<!\\w)${exact}(?!\\w)`).test(read(file));
}

/** @param {string} file */
function isThere(file) {
  return fs.existsSync(path.join(ROOT, file));
}

/**
 * Returns what a step names that does not exist. A name belongs to the file
 * that is named before it.
 *
 * @param {string} step
 * @returns {string[]}
 */
function faultsOfStep(step) {
  const faults = [];
  let file = '';
  for (const word of quoted(step)) {
    if (/^[\w.-]+(\/[\w.-]+)+$/.test(word)) {
      file = word;
      if (!isThere(file)) {
        faults.push(`${file} does not exist`);
      }
    } else if (file === '') {
      faults.push(`no file is named before ${word}`);
    } else if (isThere(file) && !has(file, word)) {
      faults.push(`${word} is not in ${file}`);
    }
  }
  return file === '' ? [`no file in: ${step}`] : faults;
}

/** @param {string} name of a program of tests, as test_pool */
function hasTestProgram(name) {
  return ['unit', 'net'].some((suite) =>
    fs
      .readdirSync(path.join(ROOT, 'test', suite), {
        encoding: 'utf8',
        recursive: true,
      })
      .some((file) => path.basename(file) === `${name}.c`),
  );
}

/** @param {string} command @returns {boolean} */
function exists(command) {
  const [program, ...args] = command.split(' ');
  if (program === 'make') {
    const [target, only] = args;
    const [, name] = /^ONLY=(\w+)$/.exec(only ?? '') ?? [];
    return (
      new RegExp(`^${target}:`, 'm').test(read('Makefile')) &&
      (only === undefined || (name !== undefined && hasTestProgram(name)))
    );
  }
  if (program === 'npm') {
    const { scripts } = JSON.parse(read('package.json'));
    return args[0] === 'run' && Object.hasOwn(scripts, args[1]);
  }
  if (program === 'node' && args[0] === 'scripts/test.js') {
    return args.slice(1).every((name) => Object.hasOwn(SUITES, name));
  }
  return (
    program === 'node' &&
    args.filter((one) => !one.startsWith('--')).every(isThere)
  );
}

const recipes = recipesOf(sectionOf('CONTRIBUTING.md', 'Recipes'));

test('there is a recipe for each of the five tasks', () => {
  assert.deepStrictEqual(
    recipes.map(([title]) => title),
    TASKS,
  );
});

for (const [title, recipe] of recipes) {
  test(`files and names exist in the recipe: ${title}`, () => {
    const steps = stepsOf(recipe);
    assert.ok(steps.length >= 5, `${steps.length} steps`);
    assert.deepStrictEqual(steps.flatMap(faultsOfStep), []);
  });

  test(`commands exist in the recipe: ${title}`, () => {
    const commands = commandsOf(recipe);
    assert.ok(commands.length > 0);
    assert.deepStrictEqual(
      commands.filter((command) => !exists(command)),
      [],
    );
  });
}

test('files, names and commands that do not exist are found', () => {
  assert.deepStrictEqual(
    [
      'Edit `lib/index.js` and `lib/nothing.js`.',
      'Add `noSuchName`, in `lib/index.js`.',
      'Add a row.',
      'Edit `lib/index.js`: `getPool`, `noSuchName`.',
    ].flatMap(faultsOfStep),
    [
      'lib/nothing.js does not exist',
      'no file is named before noSuchName',
      'no file in: Add a row.',
      'noSuchName is not in lib/index.js',
    ],
  );
  const commands = [
    'make unit ONLY=test_nothing',
    'make nothing',
    'npm run nothing',
    'node scripts/test.js nothing',
    'node --test test/js/nothing.test.js',
    'nothing',
  ];
  assert.deepStrictEqual(commands.filter(exists), []);
  assert.deepStrictEqual(stepsOf('\n\n1. one\n   two\n2. three\n\n'), [
    'one\n   two\n',
    'three',
  ]);
});
