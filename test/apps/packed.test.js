// SPDX-License-Identifier: MIT
// The tarballs on a system without compiler, libpq and OpenSSL, installed by
// npm without scripts, under every Node.js that is supported.
//
// HF_PACKED names the folder of the tarballs of `npm run release`; without it
// they are packed with this machine's own build, which cannot run there.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { makeBareRoot } = require('./support/bare-root.js');
const { linesToRun } = require('./support/line.js');
const { findTarballs } = require('./support/packed.js');
const { before, useServer } = require('../support/suite.js');

/** Debian 11 has glibc 2.31, the oldest that can be had; see scripts/release. */
const OLD = ['20.20.2', 'bullseye'];
const LINES = [['20.20.2'], OLD, ['22.23.3'], ['24.21.0'], ['26.10.0']];

/** @param {string[]} line */
function nameOf([version, suite]) {
  return `Node.js ${version}${suite ? `, Debian's ${suite}` : ''}`;
}
const FOLDER = path.join(__dirname, 'packed');
const HOST = 'localhost';

const server = useServer({ tls: { hosts: [HOST] }, requireTls: true });
/** @type {string[]} */
let tarballs;

before(async () => {
  tarballs = await findTarballs();
});
/** @param {string} host */
function urlTo(host) {
  const url = new URL(server.url);
  url.hostname = host;
  url.search = '';
  return String(url);
}

/**
 * @param {import('./support/bare-root.js').BareRoot} root
 * @param {string[]} args
 */
async function node(root, args) {
  const ended = await root.run('node', args, {
    cwd: '/app',
    env: {
      TEST_URL: urlTo(HOST),
      TEST_OTHER_HOST_URL: urlTo('127.0.0.1'),
      TEST_CA: '/app/ca.crt',
      TEST_RELEASE: process.env.HF_PACKED ?? '',
    },
  });
  assert.equal(ended.code, 0, ended.output);
}

for (const line of linesToRun(LINES, nameOf)) {
  test(`the packages work on a bare system, ${nameOf(line)}`, async (t) => {
    const [version = '', suite] = line;
    const root = await makeBareRoot(version, suite);
    const app = path.join(root.folder, 'app');
    fs.rmSync(app, { recursive: true, force: true });
    fs.cpSync(FOLDER, app, { recursive: true });
    fs.copyFileSync(String(server.caFile), path.join(app, 'ca.crt'));
    for (const tarball of tarballs) {
      fs.copyFileSync(tarball, path.join(app, path.basename(tarball)));
    }

    await t.test('npm installs them without scripts and network', async () => {
      const files = tarballs.map((file) => `./${path.basename(file)}`);
      const args = ['install', '--offline', '--ignore-scripts', '--no-audit'];
      const ended = await root.run('npm', [...args, '--no-fund', ...files], {
        cwd: '/app',
      });
      assert.equal(ended.code, 0, ended.output);
    });
    await t.test('everything a user needs of them works', () =>
      node(root, ['--test', 'check.test.js']),
    );
    await t.test('without the binary, the helpers and a sentence', async () => {
      for (const name of fs.readdirSync(path.join(app, 'node_modules'))) {
        if (name.startsWith('pg-holdfast-')) {
          fs.rmSync(path.join(app, 'node_modules', name), { recursive: true });
        }
      }
      await node(root, ['--test', 'no-binary.test.js']);
    });
  });
}
