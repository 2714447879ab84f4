// SPDX-License-Identifier: MIT
// npm run lint: everything that reads sources and runs nothing of ours.

const path = require('node:path');
const { ROOT, exec, say, seconds, works } = require('./steps.js');

const bin = (/** @type {string} */ name) =>
  path.join(ROOT, 'node_modules/.bin', name);

/** @type {Array<[string, string, string[]]>} */
const LINTERS = [
  ['biome', bin('biome'), ['check', '--max-diagnostics=50']],
  ['layers', process.execPath, ['scripts/check-layers']],
  ['clang-format', 'make', ['--no-print-directory', 'format-check']],
  ['clang-tidy', 'make', ['--no-print-directory', 'tidy']],
  ['cppcheck', 'make', ['--no-print-directory', 'cppcheck']],
];

async function main() {
  const names = process.argv.slice(2);
  for (const [name, file, args] of LINTERS) {
    if (names.length > 0 && !names.includes(name)) {
      continue;
    }
    if (['clang-format', 'clang-tidy', 'cppcheck'].includes(name)) {
      if (!works(name)) {
        say(`${name}: not installed (node scripts/setup.js ci)`);
        process.exitCode = 1;
        continue;
      }
    }
    const since = Date.now();
    const { ok } = await exec(file, args, { show: true });
    say(`${name}: ${ok ? 'right' : 'FAILED'} (${seconds(since)})`);
    if (!ok) {
      process.exitCode = 1;
    }
  }
}

main();
