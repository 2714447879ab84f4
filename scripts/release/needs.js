// SPDX-License-Identifier: MIT
// What a release needs of this machine: all of it is looked for, and named,
// before minutes are spent on downloads and compilers.

const fs = require('node:fs');
const path = require('node:path');
const { postgresFolder } = require('../../test/support/account.js');
const { ROOT, works } = require('../steps.js');
const { HELPER, KEYRING } = require('./archive.js');
const { PLATFORMS } = require('./platforms.js');

/** @typedef {import('./platforms.js').Platform} Platform */

/** @param {() => unknown} fn */
function succeeds(fn) {
  try {
    return Boolean(fn());
  } catch {
    return false;
  }
}

/**
 * What every platform needs: the Debian package, and whether it is there.
 *
 * @type {Record<string, () => boolean>}
 */
const NEEDS = {
  'dpkg-dev': () => works('dpkg-source'),
  'debian-archive-keyring': () => fs.existsSync(KEYRING),
  make: () => works('make'),
  perl: () => works('perl'),
  python3: () => works('python3'),
  // The core as WebAssembly.
  clang: () => works('clang'),
  lld: () => works('wasm-ld'),
  // The packages are tried out against a server with TLS.
  postgresql: () => succeeds(postgresFolder),
  openssl: () => works('openssl', ['version']),
};

/**
 * @param {Platform} platform
 * @returns {boolean} whether its compilers are there
 */
function hasTools({ tools }) {
  // musl-gcc says its version as gcc does.
  const programs = [tools.cc, tools.cxx, tools.strip, tools.readelf];
  return programs.every((program) => works(program));
}

/**
 * @param {string[]} names of platforms that exist
 * @returns {Map<string, string[]>} by platform, the Debian packages it lacks
 */
function missingPackages(names) {
  const common = Object.keys(NEEDS).filter((name) => !NEEDS[name]?.());
  return new Map(
    names.map((name) => {
      const platform = /** @type {Platform} */ (PLATFORMS[name]);
      const own = hasTools(platform) ? [] : platform.debian;
      return [name, [...common, ...own]];
    }),
  );
}

/**
 * What no Debian package brings.
 *
 * @returns {string[]} sentences
 */
function otherObstacles() {
  const obstacles = [];
  if (!works('apt-get') || !fs.existsSync(HELPER)) {
    obstacles.push(
      'the sources come from Debian: apt (apt-get and apt-helper) is needed',
    );
  }
  if (!works('npm')) {
    obstacles.push('the packages are packed by npm: it is not on the PATH');
  }
  const modules = { paths: [ROOT] };
  if (
    !succeeds(() => require.resolve('node-addon-api/package.json', modules))
  ) {
    const folder = path.join(ROOT, 'node_modules');
    obstacles.push(
      `${fs.existsSync(folder) ? 'node-addon-api' : 'node_modules'} is not ` +
        'there: run "npm ci" first',
    );
  }
  return obstacles;
}

/**
 * Throws an error that names everything that is missing.
 *
 * @param {string[]} lacking Debian packages
 */
function demand(lacking) {
  const packages = [...new Set(lacking)];
  const sentences = otherObstacles();
  if (packages.length > 0) {
    const command = `apt-get install ${packages.join(' ')}`;
    sentences.push(`${packages.join(', ')} missing: run "${command}" first`);
  }
  if (sentences.length > 0) {
    throw new Error(sentences.join('\n  '));
  }
}

module.exports = { demand, missingPackages };
