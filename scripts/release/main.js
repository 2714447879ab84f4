// SPDX-License-Identifier: MIT
// npm run release [-- [--pinned] <platform>…]
//
// Builds, checks and packs the binaries of a release: each platform named, or
// each one there is. Writes dist/release/<platform>/ and dist/*.tgz. With
// --pinned, as what is published has to be built, no source but the pinned
// ones will do; `-- --newest` prints what could be pinned today.

const fs = require('node:fs');
const path = require('node:path');
const { pack } = require('../pack.js');
const { ROOT, say, seconds } = require('../steps.js');
const { buildAddon } = require('./addon.js');
const { checkFile } = require('./check.js');
const { demand, missingPackages } = require('./needs.js');
const { buildParts } = require('./parts.js');
const { PLATFORMS } = require('./platforms.js');
const { newestSources } = require('./sources.js');
const { tryOut } = require('./try.js');

/** @typedef {import('./check.js').Finding} Finding */

/** @param {Finding[]} findings @returns {boolean} whether all is well */
function report(findings) {
  for (const { name, ok, detail } of findings) {
    const verdict = ok === undefined ? 'open ' : ok ? 'right' : 'WRONG';
    say(`  ${verdict}  ${name}: ${detail}`);
  }
  return findings.every((finding) => finding.ok !== false);
}

/**
 * @param {string} name
 * @param {boolean} pinnedOnly
 * @returns {Promise<boolean>}
 */
async function release(name, pinnedOnly) {
  const platform = /** @type {import('./platforms.js').Platform} */ (
    PLATFORMS[name]
  );
  const since = Date.now();
  await platform.prepare?.();
  const parts = await buildParts(name, platform, { pinnedOnly });
  const binary = await buildAddon(name, platform, parts);
  const size = (fs.statSync(binary).size / 1024 / 1024).toFixed(1);
  say(`${path.relative(ROOT, binary)}: ${size} MB, ${seconds(since)}`);
  return report(checkFile(platform, binary));
}

/**
 * @param {string[]} args
 * @returns {{pinnedOnly: boolean, names: string[]}}
 */
function parse(args) {
  const unknown = args.find(
    (arg) => arg !== '--pinned' && !Object.hasOwn(PLATFORMS, arg),
  );
  if (unknown !== undefined) {
    throw new Error(
      unknown.startsWith('-')
        ? `no option ${unknown}; there are --pinned and --newest`
        : `no platform ${unknown}; there are ${Object.keys(PLATFORMS).join(', ')}`,
    );
  }
  return {
    pinnedOnly: args.includes('--pinned'),
    names: args.filter((arg) => arg !== '--pinned'),
  };
}

/**
 * What to build: throws an error where something is missing for it.
 *
 * @param {string[]} names
 * @returns {{build: string[], missing: Map<string, string[]>}}
 */
function chosen(names) {
  const missing = missingPackages(Object.keys(PLATFORMS));
  const lacks = (/** @type {string} */ name) => missing.get(name) ?? [];
  const build =
    names.length > 0
      ? names
      : Object.keys(PLATFORMS).filter((name) => lacks(name).length === 0);
  demand(build.length > 0 ? build.flatMap(lacks) : lacks('linux-x64'));
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

/** Prints what scripts/release/sources.js could pin today. */
async function printNewest() {
  demand([]);
  const sources = await newestSources();
  say(JSON.stringify(sources, null, 2));
}

async function main() {
  const args = process.argv.slice(2);
  if (args.length === 1 && args[0] === '--newest') {
    await printNewest();
    return;
  }
  const { pinnedOnly, names } = parse(args);
  const { build, missing } = chosen(names);
  // Leftovers of an earlier release must not be packed with this one.
  fs.rmSync(path.join(ROOT, 'dist/release'), { recursive: true, force: true });
  let right = true;
  /** @type {string[]} */
  const built = [];
  for (const name of build) {
    say(`\n${name}`);
    try {
      right = (await release(name, pinnedOnly)) && right;
      built.push(name);
    } catch (error) {
      say(`  WRONG  ${name}: ${/** @type {Error} */ (error).message}`);
      right = false;
    }
  }
  right = (await packAndTry(built)) && right;
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
