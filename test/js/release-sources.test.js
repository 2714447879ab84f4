// SPDX-License-Identifier: MIT
'use strict';

// Where `npm run release` gets the sources of what it links in, against an
// archive on loopback; and that it names what is missing before it begins.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, afterEach, before, beforeEach, test } = require('node:test');

const { fetchSource } = require('../../scripts/release/sources.js');
const { works } = require('../../scripts/steps.js');
const { makeSource, startArchive } = require('../support/debian-archive.js');

const ROOT = path.join(__dirname, '..', '..');
const POOL = 'debian/pool/main/o/openssl';
const SECURITY = 'debian-security/pool/updates/main/o/openssl';

const pinned = makeSource('openssl', '3.5.7-1');
const newer = makeSource('openssl', '3.5.8-1');
const newest = makeSource('openssl', '3.5.10-1');
const otherMajor = makeSource('openssl', '4.0.0-1');

const skip =
  works('apt-get') && works('gpg') && works('dpkg')
    ? false
    : 'apt-get, dpkg or gpg is not installed';

/** @type {string} */
let folder;
/** @type {import('../support/debian-archive.js').Archive} */
let archive;
/** @type {Record<string, string | undefined>} */
const env = {};

before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-archive-'));
  env.APT_CONFIG = process.env.APT_CONFIG;
  env.HOLDFAST_CACHE = process.env.HOLDFAST_CACHE;
});

after(() => {
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) {
      delete process.env[name];
    } else {
      process.env[name] = value;
    }
  }
  fs.rmSync(folder, { recursive: true, force: true });
});

let archives = 0;

beforeEach(async () => {
  if (skip) {
    return;
  }
  archives += 1;
  const place = path.join(folder, `${archives}`);
  fs.mkdirSync(place);
  archive = await startArchive(place);
  process.env.APT_CONFIG = archive.config;
  process.env.HOLDFAST_CACHE = path.join(place, 'cache');
});

afterEach(async () => {
  if (!skip) {
    await archive.close();
  }
});

/** @param {ReturnType<typeof makeSource>} made @param {string} [pool] */
function put({ texts }, pool = POOL) {
  for (const [name, text] of Object.entries(texts)) {
    archive.put(`${pool}/${name}`, text);
  }
}

/** @param {{folder: string}} got @param {ReturnType<typeof makeSource>} made */
function assertFiles(got, { texts }) {
  for (const [name, text] of Object.entries(texts)) {
    const file = path.join(got.folder, name);
    assert.strictEqual(fs.readFileSync(file, 'utf8'), text);
  }
}

for (const [where, pool] of [
  ["Debian's archive", POOL],
  ['the security archive', SECURITY],
]) {
  test(`a pinned source that left the index is taken from the pool of ${where}`, {
    skip,
  }, async () => {
    put(pinned, pool);
    put(newest);
    archive.list([newest]);
    for (const pinnedOnly of [true, false]) {
      const got = await fetchSource(pinned.source, { pinnedOnly });
      assert.strictEqual(got.pinned, true);
      assert.strictEqual(got.source.version, '3.5.7-1');
      assertFiles(got, pinned);
    }
    const index = archive.asked.filter((name) => name.includes('/dists/'));
    assert.deepStrictEqual(index, [], 'the index need not be read');
  });
}

test('where the pinned source is gone, a checkout takes the newest of its major that the signed index has', {
  skip,
}, async () => {
  put(newer);
  put(newest);
  put(otherMajor);
  archive.list([newer, newest, otherMajor]);
  const { keyring } = archive;
  const got = await fetchSource(pinned.source, { keyring });
  assert.strictEqual(got.pinned, false);
  assert.strictEqual(got.source.version, '3.5.10-1');
  assertFiles(got, newest);
});

test('a version that the index has and the pool has not yet is skipped', {
  skip,
}, async () => {
  put(newer);
  archive.list([newer, newest]);
  const { keyring } = archive;
  const got = await fetchSource(pinned.source, { keyring });
  assert.strictEqual(got.source.version, '3.5.8-1');
});

test('a release is refused where the pinned source is gone', {
  skip,
}, async () => {
  put(newest);
  archive.list([newest]);
  const { keyring } = archive;
  await assert.rejects(
    fetchSource(pinned.source, { keyring, pinnedOnly: true }),
    /openssl 3\.5\.7-1 is pinned .* pinned sources only/s,
  );
});

test('a pinned source with another hash is refused, and nothing takes its place', {
  skip,
}, async () => {
  const [dsc, orig] = Object.keys(pinned.texts);
  put(pinned);
  archive.put(`${POOL}/${orig}`, 'something else\n');
  put(newest);
  archive.list([newest]);
  const { keyring } = archive;
  for (const pinnedOnly of [true, false]) {
    await assert.rejects(
      fetchSource(pinned.source, { keyring, pinnedOnly }),
      new RegExp(`${orig} is not what its SHA-256 says`),
    );
  }
  assert.ok(archive.asked.includes(`/${POOL}/${dsc}`));
  const kept = fs
    .readdirSync(String(process.env.HOLDFAST_CACHE), { recursive: true })
    .filter((name) => path.basename(String(name)).startsWith(String(orig)));
  assert.deepStrictEqual(kept, []);
});

test('an index that Debian did not sign is refused', { skip }, async () => {
  put(newest);
  archive.list([newest]);
  await assert.rejects(
    fetchSource(pinned.source),
    /the signed index of Debian 13 has no openssl 3/,
  );
});

/**
 * Runs the release in a copy of the repository's scripts, which has nothing
 * else in it.
 *
 * @param {string[]} args
 * @param {Record<string, string>} more environment
 */
function release(args, more) {
  const root = fs.mkdtempSync(path.join(folder, 'root-'));
  for (const name of ['scripts', 'test/support', 'package.json']) {
    const to = path.join(root, name);
    fs.cpSync(path.join(ROOT, name), to, { recursive: true });
  }
  const cache = path.join(root, 'cache');
  const { status, stdout } = spawnSync(
    process.execPath,
    ['scripts/release/main.js', ...args],
    {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, HOLDFAST_CACHE: cache, ...more },
    },
  );
  return { status, stdout, began: fs.existsSync(cache) };
}

test('a release without node_modules says so before anything is downloaded', () => {
  const { status, stdout, began } = release(['linux-x64'], {});
  assert.strictEqual(status, 1);
  assert.match(stdout, /node_modules is not there: run "npm ci" first/);
  assert.strictEqual(began, false);
});

test('a release names every program and package that is missing at once', () => {
  const empty = fs.mkdtempSync(path.join(folder, 'bin-'));
  const { status, stdout, began } = release(['linux-x64'], { PATH: empty });
  assert.strictEqual(status, 1);
  assert.match(stdout, /apt \(apt-get and apt-helper\) is needed/);
  assert.match(stdout, /packed by npm/);
  assert.match(stdout, /run "npm ci" first/);
  assert.match(
    stdout,
    /"apt-get install dpkg-dev .*make perl python3 clang lld .*gcc g\+\+ binutils" first/,
  );
  assert.strictEqual(began, false);
});

test('a release names a platform and an option that it does not know', () => {
  assert.match(release(['linux-riscv'], {}).stdout, /no platform linux-riscv;/);
  assert.match(release(['--pined'], {}).stdout, /no option --pined;/);
});
