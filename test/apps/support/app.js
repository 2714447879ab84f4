// SPDX-License-Identifier: MIT
// Real applications for tests: a copy of one with its packages installed
// and ours put in from the tarballs, as a user would have it.
//
//   const app = await prepareApp('examples/nest');
//   await app.run('tsc', ['-p', '.']);
//   const server = app.start('node', ['dist/main.js'], { env: { PORT } });

const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { lock } = require('./lock.js');
const { ROOT, installPacked } = require('./packed.js');
const { AppProcess, environment, runProcess } = require('./processes.js');

/** @typedef {import('./processes.js').RunOptions} RunOptions */

/**
 * @typedef {object} PrepareOptions
 * @property {Record<string, string>} [extraFiles] path in the application →
 *   text; put over the copy
 * @property {string[]} [dependencies] install only these of them
 * @property {string[]} [keep] entries of the copy that stay from run to run,
 *   such as caches; node_modules always does
 */

/**
 * @typedef {object} App
 * @property {string} folder
 * @property {string[]} tarballs where our packages came from
 * @property {(file: string, args?: string[], options?: RunOptions) =>
 *   Promise<import('./processes.js').Ended>} run a program to its end; rejects
 *   when that is a bad one
 * @property {(file: string, args?: string[], options?: RunOptions) =>
 *   AppProcess} start a program that stays; ended with the test file
 * @property {() => void} release lets other processes use the copy, which
 *   they otherwise may when this process is gone
 */

const APPS = path.join(ROOT, 'build', 'apps');
const INSTALLED = '.installed';
const NOT_COPIED = new Set(['node_modules', '.next', 'dist', INSTALLED]);
const OURS = /^pg-holdfast(-|$)/;
const NPM_TIMEOUT_MILLIS = 600_000;

/** @type {Map<string, Promise<() => void>>} */
const locks = new Map();

/** @param {string} file */
function readJson(file) {
  return JSON.parse(fs.readFileSync(file, 'utf8'));
}

/**
 * The package.json for the installation, without our packages: those are not in
 * the registry, and come from the tarballs.
 *
 * @param {string} source
 * @param {string[]} [only] the dependencies to install, instead of all
 */
function manifestOf(source, only) {
  const manifest = readJson(path.join(source, 'package.json'));
  for (const kind of [
    'dependencies',
    'devDependencies',
    'optionalDependencies',
    'peerDependencies',
  ]) {
    const names = Object.keys(manifest[kind] ?? {});
    const isLeftOut = (/** @type {string} */ name) =>
      OURS.test(name) || only?.includes(name) === false;
    for (const name of names.filter(isLeftOut)) {
      delete manifest[kind][name];
    }
  }
  return manifest;
}

/** @param {string} folder @param {object} manifest */
async function install(folder, manifest) {
  fs.rmSync(path.join(folder, 'node_modules'), {
    recursive: true,
    force: true,
  });
  fs.writeFileSync(
    path.join(folder, 'package.json'),
    `${JSON.stringify(manifest, null, 2)}\n`,
  );
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund'];
  args.push('--no-package-lock', '--loglevel=error', '--prefix', folder);
  const options = { mayFail: true, timeoutMillis: NPM_TIMEOUT_MILLIS };
  let end = await runProcess(folder, 'npm', args, options);
  if (end.code !== 0) {
    end = await runProcess(folder, 'npm', args, options);
  }
  if (end.code !== 0) {
    const text = `${end.stderr}\n${end.stdout}`;
    const culprit =
      /(?:404[^\n]*?'|notarget No matching version found for |npm error \d+ [A-Z]+ )([^\s']+)/.exec(
        text,
      );
    const which = culprit ? ` (${culprit[1]})` : '';
    throw new Error(
      `npm install of ${path.basename(folder)} failed twice${which}:\n${text}`,
    );
  }
  fs.writeFileSync(path.join(folder, INSTALLED), '');
}

/** @param {string} source @param {string} folder @param {string[]} keep */
function copyFiles(source, folder, keep) {
  const stays = new Set(['node_modules', INSTALLED, ...keep]);
  for (const name of fs.readdirSync(folder)) {
    if (!stays.has(name)) {
      fs.rmSync(path.join(folder, name), { recursive: true, force: true });
    }
  }
  for (const name of fs.readdirSync(source)) {
    if (!NOT_COPIED.has(name)) {
      fs.cpSync(path.join(source, name), path.join(folder, name), {
        recursive: true,
      });
    }
  }
}

/** @param {string} folder */
function lockFor(folder) {
  let taken = locks.get(folder);
  if (taken === undefined) {
    taken = lock(`${folder}.lock`);
    locks.set(folder, taken);
  }
  return taken;
}

/**
 * Copies an application to build/apps, installs its dependencies, once for each
 * package.json, and adds the packed packages, each time. Waits while another
 * process uses the same copy.
 *
 * @param {string} source of the application; relative to the repository
 * @param {PrepareOptions} [options]
 * @returns {Promise<App>}
 */
async function prepareApp(source, options = {}) {
  const from = path.resolve(ROOT, source);
  const manifest = manifestOf(from, options.dependencies);
  const hash = createHash('sha256')
    .update(JSON.stringify([manifest, process.versions.modules]))
    .digest('hex')
    .slice(0, 12);
  const folder = path.join(APPS, `${path.basename(from)}-${hash}`);
  const unlock = await lockFor(folder);
  fs.mkdirSync(folder, { recursive: true });
  if (!fs.existsSync(path.join(folder, INSTALLED))) {
    await install(folder, manifest);
  }
  copyFiles(from, folder, options.keep ?? []);
  for (const [name, text] of Object.entries(options.extraFiles ?? {})) {
    const file = path.join(folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  }
  const tarballs = await installPacked(path.join(folder, 'node_modules'));
  return {
    folder,
    tarballs,
    run: (file, args = [], more = {}) => runProcess(folder, file, args, more),
    start: (file, args = [], more = {}) =>
      new AppProcess(folder, file, args, more),
    release() {
      locks.delete(folder);
      unlock();
    },
  };
}

module.exports = { environment, prepareApp };
