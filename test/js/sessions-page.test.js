// SPDX-License-Identifier: MIT
'use strict';

// The examples of docs/sessions.md, as they stand there.

const assert = require('node:assert');
const { test } = require('node:test');

const { Pool } = require('../../lib/index.js');
const { blocksOf } = require('../docs/markdown.js');
const { useServer } = require('../support/suite.js');

const server = useServer();

test('the examples of the guide run', async () => {
  const AsyncFunction = (async () => {}).constructor;
  const pool = new Pool({ connectionString: server.url, max: 1 });
  const blocks = blocksOf('docs/sessions.md').filter(
    ({ language }) => language === 'js',
  );
  assert.ok(blocks.length >= 2);
  for (const { code } of blocks) {
    await Reflect.construct(AsyncFunction, ['pool', code])(pool);
  }
  const { rows } = await pool.query(
    "select current_setting('app.tenant', true) as tenant",
  );
  assert.ok(!rows[0].tenant);
  await pool.end();
});
