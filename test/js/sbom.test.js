// SPDX-License-Identifier: MIT

// What each platform's package says of what is inside its binary: a CycloneDX
// document with the fields that its schema requires, and the licences.

const assert = require('node:assert/strict');
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');

const { packPlatform } = require('../../scripts/pack.js');
const { PLATFORMS } = require('../../scripts/release/platforms.js');
const {
  pinnedSources,
  sbomOf,
  thirdParty,
} = require('../../scripts/release/sbom.js');
const { SOURCES } = require('../../scripts/release/sources.js');
const { makeFolder } = require('../support');

const ROOT = path.join(__dirname, '../..');
const { version } = JSON.parse(
  fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'),
);
const RELEASED = Object.keys(PLATFORMS);

/** Values of the schema that this document uses. */
const SERIAL = /^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const TYPES = ['library', 'application', 'framework', 'file'];
const CPE = /^cpe:2\.3:a(:[^:]+){2}:[\d.]+(:\*){7}$/;
const PURL = /^pkg:(npm|deb)\/[^\s@]+@[^\s?]+(\?arch=source)?$/;
const IDS = ['Apache-2.0', 'PostgreSQL', 'MIT', 'ZPL-2.1'];

/** @param {string} platform @param {object} [more] */
const released = (platform, more = {}) => ({
  platform,
  sources: pinnedSources(),
  ...more,
});

/** @param {any} component */
function assertComponent(component) {
  // Required by the schema: type and name.
  assert.ok(TYPES.includes(component.type));
  assert.ok(component.name.length > 0);
  for (const one of component.licenses) {
    const kinds = Object.keys(one);
    assert.equal(kinds.length, 1, 'either a licence or an expression');
    if ('license' in one) {
      assert.ok(IDS.includes(one.license.id), one.license.id);
    } else {
      assert.match(one.expression, /^[\w.-]+ WITH GCC-exception-[\d.]+$/);
    }
  }
  if (component.purl !== undefined) {
    assert.match(component.purl, PURL);
  }
  if (component.cpe !== undefined) {
    assert.match(component.cpe, CPE);
  }
  for (const property of component.properties ?? []) {
    assert.deepEqual(Object.keys(property), ['name', 'value']);
  }
}

describe('the SBOM of', () => {
  for (const platform of RELEASED) {
    test(`${platform} has what the schema of CycloneDX 1.6 requires`, () => {
      const bom = sbomOf(released(platform, { compiler: '12.2.0' }));
      assert.equal(bom.bomFormat, 'CycloneDX');
      assert.equal(bom.specVersion, '1.6');
      assert.match(bom.serialNumber, SERIAL);
      assert.equal(bom.version, 1);
      const { component } = bom.metadata;
      assert.equal(component.name, `pg-holdfast-${platform}`);
      assert.equal(component.version, version);
      const all = [component, ...bom.components];
      all.forEach(assertComponent);
      const refs = all.map((one) => one['bom-ref']);
      assert.equal(new Set(refs).size, refs.length, 'each once');
      for (const { ref, dependsOn = [] } of bom.dependencies) {
        assert.ok([ref, ...dependsOn].every((one) => refs.includes(one)));
      }
    });
  }

  test('a release names the pinned sources, with their hashes', () => {
    const { components } = sbomOf(released('linux-x64'));
    const openssl = components.find(({ name }) => name === 'OpenSSL');
    const pin = SOURCES.openssl;
    assert.equal(openssl?.version, pin.version.replace(/-.*/, ''));
    const hashes = openssl?.properties?.map(({ value }) => value) ?? [];
    assert.deepEqual(
      hashes,
      Object.values(pin.files).map((hash) => `sha256:${hash}`),
    );
    const libpq = components.find(({ name }) => /libpq/.test(name));
    assert.match(libpq?.cpe ?? '', /:postgresql:17\.\d+:/);
  });

  test('a release of other sources names those, without our hashes', () => {
    const sources = {
      ...pinnedSources(),
      openssl: { version: '3.5.99-1', pinned: false },
    };
    const { components } = sbomOf({ platform: 'linux-x64', sources });
    const openssl = components.find(({ name }) => name === 'OpenSSL');
    assert.equal(openssl?.version, '3.5.99');
    assert.equal(openssl?.properties, undefined);
  });

  test("a developer's build claims nothing that is not inside", () => {
    const { components } = sbomOf({ platform: 'linux-x64', sources: null });
    const names = components.map(({ name }) => name);
    assert.ok(!names.some((name) => /OpenSSL|libpq/.test(name)), String(names));
  });

  test('the same again is the same document, another is not', () => {
    const serial = (/** @type {string} */ platform) =>
      sbomOf(released(platform)).serialNumber;
    assert.equal(serial('linux-x64'), serial('linux-x64'));
    assert.notEqual(serial('linux-x64'), serial('linux-arm64'));
  });

  test('the command prints it, and names the platforms for others', () => {
    const command = path.join(ROOT, 'scripts/release/sbom.js');
    const run = (/** @type {string[]} */ ...args) =>
      spawnSync(process.execPath, [command, ...args], { encoding: 'utf8' });
    const bom = JSON.parse(run('linux-arm64').stdout);
    assert.equal(bom.metadata.component.name, 'pg-holdfast-linux-arm64');
    const wrong = run('linux-mips');
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr + wrong.stdout, /linux-x64\|/);
  });
});

/** @param {string} platform @returns {string} the unpacked package */
function packed(platform) {
  const work = makeFolder('sbom');
  const notices = path.join(work, 'notices');
  fs.mkdirSync(notices);
  for (const name of ['OpenSSL.txt', 'PostgreSQL.txt']) {
    fs.writeFileSync(path.join(notices, name), `the licence of ${name}\n`);
  }
  const sources = path.join(work, 'sources.json');
  fs.writeFileSync(sources, JSON.stringify(pinnedSources()));
  const binary = path.join(work, 'holdfast.node');
  fs.writeFileSync(binary, 'a binary\0GCC: (Debian 12.2.0-14) 12.2.0\0');
  const tarball = packPlatform(work, platform, { binary, notices, sources });
  execFileSync('tar', ['-xzf', tarball, '-C', work]);
  return path.join(work, 'package');
}

test('a package has the document, the page, and every licence it names', () => {
  const folder = packed('linux-x64');
  const text = (/** @type {string} */ name) =>
    fs.readFileSync(path.join(folder, name), 'utf8');
  const bom = JSON.parse(text('sbom.cdx.json'));
  const names = bom.components.map((/** @type {any} */ one) => one.name);
  const page = text('THIRD-PARTY.md');
  for (const name of names) {
    assert.ok(page.includes(`| ${name} |`), name);
  }
  const files = [...page.matchAll(/\]\((licenses\/[^)]+)\)/g)];
  assert.equal(files.length, 3);
  for (const [, file] of files) {
    assert.ok(text(file).length > 0, file);
  }
  assert.match(text('licenses/node-addon-api.txt'), /MIT License/);
  const gcc = bom.components.find(
    (/** @type {any} */ c) => c.name === 'libgcc',
  );
  assert.equal(gcc.version, '12.2.0', 'as the compiler wrote it down');
});

test('the page is for people: one row for each', () => {
  const rows = thirdParty(released('linux-x64-musl'))
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| |'));
  const { components } = sbomOf(released('linux-x64-musl'));
  assert.equal(rows.length - 1, components.length);
  assert.ok(rows.some((row) => row.includes('musl start-up objects')));
});
