// SPDX-License-Identifier: MIT
// Results that are too large, and cells of large results that are kept.

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const { startPostgres } = require('../support/index.js');
const { sized, start } = require('./support.js');

const LIMIT_MIB = 64;
const CELL_MIB = 954;
const KEPT = sized({ quick: 1000, ci: 10_000, full: 10_000 });

describe('large results', () => {
  /** @type {any} */
  let server;
  before(async () => {
    server = await startPostgres();
  });
  after(() => server.stop());

  /** @param {string} scenario @param {object} job */
  const run = (scenario, job) =>
    start('results.js', { scenario, url: server.url, ...job }).report;

  test('a result of 1 GB under a limit is refused while others go on', async (t) => {
    const report = await run('tooLarge', {
      limit: LIMIT_MIB << 20,
      text: "select repeat('x', 1000) from generate_series(1, 1000000)",
    });
    t.diagnostic(JSON.stringify(report));
    const { code, outcome } = report.error;
    assert.equal(code, 'HF_RESULT_TOO_LARGE');
    assert.equal(outcome, 'permanent');
    assert.ok(report.others > 0, 'nothing else ran meanwhile');
    assert.ok(report.grownMiB < 3 * LIMIT_MIB, `${report.grownMiB} MiB`);
    assert.equal(report.after, 1);
  });

  test('a cell of 1 GB under a limit is refused while others go on', async (t) => {
    const report = await run('tooLarge', {
      limit: LIMIT_MIB << 20,
      text: "select repeat('x', 1000000000)",
    });
    t.diagnostic(JSON.stringify(report));
    assert.equal(report.error.code, 'HF_RESULT_TOO_LARGE');
    assert.ok(report.others > 0, 'nothing else ran meanwhile');
    // A cell is one message, and libpq keeps reading as long as more of it
    // arrives: usually it is stopped early, but it may hold the cell once,
    // never twice.
    assert.ok(report.grownMiB < CELL_MIB * 1.25, `${report.grownMiB} MiB`);
    assert.equal(report.after, 1);
  });

  for (const rows of [30, 200, 5000]) {
    const count = rows > 1000 ? Math.ceil(KEPT / 10) : KEPT;
    test(`one cell kept of each of ${count} results of ${rows} rows keeps little`, async (t) => {
      const { grownMB } = await run('kept', { rows, count });
      t.diagnostic(`heap grown by ${grownMB.toFixed(1)} MB`);
      assert.ok(grownMB < 20, `the heap grew by ${grownMB} MB`);
    });
  }
});
