// SPDX-License-Identifier: MIT

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { cli } = require('./doctor/support.js');
const { version } = require('../../package.json');

const EXIT_USAGE = 64;

test('a command that is misspelt gets a suggestion and the usage', async () => {
  const { code, stdout, stderr } = await cli(['doctr']);
  assert.equal(code, EXIT_USAGE);
  assert.equal(stdout, '');
  assert.match(
    stderr,
    /^pg-holdfast: no command "doctr": did you mean doctor\?/,
  );
  assert.match(stderr, /\nusage: npx pg-holdfast <command>/);
});

test('a connection string in place of a command is not repeated', async () => {
  const { code, stderr } = await cli(['postgresql://ada:secret@db/app']);
  assert.equal(code, EXIT_USAGE);
  assert.match(stderr, /npx pg-holdfast doctor <url>/);
  assert.doesNotMatch(stderr, /secret/);
});

test('no command at all is wrong usage, and help is not', async () => {
  assert.equal((await cli([])).code, EXIT_USAGE);
  assert.equal((await cli(['--help'])).code, 0);
});

test('-v says the version, as --version does', async () => {
  for (const flag of ['-v', '--version']) {
    assert.deepEqual(await cli([flag]), {
      code: 0,
      stdout: `${version}\n`,
      stderr: '',
    });
  }
});
