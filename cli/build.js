// SPDX-License-Identifier: MIT
'use strict';

// npx pg-holdfast build: compiles the addon where there is no binary for the
// system, against its own libpq. It first checks for everything
// it needs, so that one run names all that is missing.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');
const SCRIPT = path.join(ROOT, 'scripts', 'build.js');
const BINARY = path.join(ROOT, 'build', 'Release', 'holdfast.node');

/** The first libpq with pipeline mode. */
const OLDEST_LIBPQ = '14';

/** Homebrew installs libpq and OpenSSL outside of pkg-config's path. */
const HOMEBREW = [
  '/opt/homebrew/opt/libpq/lib/pkgconfig',
  '/usr/local/opt/libpq/lib/pkgconfig',
  '/opt/homebrew/opt/openssl@3/lib/pkgconfig',
  '/usr/local/opt/openssl@3/lib/pkgconfig',
];

/**
 * @typedef {object} Need
 * @property {string} what
 * @property {() => boolean} there
 * @property {{apt: string, apk: string, dnf: string, brew: string}} from
 */

/** @param {string} program @param {string[]} [args] @returns {boolean} */
function works(program, args = ['--version']) {
  // CC may have options, as in CC="ccache gcc".
  const [file = '', ...first] = program.split(' ');
  const options = { stdio: /** @type {const} */ ('ignore'), env: buildEnv() };
  return spawnSync(file, [...first, ...args], options).status === 0;
}

/** @returns {NodeJS.ProcessEnv} */
function buildEnv() {
  const folders = HOMEBREW.filter((folder) => fs.existsSync(folder));
  if (process.platform !== 'darwin' || folders.length === 0) {
    return process.env;
  }
  const before = process.env['PKG_CONFIG_PATH'];
  const all = before === undefined ? folders : [before, ...folders];
  return { ...process.env, PKG_CONFIG_PATH: all.join(':') };
}

/** @param {string} variable @param {string[]} names */
function anyWorks(variable, names) {
  const given = process.env[variable];
  return (given ? [given] : names).some((name) => works(name));
}

const XCODE = 'xcode-select --install';

/** @type {Need[]} */
const NEEDS = [
  {
    what: 'a C compiler',
    there: () => anyWorks('CC', ['cc', 'gcc', 'clang']),
    from: {
      apt: 'gcc',
      apk: 'build-base linux-headers',
      dnf: 'gcc',
      brew: XCODE,
    },
  },
  {
    what: 'a C++ compiler',
    there: () => anyWorks('CXX', ['c++', 'g++', 'clang++']),
    from: { apt: 'g++', apk: 'build-base', dnf: 'gcc-c++', brew: XCODE },
  },
  {
    what: 'make',
    there: () => anyWorks('MAKE', ['make']),
    from: { apt: 'make', apk: 'build-base', dnf: 'make', brew: XCODE },
  },
  {
    what: 'Python 3',
    there: () => anyWorks('PYTHON', ['python3', 'python']),
    from: { apt: 'python3', apk: 'python3', dnf: 'python3', brew: 'python' },
  },
  {
    what: 'pkg-config',
    there: () => works('pkg-config'),
    from: {
      apt: 'pkg-config',
      apk: 'pkgconf',
      dnf: 'pkgconf-pkg-config',
      brew: 'pkgconf',
    },
  },
  {
    what: `the headers of libpq ${OLDEST_LIBPQ} or newer`,
    there: () =>
      works('pkg-config', [`--atleast-version=${OLDEST_LIBPQ}`, 'libpq']),
    from: {
      apt: 'libpq-dev',
      apk: 'libpq-dev',
      dnf: 'libpq-devel',
      brew: 'libpq',
    },
  },
  {
    what: 'the headers of OpenSSL',
    there: () => works('pkg-config', ['--exists', 'libssl', 'libcrypto']),
    from: {
      apt: 'libssl-dev',
      apk: 'openssl-dev',
      dnf: 'openssl-devel',
      brew: 'openssl@3',
    },
  },
];

/** The install command, by the package manager that is present. */
const INSTALLERS = /** @type {const} */ ([
  ['apt', 'apt-get', 'apt-get install'],
  ['apk', 'apk', 'apk add'],
  ['dnf', 'dnf', 'dnf install'],
  ['brew', 'brew', 'brew install'],
]);

/** @param {Need[]} missing @returns {string} the command that cures it */
function cure(missing) {
  const installer = INSTALLERS.find(([, program]) => works(program));
  if (installer === undefined) {
    return 'install them with the package manager of this system';
  }
  const [kind, , command] = installer;
  const packages = [...new Set(missing.map((need) => need.from[kind]))];
  const others = packages.filter((name) => name !== XCODE);
  const commands = packages.includes(XCODE) ? [XCODE] : [];
  if (others.length > 0) {
    commands.push(`${command} ${others.join(' ')}`);
  }
  return `run "${commands.join(' && ')}" and try again`;
}

/** @param {string[]} words @returns {string} */
function list(words) {
  const last = words.at(-1) ?? '';
  return words.length < 2
    ? last
    : `${words.slice(0, -1).join(', ')} and ${last}`;
}

/** @returns {string | undefined} why the addon cannot be built here */
function obstacle() {
  if (process.platform === 'win32') {
    return 'the addon cannot be built on Windows: use the binary that npm installs for x64, or WSL';
  }
  if (!fs.existsSync(SCRIPT)) {
    return `${SCRIPT} is not there: run "npm install --force pg-holdfast"`;
  }
  // libpq is found by pkg-config: without it nothing is known of libpq.
  const missing = NEEDS.filter((need) => !need.there());
  if (missing.length === 0) {
    return undefined;
  }
  return `to build the addon this system lacks ${list(missing.map((n) => n.what))}: ${cure(missing)}`;
}

/** Loads the result in a process of its own, for it may crash. */
function report() {
  const program = `const v = require(${JSON.stringify(ROOT)}).versions;
    const openssl = v.openssl ? ', OpenSSL ' + v.openssl : '';
    process.stdout.write('libpq ' + v.libpq + openssl + '\\n');`;
  const tried = spawnSync(process.execPath, ['-e', program], {
    encoding: 'utf8',
  });
  if (tried.status !== 0) {
    process.stderr.write(
      `pg-holdfast: it was built and cannot be loaded:\n${tried.stderr}`,
    );
    return 1;
  }
  process.stdout.write(`pg-holdfast: built, with ${tried.stdout}${BINARY}\n`);
  return 0;
}

const USAGE = `usage: npx pg-holdfast build [--verbose]

Compiles the addon into this installation of pg-holdfast, against the libpq of
this system. Needed only where there is no binary; run it again after each
install.
`;

/** @param {string[]} args @returns {number} the exit code */
function run(args) {
  const known = ['--verbose', '--help', '-h'];
  const unknown = args.find((arg) => !known.includes(arg));
  if (unknown !== undefined || args.some((arg) => arg !== '--verbose')) {
    const stream = unknown === undefined ? process.stdout : process.stderr;
    stream.write(USAGE);
    return unknown === undefined ? 0 : 2;
  }
  const why = obstacle();
  if (why !== undefined) {
    process.stderr.write(`pg-holdfast: ${why}\n`);
    return 1;
  }
  process.stdout.write('pg-holdfast: building, about half a minute …\n');
  const verbose = args.includes('--verbose');
  const built = spawnSync(process.execPath, [SCRIPT], {
    encoding: 'utf8',
    env: buildEnv(),
    maxBuffer: 64 << 20,
    stdio: verbose ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  });
  if (built.status !== 0) {
    const output = verbose ? '' : `${built.stdout}${built.stderr}`;
    process.stderr.write(`${output}pg-holdfast: the build failed, see above\n`);
    return 1;
  }
  return report();
}

module.exports = { run };
