// SPDX-License-Identifier: MIT
// What stands in for Debian packages that cannot be installed, as without
// root: PostgreSQL and clang from npm, libraries from their pinned sources.
// The build finds the libraries in build/parts and build/test-libraries.

const fs = require('node:fs');
const path = require('node:path');
const { embeddedPostgres } = require('../test/support/embedded-postgres.js');
const { npmClang } = require('./npm-clang.js');
const { buildParts } = require('./release/parts.js');
const { nativePlatform } = require('./release/platforms.js');
const { ROOT, say } = require('./steps.js');
const { testLibraries } = require('./test-libraries.js');

/** @typedef {'postgres' | 'libpq' | 'test-libraries' | 'clang'} StandIn */
/** @typedef {import('./packages.js').Need} Need */

/** @param {string} name in build @param {string | null} target */
function link(name, target) {
  const file = path.join(ROOT, 'build', name);
  fs.rmSync(file, { force: true });
  if (target !== null) {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.symlinkSync(target, file);
  }
}

/**
 * What takes a package's place, and what brings it about.
 *
 * @type {Record<StandIn, {what: string, make: () => Promise<unknown>}>}
 */
const STAND_INS = {
  postgres: { what: 'PostgreSQL of npm', make: () => embeddedPostgres() },
  libpq: {
    what: 'libpq and OpenSSL, from source',
    async make() {
      const { name, platform } = nativePlatform();
      link('parts', await buildParts(name, platform));
    },
  },
  'test-libraries': {
    what: 'libuv and cmocka, from source',
    async make() {
      link('test-libraries', await testLibraries());
    },
  },
  clang: { what: 'clang of npm', make: npmClang },
};

/** Those that the build finds by a link in build. */
const LINKS = { libpq: 'parts', 'test-libraries': 'test-libraries' };

/**
 * Brings about what stands in for the packages that are missing, and puts away
 * what stood in for others.
 *
 * @param {Need[]} missing
 */
async function standIn(missing) {
  for (const [name, file] of Object.entries(LINKS)) {
    if (!missing.some((need) => need.standIn === name)) {
      link(file, null);
    }
  }
  for (const name of new Set(missing.map((need) => need.standIn))) {
    if (name !== undefined) {
      const { what, make } = STAND_INS[name];
      const packages = missing
        .filter((need) => need.standIn === name)
        .map((need) => need.apt);
      say(`in place of ${packages.join(', ')}: ${what}`);
      await make();
    }
  }
}

module.exports = { standIn };
