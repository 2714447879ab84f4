// SPDX-License-Identifier: MIT
'use strict';

// Limits of memory hold on Unix sockets, whose bytes the system does not count.

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');

const { useServer } = require('../support/suite.js');

const CHILD = `
const { Pool } = require(${JSON.stringify(path.join(__dirname, '../..'))});
const pool = new Pool({
  host: process.argv[1], port: Number(process.argv[2]), user: 'holdfast',
  password: process.argv[3], database: 'postgres',
  max: 1, maxResultBytes: 1024 * 1024, retry: false,
});
const grown = () => process.resourceUsage().maxRSS * 1024;
(async () => {
  const text = 'select repeat(md5(n::text), 32) from generate_series(1, $1::int) n';
  for (let i = 0; i < 3; i++) await pool.query(text, [10]);
  const before = grown();
  const codes = [];
  for (const rows of [400000, 10, 400000]) {
    codes.push(await pool.query(text, [rows]).then(
      (result) => result.rowCount, (error) => error.code));
  }
  console.log(JSON.stringify({ codes, grown: grown() - before }));
  await pool.end();
})();
`;

const pg = useServer();

test('maxResultBytes bounds the memory of a result on a Unix socket', () => {
  const { password } = new URL(pg.url);
  const args = [String(pg.socketDir), String(pg.port), password];
  const out = execFileSync(process.execPath, ['-e', CHILD, ...args], {
    encoding: 'utf8',
  });
  const { codes, grown } = JSON.parse(out);
  assert.deepStrictEqual(codes, [
    ...['HF_RESULT_TOO_LARGE', 10, 'HF_RESULT_TOO_LARGE'],
  ]);
  // Read as a whole each of them would take 400 MB.
  assert.ok(grown < 100e6, `${grown} bytes`);
});
