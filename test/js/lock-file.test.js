// SPDX-License-Identifier: MIT
'use strict';

// `npm ci` works from this lock file on every system: it refuses one that
// lacks a package, also one that only another system needs.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

const ROOT = path.join(__dirname, '..', '..');

/** @param {string} name */
function readJson(name) {
  return JSON.parse(fs.readFileSync(path.join(ROOT, name), 'utf8'));
}

const manifest = readJson('package.json');
/** @type {Record<string, any>} */
const packages = readJson('package-lock.json').packages;

/** @param {import('node:test').TestContext} t */
function temporary(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-lock-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Where Node would look for a package, from another's folder.
 *
 * @param {string} from a key of the lock file
 * @param {string} name
 * @returns {string | undefined} its key in the lock file
 */
function resolve(from, name) {
  const parts = from === '' ? [] : from.split('/node_modules/');
  for (let depth = parts.length; depth >= 0; depth -= 1) {
    const folder = parts.slice(0, depth).join('/node_modules/');
    const key = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (packages[key] !== undefined) {
      return key;
    }
  }
  return undefined;
}

test('the lock file names every package that any system needs', () => {
  const missing = [];
  for (const [key, entry] of Object.entries(packages)) {
    const peers = Object.keys(entry.peerDependencies ?? {}).filter(
      (name) => !entry.peerDependenciesMeta?.[name]?.optional,
    );
    const wanted = [
      ...Object.keys(entry.dependencies ?? {}),
      ...Object.keys(entry.optionalDependencies ?? {}),
      ...Object.keys(key === '' ? entry.devDependencies : {}),
      ...peers,
    ];
    for (const name of wanted) {
      if (resolve(key, name) === undefined) {
        missing.push(`${name} of ${key || 'the root'}`);
      }
    }
  }
  assert.deepStrictEqual(missing, []);
});

test('the lock file is of this package.json', () => {
  const root = packages[''];
  for (const kind of [
    'version',
    'engines',
    'devDependencies',
    'peerDependencies',
    'peerDependenciesMeta',
  ]) {
    assert.deepStrictEqual(root[kind], manifest[kind], kind);
  }
});

test('the lock file has a hash of every package and names no registry', () => {
  for (const [key, entry] of Object.entries(packages)) {
    assert.strictEqual(entry.resolved, undefined, key);
    assert.ok(key === '' || entry.integrity, key);
  }
});

test('npm ci takes the lock file', (t) => {
  const folder = temporary(t);
  for (const name of ['package.json', 'package-lock.json', '.npmrc']) {
    fs.copyFileSync(path.join(ROOT, name), path.join(folder, name));
  }
  const args = ['ci', '--dry-run', '--offline', '--ignore-scripts'];
  const cache = path.join(folder, 'cache');
  const { status, stderr } = spawnSync('npm', [...args, '--cache', cache], {
    cwd: folder,
    encoding: 'utf8',
  });
  assert.strictEqual(status, 0, stderr);
});

test('setup installs exactly what the lock file says', (t) => {
  const folder = temporary(t);
  const files = ['package.json', 'package-lock.json'];
  for (const name of ['scripts', 'test/support', ...files]) {
    const to = path.join(folder, name);
    fs.cpSync(path.join(ROOT, name), to, { recursive: true });
  }
  const bin = path.join(folder, 'bin');
  const said = path.join(folder, 'said');
  fs.mkdirSync(bin);
  fs.writeFileSync(
    path.join(bin, 'npm'),
    `#!/bin/sh\necho "$@" > '${said}'\nexit 1\n`,
    { mode: 0o755 },
  );
  const { status, stdout } = spawnSync(
    process.execPath,
    ['scripts/setup.js', 'demo'],
    {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
    },
  );
  assert.strictEqual(status, 1);
  assert.match(stdout, /missing: the packages of package.json \(npm ci\)/);
  assert.match(fs.readFileSync(said, 'utf8'), /^ci --include=dev /);
});
