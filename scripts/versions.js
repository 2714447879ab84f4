// SPDX-License-Identifier: MIT
// node scripts/versions.js [--all] [major…]
//
// What must hold on every PostgreSQL, against each major that npm has: values,
// errors, transactions, settings, streams. `--all` runs all of test/js.

const fs = require('node:fs');
const path = require('node:path');
const {
  MAJORS,
  embeddedPostgres,
} = require('../test/support/embedded-postgres.js');
const { ROOT, exec, say, seconds } = require('./steps.js');
const { count, failureText } = require('./suites.js');

const MINUTE = 60_000;

const ESSENTIALS = [
  ...['batch', 'binary-params', 'call-settings', 'catalog-types', 'errors'],
  ...['exactly-once-alone', 'params', 'pg-types', 'rows', 'settings'],
  ...['stream', 'transaction', 'type-params', 'values'],
].map((name) => `test/js/${name}.test.js`);

/** @returns {string[]} */
function allFiles() {
  return fs
    .readdirSync(path.join(ROOT, 'test/js'))
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => `test/js/${name}`);
}

/**
 * @param {string} major
 * @param {string[]} files
 * @returns {Promise<boolean>} whether all passed
 */
async function runOn(major, files) {
  const since = Date.now();
  const folder = await embeddedPostgres(major);
  /** @type {import('./suites.js').Suite} */
  const suite = {
    name: `PostgreSQL ${MAJORS[major]?.version.split('-')[0]}`,
    kind: 'node',
    file: process.execPath,
    args: ['--test', '--test-reporter=tap', '--test-concurrency=2'],
    timeoutMs: 15 * MINUTE,
  };
  const { file, timeoutMs } = suite;
  const env = { HOLDFAST_TEST_PGBIN: folder, NODE_ENV: 'test' };
  const args = [...suite.args, '--expose-gc', ...files];
  const outcome = await exec(file, args, { env, timeoutMs });
  const { passed, failed } = count(suite, outcome);
  if (failed > 0) {
    say(failureText(suite, outcome.output));
  }
  say(`${suite.name}: ${passed} passed, ${failed} failed (${seconds(since)})`);
  return passed > 0 && failed === 0;
}

async function main() {
  const args = process.argv.slice(2);
  const files = args.includes('--all') ? allFiles() : ESSENTIALS;
  const majors = args.filter((arg) => arg !== '--all');
  let right = true;
  for (const major of majors.length > 0 ? majors : Object.keys(MAJORS)) {
    right = (await runOn(major, files)) && right;
  }
  process.exitCode = right ? 0 : 1;
}

main().catch((error) => {
  say(`versions: ${error.message}`);
  process.exitCode = 1;
});
