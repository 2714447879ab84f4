// SPDX-License-Identifier: MIT
// The test suites of `npm test`, and how to read what they counted.

const fs = require('node:fs');
const path = require('node:path');
const { ROOT } = require('./steps.js');

const MINUTE = 60_000;
/**
 * Of suites that compute: beside them run those that wait for servers, for time
 * and for each other, and that must not be late.
 */
const NICENESS = 10;

/**
 * @typedef {object} Suite
 * @property {string} name
 * @property {string} kind see COUNTERS
 * @property {string} file program
 * @property {string[]} args
 * @property {number} timeoutMs
 * @property {number} [niceness] of what runs beside another suite
 */

/** @typedef {{passed: number, failed: number}} Counts */

/**
 * The files of a folder itself. None is an error: a suite that lost its files
 * would pass.
 *
 * @param {string} folder
 * @param {RegExp} pattern
 * @returns {string[]}
 */
function filesIn(folder, pattern) {
  const files = fs
    .readdirSync(path.join(ROOT, folder))
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => path.join(folder, name));
  if (files.length === 0) {
    throw new Error(`no test file in ${folder}`);
  }
  return files;
}

/** @param {'unit' | 'net'} name @param {number} timeoutMs @returns {Suite[]} */
function cSuite(name, timeoutMs) {
  const args = ['--no-print-directory', '-k', '-j2', '-Otarget', name];
  const niceness = NICENESS;
  return [{ name, kind: 'cmocka', file: 'make', args, timeoutMs, niceness }];
}

/** @param {string} name @param {number} timeoutMs @returns {Suite[]} */
function nodeSuite(name, timeoutMs) {
  const files = filesIn(`test/${name}`, /\.test\.m?js$/);
  const args = ['--test', '--test-reporter=tap', '--test-concurrency=3'];
  args.push('--expose-gc', ...files);
  return [{ name, kind: 'node', file: process.execPath, args, timeoutMs }];
}

/** What runs everywhere: also in edge runtimes and browsers. */
const ON_EDGE = [
  'classification',
  'evidence',
  'prisma-retry',
  'retry',
  'retry-deadline',
  'retry-nesting',
].map((name) => `test/js/${name}.test.js`);

/** What runs on the core as WebAssembly as it does on the addon. */
const ON_WASM = [
  ...ON_EDGE,
  ...['direct-config', 'errors', 'log', 'options', 'rows'].map(
    (name) => `test/js/${name}.test.js`,
  ),
];

/** @returns {Suite[]} */
function wasmSuites() {
  const runs = {
    wasm: filesIn('test/wasm', /\.test\.js$/),
    'js on wasm': ['--no-binary', ...ON_WASM],
    'js on wasm, edge': ['--edge', ...ON_EDGE],
  };
  return Object.entries(runs).map(([name, args]) => ({
    name,
    kind: 'node',
    file: process.execPath,
    args: ['scripts/test-wasm.js', ...args],
    timeoutMs: 3 * MINUTE,
    niceness: NICENESS,
  }));
}

/** What the package says of its types. */
const DECLARATIONS = ['index.d.ts', 'index.d.mts'].flatMap((name) =>
  ['.', 'nest', 'next', 'prisma'].map((folder) =>
    path.join('lib', folder, name),
  ),
);

/** @returns {Suite[]} */
function typeSuites() {
  const bin = (/** @type {string} */ name) =>
    path.join(ROOT, 'node_modules/.bin', name.split(',')[0]);
  const timeoutMs = 3 * MINUTE;
  const runs = {
    tsc: ['-p', 'tsconfig.json'],
    // As users compile them who do not skip the checks of libraries.
    'tsc, declarations': [
      ...['--noEmit', '--strict', '--types', 'node', '--target', 'es2022'],
      ...['--module', 'nodenext', ...DECLARATIONS],
    ],
    tsd: ['--typings', 'lib/index.d.ts', '--files', 'test/types'],
  };
  return Object.entries(runs).map(([name, args]) => ({
    name: `types (${name})`,
    kind: 'exit',
    file: bin(name),
    args,
    timeoutMs,
    niceness: NICENESS,
  }));
}

/** @type {Record<string, () => Suite[]>} */
const SUITES = {
  unit: () => cSuite('unit', 10 * MINUTE),
  net: () => cSuite('net', 12 * MINUTE),
  js: () => nodeSuite('js', 25 * MINUTE),
  wasm: wasmSuites,
  lifecycle: () => nodeSuite('lifecycle', 8 * MINUTE),
  types: typeSuites,
  docs: () => nodeSuite('docs', 2 * MINUTE),
};

/**
 * Suites that run at once, each list in its order; then the next lists. One of
 * the docs' tests wants to know what the others found.
 */
const ROUNDS = [
  [
    ['js', 'lifecycle'],
    ['unit', 'net', 'wasm', 'types'],
  ],
  [['docs']],
];

/** @param {string} text @param {RegExp} pattern */
function sum(text, pattern) {
  let total = 0;
  for (const found of text.matchAll(pattern)) {
    total += Number(found[1]);
  }
  return total;
}

/** @type {Record<string, (output: string, ok: boolean) => Counts>} */
const COUNTERS = {
  cmocka: (output) => ({
    passed: sum(output, /^\[ {2}PASSED {2}\] (\d+) test/gm),
    failed: sum(output, /^\[ {2}FAILED {2}\] (?:.*: )?(\d+) test/gm),
  }),
  node: (output) => ({
    passed: sum(output, /^# pass (\d+)$/gm),
    failed:
      sum(output, /^# fail (\d+)$/gm) + sum(output, /^# cancelled (\d+)$/gm),
  }),
  exit: (_output, ok) => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1 }),
};

/**
 * What a suite counted itself. One that ended badly without a failed test
 * (a crash, a time-out, a program that did not compile), or without any test,
 * counts as one.
 *
 * @param {Suite} suite
 * @param {import('./steps.js').Outcome} outcome
 * @returns {Counts}
 */
function count(suite, outcome) {
  const counts = COUNTERS[suite.kind](outcome.output, outcome.ok);
  const silent = counts.passed + counts.failed === 0;
  const hidden = silent || (!outcome.ok && counts.failed === 0);
  return { passed: counts.passed, failed: counts.failed + (hidden ? 1 : 0) };
}

/** How each kind of suite names a test that passed. */
const PASSED_TEST = {
  cmocka: /^\[ {7}OK \] (\w+)/gm,
  node: /^ *ok \d+ - (.*?)(?: # .*)?$/gm,
  exit: /$^/g,
};

/**
 * The names of the tests of a suite that passed, as `test/found.md` has them.
 *
 * @param {Suite} suite
 * @param {string} output
 * @returns {string[]}
 */
function passedTests(suite, output) {
  const pattern = /** @type {Record<string, RegExp>} */ (PASSED_TEST)[
    suite.kind
  ];
  // TAP escapes what would begin a directive.
  return [...output.matchAll(pattern)].map(([, name = '']) =>
    name.replace(/\\([#\\])/g, '$1'),
  );
}

/**
 * What to show of a failed suite.
 *
 * @param {Suite} suite
 * @param {string} output
 * @returns {string}
 */
function failureText(suite, output) {
  const lines = output.trimEnd().split('\n');
  if (suite.kind === 'cmocka') {
    return lines.filter((l) => !/^\[ +(RUN|OK) +\]/.test(l)).join('\n');
  }
  return suite.kind === 'node' ? tapFailures(lines) : output.trimEnd();
}

/** The failed tests of a TAP report with their explanations. */
/** @param {string[]} lines */
function tapFailures(lines) {
  /** @type {string[]} */
  const kept = [];
  let inside = false;
  let plain = true;
  for (const line of lines) {
    if (/^\s*(not )?ok \d+/.test(line)) {
      plain = false;
      inside = /^\s*not ok/.test(line) && !/# (TODO|SKIP)/i.test(line);
    } else if (/^\s*# Subtest/.test(line)) {
      inside = false;
    } else if (!/^\s+/.test(line)) {
      // Not indented: something a test, or Node itself, wrote.
      plain = !/^(TAP version|1\.\.)/.test(line);
    }
    if (inside || plain) {
      kept.push(line);
    }
  }
  return kept.join('\n');
}

module.exports = { ROUNDS, SUITES, count, failureText, passedTests };
