// SPDX-License-Identifier: MIT
// The sources of what is linked in: Debian's, at a pinned version, brought by
// apt and checked against our own hashes. Nothing of the system's apt is
// touched: lists and archives have a folder in the cache.

const { spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { exec, say, step } = require('../steps.js');

/**
 * @typedef {object} Source
 * @property {string} package Debian's name of the source package
 * @property {string} version
 * @property {string} dsc the file that describes it
 * @property {Record<string, string>} files and their SHA-256
 */

/** @typedef {'openssl' | 'libpq' | 'pgbouncer'} SourceName */

/** @type {Record<'openssl' | 'libpq', Source>} */
const SOURCES = {
  openssl: {
    package: 'openssl',
    version: '3.5.7-1~deb13u2',
    dsc: 'openssl_3.5.7-1~deb13u2.dsc',
    files: {
      'openssl_3.5.7-1~deb13u2.dsc':
        '25904642004d30c5c3da4642a72a7d09f8d9eb6e5ce62dab53c0371114faf8f2',
      'openssl_3.5.7-1~deb13u2.debian.tar.xz':
        '593a47654ead460a3b609503733f80bef552ff0802799d3b47784faacc50809f',
      'openssl_3.5.7.orig.tar.gz':
        'a8c0d28a529ca480f9f36cf5792e2cd21984552a3c8e4aa11a24aa31aeac98e8',
      'openssl_3.5.7.orig.tar.gz.asc':
        'd3d082bee3f658c31db53af625eceecf29d777c7010394bed5787ebcc98abdf2',
    },
  },
  libpq: {
    package: 'postgresql-17',
    version: '17.11-0+deb13u1',
    dsc: 'postgresql-17_17.11-0+deb13u1.dsc',
    files: {
      'postgresql-17_17.11-0+deb13u1.dsc':
        'bf148ae423a982707c3f60672c3a072ef62b701bd9f5df847d9f4b8c9b3e3b18',
      'postgresql-17_17.11-0+deb13u1.debian.tar.xz':
        '82851f4dfeb372c99b94b412e2e3046a8eee7771098e42ac1fa234bef2611cbd',
      'postgresql-17_17.11.orig.tar.bz2':
        'dd27f2b3c59e73ed14aa3324901242bf69a032a6347805f274e6260322d42979',
    },
  },
};

/** Not linked in: the tests want a newer one than Debian 12 has. */
const TEST_SOURCES = {
  pgbouncer: {
    package: 'pgbouncer',
    version: '1.24.1-1+deb13u2',
    dsc: 'pgbouncer_1.24.1-1+deb13u2.dsc',
    files: {
      'pgbouncer_1.24.1-1+deb13u2.dsc':
        'dc1bc121e10a7ac2da987e72bb13798c94a7ff162ddc480d93a3f93c19b637a7',
      'pgbouncer_1.24.1-1+deb13u2.debian.tar.xz':
        '2325bcaa2e71919d399b9e5aef5b94ff988fc1f1d296908c3937b682b7be5cbb',
      'pgbouncer_1.24.1.orig.tar.gz':
        'da72a3aba13072876d055a3e58dd4aba4a5de4ed6148e73033185245598fd3e0',
    },
  },
};

/** @type {Record<SourceName, Source>} */
const ALL_SOURCES = { ...SOURCES, ...TEST_SOURCES };

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Debian 13 in the archives by the names of their folders. */
const SUITES = [
  ['debian', 'trixie'],
  ['debian', 'trixie-updates'],
  ['debian-security', 'trixie-security'],
];

/**
 * The sources of Debian 13, from wherever this machine gets its packages.
 *
 * @returns {string[]} lines of a sources.list
 */
function sourceLines() {
  const { stdout } = spawnSync(
    'apt-get',
    ['indextargets', '--format', '$(REPO_URI)'],
    { encoding: 'utf8' },
  );
  const archives = new Set(stdout?.split('\n').filter(Boolean));
  const lines = [];
  for (const [name, suite] of SUITES) {
    for (const uri of archives) {
      if (uri.replace(/\/$/, '').endsWith(`/${name}`)) {
        lines.push(`deb-src [signed-by=${KEYRING}] ${uri} ${suite} main`);
      }
    }
  }
  if (lines.length === 0) {
    throw new Error(
      'apt knows no archive of Debian here: is this Debian, and was ' +
        '`apt-get update` run?',
    );
  }
  return lines;
}

/** @returns {string} the folder that keeps what took long to get or build */
function cacheFolder() {
  const folder =
    process.env.HOLDFAST_CACHE ??
    path.join(os.homedir(), '.cache', 'pg-holdfast');
  fs.mkdirSync(folder, { recursive: true });
  return path.resolve(folder);
}

/** @param {string} file @returns {string} its SHA-256 in hexadecimal */
function sha256(file) {
  return createHash('sha256').update(fs.readFileSync(file)).digest('hex');
}

/**
 * @param {Source} source
 * @param {string} folder
 * @returns {string | undefined} the first file that is missing or another
 */
function wrongFile(source, folder) {
  return Object.entries(source.files).find(([name, hash]) => {
    const file = path.join(folder, name);
    return !fs.existsSync(file) || sha256(file) !== hash;
  })?.[0];
}

/** @param {string} cache @returns {string[]} options of every apt command */
function aptOptions(cache) {
  const folder = path.join(cache, 'apt');
  for (const name of ['lists/partial', 'archives/partial']) {
    fs.mkdirSync(path.join(folder, name), { recursive: true });
  }
  const list = path.join(folder, 'sources.list');
  fs.writeFileSync(list, `${sourceLines().join('\n')}\n`);
  return [
    `Dir::Etc::SourceList=${list}`,
    'Dir::Etc::SourceParts=/dev/null',
    `Dir::State::Lists=${path.join(folder, 'lists')}`,
    'Dir::State::Status=/dev/null',
    `Dir::Cache=${folder}`,
    'Acquire::Languages=none',
    // apt would give the download to another account, who cannot write here.
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);
}

/**
 * Downloads what is not in the cache yet.
 *
 * @param {SourceName} name
 * @returns {Promise<string>} the folder with the files
 */
async function fetchSource(name) {
  const source = ALL_SOURCES[name];
  const cache = cacheFolder();
  const hash = source.files[source.dsc]?.slice(0, 16);
  const folder = path.join(cache, 'sources', `${source.package}-${hash}`);
  if (wrongFile(source, folder) === undefined) {
    return folder;
  }
  fs.mkdirSync(folder, { recursive: true });
  const options = aptOptions(cache);
  const update = await step('list of Debian 13 sources', 'apt-get', [
    ...options,
    'update',
  ]);
  const spec = `${source.package}=${source.version}`;
  const got = await step(
    `download of ${spec}`,
    'apt-get',
    [...options, 'source', '--download-only', spec],
    { cwd: folder },
  );
  const wrong = wrongFile(source, folder);
  if (!got.ok || wrong !== undefined) {
    say(update.ok ? got.output : update.output);
    throw new Error(
      got.ok
        ? `${wrong} is not what its SHA-256 in scripts/release/sources.js says`
        : `apt cannot get ${spec}: is there a newer version to pin in ` +
            'scripts/release/sources.js?',
    );
  }
  return folder;
}

/**
 * Unpacks a source with Debian's patches applied.
 *
 * @param {SourceName} name
 * @param {string} into a folder that does not exist yet
 */
async function unpackSource(name, into) {
  const folder = await fetchSource(name);
  const dsc = path.join(folder, ALL_SOURCES[name].dsc);
  // The hashes were checked above; the signature's keys need not be here.
  const args = ['--no-check', '--extract', dsc, into];
  const { ok, output } = await exec('dpkg-source', args);
  if (!ok) {
    throw new Error(`dpkg-source failed:\n${output}`);
  }
}

module.exports = { SOURCES, TEST_SOURCES, cacheFolder, unpackSource };
