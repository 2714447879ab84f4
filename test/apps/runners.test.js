// SPDX-License-Identifier: MIT
// docs/testing.md: its tests run by Jest and by Vitest, which end by
// themselves and report no open handle.

const assert = require('node:assert/strict');
const path = require('node:path');
const { before, test } = require('node:test');
const { blocksOf } = require('../docs/markdown.js');
const { prepareApp } = require('./support/app.js');
const { startPooled } = require('./support/servers.js');

const PAGE = 'docs/testing.md';
const SCHEMA = `
  create table users (id serial primary key, name text not null);
  insert into users (name) values ('Ada');`;

/** @type {import('./support/servers.js').Pooled} */
let servers;
/** @type {import('./support/app.js').App} */
let app;

/** @param {string} heading */
function testOf(heading) {
  const found = blocksOf(PAGE).find((block) => block.heading === heading);
  assert.ok(found, heading);
  return found.code;
}

before(async () => {
  const [jest, vitest] = ['Jest', 'Vitest'].map(testOf);
  [app, servers] = await Promise.all([
    prepareApp(path.join(__dirname, 'runners'), {
      extraFiles: {
        // Two files of each: one ends its pool before the other begins.
        'jest/users.test.js': jest,
        'jest/again.test.js': jest,
        'vitest/users.test.mjs': vitest,
        'vitest/again.test.mjs': vitest,
      },
    }),
    startPooled({ schema: SCHEMA }),
  ]);
});

/** @param {string} program @param {string[]} args */
async function run(program, args) {
  const { stdout, stderr } = await app.run(program, args, {
    env: { DATABASE_URL: servers.url, NODE_ENV: 'test', NO_COLOR: '1' },
    timeoutMillis: 120_000,
  });
  return `${stdout}\n${stderr}`;
}

test('Jest, one file after the other in one process', async () => {
  const said = await run('jest', ['--rootDir=jest', '--runInBand']);
  assert.match(said, /Tests: +2 passed/);
  assert.doesNotMatch(said, /did not exit|open handle/);
});

test('Jest finds no open handle', async () => {
  const said = await run('jest', ['--rootDir=jest', '--detectOpenHandles']);
  assert.match(said, /Tests: +2 passed/);
  assert.doesNotMatch(said, /did not exit|open handle/);
});

for (const kind of ['forks', 'threads']) {
  test(`Vitest, in ${kind}`, async () => {
    const said = await run('vitest', ['run', '--dir=vitest', `--pool=${kind}`]);
    assert.match(said, /Tests +2 passed/);
  });
}
