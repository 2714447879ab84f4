// SPDX-License-Identifier: MIT
'use strict';

// The pages in the package: what they link to is there or on the web, and the
// package stays small.

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, test } = require('node:test');

const { packMain } = require('../../scripts/pack.js');
const { LINK, pagesOf } = require('../../scripts/release/pages.js');
const { ROOT, read } = require('./markdown.js');

const HOME = 'https://git.example.org/holdfast/pg-holdfast';
/** Of the tarball, and of its files. */
const MOST_BYTES = { packed: 1000 * 1024, unpacked: 4 * 1024 * 1024 };
/** What a user of the package does not read: it stays in the repository. */
const INTERNAL = ['architecture', 'glossary', 'proofs', 'release', 'states'];

/** @type {string} */
let work;
before(() => {
  work = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-pages-'));
});
after(() => {
  fs.rmSync(work, { recursive: true, force: true });
});

/** @type {Map<string, {tarball: string, folder: string}>} */
const packed = new Map();

/** @param {string} home where the project lives */
function packFor(home) {
  let found = packed.get(home);
  if (found === undefined) {
    const inside = path.join(work, String(packed.size));
    fs.mkdirSync(inside);
    const tarball = packMain(inside, ['linux-x64'], false, home);
    execFileSync('tar', ['-xzf', tarball, '-C', path.dirname(tarball)]);
    found = { tarball, folder: path.join(path.dirname(tarball), 'package') };
    packed.set(home, found);
  }
  return found;
}

/** @param {string} folder @returns {{page: string, link: string}[]} */
function linksIn(folder) {
  return pagesOf(folder).flatMap((page) => {
    const text = fs.readFileSync(path.join(folder, page), 'utf8');
    return [...text.matchAll(LINK)].map(([, , link]) => ({ page, link }));
  });
}

/** @param {string} folder @returns {number} */
function bytesIn(folder) {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => fs.statSync(path.join(entry.parentPath, entry.name)).size)
    .reduce((sum, size) => sum + size, 0);
}

test('every page for users is packed, and no other', () => {
  const { folder } = packFor('');
  const there = fs.readdirSync(path.join(ROOT, 'docs'), { recursive: true });
  const expected = there
    .map((name) => `docs/${name}`)
    .filter((name) => name.endsWith('.md'))
    .filter((name) => !INTERNAL.includes(path.basename(name, '.md')));
  assert.deepStrictEqual(
    pagesOf(folder).filter((name) => name.startsWith('docs/')),
    expected.sort(),
  );
  assert.ok(pagesOf(folder).includes('README.md'));
});

test('links of the packed pages are relative and lead to packed files', () => {
  const { folder } = packFor('');
  const links = linksIn(folder);
  const dead = links.filter(
    ({ page, link }) =>
      !fs.existsSync(path.join(folder, path.dirname(page), link)),
  );
  assert.deepStrictEqual(dead, []);
  assert.ok(links.length > 140, String(links.length));
});

test('where the project lives is one constant, which makes all its links', () => {
  const { folder } = packFor(HOME);
  const manifest = JSON.parse(
    fs.readFileSync(path.join(folder, 'package.json'), 'utf8'),
  );
  assert.strictEqual(manifest.homepage, `${HOME}#readme`);
  assert.strictEqual(manifest.bugs.url, `${HOME}/issues`);
  assert.strictEqual(manifest.repository.url, `git+${HOME}.git`);
  const readme = fs.readFileSync(path.join(folder, 'README.md'), 'utf8');
  assert.ok(readme.includes(`](${HOME}/blob/HEAD/docs/architecture.md)`));
  assert.ok(readme.includes(`](${HOME}/tree/HEAD/examples/next)`));
  assert.ok(readme.includes(`git clone ${HOME}.git `));
  assert.ok(readme.includes('](docs/options.md)'));
  for (const key of ['homepage', 'bugs', 'repository']) {
    assert.ok(!Object.hasOwn(JSON.parse(read('package.json')), key), key);
  }
});

test('the package stays small', () => {
  const { tarball, folder } = packFor('');
  const size = fs.statSync(tarball).size;
  assert.ok(size <= MOST_BYTES.packed, `${size} bytes packed`);
  const unpacked = bytesIn(folder);
  assert.ok(unpacked <= MOST_BYTES.unpacked, `${unpacked} bytes unpacked`);
});

test('pages that the commands point to are packed', () => {
  const { folder } = packFor('');
  /** @type {string[]} */
  const named = [];
  for (const place of ['cli', 'lib']) {
    const files = fs.readdirSync(path.join(ROOT, place), {
      encoding: 'utf8',
      recursive: true,
    });
    for (const file of files.filter((name) => /\.m?js$/.test(name))) {
      const text = read(path.join(place, file));
      for (const [, one, other] of text.matchAll(
        /\bpage\('([\w/-]+\.md)'\)|docs\/([\w/-]+\.md)/g,
      )) {
        const name = String(one ?? other);
        named.push(name);
        assert.ok(fs.existsSync(path.join(folder, 'docs', name)), name);
      }
    }
  }
  assert.ok(named.includes('42p05.md'));
});
