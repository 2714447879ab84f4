// SPDX-License-Identifier: MIT
// What must be true of a release's binary, read from the file itself.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const { ROOT } = require('../steps.js');
const { checkLibrary } = require('./check-windows.js');
const { FLOOR } = require('./glibc.js');
const { loadWithMusl } = require('./load-musl.js');
const { cacheFolder } = require('../cache-folder.js');

/** @typedef {import('./platforms.js').Platform} Platform */

/**
 * @typedef {object} Finding
 * @property {string} name what is checked
 * @property {boolean} [ok] not there: nobody could see
 * @property {string} detail
 */

/**
 * @typedef {object} Elf
 * @property {string} file
 * @property {string} dynamic the section
 * @property {string} segments
 * @property {{name: string, version: string, defined: boolean}[]} symbols
 */

/**
 * All of them belong to the C library's own package: libm is its mathematics
 * (the policies' delays), ld-linux gives each thread its variables.
 */
const LIBRARIES = {
  glibc: /^(libc\.so\.6|libm\.so\.6|ld-linux-[\w-]+\.so\.\d)$/,
  musl: /^libc(\.musl-\w+)?\.so(\.1)?$/,
};

const ENTRIES = [
  'napi_register_module_v1',
  'node_api_module_get_api_version_v1',
];

/** What Node gives an addon; everything else has to be the C library's. */
const OF_NODE = /^(napi_|node_api_|uv_)/;
/** Asked for by the compiler's start-up code, and never there. */
const OF_NOBODY = /^(__gmon_start__|_ITM_\w+|__cxa_finalize)$/;

/** @param {Platform} platform @param {string} file @returns {Elf} */
function readElf(platform, file) {
  const read = (/** @type {string[]} */ ...args) =>
    execFileSync(platform.tools.readelf, ['--wide', ...args, file], {
      encoding: 'utf8',
      maxBuffer: 64 << 20,
    });
  const symbols = read('--dyn-syms')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([number, , , , bind]) => /^\d+:$/.test(number) && bind !== 'LOCAL')
    .map((fields) => {
      const [name = '', version = ''] = (fields[7] ?? '').split(/@+/);
      return { name, version, defined: fields[6] !== 'UND' };
    });
  const [dynamic, segments] = [read('--dynamic'), read('--segments')];
  return { file, dynamic, segments, symbols };
}

/** @param {Platform} platform @param {Elf} elf @returns {Finding} */
function checkNeeded(platform, { dynamic }) {
  const names = [...dynamic.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(
    ([, name = '']) => name,
  );
  const allowed = LIBRARIES[platform.libc ?? 'glibc'];
  const others = names.filter((n) => !allowed.test(n));
  return {
    name: 'needs the C library only',
    ok: others.length === 0,
    detail: names.join(', '),
  };
}

/** @param {Elf} elf @returns {Finding} */
function checkExports({ symbols }) {
  const names = symbols.filter((s) => s.defined).map((s) => s.name);
  return {
    name: "exports Node-API's two entry points only",
    ok: String(names.sort()) === String(ENTRIES),
    detail: names.join(', '),
  };
}

/** @param {Platform} platform @param {Elf} elf @returns {Finding} */
function checkImports(platform, { symbols }) {
  const foreign = symbols.filter(
    ({ name, version, defined }) =>
      !defined &&
      !OF_NODE.test(name) &&
      !OF_NOBODY.test(name) &&
      // musl's symbols have no versions; OpenSSL's and C++'s have capitals.
      !(platform.libc === 'glibc'
        ? version.startsWith('GLIBC_')
        : /^[a-z_][a-z_0-9]+$/.test(name)),
  );
  return {
    name: 'takes from Node only Node-API and libuv, no OpenSSL',
    ok: foreign.length === 0,
    detail: foreign.map((s) => s.name).join(', ') || 'nothing else',
  };
}

/** @param {Elf} elf @returns {Finding} */
function checkGlibc({ symbols }) {
  const versions = symbols
    .map((s) => /^GLIBC_(\d+)\.(\d+)/.exec(s.version))
    .filter((match) => match !== null)
    .map(([, major, minor]) => [Number(major), Number(minor)]);
  versions.sort(([a = 0, b = 0], [c = 0, d = 0]) => a - c || b - d);
  const [major = 0, minor = 0] = versions.at(-1) ?? [];
  const [most = 0, least = 0] = FLOOR;
  return {
    name: `runs with glibc ${FLOOR.join('.')}`,
    ok: major < most || (major === most && minor <= least),
    detail: `asks for ${major}.${minor}`,
  };
}

/** @param {Elf} elf @returns {Finding} */
function checkHardening({ dynamic, segments }) {
  const wanted = {
    'stays mapped (nodelete)': /NODELETE/.test(dynamic),
    'binds at load (now)': /BIND_NOW/.test(dynamic),
    'read-only tables (relro)': /GNU_RELRO/.test(segments),
    'no executable stack': /GNU_STACK.* RW /.test(segments),
    'no search path': !/\((RPATH|RUNPATH)\)/.test(dynamic),
    'no text relocations': !/TEXTREL/.test(dynamic),
  };
  const lacking = Object.entries(wanted)
    .filter(([, holds]) => !holds)
    .map(([name]) => name);
  return {
    name: 'linked as it should be',
    ok: lacking.length === 0,
    detail: lacking.length === 0 ? 'nodelete, now, relro' : lacking.join(', '),
  };
}

/** @param {string} file @returns {Finding} */
function checkPaths(file) {
  const bytes = fs.readFileSync(file);
  const found = [ROOT, cacheFolder(), os.homedir()].filter((folder) =>
    bytes.includes(`${folder}/`),
  );
  return {
    name: "says nothing of the builder's folders",
    ok: found.length === 0,
    detail: found.join(', ') || 'none is in it',
  };
}

/** @param {Elf} elf @returns {string[]} what it takes from Node */
function ofNode({ symbols }) {
  return symbols
    .filter((s) => OF_NODE.test(s.name) && !s.defined)
    .map(({ name }) => name);
}

/**
 * @param {Platform} platform
 * @param {string} file
 * @returns {Finding[]}
 */
function checkElf(platform, file) {
  const elf = readElf(platform, file);
  return [
    checkNeeded(platform, elf),
    checkExports(elf),
    checkImports(platform, elf),
    ...(platform.libc === 'glibc' ? [checkGlibc(elf)] : []),
    checkHardening(elf),
    ...(platform.libc === 'musl'
      ? [loadWithMusl(platform, file, ofNode(elf))]
      : []),
  ];
}

/**
 * @param {Platform} platform
 * @param {string} file
 * @returns {Finding[]}
 */
function checkFile(platform, file) {
  const found =
    platform.os === 'win32'
      ? checkLibrary(file, { entries: ENTRIES, ofNode: OF_NODE })
      : checkElf(platform, file);
  return [...found, checkPaths(file)];
}

module.exports = { checkFile };
