// SPDX-License-Identifier: MIT
'use strict';

// exactlyOnce runs a statement in a transaction: what commits by itself, or
// stands in none, is told why it fails.

const assert = require('node:assert');
const { after, test } = require('node:test');

const { Pool } = require('../..');
const { before, useServer } = require('../support/suite.js');

const server = useServer();
/** @type {any} */
let pool;

before(async () => {
  await server.psql('create table paid (n int)');
  await server.psql(`create procedure pays() language plpgsql as
    $$ begin insert into paid values (1); commit; end $$`);
  pool = new Pool({ connectionString: server.url, max: 1, logger: false });
});

after(async () => {
  await pool?.end();
});

for (const [text, code] of [
  ['call pays()', '2D000'],
  ['do $$ begin insert into paid values (2); commit; end $$', '2D000'],
  ['vacuum paid', '25001'],
]) {
  test(`exactlyOnce says why it cannot run: ${text}`, async () => {
    await assert.rejects(
      pool.query({ text, exactlyOnce: true }),
      (/** @type {any} */ error) => {
        assert.strictEqual(error.code, code);
        assert.match(error.reason, /leave exactlyOnce out/);
        return true;
      },
    );
    const { rows } = await pool.query('select n from paid');
    assert.deepStrictEqual(rows, []);
  });
}
