// SPDX-License-Identifier: MIT

// Everything the demo prints.

const { OUTCOMES } = require('./account.js');

const LINE_MILLIS = 1000;

/** One line that is rewritten on a terminal; elsewhere, one line a second. */
class ProgressLine {
  #stream;
  #lastMillis = -LINE_MILLIS;

  /** @param {NodeJS.WriteStream} stream */
  constructor(stream) {
    this.#stream = stream;
  }

  /** @param {string} text @param {number} nowMillis */
  show(text, nowMillis) {
    if (this.#stream.isTTY) {
      const width = Math.max(20, (this.#stream.columns ?? 80) - 1);
      this.#stream.write(`\r${text.slice(0, width)}\x1b[K`);
    } else if (nowMillis - this.#lastMillis >= LINE_MILLIS) {
      this.#lastMillis = nowMillis;
      this.#stream.write(`${text}\n`);
    }
  }

  clear() {
    if (this.#stream.isTTY) {
      this.#stream.write('\r\x1b[K');
    }
  }
}

/** @param {{started: number, failed: number, retries: number}} load */
function shortly({ started, failed }) {
  return `${started} calls, ${failed} failed`;
}

/**
 * @param {number} seconds
 * @param {number} total
 * @param {{started: number, failed: number, retries: number}} holdfast
 * @param {{started: number, failed: number, retries: number}} pg
 * @param {{kills: number, restarts: number}} faults
 */
function progress(seconds, total, holdfast, pg, faults) {
  return (
    `${seconds.toFixed(0).padStart(3)}/${total} s` +
    ` | holdfast: ${shortly(holdfast)}, ${holdfast.retries} retried` +
    ` | pg: ${shortly(pg)}` +
    ` | ${faults.kills} kills, ${faults.restarts} restarts`
  );
}

/**
 * Sets a table: first column to the left, the others to the right.
 * @param {string[][]} rows the first one is the heading
 */
function table(rows) {
  const widths = rows[0].map((_, column) =>
    Math.max(...rows.map((row) => row[column].length)),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0
          ? cell.padEnd(widths[column])
          : cell.padStart(widths[column]),
      )
      .join('   ')
      .trimEnd(),
  );
  lines.splice(1, 0, '-'.repeat(Math.max(...lines.map((l) => l.length))));
  return lines.map((line) => `  ${line}`).join('\n');
}

/** @param {number | null | undefined} millis */
function duration(millis) {
  return typeof millis === 'number' ? `${millis.toFixed(1)} ms` : '-';
}

/** @typedef {import('./account.js').Summary} Summary */
/** @typedef {{p50: number | null, p99: number | null}} Times */

/**
 * @param {{summary: Summary, times: Times}} holdfast
 * @param {{summary: Summary, times: Times}} pg
 */
function resultTable(holdfast, pg) {
  /** @param {string} label @param {(s: Summary) => number | string} pick */
  const row = (label, pick) => [
    label,
    String(pick(holdfast.summary)),
    String(pick(pg.summary)),
  ];
  return table([
    ['', 'holdfast', 'pg, named statements'],
    row('calls', (s) => s.calls),
    row('  succeeded', (s) => s.succeeded),
    ...OUTCOMES.map((outcome) =>
      row(`  failed, ${outcome}`, (s) => s.failed[outcome]),
    ),
    row('  failed, no outcome given', (s) => s.failed.unlabelled),
    row('  never came back', (s) => s.unsettled),
    row('42P05 (statement already exists)', (s) => s.duplicateStatement),
    row('wrong row returned', (s) => s.readsWrong),
    row('retries', (s) => s.retries),
    [
      'p50 of what succeeded',
      duration(holdfast.times.p50),
      duration(pg.times.p50),
    ],
    [
      'p99 of what succeeded',
      duration(holdfast.times.p99),
      duration(pg.times.p99),
    ],
    row('rows acknowledged', (s) => s.acknowledged),
    row('rows found', (s) => s.found),
    row('  acknowledged but missing', (s) => s.missing),
    row('  there twice', (s) => s.twice),
    row('  there though the call failed', (s) => s.presentThoughFailed),
  ]);
}

/** @param {import('./account.js').Check[]} checks */
function checkList(checks) {
  const lines = checks.map(({ text, ok, detail }) => {
    const verdict = ok === null ? '-' : ok ? 'ok' : 'FAILED';
    const figures = ok === null ? 'not part of this run' : detail;
    return `  ${verdict.padEnd(6)}  ${text} (${figures})`;
  });
  return lines.join('\n');
}

module.exports = {
  ProgressLine,
  checkList,
  duration,
  progress,
  resultTable,
  table,
};
