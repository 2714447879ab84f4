// SPDX-License-Identifier: MIT
'use strict';

// Explains why there is no addon, and names the command that helps.

const fs = require('node:fs');
const path = require('node:path');

const { HoldfastError } = require('../errors/error-classes.js');
const { imitation, startedWith } = require('../platform/runtime.js');

const ROOT =
  typeof __dirname === 'string' ? path.join(__dirname, '..', '..') : '';
const PREFIX = 'pg-holdfast-';

const NEEDS =
  'a C and C++ compiler, make, Python, pkg-config and the headers of libpq';

/** npm omits from a lock file what another system's node_modules lacks. */
const LOCKED =
  'if the lock file was made on another system, remove both the lock file ' +
  'and node_modules first: nothing less helps';

/** @returns {any} our package.json; undefined in a bundle */
function manifest() {
  try {
    const text = fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8');
    const found = JSON.parse(text);
    return found.name === 'pg-holdfast' ? found : undefined;
  } catch {
    return undefined;
  }
}

/** @returns {string[]} the platforms this package was published with */
function published() {
  const { optionalDependencies } = manifest() ?? {};
  return Object.keys(optionalDependencies ?? {}).map((name) =>
    name.slice(PREFIX.length),
  );
}

/** @returns {string} how to get one for any system */
function buildCommand() {
  const command =
    published().length === 0
      ? `"npm run build" in ${ROOT}`
      : '"npx pg-holdfast build"';
  return `${command}, which needs ${NEEDS}`;
}

/** @returns {string[]} the platforms whose packages lie beside this one */
function installed() {
  try {
    const names = fs.readdirSync(path.dirname(ROOT));
    return names
      .filter((name) => name.startsWith(PREFIX))
      .map((name) => name.slice(PREFIX.length));
  } catch {
    return [];
  }
}

/** What works where the pool does not. */
const ELSEWHERE =
  'the retry helpers and classify() work here, and ' +
  "getPool({fallback: 'pg'}) gives pg's pool";

/** @param {unknown} cause */
function isDlopen(cause) {
  return /** @type {any} */ (cause)?.code === 'ERR_DLOPEN_FAILED';
}

/** @param {unknown} cause */
function isForbidden(cause) {
  return /** @type {any} */ (cause)?.code === 'ERR_DLOPEN_DISABLED';
}

const NO_ADDONS =
  '--no-addons, which forbids the pool: start it, or this worker, without ' +
  'that flag (execArgv, NODE_OPTIONS)';
const GUARDED =
  'the permission model, which forbids addons: add --allow-addons beside ' +
  '--permission';

/** @returns {string} which flag of Node's forbids addons */
function forbidden() {
  if (startedWith('--no-addons')) {
    return `Node.js runs with ${NO_ADDONS}`;
  }
  // A worker with flags of its own does not know of the permission model.
  return /** @type {any} */ (process).permission !== undefined
    ? `Node.js runs with ${GUARDED}`
    : `Node.js runs with ${GUARDED}; or with ${NO_ADDONS}`;
}

/** @param {string} runtime @returns {string} */
function imitated(runtime) {
  return (
    `${runtime} cannot run the pool, an addon for Node.js and its libuv: run ` +
    `this with node; ${ELSEWHERE}`
  );
}

/**
 * @param {string} platform
 * @param {string} message of the system's loader
 * @returns {string}
 */
function unloadable(platform, message) {
  const [line = ''] = message.split('\n');
  const glibc = /version `GLIBC_([\d.]+)' not found/.exec(line);
  if (glibc) {
    return (
      `the binary for ${platform} needs glibc ${glibc[1]} and this system's ` +
      `is older: run ${buildCommand()}`
    );
  }
  if (/libpq[.\w]*: cannot open|Library not loaded: .*libpq/.test(line)) {
    return (
      'the binary that was built here needs libpq, which is not installed: ' +
      'install it, on Debian by "apt-get install libpq5"'
    );
  }
  const built = line.includes(path.join('build', 'Release'));
  const cure = built
    ? `build it again, by ${buildCommand()}`
    : 'run "npm install --force" on the system it is to run on';
  return `the binary for ${platform} cannot be loaded (${line}): ${cure}`;
}

/** @param {string} platform @returns {string} */
function absent(platform) {
  const wanted = `${PREFIX}${platform}`;
  const all = published();
  if (manifest() === undefined) {
    return (
      `this is a bundle without the binary for ${platform}: tell the bundler ` +
      'that pg-holdfast is external, or have it copy files that end in .node'
    );
  }
  if (!all.includes(platform)) {
    return platform.startsWith('win32-')
      ? `there is no binary for ${platform}: run the application in WSL, where npm installs the one for Linux`
      : `there is no binary for ${platform}: run ${buildCommand()}`;
  }
  const others = installed();
  if (others.includes(platform)) {
    return (
      `the package ${wanted} is there without its binary, as where files are ` +
      'traced or copied: take it along, or run "npm install --force"'
    );
  }
  const [other] = others;
  if (other !== undefined) {
    return (
      `node_modules was installed for ${other} and this is ${platform}: ` +
      `run "npm install --force" on the system it is to run on; ${LOCKED}`
    );
  }
  return (
    `the package ${wanted} is not installed, as with --omit=optional: ` +
    `run "npm install --include=optional"; ${LOCKED}`
  );
}

/**
 * @param {string} platform
 * @param {unknown[]} causes
 * @param {unknown} broken what loading one failed with, if it is there
 * @returns {string}
 */
function sentenceFor(platform, causes, broken) {
  const runtime = imitation();
  if (runtime !== undefined) {
    return imitated(runtime);
  }
  if (process.env.HOLDFAST_CORE === 'wasm') {
    return 'HOLDFAST_CORE=wasm is set, as if there were no binary: unset it';
  }
  if (causes.some(isForbidden)) {
    return forbidden();
  }
  return broken === undefined
    ? absent(platform)
    : unloadable(platform, /** @type {Error} */ (broken).message);
}

/**
 * @param {string} platform
 * @param {unknown[]} causes what each attempt to load one failed with
 * @returns {Error} with code HF_NO_BINARY
 */
function noBinary(platform, causes) {
  const broken = causes.filter(isDlopen).at(-1);
  const sentence = sentenceFor(platform, causes, broken);
  return new HoldfastError(
    'HF_NO_BINARY',
    `pg-holdfast: ${sentence} [Node.js ${process.versions.node}]`,
    {
      outcome: 'permanent',
      reason: 'no binary fits this platform',
      cause: broken ?? causes.find(isForbidden) ?? causes.at(-1),
    },
  );
}

module.exports = { noBinary };
