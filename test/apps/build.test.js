// SPDX-License-Identifier: MIT
// npx pg-holdfast build, in a package as published that was installed without
// the binary: compiles against this system's libpq, and then runs a query.

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, test } = require('node:test');
const { installPacked } = require('./support/packed.js');
const { before, useServer } = require('../support/suite.js');

const LIMIT_MILLIS = 300_000;

const server = useServer();
/** @type {string} */
let folder;

before(async () => {
  // With a space, as users' paths may have.
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hf build-'));
  const modules = path.join(folder, 'node_modules');
  fs.mkdirSync(modules);
  await installPacked(modules);
  for (const name of fs.readdirSync(modules)) {
    if (name.startsWith('pg-holdfast-')) {
      fs.rmSync(path.join(modules, name), { recursive: true });
    }
  }
});

after(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

/** @param {string[]} args @returns {string} */
function node(args) {
  return execFileSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, DATABASE_URL: server.url, NODE_ENV: 'test' },
    timeout: LIMIT_MILLIS,
  });
}

const QUERY = `
  const { Pool } = require('pg-holdfast');
  const pool = new Pool({ ssl: false });
  pool.query('select 40 + 2 as answer').then(
    async ({ rows }) => {
      await pool.end();
      console.log(rows[0].answer);
    },
    (error) => console.log(error.code, error.message),
  );`;

test('without a binary the pool says how to get one', () => {
  assert.match(node(['-e', QUERY]), /^HF_NO_BINARY .*--include=optional/);
});

test('build compiles one, and the pool works', () => {
  const said = node(['node_modules/pg-holdfast/cli/main.js', 'build']);
  assert.match(said, /built, with libpq \d+\.\d+/);
  assert.strictEqual(node(['-e', QUERY]), '42\n');
});
