// SPDX-License-Identifier: MIT
'use strict';

// Explains why there is no addon, and names the command that helps.

const fs = require('node:fs');
const path = require('node:path');

const { HoldfastError } = require('../errors/error-classes.js');

const ROOT = path.join(__dirname, '..', '..');
const PREFIX = 'pg-holdfast-';

const NEEDS =
  'a C and C++ compiler, make, Python, pkg-config and the headers of libpq';

/** npm omits from a lock file what another system's node_modules lacks. */
const LOCKED =
  'if the lock file was made on another system, remove both the lock file ' +
  'and node_modules first: nothing less helps';

/** @returns {string[]} the platforms this package was published with */
function published() {
  const file = path.join(ROOT, 'package.json');
  const { optionalDependencies } = JSON.parse(fs.readFileSync(file, 'utf8'));
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

/** @param {unknown} cause */
function isDlopen(cause) {
  return /** @type {any} */ (cause)?.code === 'ERR_DLOPEN_FAILED';
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
  if (platform.startsWith('win32-')) {
    return `there is no binary for ${platform}: run the application in WSL, where npm installs the one for Linux`;
  }
  if (!all.includes(platform)) {
    return `there is no binary for ${platform}: run ${buildCommand()}`;
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
 * @param {unknown} broken what loading one failed with, if it is there
 * @returns {string}
 */
function sentenceFor(platform, broken) {
  if (process.env.HOLDFAST_CORE === 'wasm') {
    return 'HOLDFAST_CORE=wasm is set, as if there were no binary: unset it';
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
  const sentence = sentenceFor(platform, broken);
  return new HoldfastError(
    'HF_NO_BINARY',
    `pg-holdfast: ${sentence} [Node.js ${process.versions.node}]`,
    {
      outcome: 'permanent',
      reason: 'no binary fits this platform',
      cause: broken ?? causes.at(-1),
    },
  );
}

module.exports = { noBinary };
