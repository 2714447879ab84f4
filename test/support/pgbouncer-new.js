// SPDX-License-Identifier: MIT
// A PgBouncer that keeps track of prepared statements (1.21 and newer, on by
// default from 1.24): Debian 13's, built from its source package in a pinned
// version. It is kept in the cache that the release build uses too.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const { cacheFolder } = require('../../scripts/cache-folder.js');
const {
  TEST_SOURCES,
  unpackSource,
} = require('../../scripts/release/sources.js');
const { exec, works } = require('../../scripts/steps.js');
const { giveToAccount } = require('./account.js');
const { makeFolder } = require('./run-folder.js');

const MINUTE = 60_000;
const PIN = TEST_SOURCES.pgbouncer.version;

/** Tests need neither of these, and each would need another package. */
const CONFIGURE = ['--without-cares', '--without-pam', '--without-systemd'];

/** What the build needs, by Debian package. */
/** @type {[apt: string, present: () => boolean][]} */
const NEEDS = [
  ['gcc', () => works('cc')],
  ['make', () => works('make')],
  ['pkg-config', () => works('pkg-config')],
  ['libevent-dev', () => works('pkg-config', ['--exists', 'libevent'])],
  ['libssl-dev', () => works('pkg-config', ['--exists', 'openssl'])],
  ['dpkg-dev', () => works('dpkg-source', ['--version'])],
];

/** @param {string} file */
function isRunnable(file) {
  try {
    execFileSync(file, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {string} file
 * @param {string[]} args
 * @param {string} cwd
 */
async function must(file, args, cwd) {
  const { ok, output } = await exec(file, args, {
    cwd,
    timeoutMs: 10 * MINUTE,
  });
  if (!ok) {
    const end = output.trimEnd().split('\n').slice(-20).join('\n');
    throw new Error(`building PgBouncer: ${file} failed\n${end}`);
  }
}

/** @param {string} built where it goes */
async function build(built) {
  const lacking = NEEDS.filter(([, present]) => !present());
  if (lacking.length > 0) {
    const names = lacking.map(([apt]) => apt).join(' ');
    throw new Error(`to build PgBouncer, first: apt-get install ${names}`);
  }
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-bouncer-'));
  try {
    const source = path.join(work, 'source');
    const got = await unpackSource('pgbouncer', source);
    await must('./configure', CONFIGURE, source);
    await must('make', ['-j2', 'pgbouncer'], source);
    // Renamed into place: another process that builds it now makes the same.
    const half = `${built}.${process.pid}`;
    fs.mkdirSync(path.dirname(built), { recursive: true });
    fs.writeFileSync(`${built}.version`, got.source.version);
    fs.copyFileSync(path.join(source, 'pgbouncer'), half);
    fs.chmodSync(half, 0o755);
    fs.renameSync(half, built);
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Returns a folder with the newer `pgbouncer` that the servers' account may
 * read, for HOLDFAST_TEST_PGBOUNCER. The first call on a machine builds it.
 *
 * @returns {Promise<{folder: string, version: string}>}
 */
async function newPgBouncer() {
  const name = `pgbouncer-${PIN}`;
  const built = path.join(cacheFolder(), 'built', name, 'pgbouncer');
  if (!isRunnable(built)) {
    await build(built);
  }
  // The cache is in a home folder that other accounts may be unable to enter.
  const folder = makeFolder('n');
  const file = path.join(folder, 'pgbouncer');
  fs.copyFileSync(built, file);
  fs.chmodSync(file, 0o755);
  giveToAccount(file);
  // A newer one than the pinned version when Debian no longer has that.
  const said = `${built}.version`;
  const version = fs.existsSync(said) ? fs.readFileSync(said, 'utf8') : PIN;
  return { folder, version: version.split('-')[0] };
}

module.exports = { newPgBouncer };
