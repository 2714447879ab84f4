// SPDX-License-Identifier: MIT
// Packages of the npm registry that are no dependency of ours: programs that
// stand in for what only root can install. They are taken at a pinned version,
// by our own hash; should that one be gone, the newest of its major, by the
// registry's.

const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { cacheFolder, cachePath } = require('./cache-folder.js');
const { exec, say } = require('./steps.js');

/**
 * @typedef {object} Pin
 * @property {string} name
 * @property {string} version
 * @property {string} [integrity] as npm writes it; the registry's, if not given
 */

/** @param {Pin} pin */
function pathOf({ name, version }) {
  const folder = `${name.replace('/', '+')}-${version}`;
  return path.join(cachePath(), 'npm', folder);
}

/**
 * Where a package is that was taken before.
 *
 * @param {Pin} pin
 * @returns {string | null}
 */
function takenPackage(pin) {
  const folder = pathOf(pin);
  return fs.existsSync(folder) ? folder : null;
}

/** @param {string} file @param {string} integrity */
function isRight(file, integrity) {
  const [algorithm = '', expected = ''] = integrity.split(/-(.*)/);
  const hash = createHash(algorithm).update(fs.readFileSync(file));
  return hash.digest('base64') === expected;
}

/** @typedef {(folder: string) => void} Prepare what is done to it first */

/**
 * @param {Pin} pin
 * @param {string} folder where it is put
 * @param {Prepare} prepare
 * @returns {Promise<string>} what went wrong; '' = nothing
 */
async function download(pin, folder, prepare) {
  const work = fs.mkdtempSync(path.join(cacheFolder(), '.npm-'));
  try {
    const args = ['pack', `${pin.name}@${pin.version}`, '--silent'];
    args.push('--pack-destination', work);
    const { ok, output } = await exec('npm', args, { timeoutMs: 600_000 });
    const [name] = fs.readdirSync(work);
    if (!ok || name === undefined) {
      return output.trim().split('\n').slice(-5).join('\n');
    }
    const file = path.join(work, name);
    if (pin.integrity && !isRight(file, pin.integrity)) {
      throw new Error(
        `${pin.name} ${pin.version} is not what its hash says: nothing of it ` +
          'is used',
      );
    }
    const unpacked = await exec('tar', ['-xzf', file, '-C', work]);
    if (!unpacked.ok) {
      return unpacked.output;
    }
    prepare(path.join(work, 'package'));
    fs.mkdirSync(path.dirname(folder), { recursive: true });
    if (!fs.existsSync(folder)) {
      fs.renameSync(path.join(work, 'package'), folder);
    }
    return '';
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

/** @param {Pin} pin @returns {Promise<string | undefined>} a version */
async function newestOfMajor({ name, version }) {
  const args = ['view', `${name}`, 'versions', '--json'];
  const { ok, output } = await exec('npm', args, { timeoutMs: 60_000 });
  const major = version.split('.')[0];
  /** @type {string[]} */
  const all = ok ? [JSON.parse(output)].flat() : [];
  return all.filter((one) => one.startsWith(`${major}.`)).at(-1);
}

/**
 * Takes a package, where it has not been taken yet.
 *
 * @param {Pin} pin
 * @param {Prepare} [prepare]
 * @returns {Promise<string>} its folder in the cache
 */
async function npmPackage(pin, prepare = () => {}) {
  const folder = pathOf(pin);
  if (fs.existsSync(folder)) {
    return folder;
  }
  const wrong = await download(pin, folder, prepare);
  if (wrong === '') {
    return folder;
  }
  const version = await newestOfMajor(pin);
  if (version === undefined || version === pin.version) {
    throw new Error(`${pin.name} ${pin.version} cannot be had:\n${wrong}`);
  }
  say(`${pin.name} ${pin.version} is gone; in its place: ${version}`);
  // Under the pinned name, so that it is found again.
  const newest = { name: pin.name, version };
  const worse = await download(newest, folder, prepare);
  if (worse !== '') {
    throw new Error(`${pin.name} ${version} cannot be had:\n${worse}`);
  }
  return folder;
}

module.exports = { npmPackage, takenPackage };
