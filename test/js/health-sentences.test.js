// SPDX-License-Identifier: MIT
'use strict';

// The sentences of health(): what was said of 200 state changes when health
// was judged in JavaScript. test/unit/features/test_health_changes.c compares
// the verdicts.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { describe } = require('../../lib/pool/health-report.js');
const {
  ERROR_AT,
  HEALTH_AT,
  OBSTACLE,
  ISSUE,
} = require('../../lib/protocol/messages.js');

const FILE = path.join(__dirname, '../unit/features/health_changes.inc');

/** What each verdict's sentence has in it. @type {[RegExp, number][]} */
const OBSTACLES = [
  [/^the pool was ended$/, OBSTACLE.ENDED],
  [/^the pool is suspended/, OBSTACLE.SUSPENDED],
  [/^the server does not answer$/, OBSTACLE.SILENT],
  [/connections are in use/, OBSTACLE.IN_USE],
];

/** @type {[RegExp, number][]} */
const ISSUES = [
  [/^the queue is full/, ISSUE.QUEUE_FULL],
  [/^the queue is long/, ISSUE.QUEUE_LONG],
  [/are lent, and calls wait$/, ISSUE.ALL_LENT],
  [/^the server took/, ISSUE.SLOW],
  [/^new connections cannot/, ISSUE.BREAKER],
  [/were lost at work$/, ISSUE.LOST],
  [/^the server takes no writes/, ISSUE.TAKES_NO_WRITES],
  [/and is a standby now$/, ISSUE.DEMOTED],
];

/** @returns {any[][]} the rows of the table, by its columns */
function readRows() {
  const lines = fs.readFileSync(FILE, 'utf8').split('\n');
  return lines
    .filter((line) => line.startsWith('ROW('))
    .map((line) => JSON.parse(`[${line.slice(4, -1)}]`));
}

/** @param {string} reason @param {RegExp} form @returns {number} */
function numberIn(reason, form) {
  return Number(form.exec(reason)?.[1] ?? 0);
}

test('its sentences are those from before the engine judged', () => {
  const rows = readRows();
  assert.strictEqual(rows.length, 200);
  for (const row of rows) {
    const [busy, waiting, leased] = [row[3], row[5], row[7]];
    const message = row[31];
    const reasons = row.at(-1) === '' ? [] : row.at(-1).split('|');
    const verdict = new Int32Array(HEALTH_AT.INTS);
    verdict[ERROR_AT.BUSY] = busy;
    verdict[ERROR_AT.WAITING] = waiting;
    verdict[ERROR_AT.LEASED] = leased;
    for (const reason of reasons) {
      const found = (/** @type {[RegExp, number][]} */ list) =>
        list.find(([form]) => form.test(reason))?.[1];
      const obstacle =
        found(OBSTACLES) ?? (reason === message ? OBSTACLE.FAILED : 0);
      verdict[HEALTH_AT.OBSTACLE] ||= obstacle;
      verdict[HEALTH_AT.ISSUES] |= found(ISSUES) ?? 0;
      verdict[HEALTH_AT.ANSWER_MS] ||= numberIn(reason, /took (\d+) ms/);
      verdict[HEALTH_AT.LOST] ||= numberIn(reason, /^(\d+) connections were/);
    }
    const error = message === '' ? null : new Error(message);
    assert.deepStrictEqual(describe(verdict, error, 0).reasons, reasons);
  }
});
