// SPDX-License-Identifier: MIT
'use strict';

// A connection that is reset while a large statement is still being sent: libpq
// closes the socket by itself, at a moment nobody asked it to.

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');
const { promisify } = require('node:util');

const { Pool } = require('../..');
const { before, useServer } = require('../support/suite.js');

const CHILD = path.join(__dirname, 'upload-reset.child.js');
const CALLS = 60;
const run = promisify(execFile);

const pg = useServer({ tls: true });

before(async () => {
  const pool = new Pool({ connectionString: pg.url });
  await pool.query('create table big (n int)');
  await pool.end();
});

/** @param {string} sslmode */
async function survives(sslmode) {
  const { stdout } = await run(process.execPath, [
    ...[CHILD, pg.url, String(CALLS), sslmode],
  ]);
  const codes = JSON.parse(stdout);
  const total = Object.values(codes).reduce((sum, n) => sum + n, 0);
  assert.strictEqual(total, CALLS);
  const strange = Object.keys(codes).filter(
    (code) => !/^(ok|ECONNRESET ambiguous|EPIPE ambiguous)$/.test(code),
  );
  assert.deepStrictEqual(strange, [], stdout);
}

test('a reset during an upload ends the call, not the process', () =>
  survives('disable'));

test('a reset during an upload over TLS ends the call, not the process', () =>
  survives('require'));
