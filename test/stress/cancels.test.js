// SPDX-License-Identifier: MIT
// Cancels that race with the end of their statements.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { after, before, describe, test } = require('node:test');
const { Pool } = require('../../lib/index.js');
const {
  findPgBouncer,
  startPgBouncer,
  startPostgres,
} = require('../support/index.js');
const { chooseSeed, randomFrom } = require('../lifecycle/support.js');
const { repeat, sized } = require('./support.js');

const CANCELS = sized({ quick: 50, ci: 200, full: 2000 });

// Only reads share a connection.
const READ = 'select count(*)::int as n from generate_series(1, 20000)';
const SLEEP = 'select 20000 as n, pg_sleep(0.004)';

/** @param {any} server */
function cancelledStatements(server) {
  const log = fs.readFileSync(server.logFile, 'utf8');
  return log.match(/canceling statement due to user request/g)?.length ?? 0;
}

describe('cancels that race completion', () => {
  /** @type {any} */
  let server;
  before(async () => {
    server = await startPostgres();
  });
  after(() => server.stop());

  /**
   * Aborts statements at random moments while other statements, which are not
   * aborted, use the same connections.
   *
   * @param {any} t
   * @param {string} url
   * @param {string} text
   */
  async function race(t, url, text) {
    const random = randomFrom(chooseSeed());
    const pool = new Pool({ connectionString: url, max: 2, maxRetries: 0 });
    const seen = { aborted: 0, finished: 0, ambiguous: 0, bystanders: 0 };
    const before = cancelledStatements(server);
    let over = false;
    let usual = 10; // how long a call takes, in ms
    const bystander = async () => {
      while (!over) {
        const since = performance.now();
        const { rows } = await pool.query(text);
        assert.equal(rows[0].n, 20000);
        usual += (performance.now() - since - usual) / 8;
        seen.bystanders += 1;
      }
    };
    const victim = async () => {
      const controller = new AbortController();
      const { signal } = controller;
      setTimeout(() => controller.abort(), random() * 1.6 * usual);
      try {
        await pool.query({ text, signal });
        seen.finished += 1;
      } catch (error) {
        assert.equal(error.code, 'HF_ABORTED', error.message);
        seen.aborted += 1;
        seen.ambiguous += error.outcome === 'ambiguous' ? 1 : 0;
      }
    };
    const others = Promise.all([bystander(), bystander(), bystander()]);
    await Promise.race([repeat(CANCELS, 3, victim), others]);
    over = true;
    await others;
    const { cancels, shared } = pool.stats();
    await pool.end();
    const cancelled = cancelledStatements(server) - before;
    t.diagnostic(JSON.stringify({ ...seen, cancels, shared, cancelled }));
    assert.ok(seen.bystanders > 0);
    assert.equal(seen.aborted + seen.finished, CANCELS);
    // A cancelled bystander would have thrown; the server's own count agrees.
    assert.ok(cancelled <= seen.aborted);
    return { cancels, shared };
  }

  test(`${CANCELS} cancels on connections of one statement at a time hit nobody else`, async (t) => {
    const { shared, cancels } = await race(t, server.url, SLEEP);
    assert.equal(shared, 0);
    assert.ok(cancels > 0);
  });

  test(`${CANCELS} cancels on shared connections hit nobody else`, async (t) => {
    const { shared } = await race(t, server.url, READ);
    assert.ok(shared > 0, 'nothing was shared');
  });

  const skip = findPgBouncer() === null && 'PgBouncer is not installed';
  test(`${CANCELS} cancels through PgBouncer hit nobody else`, {
    skip,
  }, async (t) => {
    const bouncer = await startPgBouncer({ server, poolSize: 2 });
    await race(t, bouncer.url, SLEEP);
    await bouncer.stop();
  });
});
