// SPDX-License-Identifier: MIT

// The tables of `npm run bench`.

const { medianRatio } = require('./statistics.js');

/**
 * @typedef {object} Round
 * @property {number | null} perSecond
 * @property {number | null} p50 milliseconds
 * @property {number | null} p99 milliseconds
 * @property {number | null} cpuMicros of the whole process, per call
 * @property {number | null} mainMicros of the main thread, per call
 * @property {number} errors
 * @property {string | null} firstError
 */

/**
 * @typedef {object} DriverResult
 * @property {Omit<Round, 'errors' | 'firstError'>} median
 * @property {Round[]} rounds
 */

/**
 * @typedef {object} CaseResult
 * @property {string} title
 * @property {Record<string, DriverResult>} drivers
 * @property {Record<string, string>} leftOut
 */

/**
 * @typedef {object} Results
 * @property {Record<string, CaseResult>} cases
 * @property {{helpers: Record<string, {nanos: number, overBare: number}>,
 *   leftOut: Record<string, string>}} [retry]
 * @property {{listeners: Record<string,
 *   {micros: number, overBare: number}>, checkNanos: number}} [observability]
 * @property {{drivers: Record<string,
 *   {require: number | null, firstRow: number | null}>,
 *   leftOut: Record<string, string>}} [start]
 */

/** @param {number | null | undefined} value @param {number} digits */
function figure(value, digits) {
  return typeof value === 'number' ? value.toFixed(digits) : '-';
}

/**
 * Formats a table: the first column flush left, the others flush right.
 * @param {string[][]} rows
 */
function table(rows) {
  const widths = rows[0].map((_, column) =>
    Math.max(...rows.map((row) => row[column].length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0
            ? cell.padEnd(widths[column])
            : cell.padStart(widths[column]),
        )
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `  ${line}`)
    .join('\n');
}

/** @param {Record<string, string>} leftOut */
function leftOutText(leftOut) {
  return Object.entries(leftOut)
    .map(([name, why]) => `\n  left out: ${name} (${why})`)
    .join('');
}

/** @param {CaseResult} result */
function caseText({ title, drivers, leftOut }) {
  const own = drivers.holdfast?.rounds.map((round) => round.perSecond);
  const rows = [
    [
      '',
      'calls/s',
      'holdfast is',
      'p50 ms',
      'p99 ms',
      'CPU µs/call',
      'main thread µs/call',
    ],
  ];
  let errors = '';
  for (const [name, { median, rounds }] of Object.entries(drivers)) {
    const times = own
      ? medianRatio(
          own,
          rounds.map((round) => round.perSecond),
        )
      : null;
    rows.push([
      name,
      figure(median.perSecond, 0),
      times === null ? '-' : `${figure(times, 2)} x`,
      figure(median.p50, 3),
      figure(median.p99, 3),
      figure(median.cpuMicros, 1),
      figure(median.mainMicros, 1),
    ]);
    const failed = rounds.filter((round) => round.errors > 0);
    if (failed.length > 0) {
      errors +=
        `\n  ${name}: ${failed.reduce((n, r) => n + r.errors, 0)} calls ` +
        `failed, the first with: ${failed[0].firstError}`;
    }
  }
  const text = rows.length > 1 ? `\n${table(rows)}` : '';
  return `${title}${text}${errors}${leftOutText(leftOut)}\n`;
}

/**
 * This checkout over that of `--before`, and that one over itself: only what
 * exceeds the second figure is a change.
 * @param {Results} results
 */
function beforeText({ cases }) {
  /** @type {(drivers: Record<string, DriverResult>, a: string,
   *   figure: 'perSecond' | 'mainMicros' | 'cpuMicros') => string} */
  const over = (drivers, a, figureName) =>
    figure(
      medianRatio(
        drivers[a].rounds.map((round) => round[figureName]),
        drivers.before.rounds.map((round) => round[figureName]),
      ),
      3,
    );
  const rows = [
    ['over before', 'calls/s', 'again', 'main', 'again', 'CPU', 'again'],
  ];
  for (const [id, { drivers }] of Object.entries(cases)) {
    if (drivers.holdfast && drivers.before && drivers['before-again']) {
      const cells = /** @type {const} */ ([
        'perSecond',
        'mainMicros',
        'cpuMicros',
      ]).flatMap((name) => [
        over(drivers, 'holdfast', name),
        over(drivers, 'before-again', name),
      ]);
      rows.push([id, ...cells]);
    }
  }
  return `${table(rows)}\n`;
}

/** @param {NonNullable<Results['retry']>} retry */
function retryText({ helpers, leftOut }) {
  const rows = [['', 'ns/call', 'over bare await']];
  for (const [name, { nanos, overBare }] of Object.entries(helpers)) {
    rows.push([name, figure(nanos, 0), figure(overBare, 0)]);
  }
  return (
    'A retry helper around a call that succeeds\n' +
    `${table(rows)}${leftOutText(leftOut)}\n`
  );
}

/** @param {NonNullable<Results['observability']>} observability */
function observabilityText({ listeners, checkNanos }) {
  const rows = [['who listens', 'CPU us/statement', 'over nobody']];
  for (const [name, { micros, overBare }] of Object.entries(listeners)) {
    rows.push([name, figure(micros, 2), figure(overBare, 2)]);
  }
  return (
    'What listening costs, all threads of the client\n' +
    `${table(rows)}\n  The check that nobody listens: ` +
    `${figure(checkNanos, 1)} ns a statement\n`
  );
}

/** @param {NonNullable<Results['start']>} start */
function startText({ drivers, leftOut }) {
  const rows = [['', 'require ms', 'start to first row ms']];
  for (const [name, times] of Object.entries(drivers)) {
    rows.push([name, figure(times.require, 1), figure(times.firstRow, 1)]);
  }
  return (
    'Loading, and a fresh process up to its first row\n' +
    `${table(rows)}${leftOutText(leftOut)}\n`
  );
}

/** @param {ReturnType<typeof import('./verdicts.js').verdicts>} all */
function verdictText(all) {
  const measured = all.filter((verdict) => verdict.reached !== null);
  if (measured.length === 0) {
    return '';
  }
  const rows = measured.map(({ kind, text, sense, limit, value, reached }) => [
    `${kind}: ${text}`,
    `${sense} ${limit}`,
    figure(value, 2),
    reached ? 'reached' : 'BELOW',
  ]);
  return `Holdfast against its floors and goals\n${table(rows)}\n`;
}

module.exports = {
  beforeText,
  caseText,
  observabilityText,
  retryText,
  startText,
  verdictText,
};
