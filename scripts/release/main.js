// SPDX-License-Identifier: MIT
// npm run release [-- <platform>…]
//
// Builds, checks and packs the binaries of a release: each platform named, or
// each one there is. Writes dist/release/<platform>/ and dist/*.tgz.

const fs = require('node:fs');
const path = require('node:path');
const { pack } = require('../pack.js');
const { ROOT, say, seconds, works } = require('../steps.js');
const { buildAddon } = require('./addon.js');
const { checkFile } = require('./check.js');
const { buildParts } = require('./parts.js');
const { PLATFORMS } = require('./platforms.js');
const { tryOut } = require('./try.js');

/** @typedef {import('./check.js').Finding} Finding */

/** The Debian packages that every platform needs, and a program of each. */
const TOOLS = {
  'dpkg-dev': 'dpkg-source',
  make: 'make',
  perl: 'perl',
  flex: 'flex',
  bison: 'bison',
  python3: 'python3',
};

/** @param {string} name @returns {string[]} Debian packages to install */
function missingFor(name) {
  const platform = PLATFORMS[name];
  const missing = Object.entries(TOOLS)
    .filter(([, program]) => !works(program))
    .map(([debian]) => debian);
  const { cc, cxx } = /** @type {import('./platforms.js').Platform} */ (
    platform
  ).tools;
  // musl-gcc says its version as gcc does.
  return works(cc) && works(cxx)
    ? missing
    : [...missing, ...(platform?.debian ?? [])];
}

/** @param {Finding[]} findings @returns {boolean} whether all is well */
function report(findings) {
  for (const { name, ok, detail } of findings) {
    const verdict = ok === undefined ? 'open ' : ok ? 'right' : 'WRONG';
    say(`  ${verdict}  ${name}: ${detail}`);
  }
  return findings.every((finding) => finding.ok !== false);
}

/** @param {string} name @returns {Promise<boolean>} */
async function release(name) {
  const platform = PLATFORMS[name];
  if (platform === undefined) {
    throw new Error(
      `no platform ${name}; there are ${Object.keys(PLATFORMS).join(', ')}`,
    );
  }
  const since = Date.now();
  const parts = await buildParts(name, platform);
  const binary = await buildAddon(name, platform, parts);
  const size = (fs.statSync(binary).size / 1024 / 1024).toFixed(1);
  say(`${path.relative(ROOT, binary)}: ${size} MB, ${seconds(since)}`);
  return report(checkFile(platform, binary));
}

/**
 * @param {string[]} names
 * @returns {{build: string[], missing: Map<string, string[]>}}
 */
function chosen(names) {
  const missing = new Map(
    Object.keys(PLATFORMS).map((name) => [name, missingFor(name)]),
  );
  const build =
    names.length > 0
      ? names
      : Object.keys(PLATFORMS).filter((n) => missing.get(n)?.length === 0);
  return { build, missing };
}

/** @param {string[]} build @returns {Promise<boolean>} */
async function packAndTry(build) {
  say('\npackages');
  for (const tarball of pack({ release: true })) {
    const kilobytes = (fs.statSync(tarball).size / 1024).toFixed(0);
    say(`  ${path.relative(ROOT, tarball)} (${kilobytes} KB)`);
  }
  let right = true;
  for (const name of build) {
    say(`\n${name}, as packed`);
    right = report(await tryOut(name)) && right;
  }
  return right;
}

/** @param {string[]} lacking Debian packages */
function demand(lacking) {
  if (lacking.length > 0) {
    throw new Error(`run "apt-get install ${lacking.join(' ')}" first`);
  }
}

async function main() {
  const { build, missing } = chosen(process.argv.slice(2));
  if (!works('apt-get')) {
    throw new Error('the sources come from Debian: apt-get is needed');
  }
  demand(build.flatMap((name) => missing.get(name) ?? []));
  demand(build.length === 0 ? (missing.get('linux-x64') ?? []) : []);
  // Leftovers of an earlier release must not be packed with this one.
  fs.rmSync(path.join(ROOT, 'dist/release'), { recursive: true, force: true });
  let right = true;
  for (const name of build) {
    say(`\n${name}`);
    right = (await release(name)) && right;
  }
  right = (await packAndTry(build)) && right;
  for (const [name, lacking] of missing) {
    if (!build.includes(name)) {
      const cure = lacking.length > 0 ? ` (needs ${lacking.join(', ')})` : '';
      say(`\n${name}: NOT BUILT${cure}`);
    }
  }
  process.exitCode = right ? 0 : 1;
}

main().catch((error) => {
  say(`release: ${error.message}`);
  process.exitCode = 1;
});
