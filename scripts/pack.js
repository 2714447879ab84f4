// SPDX-License-Identifier: MIT
// Packs what is published: the main package, and one package with the binary
// for each platform. `--dev` packs the addon that `npm run build` left, for
// tests on this machine; `--release` packs what `npm run release` built.
//
//   node scripts/pack.js --dev|--release      writes dist/*.tgz

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { addHeaders } = require('./release/headers.js');
const { linkPages } = require('./release/pages.js');
const { HOME, projectLinks } = require('./release/project.js');
const { addSbom } = require('./release/sbom.js');
const { buildWasm } = require('./build-wasm.js');
const { PLATFORMS } = require('./release/platforms.js');
const { ROOT, say } = require('./steps.js');

const DIST = path.join(ROOT, 'dist');
const BUILT = path.join(ROOT, 'build/Release/holdfast.node');

/** @param {string} file @returns {any} */
function readJson(file) {
  return JSON.parse(fs.readFileSync(file, 'utf8'));
}

/** @param {string} file @param {unknown} value */
function writeJson(file, value) {
  fs.writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}

/**
 * What was built from other sources than the pinned ones works, and npm does
 * not publish it.
 *
 * @param {boolean} unpinned
 * @returns {{private?: true}} what it adds to a package.json
 */
function publishing(unpinned) {
  return unpinned ? { private: true } : {};
}

/**
 * @param {string} folder the package
 * @param {string} into
 * @returns {string} the tarball
 */
function npmPack(folder, into) {
  fs.mkdirSync(into, { recursive: true });
  const args = ['pack', '--silent', '--ignore-scripts'];
  execFileSync('npm', [...args, '--pack-destination', into], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [name] = fs.readdirSync(into).filter((n) => n.endsWith('.tgz'));
  if (name === undefined) {
    throw new Error(`npm pack left nothing for ${folder}`);
  }
  return path.join(into, name);
}

/**
 * The main package, as npm would pack it, and then what only the published
 * one has: the platform packages, and the headers for a build from source.
 *
 * @param {string} work
 * @param {string[]} platforms
 * @param {boolean} unpinned
 * @param {string} [home] where the project lives
 * @returns {string} the tarball
 */
function packMain(work, platforms, unpinned, home = HOME) {
  const plain = npmPack(ROOT, path.join(work, 'plain'));
  execFileSync('tar', ['-xzf', plain, '-C', work]);
  const folder = path.join(work, 'package');
  const file = path.join(folder, 'package.json');
  const manifest = {
    ...readJson(file),
    ...publishing(unpinned),
    ...projectLinks(home),
  };
  delete manifest.devDependencies;
  delete manifest.scripts;
  manifest.files = [...manifest.files, 'vendor'];
  manifest.optionalDependencies = Object.fromEntries(
    platforms.map((name) => [`pg-holdfast-${name}`, manifest.version]),
  );
  writeJson(file, manifest);
  addHeaders(folder);
  linkPages(folder, home);
  return npmPack(folder, path.join(work, 'main'));
}

/**
 * @param {string} work
 * @param {string} name of the platform
 * @param {Built} built
 * @returns {string} the tarball
 */
function packPlatform(work, name, built) {
  const { binary, unpinned = false } = built;
  const main = readJson(path.join(ROOT, 'package.json'));
  const { os, cpu, libc } = /** @type {any} */ (PLATFORMS)[name];
  const folder = path.join(work, `platform-${name}`);
  fs.mkdirSync(folder, { recursive: true });
  fs.copyFileSync(binary, path.join(folder, 'holdfast.node'));
  fs.copyFileSync(path.join(ROOT, 'LICENSE'), path.join(folder, 'LICENSE'));
  addSbom(folder, name, built);
  fs.writeFileSync(
    path.join(folder, 'README.md'),
    `# pg-holdfast-${name}\n\nThe binary of pg-holdfast for ${name}. ` +
      'Install `pg-holdfast`: it brings this package along.\n',
  );
  writeJson(path.join(folder, 'package.json'), {
    name: `pg-holdfast-${name}`,
    version: main.version,
    ...publishing(unpinned),
    ...projectLinks(HOME),
    description: `The binary of pg-holdfast for ${name}`,
    license: main.license,
    author: main.author,
    engines: main.engines,
    os: [os],
    cpu: [cpu],
    ...(libc && { libc: [libc] }),
    main: 'holdfast.node',
    files: ['holdfast.node', 'licenses', 'sbom.cdx.json', 'THIRD-PARTY.md'],
    // A file that is loaded by the system cannot stay in yarn's archive.
    preferUnplugged: true,
  });
  return npmPack(folder, path.join(work, `tarball-${name}`));
}

/**
 * @typedef {object} Built
 * @property {string} binary
 * @property {string} [notices] a folder with the licences of what is linked in
 * @property {string} [sources] the file that says what that is
 * @property {boolean} [unpinned] made of other sources than the pinned ones
 */

/** @param {string} folder of a platform @returns {boolean} */
function isUnpinned(folder) {
  /** @type {{pinned: boolean}[]} */
  const sources = Object.values(readJson(path.join(folder, 'sources.json')));
  return sources.some(({ pinned }) => !pinned);
}

/**
 * @param {boolean} release
 * @returns {Record<string, Built>} by platform
 */
function binaries(release) {
  if (!release) {
    return { 'linux-x64': { binary: BUILT } };
  }
  /** @type {Record<string, Built>} */
  const found = {};
  for (const name of Object.keys(PLATFORMS)) {
    const folder = path.join(DIST, 'release', name);
    const binary = path.join(folder, 'holdfast.node');
    if (fs.existsSync(binary)) {
      const notices = path.join(folder, 'licenses');
      const sources = path.join(folder, 'sources.json');
      const unpinned = isUnpinned(folder);
      found[name] = { binary, notices, sources, unpinned };
    }
  }
  return found;
}

/**
 * @param {{release: boolean}} options
 * @returns {string[]} the tarballs
 */
function pack({ release }) {
  const found = binaries(release);
  const names = Object.keys(found);
  const missing = Object.values(found).find((b) => !fs.existsSync(b.binary));
  if (names.length === 0 || missing !== undefined) {
    const command = release ? 'npm run release' : 'npm run build';
    throw new Error(`there is no binary to pack: run "${command}" first`);
  }
  buildWasm();
  fs.mkdirSync(DIST, { recursive: true });
  // A folder of its own, and renamed at the end: packs may run side by side.
  const work = fs.mkdtempSync(path.join(DIST, '.stage-'));
  try {
    const tarballs = names.map((name) => {
      return packPlatform(work, name, /** @type {Built} */ (found[name]));
    });
    const unpinned = Object.values(found).some((built) => built.unpinned);
    tarballs.push(packMain(work, names, unpinned));
    return tarballs.map((tarball) => {
      const target = path.join(DIST, path.basename(tarball));
      fs.renameSync(tarball, target);
      return target;
    });
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

function main() {
  const [kind, ...rest] = process.argv.slice(2);
  if ((kind !== '--dev' && kind !== '--release') || rest.length > 0) {
    say('usage: node scripts/pack.js --dev|--release');
    process.exitCode = 2;
    return;
  }
  try {
    for (const tarball of pack({ release: kind === '--release' })) {
      const size = (fs.statSync(tarball).size / 1024).toFixed(0);
      say(`${path.relative(ROOT, tarball)} (${size} KB)`);
    }
  } catch (error) {
    say(`pack: ${/** @type {Error} */ (error).message}`);
    process.exitCode = 1;
  }
}

if (require.main === module) {
  main();
}

module.exports = { pack, packMain, packPlatform };
