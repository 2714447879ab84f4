// SPDX-License-Identifier: MIT
'use strict';

// What readOnly promises, and answers that are easily taken for success.

const assert = require('node:assert/strict');
const { after, test } = require('node:test');
const { Pool } = require('../..');
const { before, useServer } = require('../support/suite.js');

const server = useServer();
/** @type {any} */
let pool;

before(async () => {
  pool = new Pool({ connectionString: server.url, max: 2 });
  await pool.query('create table kept (a int)');
});

after(async () => {
  await pool.end();
});

for (const text of [
  'insert into kept values (1); insert into kept values (2)',
  'do $$ begin insert into kept values (1); end $$',
  'call nobody()',
  'vacuum kept',
]) {
  test(`readOnly is refused where it cannot be enforced: ${text}`, async () => {
    await assert.rejects(pool.query({ text, readOnly: true }), {
      code: 'HF_PARAM_INVALID',
      outcome: 'permanent',
    });
    const { rows } = await pool.query('select count(*)::int as n from kept');
    assert.equal(rows[0].n, 0);
  });
}

test('a write of one statement is refused by the server under readOnly', async () => {
  const text = 'insert into kept values (3)';
  await assert.rejects(pool.query({ text, readOnly: true }), {
    code: '25006',
    outcome: 'permanent',
  });
});

test('a COMMIT among several statements that rolled back is an error', async () => {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await assert.rejects(client.query('select 1 / 0'), { code: '22012' });
    await assert.rejects(client.query('commit; select 1'), {
      code: 'HF_COMMIT_ROLLED_BACK',
    });
  } finally {
    client.release();
  }
});

test('COPY as onConnect fails its pool and leaves others alone', async () => {
  const copying = new Pool({
    connectionString: server.url,
    onConnect: 'copy kept from stdin',
    deadlineMillis: 2000,
    logger: false,
  });
  await assert.rejects(copying.query('select 1'), {
    code: 'HF_COPY_UNSUPPORTED',
  });
  assert.equal((await pool.query('select 1 as one')).rows[0].one, 1);
  await copying.end();
});
