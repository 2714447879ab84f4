// SPDX-License-Identifier: MIT
'use strict';

// npx pg-holdfast: the commands there are, and what `build` says when it
// cannot build. That it builds is tested with the packed package.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');

const MAIN = path.join(__dirname, '../../cli/main.js');

/** @type {string} */
let bin;

before(() => {
  bin = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-bin-'));
});

after(() => {
  fs.rmSync(bin, { recursive: true, force: true });
});

/** @param {string[]} args @param {NodeJS.ProcessEnv} [env] */
function run(args, env = {}) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [MAIN, ...args],
    { encoding: 'utf8', env: { ...process.env, ...env } },
  );
  return { status, stdout, stderr };
}

/**
 * A PATH on which these programs succeed and no others are.
 *
 * @param {string[]} programs
 * @returns {NodeJS.ProcessEnv}
 */
function onlyPrograms(programs) {
  const folder = fs.mkdtempSync(path.join(bin, 'p-'));
  for (const name of programs) {
    fs.writeFileSync(path.join(folder, name), '#!/bin/sh\nexit 0\n', {
      mode: 0o755,
    });
  }
  return { PATH: folder, CC: '', CXX: '', MAKE: '', PYTHON: '' };
}

test('without a command the commands are listed', () => {
  const { status, stdout } = run([]);
  assert.strictEqual(status, 64);
  assert.match(stdout, /^usage: npx pg-holdfast <command>/);
  assert.match(stdout, /^ {2}build +builds the addon from source/m);
  assert.strictEqual(run(['--help']).status, 0);
});

test('an unknown command is named', () => {
  for (const name of ['biuld', 'constructor']) {
    const { status, stderr } = run([name]);
    assert.strictEqual(status, 64);
    assert.ok(stderr.includes(`no command "${name}"`), stderr);
  }
  // What is no word may be anything, with a password in it.
  const { status, stderr } = run(['__proto__']);
  assert.strictEqual(status, 64);
  assert.match(stderr, /the command comes first/);
});

test("--version says this package's version", () => {
  const { version } = require('../../package.json');
  assert.strictEqual(run(['--version']).stdout, `${version}\n`);
});

test('build refuses options it does not know', () => {
  const { status, stderr } = run(['build', '--static']);
  assert.strictEqual(status, 2);
  assert.match(stderr, /^usage: npx pg-holdfast build/);
  assert.strictEqual(run(['build', '--help']).status, 0);
});

test('build names everything that is missing, and the command that installs it', () => {
  const { status, stderr } = run(['build'], onlyPrograms(['apt-get']));
  assert.strictEqual(status, 1);
  assert.match(
    stderr,
    /lacks a C compiler, a C\+\+ compiler, make, Python 3, pkg-config, the headers of libpq 14 or newer and the headers of OpenSSL/,
  );
  assert.match(
    stderr,
    /"apt-get install gcc g\+\+ make python3 pkg-config libpq-dev libssl-dev"/,
  );
});

test("build names only what is missing, as the system's packages are called", () => {
  const there = ['apk', 'cc', 'c++', 'make', 'python3'];
  const { stderr } = run(['build'], onlyPrograms(there));
  assert.match(
    stderr,
    /lacks pkg-config, the headers of libpq 14 or newer and the headers of OpenSSL/,
  );
  assert.match(stderr, /"apk add pkgconf libpq-dev openssl-dev"/);
  const unknown = run(['build'], onlyPrograms(['cc', 'c++', 'make']));
  assert.match(unknown.stderr, /install them with the package manager/);
});
