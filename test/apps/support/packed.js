// SPDX-License-Identifier: MIT
// The packages as a user gets them: tarballs, packed again when anything in
// them has changed, and unpacked into an application's node_modules.

const fs = require('node:fs');
const path = require('node:path');
const { run } = require('../../support/index.js');
const { lock } = require('./lock.js');

const ROOT = path.join(__dirname, '..', '..', '..');
const PACK = path.join(ROOT, 'scripts', 'pack.js');
const ADDON = path.join(ROOT, 'build', 'Release', 'holdfast.node');

/** What the packages are made from. */
const SOURCES = [
  ...['cli', 'docs', 'lib', 'native', 'scripts/release', 'README.md'],
  ...['package.json', 'scripts/build.js', 'scripts/pack.js'],
  ADDON,
];

/** @param {string} target @returns {number} the newest time below it */
function newest(target) {
  const stat = fs.statSync(target, { throwIfNoEntry: false });
  if (stat === undefined) {
    return 0;
  }
  let time = stat.mtimeMs;
  if (stat.isDirectory()) {
    for (const name of fs.readdirSync(target)) {
      time = Math.max(time, newest(path.join(target, name)));
    }
  }
  return time;
}

/**
 * The tarballs of a folder that are for this system: our package, and the
 * one with its binary.
 *
 * @param {string} folder
 * @returns {string[]}
 */
function tarballsIn(folder) {
  const { version } = JSON.parse(
    fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'),
  );
  const system = `${process.platform}-${process.arch}`;
  return [`pg-holdfast-${version}.tgz`, `pg-holdfast-${system}-${version}.tgz`]
    .map((name) => path.join(folder, name))
    .filter((file) => fs.existsSync(file));
}

/** @param {string[]} tarballs */
function isStale(tarballs) {
  const oldest = Math.min(...tarballs.map((file) => fs.statSync(file).mtimeMs));
  const changed = SOURCES.map((name) => newest(path.resolve(ROOT, name)));
  return tarballs.length === 0 || Math.max(...changed) > oldest;
}

/** @returns {Promise<string[]>} */
async function findTarballs() {
  const given = process.env.HF_PACKED;
  if (given) {
    const tarballs = tarballsIn(path.resolve(given));
    if (tarballs.length === 0) {
      throw new Error(`HF_PACKED=${given}: no tarball of this version there`);
    }
    return tarballs;
  }
  const dist = path.join(ROOT, 'dist');
  const found = tarballsIn(dist);
  if (found.length === 2 && !isStale(found)) {
    return found;
  }
  const began = new Date();
  await run(process.execPath, [PACK, '--dev'], { cwd: ROOT });
  const made = tarballsIn(dist);
  for (const file of made) {
    // A file that changes while it is packed makes the tarball stale.
    fs.utimesSync(file, began, began);
  }
  return made;
}

/** @param {string} tarball @param {string} modules a node_modules folder */
async function unpack(tarball, modules) {
  const fresh = path.join(modules, `.unpacking-${process.pid}`);
  fs.rmSync(fresh, { recursive: true, force: true });
  fs.mkdirSync(fresh, { recursive: true });
  await run('tar', ['-xzf', tarball, '-C', fresh, '--strip-components=1']);
  const { name } = JSON.parse(
    fs.readFileSync(path.join(fresh, 'package.json'), 'utf8'),
  );
  const target = path.join(modules, name);
  fs.mkdirSync(path.dirname(target), { recursive: true });
  fs.rmSync(target, { recursive: true, force: true });
  fs.renameSync(fresh, target);
  return target;
}

/**
 * Links the programs of a package into `node_modules/.bin`, as npm would.
 *
 * @param {string} folder of the package
 * @param {string} modules
 */
function linkPrograms(folder, modules) {
  const { bin = {} } = JSON.parse(
    fs.readFileSync(path.join(folder, 'package.json'), 'utf8'),
  );
  for (const [name, file] of Object.entries(bin)) {
    const link = path.join(modules, '.bin', name);
    const target = path.join(folder, String(file));
    fs.mkdirSync(path.dirname(link), { recursive: true });
    fs.rmSync(link, { force: true });
    fs.symlinkSync(target, link);
    if (fs.existsSync(target)) {
      fs.chmodSync(target, 0o755);
    }
  }
}

/**
 * Puts the packed packages into a node_modules folder.
 *
 * @param {string} modules
 * @returns {Promise<string[]>} the tarballs they came from
 */
async function installPacked(modules) {
  // Only one process packs at a time, and none reads a tarball that is being
  // written.
  const release = await lock(path.join(ROOT, 'build', 'apps', 'pack.lock'));
  try {
    const tarballs = await findTarballs();
    for (const tarball of tarballs) {
      const folder = await unpack(tarball, modules);
      linkPrograms(folder, modules);
    }
    return tarballs;
  } finally {
    release();
  }
}

module.exports = { ROOT, findTarballs, installPacked };
