// SPDX-License-Identifier: MIT
// Failed statements and careless releases, many of them.

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const { Pool } = require('../../lib/index.js');
const { startPostgres } = require('../support/index.js');
const { repeat, sized } = require('./support.js');

const ERRORS = sized({ quick: 500, ci: 10_000, full: 10_000 });
const RELEASES = sized({ quick: 500, ci: 4_000, full: 10_000 });

// Why statements fail: values, names, syntax, constraints, functions.
const FAILING = [
  { text: 'select 1 / $1::int', values: [0], code: '22012' },
  { text: 'select no_such_column', code: '42703' },
  { text: 'selec 1', code: '42601' },
  { text: 'insert into only_one values (1)', code: '23505' },
  { text: "do $$begin raise 'on purpose'; end$$", code: 'P0001' },
  { text: 'select 1; select 1 / 0', code: '22012' },
  { name: 'named', text: "select $1::int / 0 + 'x'::text::int", values: [1] },
];

describe('on a pool of four', () => {
  /** @type {any} */
  let server;
  /** @type {any} */
  let pool;
  before(async () => {
    server = await startPostgres();
    await server.psql(
      `create table only_one (a int primary key);
       insert into only_one values (1);
       create table leaked (a int)`,
    );
    pool = new Pool({ connectionString: server.url, max: 4 });
  });
  after(async () => {
    await pool.end();
    await server.stop();
  });

  const starts = async () =>
    (await server.backends()).map((/** @type {any} */ b) => [
      b.pid,
      b.backend_start,
    ]);

  test(`${ERRORS} SQL errors cost no connection`, async () => {
    await Promise.all(
      [1, 2, 3, 4].map(() => pool.query('select pg_sleep(0.05)')),
    );
    const before = await starts();
    assert.equal(before.length, 4);
    await repeat(ERRORS, 16, async (n) => {
      const { code, ...config } = FAILING[n % FAILING.length];
      await assert.rejects(pool.query(config), (/** @type {any} */ error) => {
        assert.match(error.code, /^(22|23|42|P0)/, error.message);
        assert.equal(error.code, code ?? error.code);
        return true;
      });
    });
    const { connectsStarted, connectionsClosed, connectionsLost } =
      pool.stats();
    assert.deepEqual(
      { connectsStarted, connectionsClosed, connectionsLost },
      { connectsStarted: 4, connectionsClosed: 0, connectionsLost: 0 },
    );
    assert.deepEqual(await starts(), before);
  });

  /** Releases a client whose transaction is open, or has failed. */
  /** @param {number} n */
  async function forget(n) {
    const client = await pool.connect();
    try {
      await client.query('begin');
      await client.query('insert into leaked values ($1)', [n]);
      if (n % 2 === 0) {
        await assert.rejects(client.query('select 1 / 0'), { code: '22012' });
      }
    } finally {
      client.release();
    }
  }

  /**
   * What the next user of a client sees, with a transaction of its own or
   * without.
   */
  /** @param {number} n */
  async function borrow(n) {
    const text =
      'select pg_current_xact_id_if_assigned() is null as clean, ' +
      '(select count(*)::int from leaked) as leaked';
    const { rows } =
      n % 2 === 0
        ? await pool.query(text)
        : await pool.transaction((/** @type {any} */ c) => c.query(text));
    assert.deepEqual(rows, [{ clean: true, leaked: 0 }]);
  }

  test(`${RELEASES} releases inside open or failed transactions disturb no borrower`, async () => {
    const before = await starts();
    await repeat(RELEASES, 8, async (n) => {
      await Promise.all([forget(n), borrow(n)]);
    });
    assert.equal(await server.psql('select count(*) from leaked'), '0');
    assert.deepEqual(await starts(), before);
    assert.equal(pool.stats().rolledBackLeases, RELEASES);
  });
});
