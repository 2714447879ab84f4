// SPDX-License-Identifier: MIT
// Compiles the core to WebAssembly:
//
//   node scripts/build-wasm.js        writes lib/wasm/core.wasm and bytes.js
//
// Twice the same: Node and browsers take the bytes as JavaScript, which every
// bundler knows; edge runtimes compile no bytes and import the module itself.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { ROOT, newest, say, works } = require('./steps.js');

const FOLDER = path.join(ROOT, 'lib/wasm');
const MODULE = path.join(FOLDER, 'core.wasm');
const BYTES = path.join(FOLDER, 'bytes.js');
const SOURCES = ['native/core', 'native/include', 'native/wasm'];

/** Deep enough for the judge: it does not recurse. */
const STACK_BYTES = 16384;

const FLAGS = [
  ...['--target=wasm32', '-std=c11', '-Oz', '-ffreestanding', '-nostdlib'],
  ...['-nostdlibinc', '-isystem', 'native/wasm/libc'],
  ...['-Inative/include', '-Inative', '-fvisibility=hidden'],
  ...['-ffunction-sections', '-fdata-sections'],
  ...['-Wall', '-Wextra', '-Wshadow', '-Wconversion'],
  // A compiler that we do not know may warn of more.
  ...(process.env.CI ? ['-Werror'] : []),
  ...['-Wstrict-prototypes', '-Wmissing-prototypes', '-Wswitch-enum', '-Wvla'],
  // What nothing exported reaches is left out, and its needs with it.
  ...['-Wl,--no-entry', '-Wl,--gc-sections', '-Wl,--export-dynamic'],
  // A stack that is too deep then leaves the memory, which is an error.
  ...['-Wl,--stack-first', `-Wl,-z,stack-size=${STACK_BYTES}`],
  '-Wl,--strip-all',
];

/** @param {string} folder @returns {string[]} */
function sourcesIn(folder) {
  return fs
    .readdirSync(path.join(ROOT, folder), { encoding: 'utf8', recursive: true })
    .filter((name) => name.endsWith('.c'))
    .sort()
    .map((name) => `${folder}/${name}`);
}

/** Whether the system has what it takes; else npm's clang stands in. */
function hasClang() {
  return works('clang') && works('wasm-ld');
}

/** @param {string} file */
function isCurrent(file) {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  const sources = newest([...SOURCES, 'scripts/build-wasm.js']);
  return stat !== undefined && stat.mtimeMs > sources;
}

/** @param {string} file where the module is written */
function compile(file) {
  const sources = [...sourcesIn('native/core'), ...sourcesIn('native/wasm')];
  const job = { root: ROOT, folder: 'native', flags: FLAGS, sources, file };
  const [program, args] = hasClang()
    ? ['clang', [...FLAGS, ...sources, '-o', file]]
    : [process.execPath, ['scripts/npm-clang.js', JSON.stringify(job)]];
  const { status, stderr } = spawnSync(program, args, {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (status !== 0) {
    throw new Error(`the core does not compile to WebAssembly:\n${stderr}`);
  }
}

/**
 * The module must stand alone: nothing is there to be imported.
 *
 * @param {Buffer<ArrayBuffer>} bytes
 */
function check(bytes) {
  const module = new WebAssembly.Module(bytes);
  const imports = WebAssembly.Module.imports(module);
  if (imports.length > 0) {
    const names = imports.map((one) => one.name).join(', ');
    throw new Error(`the WebAssembly core wants ${names}: see native/wasm`);
  }
}

/** @param {Buffer} bytes @returns {string} */
function asJavaScript(bytes) {
  return (
    '// SPDX-License-Identifier: MIT\n' +
    "'use strict';\n\n" +
    '// core.wasm in base64, written by scripts/build-wasm.js.\n\n' +
    `module.exports =\n  '${bytes.toString('base64')}';\n`
  );
}

/** @param {string} file @param {string | Buffer} content */
function replace(file, content) {
  const fresh = `${file}.${process.pid}`;
  fs.writeFileSync(fresh, content);
  fs.renameSync(fresh, file);
}

/**
 * Writes the module where it is missing or older than its sources.
 *
 * @returns {number} its size in bytes
 */
function buildWasm() {
  if (!isCurrent(MODULE) || !isCurrent(BYTES)) {
    const fresh = `${MODULE}.${process.pid}.o`;
    try {
      compile(fresh);
      const bytes = fs.readFileSync(fresh);
      check(bytes);
      replace(MODULE, bytes);
      replace(BYTES, asJavaScript(bytes));
    } finally {
      fs.rmSync(fresh, { force: true });
    }
  }
  return fs.statSync(MODULE).size;
}

function main() {
  try {
    say(`lib/wasm/core.wasm: ${buildWasm()} bytes`);
  } catch (error) {
    say(/** @type {Error} */ (error).message);
    process.exitCode = 1;
  }
}

if (require.main === module) {
  main();
}

module.exports = { buildWasm };
