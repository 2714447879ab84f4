// SPDX-License-Identifier: MIT
// Tables of packages: versions of one thing, the newest last. All lines are
// run, except in CI, which has little time and runs only the last.

const { test } = require('node:test');

const ONLY_LAST = Boolean(process.env.CI) && !process.env.HF_ALL_LINES;

/**
 * The lines that are run. For the others a skipped test says so.
 *
 * @template T
 * @param {T[]} table
 * @param {(line: T) => string} [title]
 * @returns {T[]}
 */
function linesToRun(table, title = String) {
  if (!ONLY_LAST) {
    return table;
  }
  for (const line of table.slice(0, -1)) {
    const name = `${title(line)}: not run in CI, which takes the last line of each table (HF_ALL_LINES=1 runs all)`;
    test(name, { skip: true }, () => {});
  }
  return table.slice(-1);
}

module.exports = { linesToRun };
