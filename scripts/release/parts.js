// SPDX-License-Identifier: MIT
// Builds the static libraries that are linked in, OpenSSL and libpq, and keeps
// them in the cache under a hash of all that they depend on.

const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { cacheFolder } = require('../cache-folder.js');
const { step } = require('../steps.js');
const { SOURCES, unpackSource } = require('./sources.js');

/** @typedef {import('./platforms.js').Platform} Platform */

/** What is not called is left out. */
const SECTIONS = '-ffunction-sections -fdata-sections';

/** And nothing of it is seen from outside: a DLL names what it exports. */
const HIDDEN = `-fPIC -fvisibility=hidden ${SECTIONS}`;

/** Windows' libraries that OpenSSL calls; its tests for them need all. */
const WINDOWS_LIBRARIES = '-lws2_32 -lcrypt32';

/**
 * no-atexit: its handler would race with handshakes on other threads when
 * Node exits. no-autoload-config: an openssl.cnf made for another version of
 * OpenSSL must not stop us.
 */
const OPENSSL_OPTIONS = [
  ...['shared', 'module', 'dso', 'legacy', 'engine', 'apps', 'tests', 'docs'],
  ...['atexit', 'autoload-config', 'comp', 'ssl3', 'dtls', 'quic', 'srp'],
].map((feature) => `no-${feature}`);

const LIBPQ_OPTIONS = [
  ...['gssapi', 'ldap', 'icu', 'zlib', 'readline', 'zstd', 'lz4'].map(
    (feature) => `--without-${feature}`,
  ),
  '--with-ssl=openssl',
];

/**
 * Our libpq asks the environment for nothing: what a connection string means
 * is not for PGSERVICE, PGOPTIONS and their kin to say.
 */
const NO_ENVIRONMENT = `#include <stdlib.h>
static inline char *hf_no_variable(const char *name) {
  (void)name;
  return 0;
}
#define getenv hf_no_variable
`;

/**
 * For Windows libpq brings some of POSIX' threads along; ours are others, and
 * all of them.
 */
const OWN_THREADS = [
  ...['mutex_init', 'mutex_lock', 'mutex_unlock', 'self'],
  ...['getspecific', 'setspecific'],
]
  .map((name) => `#define pthread_${name} hf_libpq_${name}\n`)
  .join('');

/**
 * A function that only the server calls, and without which libpq would not look
 * at files; older systems, and wine, do not have it.
 */
const OF_THE_SERVER =
  /,\s*\{"NtFlushBuffersFileEx", \(pg_funcptr_t \*\) &pg_NtFlushBuffersFileEx\}/;

/** libpq has no grammar; what would compile the server's need not be here. */
const NO_GRAMMAR = path.join(__dirname, 'no-grammar.sh');

const JOBS = `-j${Math.min(4, os.availableParallelism())}`;
/** OpenSSL writes the time of its build into itself: the same each time. */
const SOURCE_DATE_EPOCH = '1767225600';

/**
 * Where libpq.a is what a linker needs for a libpq.dll, the objects are put
 * into one of their own; rc.o is the description of that library.
 */
const OWN_ARCHIVE = [
  '.SECONDEXPANSION:',
  'own.a: $$(OBJS)',
  '\t$(AR) rcs $@ $(filter-out %rc.o,$(OBJS))',
].join('\n');

/** @param {Platform} platform */
function isWindows(platform) {
  return platform.os === 'win32';
}

/** @param {Platform} platform */
function flagsOf(platform) {
  return isWindows(platform) ? SECTIONS : HIDDEN;
}

/**
 * @param {string} name what is built, for messages
 * @param {string} file
 * @param {string[]} args
 * @param {string} cwd
 * @param {Record<string, string>} [env]
 */
async function run(name, file, args, cwd, env = {}) {
  const outcome = await step(name, file, args, {
    cwd,
    env: { SOURCE_DATE_EPOCH, ...env },
  });
  if (!outcome.ok) {
    const lines = outcome.output.split('\n').slice(-25);
    const last = lines.map((line) => line.slice(0, 200)).join('\n');
    throw new Error(`${name} failed:\n${last}`);
  }
}

/**
 * @param {Platform} platform
 * @param {string} source
 * @param {string} prefix
 */
async function buildOpenssl(platform, source, prefix) {
  const { cc, ar, ranlib } = platform.tools;
  const args = [platform.opensslTarget, ...OPENSSL_OPTIONS];
  args.push(`--openssldir=${platform.opensslFolder}`);
  args.push('--prefix=/usr', '--libdir=lib');
  const env = { CC: cc, AR: ar, RANLIB: ranlib };
  const flags = flagsOf(platform).split(' ');
  await run('OpenSSL: configure', './Configure', [...args, ...flags], source, {
    ...env,
  });
  await run('OpenSSL: build', 'make', [JOBS, '--silent', 'build_libs'], source);
  const lib = path.join(prefix, 'lib');
  fs.mkdirSync(lib, { recursive: true });
  for (const name of ['libssl.a', 'libcrypto.a']) {
    fs.copyFileSync(path.join(source, name), path.join(lib, name));
  }
  keepLicence(source, 'LICENSE.txt', prefix, 'OpenSSL.txt');
}

/**
 * @param {Platform} platform
 * @param {string} source
 * @param {string} openssl the folder OpenSSL was built in
 * @param {string} prefix
 */
async function buildLibpq(platform, source, openssl, prefix) {
  const { cc, ar, ranlib } = platform.tools;
  const host = platform.host === undefined ? [] : [`--host=${platform.host}`];
  const options = [...LIBPQ_OPTIONS, ...host];
  const noGrammar = path.join(source, path.basename(NO_GRAMMAR));
  fs.copyFileSync(NO_GRAMMAR, noGrammar);
  await run('libpq: configure', './configure', options, source, {
    CC: cc,
    AR: ar,
    RANLIB: ranlib,
    CFLAGS: `-O2 ${flagsOf(platform)}`,
    ...(isWindows(platform) && { LIBS: WINDOWS_LIBRARIES }),
    CPPFLAGS: `-I${path.join(openssl, 'include')}`,
    LDFLAGS: `-L${openssl}`,
    BISON: `sh ${noGrammar} bison`,
    FLEX: `sh ${noGrammar} flex`,
  });
  const generate = ['--silent', '-C', 'src/backend', 'generated-headers'];
  await run('libpq: headers', 'make', generate, source);
  const libraries = [
    ['src/port', 'libpgport_shlib.a'],
    ['src/common', 'libpgcommon_shlib.a'],
    ['src/interfaces/libpq', 'libpq.a'],
  ];
  if (isWindows(platform)) {
    leaveOutTheServer(source);
  }
  const header = path.join(source, 'src/include/hf_no_environment.h');
  const threads = isWindows(platform) ? OWN_THREADS : '';
  fs.writeFileSync(header, `${NO_ENVIRONMENT}${threads}`);
  const flags = [`COPT=-include ${header}`];
  for (const [folder = '', name = ''] of libraries) {
    const own = isWindows(platform) && name === 'libpq.a';
    const target = own ? ['--eval', OWN_ARCHIVE, 'own.a'] : [name];
    const args = [JOBS, '--silent', '-C', folder, ...flags, ...target];
    await run(`libpq: ${name}`, 'make', args, source);
    const file = path.join(source, folder, target.at(-1) ?? name);
    fs.copyFileSync(file, path.join(prefix, 'lib', name));
  }
  const include = path.join(prefix, 'include');
  fs.mkdirSync(include, { recursive: true });
  const headers = ['include/postgres_ext.h', 'include/pg_config_ext.h'];
  for (const header of ['interfaces/libpq/libpq-fe.h', ...headers]) {
    const file = path.join(source, 'src', header);
    fs.copyFileSync(file, path.join(include, path.basename(header)));
  }
  fs.cpSync(
    path.join(openssl, 'include/openssl'),
    path.join(include, 'openssl'),
    {
      recursive: true,
    },
  );
  keepLicence(source, 'COPYRIGHT', prefix, 'PostgreSQL.txt');
}

/** @param {string} source */
function leaveOutTheServer(source) {
  const file = path.join(source, 'src/port/win32ntdll.c');
  const text = fs.readFileSync(file, 'utf8');
  if (!OF_THE_SERVER.test(text)) {
    throw new Error(`${file} is not what it was: see OF_THE_SERVER`);
  }
  fs.writeFileSync(file, text.replace(OF_THE_SERVER, ''));
}

/**
 * @param {string} source
 * @param {string} name
 * @param {string} prefix
 * @param {string} as
 */
function keepLicence(source, name, prefix, as) {
  const folder = path.join(prefix, 'licenses');
  fs.mkdirSync(folder, { recursive: true });
  fs.copyFileSync(path.join(source, name), path.join(folder, as));
}

/**
 * @param {Platform} platform
 * @param {Record<string, import('./archive.js').Source>} sources
 * @returns {string}
 */
function fingerprint(platform, sources) {
  const compiler = execFileSync(platform.tools.cc, ['--version'], {
    encoding: 'utf8',
  }).split('\n')[0];
  const { host, opensslTarget } = platform;
  const cc = path.basename(platform.tools.cc);
  const flags = flagsOf(platform);
  const { opensslFolder } = platform;
  const all = [
    sources,
    host,
    opensslTarget,
    cc,
    compiler,
    flags,
    opensslFolder,
  ];
  const kept = 'the headers of libpq and OpenSSL';
  return createHash('sha256')
    .update(
      JSON.stringify([
        ...all,
        kept,
        OPENSSL_OPTIONS,
        LIBPQ_OPTIONS,
        NO_ENVIRONMENT,
      ]),
    )
    .digest('hex')
    .slice(0, 16);
}

/**
 * @param {string} name of the platform
 * @param {Platform} platform
 * @param {{pinnedOnly?: boolean}} [options]
 * @returns {Promise<string>} the folder with lib, include and licenses, and
 *   sources.json, which says what was built
 */
async function buildParts(name, platform, options) {
  const parts = path.join(cacheFolder(), 'parts');
  const place = (/** @type {typeof SOURCES} */ sources) =>
    path.join(parts, `${name}-${fingerprint(platform, sources)}`);
  const pinned = place(SOURCES);
  if (fs.existsSync(pinned)) {
    return pinned;
  }
  fs.mkdirSync(parts, { recursive: true });
  const work = fs.mkdtempSync(path.join(parts, `.${name}-`));
  try {
    const openssl = path.join(work, 'openssl');
    const libpq = path.join(work, 'libpq');
    const made = path.join(work, 'made');
    const got = {
      openssl: await unpackSource('openssl', openssl, options),
      libpq: await unpackSource('libpq', libpq, options),
    };
    const prefix = place({
      openssl: got.openssl.source,
      libpq: got.libpq.source,
    });
    if (fs.existsSync(prefix)) {
      return prefix;
    }
    await buildOpenssl(platform, openssl, made);
    await buildLibpq(platform, libpq, openssl, made);
    writeSources(got, made);
    fs.renameSync(made, prefix);
    return prefix;
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

/**
 * What the packages are made of, for who packs them and tries them out.
 *
 * @param {Record<string, {source: import('./archive.js').Source,
 *   pinned: boolean}>} got
 * @param {string} prefix
 */
function writeSources(got, prefix) {
  const said = Object.entries(got).map(([name, { source, pinned }]) => [
    name,
    { version: source.version, pinned },
  ]);
  const file = path.join(prefix, 'sources.json');
  fs.writeFileSync(file, `${JSON.stringify(Object.fromEntries(said))}\n`);
}

module.exports = { buildParts };
