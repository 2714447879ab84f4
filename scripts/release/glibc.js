// SPDX-License-Identifier: MIT
// Makes a binary that is linked on a newer Debian run with the oldest glibc
// that Node itself runs with. glibc gives a function that it changed or moved
// (as it did with all of libpthread in 2.34) a new version, and keeps the old
// one for old binaries: the linker is shown a libc and a libm that have those
// functions in their old versions only. What has no old one is in glibc.c.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

/** @typedef {import('./platforms.js').Platform} Platform */

/** Major and minor: that of Node 20's own binaries. */
const FLOOR = [2, 28];

/** What glibc.c calls: no new binary is linked with them otherwise. */
const KEPT = /^__f?l?xstat$/;

/**
 * @typedef {object} Exported
 * @property {string} name
 * @property {string} version
 * @property {boolean} isDefault what a new binary gets
 */

/** @param {string} version such as GLIBC_2.2.5 @returns {number[]} */
function numbers(version) {
  return version.replace('GLIBC_', '').split('.').map(Number);
}

/** @param {number[]} one @param {number[]} other @returns {number} */
function compare(one, other) {
  const at = [0, 1, 2].find((i) => (one[i] ?? 0) !== (other[i] ?? 0)) ?? 0;
  return (one[at] ?? 0) - (other[at] ?? 0);
}

/** @param {string} version */
function isOld(version) {
  return compare(numbers(version), FLOOR) <= 0;
}

/**
 * The functions of a library, by readelf.
 *
 * @param {Platform} platform
 * @param {string} library such as libc.so.6
 * @returns {Exported[]}
 */
function functionsOf(platform, library) {
  const { cc, readelf } = platform.tools;
  const run = (/** @type {string} */ file, /** @type {string[]} */ args) =>
    execFileSync(file, args, { encoding: 'utf8', maxBuffer: 64 << 20 });
  const file = run(cc, [`-print-file-name=${library}`]).trim();
  return [...run(readelf, ['--wide', '--dyn-syms', file]).split('\n')]
    .map((line) => /\bI?FUNC .* (\w+)(@@?)(GLIBC_[\d.]+)$/.exec(line.trim()))
    .filter((found) => found !== null)
    .map(([, name = '', at, version = '']) => ({
      name,
      version,
      isDefault: at === '@@',
    }));
}

/**
 * The old versions that the linker would not take by itself.
 *
 * @param {Exported[]} functions
 * @returns {Map<string, string>} version by name
 */
function oldVersions(functions) {
  const tooNew = new Set(
    functions
      .filter((one) => one.isDefault && !isOld(one.version))
      .map((one) => one.name),
  );
  /** @type {Map<string, string>} */
  const chosen = new Map();
  for (const { name, version } of functions) {
    const known = chosen.get(name);
    const isNewer =
      known === undefined || compare(numbers(version), numbers(known)) > 0;
    if ((tooNew.has(name) || KEPT.test(name)) && isOld(version) && isNewer) {
      chosen.set(name, version);
    }
  }
  return chosen;
}

/**
 * Makes what the linker is shown in place of a library.
 *
 * @param {Platform} platform
 * @param {string} library
 * @param {string} folder
 */
function makeStub(platform, library, folder) {
  const chosen = [...oldVersions(functionsOf(platform, library))];
  const stem = path.join(folder, library.replace(/\.so.*/, ''));
  const lines = chosen.map(
    ([name, version], i) =>
      `.globl f${i}\n.type f${i}, %function\nf${i}: .long 0\n` +
      `.symver f${i}, ${name}@@${version}, remove\n`,
  );
  const versions = [...new Set(chosen.map(([, version]) => version))];
  fs.writeFileSync(`${stem}.s`, `.text\n${lines.join('')}`);
  fs.writeFileSync(
    `${stem}.map`,
    versions.map((version) => `${version} {};\n`).join(''),
  );
  execFileSync(platform.tools.cc, [
    ...['-shared', '-nostdlib', `-Wl,-soname,${library}`],
    ...[`-Wl,--version-script=${stem}.map`, `${stem}.s`, '-o', `${stem}.so`],
  ]);
}

/**
 * Writes glibc.o, libc.so and libm.so, to be linked in this order before the
 * system's own.
 *
 * @param {Platform} platform
 * @param {string} folder
 */
function makeGlibcFloor(platform, folder) {
  fs.mkdirSync(folder, { recursive: true });
  for (const library of ['libc.so.6', 'libm.so.6']) {
    makeStub(platform, library, folder);
  }
  const source = path.join(__dirname, 'glibc.c');
  const object = path.join(folder, 'glibc.o');
  const flags = ['-std=c11', '-O2', '-fPIC', '-fno-builtin', '-c'];
  execFileSync(platform.tools.cc, [...flags, source, '-o', object]);
}

module.exports = { FLOOR, makeGlibcFloor };
