// SPDX-License-Identifier: MIT
// libuv and cmocka from their sources: for C tests where they cannot be
// installed. Each source file is compiled as it is; their own build systems
// would need more programs. Shared, as a test puts itself before libuv's calls.

const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { cacheFolder } = require('./cache-folder.js');
const { TEST_SOURCES, unpackSource } = require('./release/sources.js');
const { exec, step } = require('./steps.js');

/** @typedef {import('./release/platforms.js').Tools} Tools */

/** The files that libuv's CMakeLists.txt names for Linux. */
const LIBUV = [
  ...['fs-poll', 'idna', 'inet', 'random', 'strscpy', 'strtok'],
  ...['thread-common', 'threadpool', 'timer', 'uv-common'],
  ...['uv-data-getter-setters', 'version'],
  ...[
    ...['async', 'core', 'dl', 'fs', 'getaddrinfo', 'getnameinfo', 'linux'],
    ...['loop', 'loop-watcher', 'pipe', 'poll', 'process', 'procfs-exepath'],
    ...['proctitle', 'random-devurandom', 'random-getrandom'],
    ...['random-sysctl-linux', 'signal', 'stream', 'tcp', 'thread', 'tty'],
    'udp',
  ].map((name) => `unix/${name}`),
].map((name) => `src/${name}.c`);

const LIBRARIES = {
  libuv: {
    library: 'libuv.so',
    files: LIBUV,
    flags: ['-D_GNU_SOURCE', '-Isrc'],
  },
  cmocka: {
    library: 'libcmocka.so',
    files: ['src/cmocka.c'],
    flags: [
      ...['MALLOC_H', 'INTTYPES_H', 'SIGNAL_H', 'STRINGS_H', 'SIGLONGJMP'],
      ...['STRSIGNAL', 'CLOCK_REALTIME', 'STRUCT_TIMESPEC'],
      'GCC_THREAD_LOCAL_STORAGE',
    ].map((name) => `-DHAVE_${name}`),
  },
};

/**
 * @param {keyof typeof LIBRARIES} name
 * @param {Pick<Tools, 'cc'>} tools
 * @param {string} work
 * @param {string} made
 */
async function build(name, tools, work, made) {
  const source = path.join(work, name);
  await unpackSource(name, source);
  const { library, files, flags } = LIBRARIES[name];
  const objects = path.join(work, `${name}-objects`);
  fs.mkdirSync(objects);
  const args = ['-c', '-O2', '-fPIC', '-w', '-Iinclude', ...flags];
  const compiled = await step(
    `${name} from source`,
    tools.cc,
    [
      ...args.map((arg) => arg.replace(/^-I/, `-I${source}/`)),
      ...files.map((file) => path.join(source, file)),
    ],
    { cwd: objects },
  );
  if (!compiled.ok) {
    throw new Error(`${name} does not compile:\n${compiled.output}`);
  }
  const names = fs.readdirSync(objects);
  const file = path.join(made, 'lib', library);
  const linked = await exec(
    tools.cc,
    ['-shared', `-Wl,-soname,${library}`, '-o', file, ...names, '-ldl'],
    { cwd: objects },
  );
  if (!linked.ok) {
    throw new Error(linked.output);
  }
  const headers = path.join(source, 'include');
  fs.cpSync(headers, path.join(made, 'include'), { recursive: true });
}

/**
 * Builds both where they are not in the cache.
 *
 * @param {Pick<Tools, 'cc'>} [tools]
 * @returns {Promise<string>} a folder with lib and include
 */
async function testLibraries(tools = { cc: 'cc' }) {
  const hash = createHash('sha256')
    .update(JSON.stringify([tools, LIBRARIES, TEST_SOURCES]))
    .digest('hex');
  const parts = path.join(cacheFolder(), 'parts');
  const folder = path.join(parts, `test-libraries-${hash.slice(0, 16)}`);
  if (fs.existsSync(folder)) {
    return folder;
  }
  fs.mkdirSync(parts, { recursive: true });
  const work = fs.mkdtempSync(path.join(parts, '.test-libraries-'));
  try {
    const made = path.join(work, 'made');
    fs.mkdirSync(path.join(made, 'lib'), { recursive: true });
    await build('libuv', tools, work, made);
    await build('cmocka', tools, work, made);
    if (!fs.existsSync(folder)) {
      fs.renameSync(made, folder);
    }
    return folder;
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

module.exports = { testLibraries };
