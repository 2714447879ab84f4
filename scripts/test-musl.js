// SPDX-License-Identifier: MIT
// Runs the C suites of core and net as programs of musl, the C library of
// Alpine, with the libpq and the OpenSSL of a release: `make musl`.
//
//   node scripts/test-musl.js [unit] [net]

const path = require('node:path');
const { postgresFolder } = require('../test/support/account.js');
const { buildParts } = require('./release/parts.js');
const { PLATFORMS } = require('./release/platforms.js');
const { exec, say, works } = require('./steps.js');
const { testLibraries } = require('./test-libraries.js');

const NAME = 'linux-x64-musl';
const PARTS = ['pq', 'pgcommon_shlib', 'pgport_shlib', 'ssl', 'crypto'];

/** @param {string} folder @param {string[]} libraries found at run time, too */
function link(folder, libraries) {
  const lib = path.join(folder, 'lib');
  const names = libraries.map((library) => `-l${library}`);
  return [`-L${lib}`, `-Wl,-rpath,${lib}`, ...names].join(' ');
}

async function main() {
  const platform = /** @type {import('./release/platforms.js').Platform} */ (
    PLATFORMS[NAME]
  );
  if (!works('musl-gcc')) {
    throw new Error('musl-gcc is not there: apt-get install musl-tools');
  }
  const parts = await buildParts(NAME, platform);
  const libraries = await testLibraries({ cc: platform.tools.cc });
  const suites = process.argv.slice(2);
  const { ok } = await exec(
    'make',
    [
      ...['-k', '--no-print-directory', '-j2', '-Otarget'],
      ...['BUILD=musl', `CC=${platform.tools.cc}`],
      `PQ_CFLAGS=-DHF_STATIC_LIBPQ -I${path.join(parts, 'include')}`,
      `PQ_LIBS=${link(parts, PARTS)}`,
      `UV_CFLAGS=-I${path.join(libraries, 'include')}`,
      `UV_LIBS=${link(libraries, ['uv'])}`,
      `CMOCKA_LIBS=${link(libraries, ['cmocka'])}`,
      ...(suites.length > 0 ? suites : ['unit', 'net']),
    ],
    { show: true, env: { HOLDFAST_TEST_PGBIN: postgresFolder() } },
  );
  process.exitCode = ok ? 0 : 1;
}

main().catch((error) => {
  say(`musl: ${error.message}`);
  process.exitCode = 1;
});
