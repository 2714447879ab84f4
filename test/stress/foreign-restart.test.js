// SPDX-License-Identifier: MIT
// pg's own pool under withDatabaseRetry, while the server is stopped and
// started again: only calls under way fail, and no write is lost or done twice.

process.env.NODE_ENV = 'test'; // no log lines

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const pg = require('pg');

const { eventually, startPostgres } = require('../support/index.js');
const { classify, withDatabaseRetry } = require('../../lib/index.js');
const { sized } = require('./support.js');

const RUNS = sized({ quick: 1, ci: 1, full: 10 });
const DOWN_MS = 2000;
const CALLERS = 8;
const DEADLINE_MS = sized({ quick: 30_000, ci: 30_000, full: 60_000 });

const wait = (/** @type {number} */ millis) =>
  new Promise((resolve) => setTimeout(resolve, millis));

/** @type {any} */
let server;

before(async () => {
  server = await startPostgres();
  await server.psql('create table calls (id int)');
});

after(() => server.stop());

/**
 * Calls one after the other until told to stop.
 * @param {pg.Pool} pool
 * @param {(call: () => Promise<any>) => Promise<any>} helper
 * @param {{stop: boolean, down: boolean, id: number}} run
 */
async function caller(pool, helper, run) {
  /** @type {{id: number, down: boolean, outcome: string}[]} */
  const told = [];
  while (!run.stop) {
    run.id += 1;
    const { id, down } = run;
    const write = () => pool.query('insert into calls values ($1)', [id]);
    const outcome = await helper(write).then(
      () => 'ok',
      (error) => classify(error).outcome,
    );
    told.push({ id, down, outcome });
  }
  return told;
}

test("pg's pool goes through a restart of 2 s", async () => {
  const run = { stop: false, down: false, id: 0 };
  for (let n = 0; n < RUNS; n++) {
    const pool = new pg.Pool({ connectionString: server.url, max: CALLERS });
    pool.on('error', () => {});
    const helper = (/** @type {() => Promise<any>} */ call) =>
      withDatabaseRetry(call, { deadlineMillis: DEADLINE_MS });
    run.stop = run.down = false;
    const begun = run.id;
    const callers = Array.from({ length: CALLERS }, () =>
      caller(pool, helper, run),
    );
    await eventually(() => run.id > begun + 5 * CALLERS);
    await server.stop('immediate');
    run.down = true;
    await wait(DOWN_MS);
    await server.start();
    // Once a new call succeeds, those that waited do too.
    await helper(() => pool.query('select 1'));
    run.stop = true;
    const told = (await Promise.all(callers)).flat();
    await pool.end();
    const { rows } = await readAll();
    const there = new Map(rows.map(({ id, n }) => [id, n]));
    const wrong = told.filter(({ id, outcome }) => {
      const count = there.get(id) ?? 0;
      return outcome === 'ambiguous' ? count > 1 : count !== 1;
    });
    // A call that began before the server was down may be in doubt: its
    // statement was under way, or a connect that the dying server had accepted,
    // which pg reports with the same message. One that began later may not.
    const doubtful = told.filter(({ outcome }) => outcome === 'ambiguous');
    assert.deepEqual(wrong, []);
    assert.deepEqual(
      doubtful.filter(({ down }) => down),
      [],
    );
    assert.ok(told.length > CALLERS);
  }
});

async function readAll() {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  const result = await client.query(
    'select id, count(*)::int as n from calls group by id',
  );
  await client.end();
  return result;
}
