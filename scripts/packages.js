// SPDX-License-Identifier: MIT
// What has to be on the machine, by profile, and the Debian package of it.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const { postgresFolder } = require('../test/support/account.js');
const { findPgBouncer } = require('../test/support/pgbouncer.js');
const { findPgpool } = require('../test/support/pgpool.js');
const { works } = require('./steps.js');

/** @typedef {'demo' | 'test' | 'ci'} Profile */

/**
 * @typedef {object} Need
 * @property {string} apt the Debian package
 * @property {Profile[]} profiles
 * @property {() => boolean} present
 * @property {boolean} [optional] worth a word, but no reason to stop
 * @property {import('./stand-ins.js').StandIn} [standIn] what takes its place
 *   where it cannot be installed
 * @property {boolean} [builds] only the addon's build needs it
 */

/** @type {Profile[]} */
const ALL = ['demo', 'test', 'ci'];
/** @type {Profile[]} */
const TESTS = ['test', 'ci'];
/** @type {Profile[]} */
const CI = ['ci'];

/** @param {() => unknown} fn */
function succeeds(fn) {
  try {
    return Boolean(fn());
  } catch {
    return false;
  }
}

/** @param {string} header */
function compiles(header) {
  const args = ['-x', 'c', '-fsyntax-only', '-include', 'stddef.h'];
  const source = `#include <stdarg.h>\n#include <setjmp.h>\n#include <stdint.h>\n#include <${header}>\n`;
  return (
    spawnSync('cc', [...args, '-'], { input: source, stdio: 'pipe' }).status ===
    0
  );
}

/** @param {string} module_ */
function packaged(module_) {
  return works('pkg-config', ['--exists', module_]);
}

/** Whether clang links a fuzzer, and its sanitizers. */
function fuzzes() {
  const input =
    '#include <stddef.h>\n' +
    'int LLVMFuzzerTestOneInput(const char *data, size_t n) ' +
    '{ return data == NULL && n == 1; }\n';
  const flags = ['-fsanitize=fuzzer,address,undefined', '-x', 'c', '-'];
  const { status } = spawnSync('clang', [...flags, '-o', '/dev/null'], {
    input,
    stdio: 'pipe',
  });
  return status === 0;
}

/** @type {Need[]} */
const NEEDS = [
  {
    apt: 'gcc',
    profiles: ALL,
    present: () => works('cc') && works('gcc'),
    builds: true,
  },
  {
    apt: 'g++',
    profiles: ALL,
    present: () => works('g++'),
    builds: true,
  },
  {
    apt: 'libc6-dev',
    profiles: ALL,
    present: () => compiles('stdio.h'),
    builds: true,
  },
  {
    apt: 'make',
    profiles: ALL,
    present: () => works('make'),
    builds: true,
  },
  {
    apt: 'python3',
    profiles: ALL,
    present: () => works('python3'),
    builds: true,
  },
  {
    apt: 'pkg-config',
    profiles: ALL,
    present: () => works('pkg-config'),
    standIn: 'libpq',
    builds: true,
  },
  {
    apt: 'libpq-dev',
    profiles: ALL,
    present: () => packaged('libpq'),
    standIn: 'libpq',
    builds: true,
  },
  {
    apt: 'postgresql',
    profiles: ALL,
    present: () => succeeds(postgresFolder),
    standIn: 'postgres',
  },
  {
    apt: 'pgbouncer',
    profiles: ALL,
    present: () => succeeds(findPgBouncer),
    optional: true,
  },
  {
    apt: 'pgpool2',
    profiles: TESTS,
    present: () => findPgpool() !== null,
    optional: true,
  },
  {
    apt: 'openssl',
    profiles: TESTS,
    present: () => works('openssl', ['version']),
  },
  {
    apt: 'libuv1-dev',
    profiles: TESTS,
    present: () => packaged('libuv'),
    standIn: 'test-libraries',
  },
  {
    apt: 'libcmocka-dev',
    profiles: TESTS,
    present: () => compiles('cmocka.h'),
    standIn: 'test-libraries',
  },
  {
    apt: 'clang',
    profiles: TESTS,
    present: () => works('clang'),
    standIn: 'clang',
  },
  { apt: 'libclang-rt-dev', profiles: CI, present: fuzzes },
  {
    apt: 'lld',
    profiles: TESTS,
    present: () => works('wasm-ld'),
    standIn: 'clang',
  },
  { apt: 'valgrind', profiles: CI, present: () => works('valgrind') },
  { apt: 'clang-format', profiles: CI, present: () => works('clang-format') },
  { apt: 'clang-tidy', profiles: CI, present: () => works('clang-tidy') },
  { apt: 'cppcheck', profiles: CI, present: () => works('cppcheck') },
  { apt: 'gcovr', profiles: CI, present: () => works('gcovr') },
  { apt: 'binutils', profiles: CI, present: () => works('nm') },
  // For `npm run release`: OpenSSL and libpq from their sources.
  { apt: 'dpkg-dev', profiles: CI, present: () => works('dpkg-source') },
  { apt: 'perl', profiles: CI, present: () => works('perl') },
  {
    apt: 'debian-archive-keyring',
    profiles: CI,
    present: () =>
      fs.existsSync('/usr/share/keyrings/debian-archive-keyring.gpg'),
  },
  {
    apt: 'gnupg',
    profiles: CI,
    present: () => works('gpg'),
    optional: true,
  },
  {
    apt: 'g++-aarch64-linux-gnu',
    profiles: CI,
    present: () => works('aarch64-linux-gnu-g++'),
  },
  {
    apt: 'qemu-user-static',
    profiles: CI,
    present: () => works('qemu-aarch64-static'),
  },
  { apt: 'musl-tools', profiles: CI, present: () => works('musl-gcc') },
  // Without them the release for Windows is left out, or not tried.
  {
    apt: 'g++-mingw-w64-x86-64-posix',
    profiles: CI,
    present: () => works('x86_64-w64-mingw32-g++-posix'),
    optional: true,
  },
  {
    apt: 'wine',
    profiles: CI,
    present: () => works('wine'),
    optional: true,
  },
  {
    apt: 'wine64',
    profiles: CI,
    present: () => works('wine'),
    optional: true,
  },
  // For applications: a newer PgBouncer from its sources, a browser, and a
  // system with nothing in it.
  { apt: 'libevent-dev', profiles: CI, present: () => packaged('libevent') },
  { apt: 'libssl-dev', profiles: CI, present: () => packaged('openssl') },
  { apt: 'chromium', profiles: CI, present: () => works('chromium') },
  { apt: 'util-linux', profiles: CI, present: () => works('unshare') },
];

/**
 * @param {Profile} profile
 * @param {boolean} [builds] whether the addon is built here
 * @returns {Need[]} what this profile needs and the machine lacks
 */
function missingNeeds(profile, builds = true) {
  return NEEDS.filter(
    (need) =>
      need.profiles.includes(profile) &&
      (builds || !need.builds) &&
      !need.present(),
  );
}

module.exports = { missingNeeds };
