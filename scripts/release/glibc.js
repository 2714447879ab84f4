// SPDX-License-Identifier: MIT
// Makes a binary that is linked on a newer Debian run with the oldest glibc
// that Node itself runs with. glibc gives a function that it changed or moved
// (as it did with all of libpthread in 2.34) a new version, and keeps the old
// one for old binaries. The linker is shown a libc and a libm that have each
// symbol in the newest version of that time. Symbols that are newer are not in
// them; glibc.c has those that are asked for.

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
 * @property {boolean} isData
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
 * The functions and variables of a library, by readelf.
 *
 * @param {Platform} platform
 * @param {string} library such as libc.so.6
 * @returns {Exported[]}
 */
function symbolsOf(platform, library) {
  const { cc, readelf } = platform.tools;
  const run = (/** @type {string} */ file, /** @type {string[]} */ args) =>
    execFileSync(file, args, { encoding: 'utf8', maxBuffer: 64 << 20 });
  const file = run(cc, [`-print-file-name=${library}`]).trim();
  return [...run(readelf, ['--wide', '--dyn-syms', file]).split('\n')]
    .map((line) =>
      /\b(I?FUNC|OBJECT) .* (\w+)(@@?)(GLIBC_[\d.]+)$/.exec(line.trim()),
    )
    .filter((found) => found !== null)
    .map(([, kind, name = '', at, version = '']) => ({
      name,
      version,
      isData: kind === 'OBJECT',
      isDefault: at === '@@',
    }));
}

/**
 * Each symbol in the newest version that is old enough. Without a default no
 * binary was to be linked with it any more, even then.
 *
 * @param {Exported[]} symbols
 * @returns {Exported[]}
 */
function oldEnough(symbols) {
  const linked = new Set(
    symbols
      .filter((one) => one.isDefault || KEPT.test(one.name))
      .map((one) => one.name),
  );
  /** @type {Map<string, Exported>} */
  const chosen = new Map();
  for (const symbol of symbols) {
    const { name, version } = symbol;
    const known = chosen.get(name);
    const isNewer =
      !known || compare(numbers(version), numbers(known.version)) > 0;
    if (linked.has(name) && isOld(version) && isNewer) {
      chosen.set(name, symbol);
    }
  }
  return [...chosen.values()];
}

/**
 * Makes what the linker is shown in place of a library.
 *
 * @param {Platform} platform
 * @param {string} library
 * @param {string} folder
 */
function makeStub(platform, library, folder) {
  const chosen = oldEnough(symbolsOf(platform, library));
  const stem = path.join(folder, library.replace(/\.so.*/, ''));
  const lines = chosen.map(
    ({ name, version, isData }, i) =>
      `.globl s${i}\n.type s${i}, %${isData ? 'object' : 'function'}\n` +
      `s${i}: .long 0\n.size s${i}, 4\n` +
      `.symver s${i}, ${name}@@${version}, remove\n`,
  );
  const versions = [...new Set(chosen.map(({ version }) => version))];
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
