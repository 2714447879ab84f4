// SPDX-License-Identifier: MIT
// npm test: sets up what is missing, then runs every suite, or those named:
//
//   node scripts/test.js [unit] [net] [js] [lifecycle] [types] [docs]
//
// Ends with `N passed, N failed` on a line of its own.

const fs = require('node:fs');
const path = require('node:path');
const { SetupError, setup } = require('./setup.js');
const { ROOT, exec, say, seconds } = require('./steps.js');
const {
  ROUNDS,
  SUITES,
  count,
  failureText,
  passedTests,
} = require('./suites.js');

/** What passed in this run, for the test that reads `test/found.md`. */
const PASSED = path.join(ROOT, 'build', 'passed-tests.txt');

/** Runs initdb once for all suites, where PostgreSQL is needed. */
async function shareTemplate() {
  const { postgresFolder } = require('../test/support/account.js');
  const { clusterTemplate } = require('../test/support/cluster-template.js');
  // For the C tests, which look in fewer places.
  process.env.HOLDFAST_TEST_PGBIN ??= postgresFolder();
  process.env.HOLDFAST_TEST_TEMPLATE = (await clusterTemplate()).data;
}

/** @param {import('./suites.js').Suite} suite */
async function runSuite(suite) {
  const since = Date.now();
  const { file, args, timeoutMs, niceness } = suite;
  // Otherwise pools would log every fault that tests put them through.
  const env = { NODE_ENV: 'test' };
  const outcome = await exec(file, args, { timeoutMs, env, niceness });
  const counts = count(suite, outcome);
  const names = passedTests(suite, outcome.output);
  fs.appendFileSync(PASSED, names.map((name) => `${name}\n`).join(''));
  const late = outcome.timedOut ? ', TIMED OUT' : '';
  const { passed, failed } = counts;
  if (failed > 0 || !outcome.ok) {
    say(failureText(suite, outcome.output));
  }
  say(
    `${suite.name}: ${passed} passed, ${failed} failed` +
      `${late} (${seconds(since)})`,
  );
  return counts;
}

/**
 * Runs suites, one after the other.
 *
 * @param {string[]} names
 * @param {import('./suites.js').Counts} total
 */
async function runList(names, total) {
  for (const suite of names.flatMap((name) => SUITES[name]())) {
    const { passed, failed } = await runSuite(suite);
    total.passed += passed;
    total.failed += failed;
  }
}

/** @param {string[]} names */
function chosen(names) {
  const wanted = names.length > 0 ? names : Object.keys(SUITES);
  for (const name of wanted) {
    if (SUITES[name] === undefined) {
      throw new SetupError(
        `no suite ${name}; there are ${Object.keys(SUITES).join(', ')}`,
      );
    }
  }
  return wanted;
}

/** @param {string[]} names */
async function runAll(names) {
  const wanted = chosen(names);
  await setup('test');
  await shareTemplate();
  fs.rmSync(PASSED, { force: true });
  // A run of some suites only cannot tell what the others would have done.
  if (names.length === 0) {
    process.env.HOLDFAST_PASSED_TESTS = PASSED;
  }
  const total = { passed: 0, failed: 0 };
  for (const round of ROUNDS) {
    const lists = round.map((list) => list.filter((n) => wanted.includes(n)));
    await Promise.all(lists.map((list) => runList(list, total)));
  }
  return total;
}

async function main() {
  const since = Date.now();
  try {
    const { passed, failed } = await runAll(process.argv.slice(2));
    say(`all suites: ${seconds(since)}`);
    if (passed + failed === 0) {
      say('no test ran at all');
    }
    say(`${passed} passed, ${failed} failed`);
    process.exitCode = passed > 0 && failed === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof SetupError)) {
      throw error;
    }
    say(error.message);
    process.exitCode = 1;
  }
}

main();
