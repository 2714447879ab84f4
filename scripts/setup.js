// SPDX-License-Identifier: MIT
// Brings a machine with only Node, npm and git to where tests or the demo
// can run: system packages, node_modules, the addon.
//
//   node scripts/setup.js [demo|test|ci]
//
// Debian starts a cluster of its own when it installs PostgreSQL; nothing
// here uses it.

const fs = require('node:fs');
const path = require('node:path');
const { version } = require('../package.json');
const { missingNeeds } = require('./packages.js');
const { ROOT, exec, newest, say, step, works } = require('./steps.js');

/** @typedef {import('./packages.js').Profile} Profile */
/** @typedef {import('./packages.js').Need} Need */

const BINARY = 'build/Release/holdfast.node';
const OUTPUT_LINES = 25;

/** Something this script cannot bring about; the message says what. */
class SetupError extends Error {}

/** @param {string} output */
function lastLines(output) {
  return output.trim().split('\n').slice(-OUTPUT_LINES).join('\n');
}

/** The command that runs others as root: nothing, or sudo. */
function rootPrefix() {
  if (process.getuid?.() === 0) {
    return [];
  }
  return works('sudo', ['-n', 'true']) ? ['sudo', '-n'] : null;
}

/** @param {string} name @param {string[]} prefix @param {string[]} args */
function apt(name, prefix, args) {
  const command = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive'];
  const [file, ...rest] = [...command, 'apt-get', '-q', '-y', ...args];
  return step(name, file, rest);
}

/** @param {Need[]} needs */
function names(needs) {
  return needs.map((need) => need.apt).join(', ');
}

/** @param {Need[]} needs */
async function tryInstall(needs) {
  const prefix = rootPrefix();
  if (prefix === null || !works('apt-get')) {
    say(
      works('apt-get')
        ? 'not root and no sudo without a password: nothing can be installed'
        : 'no apt-get here: nothing can be installed',
    );
    return;
  }
  const packages = needs.map((need) => need.apt);
  const args = ['install', '--no-install-recommends', ...packages];
  await apt('apt-get update', prefix, ['update']);
  const outcome = await apt(
    `apt-get install ${packages.join(' ')}`,
    prefix,
    args,
  );
  if (!outcome.ok) {
    say(lastLines(outcome.output));
    // One package that cannot be had must not keep the others away.
    for (const name of packages) {
      await apt(`apt-get install ${name}`, prefix, ['install', name]);
    }
  }
}

/** Only the demo may run on a binary that was not built here. */
function givenBinary(/** @type {Profile} */ profile) {
  const file = process.env.HOLDFAST_BINARY;
  return profile === 'demo' && file ? path.resolve(file) : null;
}

/** @param {Profile} profile */
async function systemPackages(profile) {
  const builds = givenBinary(profile) === null;
  const needs = missingNeeds(profile, builds);
  if (needs.length === 0) {
    return;
  }
  say(`missing: ${names(needs)}`);
  await tryInstall(needs);
  const left = missingNeeds(profile, builds).filter((need) => !need.standIn);
  const hard = left.filter((need) => !need.optional);
  if (hard.length > 0) {
    const binary =
      profile === 'demo' && hard.every((need) => need.builds)
        ? '; or name a packed binary, as in HOLDFAST_BINARY=' +
          `pg-holdfast-linux-x64-${version}.tgz npm run demo`
        : '';
    throw new SetupError(
      `missing and not installable here: ${names(hard)}${binary}`,
    );
  }
  if (left.length > 0) {
    say(`going on without ${names(left)}`);
  }
}

/**
 * What takes the place of packages that could not be installed.
 *
 * @param {Profile} profile
 */
async function standIns(profile) {
  const builds = givenBinary(profile) === null;
  const left = missingNeeds(profile, builds).filter((need) => need.standIn);
  const { standIn } = require('./stand-ins.js');
  try {
    await standIn(left);
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new SetupError(`missing: ${names(left)} (${message})`);
  }
}

function modulesAreCurrent() {
  const wanted = newest(['package-lock.json']);
  const marker = path.join(ROOT, 'node_modules/.package-lock.json');
  const stat = fs.statSync(marker, { throwIfNoEntry: false });
  return stat !== undefined && stat.mtimeMs >= wanted;
}

/** Exactly what the lock file says, on every system. */
async function nodeModules() {
  if (modulesAreCurrent()) {
    return;
  }
  const outcome = await step('npm ci', 'npm', [
    // Also where NODE_ENV=production is set.
    ...['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund'],
  ]);
  if (!outcome.ok) {
    say(lastLines(outcome.output));
    throw new SetupError('missing: the packages of package.json (npm ci)');
  }
}

async function addon() {
  const sources = ['native', 'scripts/build.js'];
  const stamp = path.join(ROOT, 'build/Release/.node-version');
  const version = fs.existsSync(stamp) ? fs.readFileSync(stamp, 'utf8') : '';
  const current =
    newest([BINARY]) > newest(sources) && version === process.version;
  if (current) {
    return;
  }
  const outcome = await step('building the addon', process.execPath, [
    'scripts/build.js',
  ]);
  if (!outcome.ok) {
    say(lastLines(outcome.output));
    throw new SetupError(`missing: ${BINARY} (the build failed)`);
  }
  // make leaves an up-to-date binary alone; its time has to say so too.
  const now = new Date();
  fs.utimesSync(path.join(ROOT, BINARY), now, now);
  fs.writeFileSync(stamp, process.version);
}

/**
 * Puts a binary where the build would: a file of its own, or in the package of
 * its platform.
 *
 * @param {string} file
 */
async function takeBinary(file) {
  const target = path.join(ROOT, BINARY);
  fs.mkdirSync(path.dirname(target), { recursive: true });
  if (!fs.existsSync(file)) {
    throw new SetupError(`missing: ${file}, which HOLDFAST_BINARY names`);
  }
  if (file.endsWith('.node')) {
    fs.copyFileSync(file, target);
  } else {
    const args = ['-xzf', file, '-C', path.dirname(target)];
    const packed = ['--strip-components=1', 'package/holdfast.node'];
    const { ok, output } = await exec('tar', [...args, ...packed]);
    if (!ok) {
      throw new SetupError(`no binary in ${file}:\n${lastLines(output)}`);
    }
  }
  say(`on the binary of ${path.basename(file)}`);
}

async function wasm() {
  const outcome = await step(
    'building the WebAssembly core',
    process.execPath,
    ['scripts/build-wasm.js'],
  );
  if (!outcome.ok) {
    say(lastLines(outcome.output));
    throw new SetupError('missing: lib/wasm/core.wasm (the build failed)');
  }
}

/**
 * Sets everything up for a profile. Throws a SetupError that names what is
 * missing.
 *
 * @param {Profile} profile
 */
async function setup(profile) {
  await systemPackages(profile);
  await standIns(profile);
  await nodeModules();
  const binary = givenBinary(profile);
  await (binary === null ? addon() : takeBinary(binary));
  if (profile !== 'demo') {
    await wasm();
  }
}

async function main() {
  const profile = /** @type {Profile} */ (process.argv[2] ?? 'test');
  try {
    await setup(profile);
  } catch (error) {
    if (!(error instanceof SetupError)) {
      throw error;
    }
    say(error.message);
    process.exitCode = 1;
  }
}

if (require.main === module) {
  main();
}

module.exports = { SetupError, setup };
