// SPDX-License-Identifier: MIT
// Builds the addon for Windows by Debian's MinGW. node-gyp would make a project
// for another compiler, which the C of core and net is not written for.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { step } = require('../steps.js');

/** @typedef {import('./platforms.js').Platform} Platform */

/** What Node gives an addon; see check.js. */
const OF_NODE = /^(?:napi_|node_api_|uv_)\w+$/;

const COMMON = [
  ...['-O3', '-fno-ident', '-ffunction-sections', '-fdata-sections'],
  ...['-Wall', '-Wextra', '-Werror', '-DHF_STATIC_LIBPQ'],
  ...['-DWIN32_LEAN_AND_MEAN', '-D_WIN32_WINNT=0x0A00'],
];
const C = ['-std=c11', '-D_POSIX_C_SOURCE=200809L'];
const CXX = [
  ...['-std=c++17', '-fno-exceptions', '-fno-rtti', '-DNAPI_VERSION=8'],
  ...['-DNODE_ADDON_API_ENABLE_MAYBE'],
  ...['-DNODE_ADDON_API_DISABLE_CPP_EXCEPTIONS'],
];
const LINK = [
  ...['-shared', '-static', '-Wl,--gc-sections', '-Wl,--no-insert-timestamp'],
  ...['-Wl,--dynamicbase', '-Wl,--nxcompat', '-Wl,--high-entropy-va'],
];
const ARCHIVES = ['pq', 'pgcommon_shlib', 'pgport_shlib', 'ssl', 'crypto'];
const OF_WINDOWS = ['ws2_32', 'crypt32', 'secur32', 'shell32', 'bcrypt'];

/** @param {string} work @returns {string[]} C and C++ files */
function sourcesIn(work) {
  const list = fs.readFileSync(path.join(work, 'native/sources.gypi'), 'utf8');
  return [...list.matchAll(/'(native\/[\w/]+\.cc?)'/g)].map(([, f = '']) => f);
}

/** The headers of Node: those for Windows are installed everywhere. */
function nodeHeaders() {
  const prefix = path.dirname(path.dirname(fs.realpathSync(process.execPath)));
  const folder = path.join(prefix, 'include/node');
  if (!fs.existsSync(path.join(folder, 'uv/win.h'))) {
    throw new Error(`Node's headers are not installed: no ${folder}`);
  }
  return folder;
}

/**
 * A makefile, so that make runs as many compilers as there are processors.
 *
 * @param {Platform} platform
 * @param {string} work
 * @param {string} parts
 * @param {string[]} files
 * @returns {string[]} the objects
 */
function writeMakefile({ tools }, work, parts, files) {
  const include = ['native/include', 'native', 'vendor/node-addon-api']
    .map((folder) => path.join(work, folder))
    .concat(path.join(parts, 'include'), nodeHeaders())
    .map((folder) => `-I${folder}`);
  const common = [
    ...COMMON,
    ...include,
    `-ffile-prefix-map=${work}=.`,
    `-ffile-prefix-map=${parts}=.`,
  ];
  const rules = files.map((file) => {
    const isC = file.endsWith('.c');
    const command = [isC ? tools.cc : tools.cxx, ...(isC ? C : CXX), ...common];
    return `${file}.o: ${file}\n\t@${command.join(' ')} -c ${file} -o $@\n`;
  });
  const objects = files.map((file) => `${file}.o`);
  const text = `all: ${objects.join(' ')}\n${rules.join('')}`;
  fs.writeFileSync(path.join(work, 'windows.mk'), text);
  return objects;
}

/**
 * Makes what the linker takes for Node: see windows-host.c.
 *
 * @param {Platform} platform
 * @param {string} work
 * @param {string[]} objects
 */
function makeImports({ tools, host }, work, objects) {
  const options = { cwd: work, encoding: /** @type {const} */ ('utf8') };
  const nm = tools.ar.replace(/ar$/, 'nm');
  const missing = execFileSync(nm, ['-uP', ...objects], {
    ...options,
    maxBuffer: 64 << 20,
  });
  const names = missing.split('\n').map((line) => line.split(' ')[0] ?? '');
  const ofNode = [...new Set(names.filter((n) => OF_NODE.test(n)))].sort();
  const lines = ['LIBRARY node.exe', 'EXPORTS', ...ofNode];
  fs.writeFileSync(path.join(work, 'node.def'), `${lines.join('\n')}\n`);
  const args = ['-d', 'node.def', '-y', 'libnode.a'];
  execFileSync(`${host}-dlltool`, args, options);
}

/**
 * @param {string} name of the platform
 * @param {Platform} platform
 * @param {string} work the copy of the sources
 * @param {string} parts the folder with the static libraries
 * @returns {Promise<string>} the binary
 */
async function buildForWindows(name, platform, work, parts) {
  const host = 'windows-host.c';
  fs.copyFileSync(path.join(__dirname, host), path.join(work, host));
  const files = [...sourcesIn(work), host];
  const objects = writeMakefile(platform, work, parts, files);
  const jobs = `-j${Math.min(4, os.availableParallelism())}`;
  const make = [jobs, '--silent', '-f', 'windows.mk'];
  const compiled = await step(`addon for ${name}`, 'make', make, { cwd: work });
  if (!compiled.ok) {
    throw new Error(`it cannot be compiled:\n${compiled.output.slice(-4000)}`);
  }
  makeImports(platform, work, objects);
  const link = [
    ...LINK,
    ...['-o', 'holdfast.node', ...objects, 'libnode.a'],
    ...[`-L${path.join(parts, 'lib')}`, ...ARCHIVES.map((l) => `-l${l}`)],
    ...OF_WINDOWS.map((library) => `-l${library}`),
  ];
  const linked = await step('link', platform.tools.cxx, link, { cwd: work });
  if (!linked.ok) {
    throw new Error(`it cannot be linked:\n${linked.output.slice(-4000)}`);
  }
  return path.join(work, 'holdfast.node');
}

module.exports = { buildForWindows };
