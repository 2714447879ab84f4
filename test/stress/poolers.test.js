// SPDX-License-Identifier: MIT
// Many processes behind one PgBouncer in transaction mode.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const fs = require('node:fs');
const { after, before, describe, test } = require('node:test');
const { Client } = require('pg');
const {
  findPgBouncer,
  startPgBouncer,
  startPostgres,
} = require('../support/index.js');
const { percentile, sized, start } = require('./support.js');

const PROCESSES = sized({ quick: 3, ci: 10, full: 10 });
const CALLERS = 8;
const QUERIES = sized({ quick: 100, ci: 200, full: 1000 });
const STATEMENTS = sized({ quick: 20, ci: 200, full: 1000 });

// Not a measure of speed: a statement takes milliseconds unless it is starved.
const STARVED_AFTER_MS = 5000;

const skip = findPgBouncer() === null && 'PgBouncer is not installed';

/**
 * How long each of many statements of one foreign client took, in ms.
 *
 * @param {any} bouncer
 */
async function foreignTimes(bouncer) {
  const client = new Client(bouncer.url);
  await client.connect();
  const times = [];
  for (let i = 0; i < STATEMENTS; i++) {
    const since = performance.now();
    const { rows } = await client.query('select 7 as seven');
    assert.equal(rows[0].seven, 7);
    times.push(performance.now() - since);
  }
  await client.end();
  return times;
}

describe('through PgBouncer in transaction mode', { skip }, () => {
  /** @type {any} */
  let server;
  before(async () => {
    server = await startPostgres({ maxConnections: 40 });
  });
  after(() => server.stop());

  describe('with four server connections', () => {
    /** @type {any} */
    let bouncer;
    before(async () => {
      bouncer = await startPgBouncer({ server, poolSize: 4 });
    });
    after(() => bouncer.stop());

    for (const inTransactions of [false, true]) {
      const how = inTransactions ? 'inside transactions' : 'by themselves';
      const title =
        `${PROCESSES} processes with ${CALLERS} callers each get ${QUERIES} ` +
        `right answers per caller, named or not, ${how}`;
      test(title, async () => {
        const reports = await Promise.all(
          Array.from({ length: PROCESSES }, (_, number) => {
            const job = { url: bouncer.url, max: 4, callers: CALLERS };
            Object.assign(job, { queries: QUERIES, inTransactions, number });
            return start('load.js', job).report;
          }),
        );
        for (const report of reports) {
          assert.deepEqual(report.errors, []);
          assert.equal(report.wrong, 0);
          assert.equal(report.done, CALLERS * QUERIES);
          assert.equal(report.retries, 0);
        }
      });
    }

    test('the server never heard of a statement twice', () => {
      const log = fs.readFileSync(server.logFile, 'utf8');
      assert.doesNotMatch(log, /prepared statement/);
    });
  });

  describe('with two server connections', () => {
    /** @type {any} */
    let bouncer;
    before(async () => {
      bouncer = await startPgBouncer({ server, poolSize: 2 });
    });
    after(() => bouncer.stop());

    for (const max of [1, 8]) {
      const title = `two processes at full load on ${max} connections each starve neither a foreign client nor each other`;
      test(title, async (t) => {
        const loads = [0, 1].map((number) => {
          const job = { url: bouncer.url, max, callers: CALLERS, number };
          const text = 'select 1 as one';
          return start('load.js', { ...job, queries: 0, text });
        });
        await Promise.all(loads.map(({ child }) => once(child, 'message')));
        const times = await foreignTimes(bouncer);
        for (const { child } of loads) {
          child.send('stop');
        }
        const reports = await Promise.all(loads.map(({ report }) => report));
        const [median, slowest] = [percentile(times, 0.5), Math.max(...times)];
        t.diagnostic(
          `foreign client, ms: median ${median}, slowest ${slowest}`,
        );
        assert.ok(slowest < STARVED_AFTER_MS);
        for (const { errors, perCaller } of reports) {
          t.diagnostic(`statements per caller: ${perCaller.join(' ')}`);
          assert.deepEqual(errors, []);
          // First in, first out: each process gets at least a third of what the
          // others get.
          assert.ok(Math.min(...perCaller) * 3 > Math.max(...perCaller));
        }
      });
    }
  });
});
