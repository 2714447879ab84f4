// SPDX-License-Identifier: MIT
'use strict';

// npx pg-holdfast bench [url]: measures the queries per second of a connection
// string.

const { createInterface } = require('node:readline/promises');

const { UsageError, loadEnvFile, numberOf, parse } = require('./arguments.js');
const { withUsage } = require('./arguments.js');
const { readSettings, shownText, shownUrl } = require('./doctor/settings.js');
const { isRemote } = require('./doctor/verdicts.js');
const { print, startProgress } = require('./progress.js');
const { versions } = require('../lib/engine/versions.js');
const { rootOf } = require('../lib/errors/error-classes.js');

/** Increased when a name is removed or changes its meaning. */
const SCHEMA = 1;
const SECONDS = { initial: 2, min: 0.1, max: 60 };
const MAX = { initial: 0, min: 1, max: 1000, whole: true };
const CALLERS = [1, 10, 64];
const ROWS = 100;
const WARM_CALLERS = 10;
const WARM_SECONDS = 0.3;
const EXIT_FAILS = 2;
const DRAIN_MILLIS = 2000;

const USAGE = `usage: npx pg-holdfast bench [url] [options]

Says how many queries a second this connection string gives, and how long they
take: for 1, 10 and 64 callers, a point query and ${ROWS} rows. It only reads,
and touches no table.
Without url: DATABASE_URL, SUPABASE_DATABASE_URL, or the PG* variables.

  --seconds N      for each of the six runs (default ${SECONDS.initial})
  --max N          connections (default: that of the URL, else 10)
  --yes            do it although the database is on another machine
  --env-file FILE  take variables that are not set from this file
  --json           the report as JSON, on standard output
  --quiet          no progress on standard error
  --help

exit code: 0 fine, 1 some queries failed, 2 it does not work, 64 wrong usage
`;

/** @type {Record<string, import('./arguments.js').Flag>} */
const FLAGS = {
  seconds: { type: 'string' },
  max: { type: 'string' },
  yes: { type: 'boolean', short: 'y' },
  'env-file': { type: 'string' },
  json: { type: 'boolean' },
  quiet: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
};

/** The queries. The server generates the numbers, no table is read. */
const CASES = [
  { name: 'point', text: 'select 1 as one' },
  {
    name: 'rows',
    text:
      `select n, n::text as name, n * 0.5 as half, n % 2 = 0 as even ` +
      `from generate_series(1, ${ROWS}) as n`,
  },
];

/**
 * @typedef {object} BenchReport
 * @property {number} schema
 * @property {string} version
 * @property {string} url without secrets
 * @property {number} max
 * @property {string} pooler what the pool takes it for
 * @property {string | null} error
 * @property {(import('./bench/measure.js').RunReport & {case: string})[]} runs
 */

/**
 * Makes sure that load on another machine is intended.
 * @param {import('./doctor/settings.js').Settings} settings
 * @param {boolean} yes
 */
async function confirm(settings, yes) {
  if (yes || !isRemote(settings)) {
    return;
  }
  const where = settings.hosts.map(({ name }) => name).join(', ');
  const warning =
    `${where} is another machine: this makes as much load as it can, and ` +
    'others feel it';
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new UsageError(`${warning}. Say --yes if that is fine`);
  }
  const ask = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await ask.question(`${warning}.\nGo on? [y/N] `);
  ask.close();
  if (!/^y(es)?$/i.test(answer.trim())) {
    throw new UsageError('nothing was done');
  }
}

/**
 * @param {import('../lib/pool/pool.js').Pool} pool
 * @param {BenchReport} report
 * @param {number} seconds
 * @param {(text: string) => void} progress
 */
async function measureAll(pool, report, seconds, progress) {
  const { Run } = require('./bench/measure.js');
  await pool.warmup({ failFast: true });
  report.pooler = (await pool.health()).pooler;
  for (const { name, text } of CASES) {
    // The first calls include compiling and opening connections.
    const warm = new Run(() => Promise.resolve(pool.query(text)), WARM_CALLERS);
    await warm.measure(Math.min(WARM_SECONDS, seconds));
    for (const callers of CALLERS) {
      const ask = () => Promise.resolve(pool.query(text));
      const run = await new Run(ask, callers).measure(seconds);
      report.runs.push({ case: name, ...run });
      progress(`${name}, ${callers} callers: ${run.perSecond} queries/s`);
    }
  }
}

/** @param {BenchReport} report */
function asText(report) {
  const head = ['case', 'callers', 'queries/s', 'p50 ms', 'p95 ms', 'p99 ms'];
  const lines = [[...head, 'main µs', 'CPU µs', 'errors']];
  for (const run of report.runs) {
    lines.push(
      [
        ...[run.case, run.callers, Math.round(run.perSecond)],
        ...[run.p50Millis, run.p95Millis, run.p99Millis],
        ...[run.mainThreadMicros, run.processMicros, run.errors],
      ].map((value) => String(value ?? '-')),
    );
  }
  const table = lines
    .map((cells) => cells.map((cell) => cell.padStart(10)).join(''))
    .join('\n');
  const failed = report.runs.find(({ firstError }) => firstError !== null);
  return (
    `${report.url}, ${report.max} connections, pooler: ${report.pooler}\n\n` +
    `${table}\n\n` +
    'main µs: CPU of the JavaScript thread for each query; ' +
    'CPU µs: of all threads\n' +
    (failed === undefined ? '' : `first error: ${failed.firstError}\n`)
  );
}

/**
 * @param {import('./doctor/settings.js').Settings} settings
 * @param {number} max
 * @param {number} seconds
 * @param {(text: string) => void} progress
 * @returns {Promise<BenchReport>}
 */
async function measure(settings, max, seconds, progress) {
  const { Pool } = require('../lib/pool/pool.js');
  /** @type {BenchReport} */
  const report = {
    schema: SCHEMA,
    version: versions.holdfast,
    url: shownUrl(settings),
    max,
    pooler: 'unknown',
    error: null,
    runs: [],
  };
  const pool = new Pool({
    ...(settings.url === undefined ? {} : { connectionString: settings.url }),
    application_name: 'pg-holdfast bench',
    max,
    logger: false,
  });
  pool.on('error', () => {});
  try {
    await measureAll(pool, report, seconds, progress);
  } catch (error) {
    report.error = shownText(rootOf(error).message, settings);
  } finally {
    await pool.drain(DRAIN_MILLIS).catch(() => {});
  }
  return report;
}

/** @param {string | undefined} url */
function settingsOf(url) {
  try {
    return readSettings(url);
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    process.stderr.write(`pg-holdfast: ${message}\n`);
    return null;
  }
}

/** @param {BenchReport} report */
function exitCodeOf(report) {
  if (report.error !== null) {
    return EXIT_FAILS;
  }
  return report.runs.some(({ errors }) => errors > 0) ? 1 : 0;
}

/** @param {string[]} args @returns {Promise<number>} the exit code */
async function runBench(args) {
  const { url, flags } = parse(args, FLAGS);
  if (flags.help) {
    await print(USAGE);
    return 0;
  }
  const seconds = numberOf(flags.seconds, 'seconds', SECONDS);
  const wanted = numberOf(flags.max, 'max', MAX);
  loadEnvFile(flags['env-file']);
  const settings = settingsOf(url);
  if (settings === null) {
    return EXIT_FAILS;
  }
  await confirm(settings, flags.yes === true);
  const progress = startProgress(flags.quiet === true);
  const max = wanted || Number(settings.values.max);
  const report = await measure(settings, max, seconds, progress);
  if (report.error !== null) {
    process.stderr.write(
      `pg-holdfast: ${report.error}\nnpx pg-holdfast doctor says why\n`,
    );
  }
  if (flags.json) {
    await print(`${JSON.stringify(report, null, 2)}\n`);
  } else if (report.error === null) {
    await print(`\n${asText(report)}`);
  }
  return exitCodeOf(report);
}

/** @param {string[]} args @returns {Promise<number>} the exit code */
function run(args) {
  return withUsage(USAGE, () => runBench(args));
}

module.exports = { run };
