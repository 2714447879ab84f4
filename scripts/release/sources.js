// SPDX-License-Identifier: MIT
// The sources of what is linked in: Debian's, at a pinned version, taken by
// our own hashes from the archive's pool, where they stay when a security fix
// puts them out of the index. Should they go from there too, a checkout takes
// the newest of the same major, by Debian's signature; what is published has
// pinned sources only.

const fs = require('node:fs');
const path = require('node:path');
const { cacheFolder } = require('../cache-folder.js');
const { say } = require('../steps.js');
const { sha256, takeByHash, versionsInIndex } = require('./archive.js');
const { unpack } = require('./unpack.js');

/** @typedef {import('./archive.js').Source} Source */

/** @typedef {'openssl' | 'libpq' | 'pgbouncer' | 'libuv' | 'cmocka'}
 *   SourceName */

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

/**
 * Not linked in. PgBouncer: the tests want a newer one than Debian 12 has;
 * libuv and cmocka: C tests where they are not installed, or for musl. Those
 * two need none of Debian's patches.
 */
const TEST_SOURCES = {
  libuv: {
    package: 'libuv1',
    version: '1.50.0-2',
    dsc: '',
    files: {
      'libuv1_1.50.0.orig.tar.gz':
        'ec9de6ecf2a780fd2afb3b007947d2cd57c3bb17f3b9e721a66774980d35cd4d',
    },
  },
  cmocka: {
    package: 'cmocka',
    version: '1.1.7-3',
    dsc: '',
    files: {
      'cmocka_1.1.7.orig.tar.xz':
        '810570eb0b8d64804331f82b29ff47c790ce9cd6b163e98d47a4807047ecad82',
    },
  },
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

/**
 * @param {Source} source
 * @param {string} folder
 * @returns {boolean} whether all its files are there, and right
 */
function isComplete(source, folder) {
  return Object.entries(source.files).every(([name, hash]) => {
    const file = path.join(folder, name);
    return fs.existsSync(file) && sha256(file) === hash;
  });
}

/** @param {Source} source @returns {string} its folder in the cache */
function folderOf(source) {
  const hash = Object.values(source.files)[0]?.slice(0, 16);
  return path.join(cacheFolder(), 'sources', `${source.package}-${hash}`);
}

/**
 * @typedef {object} FetchOptions
 * @property {boolean} [pinnedOnly] as what is published must be
 * @property {string} [keyring] whose signature the index must have, if not
 *   Debian's
 */

/**
 * Takes the files of a source that are not in the cache yet.
 *
 * @param {Source} source
 * @returns {Promise<import('./archive.js').Taken>}
 */
async function take(source) {
  const folder = folderOf(source);
  if (isComplete(source, folder)) {
    return { outcome: 'got', detail: folder };
  }
  say(`taking ${source.package} ${source.version} from Debian's pool`);
  const taken = await takeByHash(source, folder);
  if (taken.outcome === 'wrong') {
    throw new Error(
      `${taken.detail} is not what its SHA-256 says: nothing of it is used`,
    );
  }
  return taken;
}

/**
 * Downloads the pinned version, or the newest in its place.
 *
 * @param {Source} pin
 * @param {FetchOptions} [options]
 * @returns {Promise<{source: Source, folder: string, pinned: boolean}>}
 */
async function fetchSource(pin, { pinnedOnly = false, keyring } = {}) {
  const name = `${pin.package} ${pin.version}`;
  const taken = await take(pin);
  if (taken.outcome === 'got') {
    return { source: pin, folder: folderOf(pin), pinned: true };
  }
  if (pinnedOnly) {
    throw new Error(
      `${name} is pinned in scripts/release/sources.js and cannot be had from ` +
        "Debian's pool; what is published has pinned sources only: pin a " +
        `newer one ("npm run release -- --newest" prints it)\n${taken.detail}`,
    );
  }
  say(`${name} is pinned and cannot be had:\n${taken.detail}`);
  return await fetchNewest(pin, keyring);
}

/**
 * The newest of the same major that can be had: a mirror's index may be ahead
 * of its files.
 *
 * @param {Source} pin
 * @param {string} [keyring]
 */
async function fetchNewest(pin, keyring) {
  const found = await versionsInIndex(pin, cacheFolder(), keyring);
  let detail = '';
  for (const source of found) {
    const taken = await take(source);
    if (taken.outcome === 'got') {
      const { package: name, version } = source;
      say(`in place of the pinned ${name}: ${version}, signed by Debian`);
      return { source, folder: folderOf(source), pinned: false };
    }
    detail ||= taken.detail;
  }
  throw new Error(
    `no ${pin.package} can be had, neither ${pin.version}, which is pinned, ` +
      `nor what the signed index of Debian 13 has:\n${detail}`,
  );
}

/**
 * Unpacks a source with Debian's patches applied.
 *
 * @param {SourceName} name
 * @param {string} into a folder that does not exist yet
 * @param {FetchOptions} [options]
 * @returns {Promise<{source: Source, pinned: boolean}>} what it was
 */
async function unpackSource(name, into, options) {
  const got = await fetchSource(ALL_SOURCES[name], options);
  await unpack(got.source, got.folder, into);
  return got;
}

/** @returns {Promise<Source[]>} what could be pinned today */
async function newestSources() {
  const found = [];
  for (const pin of Object.values(ALL_SOURCES)) {
    found.push(...(await versionsInIndex(pin, cacheFolder())).slice(0, 1));
  }
  return found;
}

module.exports = {
  SOURCES,
  TEST_SOURCES,
  fetchSource,
  newestSources,
  unpackSource,
};
