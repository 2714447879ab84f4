// SPDX-License-Identifier: MIT
'use strict';

// npx pg-holdfast doctor [url]: examines what a connection string leads to.

const { existsSync } = require('node:fs');

const { UsageError, loadEnvFile, numberOf, parse } = require('./arguments.js');
const { withUsage } = require('./arguments.js');
const { Deadline } = require('./doctor/deadline.js');
const { examine } = require('./doctor/examine.js');
const { newReport } = require('./doctor/new-report.js');
const { page } = require('./doctor/page.js');
const { asText } = require('./doctor/report.js');
const { directOf, readSettings } = require('./doctor/settings.js');
const { watch } = require('./doctor/watch.js');
const { print, startProgress } = require('./progress.js');

/** @typedef {import('./doctor/new-report.js').Report} Report */

const EXIT = { ok: 0, warnings: 1, fails: 2 };
const TIMEOUT = { initial: 15, min: 1, max: 600 };
const INTERVAL = { initial: 10, min: 1, max: 86_400 };

const USAGE = `usage: npx pg-holdfast doctor [url] [options]

Says what a connection string really leads to, and which settings suit it.
Without url: DATABASE_URL, SUPABASE_DATABASE_URL, or the PG* variables.
It only reads, and never shows a password.

  --direct         examine DIRECT_URL (or DIRECT_DATABASE_URL) instead
  --env-file FILE  take variables that are not set from this file
  --timeout N      seconds for everything together (default ${TIMEOUT.initial})
  --watch          examine again and again, and show what changed; Ctrl-C ends
  --interval N     seconds between two examinations (default ${INTERVAL.initial})
  --json           the report as JSON, on standard output
  --quiet          no progress on standard error
  --help

exit code: 0 fine, 1 works with warnings, 2 does not work, 64 wrong usage;
with --watch that of the last examination
`;

/** @type {Record<string, import('./arguments.js').Flag>} */
const FLAGS = {
  direct: { type: 'boolean' },
  'env-file': { type: 'string' },
  timeout: { type: 'string' },
  watch: { type: 'boolean' },
  interval: { type: 'string' },
  json: { type: 'boolean' },
  quiet: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
};

/**
 * @param {string | undefined} url
 * @param {boolean} wantsDirect
 * @returns {{url: string | undefined, source: string | undefined}}
 */
function chosen(url, wantsDirect) {
  if (!wantsDirect) {
    return { url, source: url === undefined ? undefined : 'argument' };
  }
  const direct = directOf(process.env);
  if (direct === undefined || url !== undefined) {
    throw new UsageError(
      url === undefined
        ? 'neither DIRECT_URL nor DIRECT_DATABASE_URL is set'
        : 'either a url or --direct',
    );
  }
  return { url: direct.url, source: direct.name };
}

/**
 * Returns a report of invalid settings.
 * @param {unknown} error
 * @param {string | undefined} source
 * @returns {Report}
 */
function unreadable(error, source) {
  const { message, code } = /** @type {any} */ (error);
  const report = newReport(null, source ?? 'environment');
  const isMissing = /is not set/.test(message) && source === undefined;
  const nextFor = () => {
    if (code === 'HF_NO_BINARY') {
      return 'npx pg-holdfast build';
    }
    if (isMissing && existsSync('.env')) {
      return 'there is a .env here: npx pg-holdfast doctor --env-file .env';
    }
    return isMissing
      ? "npx pg-holdfast doctor 'postgresql://user:password@host:5432/database'"
      : `correct it; ${page('options.md')} has all parameters`;
  };
  report.findings.push({
    id: code === 'HF_NO_BINARY' ? 'no-binary' : 'settings',
    level: 'failure',
    text: message,
    next: nextFor(),
  });
  return report;
}

/** @param {Report} report */
function judge(report) {
  const has = (/** @type {string} */ level) =>
    report.findings.some((finding) => finding.level === level);
  if (!report.works || has('failure')) {
    report.verdict = 'fails';
  } else {
    report.verdict = has('warning') ? 'warnings' : 'ok';
  }
  report.exitCode = EXIT[report.verdict];
}

/**
 * @param {string | undefined} url
 * @param {string | undefined} source
 * @param {number} millis
 * @param {(text: string) => void} progress
 * @param {Report} [earlier]
 * @returns {Promise<Report>} with its verdict
 */
async function diagnose(url, source, millis, progress, earlier) {
  const report = await reportOf(url, source, millis, progress, earlier);
  judge(report);
  return report;
}

/**
 * @param {string | undefined} url
 * @param {string | undefined} source
 * @param {number} millis
 * @param {(text: string) => void} progress
 * @param {Report} [earlier]
 * @returns {Promise<Report>}
 */
async function reportOf(url, source, millis, progress, earlier) {
  /** @type {import('./doctor/settings.js').Settings} */
  let settings;
  try {
    settings = readSettings(url, source);
  } catch (error) {
    return unreadable(error, source);
  }
  progress(`settings: from ${settings.source}`);
  return await examine(settings, new Deadline(millis), progress, earlier);
}

/** @param {string[]} args @returns {Promise<number>} the exit code */
async function runDoctor(args) {
  const { url: given, flags } = parse(args, FLAGS);
  if (flags.help) {
    await print(USAGE);
    return 0;
  }
  const seconds = numberOf(flags.timeout, 'timeout', TIMEOUT);
  loadEnvFile(flags['env-file']);
  const everySeconds = numberOf(flags.interval, 'interval', INTERVAL);
  const { url, source } = chosen(given, flags.direct === true);
  const millis = seconds * 1000;
  if (flags.watch) {
    const look = (/** @type {Report | undefined} */ earlier) =>
      diagnose(url, source, millis, () => {}, earlier);
    const json = flags.json === true;
    // What an examination has open when it is interrupted ends with the process.
    process.exit(await watch(look, { json, everySeconds }));
  }
  if (flags.interval !== undefined) {
    throw new UsageError('--interval needs --watch');
  }
  const progress = startProgress(flags.quiet === true);
  const report = await diagnose(url, source, millis, progress);
  await print(
    flags.json ? `${JSON.stringify(report, null, 2)}\n` : `\n${asText(report)}`,
  );
  const hangs = report.findings.some(({ id }) => id === 'no-name-server');
  if (hangs || !report.complete) {
    // A name look-up that hangs cannot be cancelled, and would keep the process
    // alive.
    process.exit(report.exitCode);
  }
  return report.exitCode;
}

/** @param {string[]} args @returns {Promise<number>} the exit code */
function run(args) {
  return withUsage(USAGE, () => runDoctor(args));
}

module.exports = { run };
