// SPDX-License-Identifier: MIT
// Debian's archive, from wherever this machine takes its packages. A file is
// taken by its hash from the pool, where it stays when a newer version has
// put it out of the index; the index, signed by Debian, says what is newest.
// Nothing of the system's apt is touched: lists and archives have a folder in
// the cache.

const { spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { exec, step } = require('../steps.js');

/**
 * @typedef {object} Source
 * @property {string} package Debian's name of the source package
 * @property {string} version
 * @property {string} dsc the file that describes it
 * @property {Record<string, string>} files and their SHA-256
 */

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** apt's own downloader: it knows the machine's proxies and mirrors. */
const HELPER = '/usr/lib/apt/apt-helper';

/** The suites of a release in the archives by the names of their folders. */
const SUITES = [
  ['debian', ''],
  ['debian', '-updates'],
  ['debian-security', '-security'],
];

/** Debian 13: where the sources come from. */
const RELEASE = 'trixie';

/** Where an archive by the name of its folder keeps the files of `main`. */
const POOLS = { debian: 'pool/main', 'debian-security': 'pool/updates/main' };

/** What every apt command is told, besides the machine's own settings. */
const OPTIONS = [
  'Acquire::Languages=none',
  // apt would give the download to another account, who cannot write here.
  'APT::Sandbox::User=root',
].flatMap((option) => ['-o', option]);

/** @param {string} file @returns {string} its SHA-256 in hexadecimal */
function sha256(file) {
  return createHash('sha256').update(fs.readFileSync(file)).digest('hex');
}

/** @param {string} output of apt @returns {string} only what went wrong */
function complaints(output) {
  const lines = output.split('\n').filter((line) => /^(E:|Err:|W:)/.test(line));
  return (lines.length > 0 ? lines : output.trim().split('\n').slice(-5))
    .map((line) => `  ${line.slice(0, 200)}`)
    .join('\n');
}

/**
 * The archives of Debian that this machine takes its packages from, whether
 * or not it has a list of them.
 *
 * @returns {{name: string, uri: string}[]}
 */
function archives() {
  const { stdout } = spawnSync(
    'apt-get',
    ['indextargets', '--no-release-info', '--format', '$(REPO_URI)'],
    { encoding: 'utf8' },
  );
  const found = [...new Set(stdout?.split('\n').filter(Boolean))].flatMap(
    (line) => {
      const uri = line.replace(/\/*$/, '/');
      const name = path.basename(uri);
      return Object.hasOwn(POOLS, name) ? [{ name, uri }] : [];
    },
  );
  if (found.length === 0) {
    throw new Error(
      'apt knows no archive of Debian here: is this Debian, and is there a ' +
        'line for it in /etc/apt?',
    );
  }
  return found;
}

/** @param {Source} source @returns {string[]} folders it may lie in */
function poolFolders(source) {
  const { package: name } = source;
  const letter = name.startsWith('lib') ? name.slice(0, 4) : name.slice(0, 1);
  return archives().map(
    (archive) =>
      `${archive.uri}${POOLS[/** @type {keyof POOLS} */ (archive.name)]}/` +
      `${letter}/${name}`,
  );
}

/**
 * @typedef {object} Taken
 * @property {'got' | 'gone' | 'wrong'} outcome wrong = it is there, and is
 *   not what its hash says
 * @property {string} detail
 */

/**
 * Takes one file by its hash from the first place that has it.
 *
 * @param {string[]} folders
 * @param {string} name
 * @param {string} hash
 * @param {string} into a folder
 * @returns {Promise<Taken>}
 */
async function takeFile(folders, name, hash, into) {
  const file = path.join(into, name);
  const fresh = `${file}.part`;
  /** @type {Taken} */
  let taken = { outcome: 'gone', detail: '' };
  if (fs.existsSync(file) && sha256(file) === hash) {
    return { outcome: 'got', detail: file };
  }
  for (const folder of folders) {
    fs.rmSync(fresh, { force: true });
    const args = [...OPTIONS, '-o', 'Acquire::Retries=2'];
    args.push('download-file', `${folder}/${name}`, fresh);
    const { ok, output } = await exec(HELPER, args, { timeoutMs: 600_000 });
    if (ok && sha256(fresh) === hash) {
      fs.renameSync(fresh, file);
      return { outcome: 'got', detail: file };
    }
    if (ok) {
      taken = { outcome: 'wrong', detail: `${folder}/${name}` };
    } else if (taken.outcome === 'gone') {
      taken.detail = complaints(output);
    }
  }
  fs.rmSync(fresh, { force: true });
  return taken;
}

/**
 * Takes all files of a source by their hashes from the pool.
 *
 * @param {Source} source
 * @param {string} into a folder
 * @returns {Promise<Taken>} the first that is not right
 */
async function takeByHash(source, into) {
  const folders = poolFolders(source);
  fs.mkdirSync(into, { recursive: true });
  /** @type {Taken} */
  let taken = { outcome: 'got', detail: into };
  for (const [name, hash] of Object.entries(source.files)) {
    taken = await takeFile(folders, name, hash, into);
    if (taken.outcome !== 'got') {
      break;
    }
  }
  return taken;
}

/**
 * @param {string} cache
 * @param {{kind: 'deb' | 'deb-src', release: string, keyring?: string}} what
 * @returns {string[]} options of every apt command that reads the index
 */
function indexOptions(cache, { kind, release, keyring = KEYRING }) {
  const folder = path.join(cache, 'apt');
  for (const name of ['lists/partial', 'archives/partial']) {
    fs.mkdirSync(path.join(folder, name), { recursive: true });
  }
  const known = archives();
  const lines = SUITES.flatMap(([name, suffix]) =>
    known
      .filter((archive) => archive.name === name)
      .map(
        ({ uri }) =>
          `${kind} [signed-by=${keyring}] ${uri} ${release}${suffix} main`,
      ),
  );
  const list = path.join(folder, 'sources.list');
  fs.writeFileSync(list, `${lines.join('\n')}\n`);
  const options = [
    `Dir::Etc::SourceList=${list}`,
    'Dir::Etc::SourceParts=/dev/null',
    `Dir::State::Lists=${path.join(folder, 'lists')}`,
    'Dir::State::Status=/dev/null',
    `Dir::Cache=${folder}`,
  ].flatMap((option) => ['-o', option]);
  return [...OPTIONS, ...options];
}

/** @param {string} version @returns {string | undefined} 3 of 3.5.7-1 */
function major(version) {
  return /^(?:\d+:)?(\d+)/.exec(version)?.[1];
}

/** @param {string} one @param {string} other */
function isNewer(one, other) {
  const args = ['--compare-versions', one, 'gt', other];
  return spawnSync('dpkg', args, { stdio: 'ignore' }).status === 0;
}

/** @param {string} record of `apt-cache showsrc` @returns {Source} */
function parseRecord(record) {
  const field = (/** @type {string} */ name) =>
    new RegExp(`^${name}: *(.*)$`, 'm').exec(record)?.[1] ?? '';
  const sums = /^Checksums-Sha256:\s*\n((?: .*\n?)+)/m.exec(record)?.[1] ?? '';
  const files = Object.fromEntries(
    [...sums.matchAll(/^ ([0-9a-f]{64}) \d+ (\S+)$/gm)].map(
      ([, hash = '', name = '']) => [name, hash],
    ),
  );
  const dsc = Object.keys(files).find((name) => name.endsWith('.dsc')) ?? '';
  return { package: field('Package'), version: field('Version'), dsc, files };
}

/**
 * The versions of the same major that the signed index has, newest first.
 *
 * @param {Source} source
 * @param {string} cache
 * @param {string} [keyring] whose signature the index must have
 * @returns {Promise<Source[]>}
 */
async function versionsInIndex(source, cache, keyring) {
  const what = /** @type {const} */ ({ kind: 'deb-src', release: RELEASE });
  const options = indexOptions(cache, { ...what, keyring });
  const update = await step('list of Debian 13 sources', 'apt-get', [
    ...options,
    'update',
  ]);
  const shown = await exec('apt-cache', [
    ...options,
    ...['showsrc', '--only-source', source.package],
  ]);
  const found = shown.output
    .split(/\n\n+/)
    .map(parseRecord)
    .filter(
      (record) =>
        record.package === source.package &&
        record.dsc !== '' &&
        major(record.version) === major(source.version),
    )
    .sort((one, other) => (isNewer(one.version, other.version) ? -1 : 1));
  if (found.length === 0) {
    throw new Error(
      `the signed index of Debian 13 has no ${source.package} ` +
        `${major(source.version)}:\n` +
        complaints(update.ok ? shown.output : update.output),
    );
  }
  return found;
}

module.exports = {
  HELPER,
  KEYRING,
  indexOptions,
  sha256,
  takeByHash,
  versionsInIndex,
};
