// SPDX-License-Identifier: MIT
// The platforms there are binaries for, and what builds them. lib/engine/native.js
// names the same ones; a test compares them.

const path = require('node:path');
const { muslArm64, prepareMuslArm64 } = require('./musl-arm64.js');

// Called by bare names: OpenSSL writes down how its compiler was called.
const OWN_TOOLS = path.join(__dirname, 'musl');
process.env.PATH = [OWN_TOOLS, process.env.PATH].join(path.delimiter);
// For hf-musl-arm64-gcc and hf-musl-arm64-g++.
process.env.HOLDFAST_MUSL_ARM64 = muslArm64();

/**
 * @typedef {object} Tools
 * @property {string} cc
 * @property {string} cxx
 * @property {string} [link] the compiler, unless given
 * @property {string} ar
 * @property {string} ranlib
 * @property {string} strip
 * @property {string} readelf objdump, where binaries are no ELF
 */

/**
 * @typedef {object} Platform
 * @property {string} os as in package.json
 * @property {string} cpu as in package.json
 * @property {'glibc' | 'musl'} [libc] as in package.json; Windows has none
 * @property {string} opensslTarget as OpenSSL's Configure calls it
 * @property {string} opensslFolder where OpenSSL looks for the system's
 *   certificates (`sslrootcert=system`): the same on every machine, and one
 *   that only administrators can make
 * @property {string} [host] as configure calls it, when cross-compiling
 * @property {Tools} tools
 * @property {string[]} debian the packages the tools come from
 * @property {() => Promise<void>} [prepare] brings about what no package does
 * @property {string[]} [emulator] what runs its programs elsewhere
 */

/** @param {string} prefix @returns {Tools} */
function gcc(prefix) {
  const tool = (/** @type {string} */ name) => `${prefix}${name}`;
  return {
    cc: tool('gcc'),
    cxx: tool('g++'),
    ar: tool('ar'),
    ranlib: tool('ranlib'),
    strip: tool('strip'),
    readelf: tool('readelf'),
  };
}

/** Of it: cert.pem and certs. */
const ETC_SSL = '/etc/ssl';

const MINGW = 'x86_64-w64-mingw32';

/** @type {Record<string, Platform>} */
const PLATFORMS = {
  'linux-x64': {
    os: 'linux',
    cpu: 'x64',
    libc: 'glibc',
    opensslTarget: 'linux-x86_64',
    opensslFolder: ETC_SSL,
    tools: gcc(''),
    debian: ['gcc', 'g++', 'binutils'],
  },
  'linux-arm64': {
    os: 'linux',
    cpu: 'arm64',
    libc: 'glibc',
    opensslTarget: 'linux-aarch64',
    opensslFolder: ETC_SSL,
    host: 'aarch64-linux-gnu',
    tools: gcc('aarch64-linux-gnu-'),
    debian: ['gcc-aarch64-linux-gnu', 'g++-aarch64-linux-gnu'],
  },
  'linux-x64-musl': {
    os: 'linux',
    cpu: 'x64',
    libc: 'musl',
    opensslTarget: 'linux-x86_64',
    opensslFolder: ETC_SSL,
    host: 'x86_64-linux-musl',
    tools: {
      ...gcc(''),
      cc: 'hf-musl-gcc',
      cxx: 'hf-musl-g++',
      link: 'hf-musl-gcc',
    },
    debian: ['gcc', 'g++', 'binutils', 'musl-tools', 'linux-libc-dev'],
  },
  'linux-arm64-musl': {
    os: 'linux',
    cpu: 'arm64',
    libc: 'musl',
    opensslTarget: 'linux-aarch64',
    opensslFolder: ETC_SSL,
    host: 'aarch64-linux-musl',
    tools: {
      ...gcc('aarch64-linux-gnu-'),
      cc: 'hf-musl-arm64-gcc',
      cxx: 'hf-musl-arm64-g++',
      link: 'hf-musl-arm64-gcc',
    },
    debian: ['gcc-aarch64-linux-gnu', 'g++-aarch64-linux-gnu'],
    prepare: prepareMuslArm64,
    emulator: ['qemu-aarch64-static', '-L', muslArm64()],
  },
  'win32-x64': {
    os: 'win32',
    cpu: 'x64',
    opensslTarget: 'mingw64',
    opensslFolder: 'C:/Windows/ssl',
    host: MINGW,
    tools: {
      ...gcc(`${MINGW}-`),
      // Debian has two; this one's threads are those of POSIX.
      cc: `${MINGW}-gcc-posix`,
      cxx: `${MINGW}-g++-posix`,
      readelf: `${MINGW}-objdump`,
    },
    debian: ['gcc-mingw-w64-x86-64-posix', 'g++-mingw-w64-x86-64-posix'],
  },
};

/** @returns {{name: string, platform: Platform}} this machine's, natively */
function nativePlatform() {
  const name = `${process.platform}-${process.arch}`;
  const known = PLATFORMS[name];
  if (known === undefined) {
    const all = Object.keys(PLATFORMS).join(', ');
    throw new Error(`libpq is built from source on ${all}, not on ${name}`);
  }
  return { name, platform: { ...known, host: undefined, tools: gcc('') } };
}

module.exports = { PLATFORMS, nativePlatform };
