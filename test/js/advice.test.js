// SPDX-License-Identifier: MIT
'use strict';

// What the engine warns of, once: habits that harm without an error.

const assert = require('node:assert');
const { after, test } = require('node:test');

const { Pool } = require('../..');
const { eventually } = require('../support');
const {
  before,
  noPgBouncer,
  usePgBouncer,
  useServer,
} = require('../support/suite.js');

const server = useServer();
const bouncer = usePgBouncer({ server, poolMode: 'transaction' });
/** @type {Error[]} */
const warnings = [];
const note = (/** @type {Error} */ warning) => warnings.push(warning);
const count = (/** @type {RegExp} */ text) =>
  warnings.filter(({ message }) => text.test(message)).length;

before(() => {
  process.on('warning', note);
});

after(() => {
  process.off('warning', note);
});

test('releasing a client inside a transaction causes a warning', async () => {
  const pool = new Pool({ connectionString: server.url, logger: false });
  const good = await pool.connect();
  await good.query('begin');
  void good.query('commit');
  good.release(); // after the COMMIT that was given before it
  await pool.query('select 1');
  assert.strictEqual(count(/released inside/), 0);
  const client = await pool.connect();
  await client.query('begin');
  client.release();
  await eventually(() => count(/released inside a transaction/) === 1);
  await pool.end();
});

test('SET behind a pooler causes one warning', {
  skip: noPgBouncer,
}, async () => {
  const text = /SET, LISTEN, PREPARE, .* behind a connection pooler/;
  for (const url of [server.url, bouncer.url]) {
    const pool = new Pool({ connectionString: url, logger: false });
    await pool.transaction(async (client) => {
      await client.query("set local work_mem = '8MB'");
    });
    await pool.query("set work_mem = '4MB'");
    await pool.query("set work_mem = '4MB'");
    if (url === server.url) {
      await pool.end();
      assert.strictEqual(count(text), 0);
      continue;
    }
    await eventually(() => count(text) === 1);
    await pool.end();
  }
});
