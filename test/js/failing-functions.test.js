// SPDX-License-Identifier: MIT
'use strict';

// Functions of users that throw.

const assert = require('node:assert/strict');
const { after, test } = require('node:test');
const { Pool } = require('../..');
const { eventually } = require('../support');
const { before, useServer } = require('../support/suite.js');

const server = useServer();
/** @type {any} */
let pool;

before(() => {
  pool = new Pool({ connectionString: server.url, max: 2 });
});

after(async () => {
  await pool?.end();
});

test('each error that a function of listen() throws causes a warning', async (t) => {
  /** @type {string[]} */
  const told = [];
  const onWarning = (/** @type {any} */ warning) => {
    if (warning.code === 'HF_LISTENER') {
      told.push(warning.message);
    }
  };
  process.on('warning', onWarning);
  t.after(() => process.off('warning', onWarning));
  const unlisten = await pool.listen(
    'thrown',
    (/** @type {{payload: string}} */ { payload }) => {
      throw new Error(`no use for ${payload}`);
    },
  );
  await pool.query("select pg_notify('thrown', 'one')");
  await pool.query("select pg_notify('thrown', 'two')");
  await eventually(() => told.length === 2, { what: 'two warnings' });
  assert.match(told[0], /Error: no use for one$/);
  assert.match(told[1], /Error: no use for two$/);
  await unlisten();
});
