// SPDX-License-Identifier: MIT
// The platforms there are binaries for. lib/native.js names the same ones; a
// test compares them.

/**
 * @typedef {object} Platform
 * @property {string} os as in package.json
 * @property {string} cpu as in package.json
 * @property {'glibc' | 'musl'} libc as in package.json
 */

/** @type {Record<string, Platform>} */
const PLATFORMS = {
  'linux-x64': { os: 'linux', cpu: 'x64', libc: 'glibc' },
  'linux-arm64': { os: 'linux', cpu: 'arm64', libc: 'glibc' },
  'linux-x64-musl': { os: 'linux', cpu: 'x64', libc: 'musl' },
};

module.exports = { PLATFORMS };
