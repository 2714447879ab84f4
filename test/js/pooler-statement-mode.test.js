// SPDX-License-Identifier: MIT
'use strict';

// A PgBouncer in statement mode has no transactions: what needs one fails for
// good, and says what to do.

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const { Pool, withTransactionRetry } = require('../..');
const {
  findPgBouncer,
  startPgBouncer,
  startPostgres,
} = require('../support/index.js');

describe('through a PgBouncer in statement mode', {
  skip: findPgBouncer() === null && 'PgBouncer is not installed',
}, () => {
  /** @type {any} */
  let server;
  /** @type {any} */
  let bouncer;
  /** @type {any} */
  let pool;

  before(async () => {
    server = await startPostgres();
    await server.psql('create table kept (n int)');
    bouncer = await startPgBouncer({ server, poolMode: 'statement' });
    pool = new Pool({ connectionString: bouncer.url, max: 2, logger: false });
  });

  after(async () => {
    await pool?.end();
    await bouncer?.stop();
    await server?.stop();
  });

  /** @param {any} error */
  function advises(error) {
    assert.equal(error.code, '08P01');
    assert.equal(error.outcome, 'permanent');
    assert.equal(error.retryable, false);
    assert.match(error.reason, /pool_mode.*DIRECT_URL/);
    return true;
  }

  test('transaction() fails for good, with advice', async () => {
    let calls = 0;
    const fn = () => {
      calls += 1;
    };
    await assert.rejects(pool.transaction(fn), advises);
    await assert.rejects(
      withTransactionRetry(() => pool.transaction(fn)),
      advises,
    );
    assert.equal(calls, 0);
  });

  test('exactlyOnce fails for good, with advice', async () => {
    await assert.rejects(
      pool.query({
        text: 'insert into kept values (1)',
        exactlyOnce: true,
      }),
      advises,
    );
    assert.equal(await server.psql('select count(*) from kept'), '0');
  });

  test('statements and readOnly work', async () => {
    await pool.query('insert into kept values (2)');
    const { rows } = await pool.query({
      text: 'select n from kept',
      readOnly: true,
    });
    assert.deepEqual(rows, [{ n: 2 }]);
    await assert.rejects(
      pool.query({ text: 'insert into kept values (3)', readOnly: true }),
      { code: '25006' },
    );
    assert.equal(await server.psql('select count(*) from kept'), '1');
  });
});
