// SPDX-License-Identifier: MIT
'use strict';

// Recorded errors of drivers and ORMs, and every row of what codes and
// sentences mean, through the public classify().

const assert = require('node:assert');
const { test } = require('node:test');

const { classify } = require('../../lib/index.js');
const { errors } = require('../fixtures/prisma-errors.json');
const { groups } = require('../fixtures/prisma-outcomes.json');
const { revive } = require('../fixtures/revive.js');
const rows = require('../fixtures/classification-rows.js');

/** @type {Record<string, string>} */
const OUTCOMES = {
  N: 'not_executed',
  R: 'rolled_back',
  A: 'ambiguous',
  P: 'permanent',
};

test('every recorded error is listed once, under its own name', () => {
  const listed = groups.flatMap(({ entries }) => entries);
  listed.sort(([a], [b]) => Number(a) - Number(b));
  assert.deepStrictEqual(
    listed,
    errors.map(({ driver, scenario }, i) => [i, driver, scenario]),
  );
});

for (const { row, entries, ...expected } of groups) {
  if (expected.outcome !== undefined) {
    test(`${row}: ${expected.outcome}, ${entries.length} recorded`, () => {
      for (const [number, driver, scenario] of entries) {
        const error = revive(errors[Number(number)].error);
        const { outcome, retryable, sqlState, reason } = classify(error);
        assert.deepStrictEqual(
          { outcome, retryable, sqlState },
          { sqlState: undefined, ...expected },
          `${number} ${driver} | ${scenario}: ${reason}`,
        );
      }
    });
  }
}

for (const [table, list] of Object.entries(rows)) {
  test(`every row of ${table} has the outcome it is to have`, () => {
    /** @type {string[]} */
    const wrong = [];
    for (const [what, error, expected] of list) {
      const verdict = classify(error);
      assert.ok(verdict.reason, what);
      const said = `${verdict.outcome}${verdict.retryable ? '+' : ''}`;
      const wanted = `${OUTCOMES[expected[0]]}${expected.slice(1)}`;
      if (said !== wanted) {
        wrong.push(`${what}: ${said}, not ${wanted} (${verdict.reason})`);
      }
    }
    assert.deepStrictEqual(wrong, []);
  });
}
