// SPDX-License-Identifier: MIT
// What is inside the binary of a platform: a CycloneDX 1.6 document, the
// licences, and a page that lists both. The release packs them beside the
// binary; this prints the document of what was built, or would be:
//
//   node scripts/release/sbom.js <platform>

const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { ROOT, say } = require('../steps.js');
const { PLATFORMS } = require('./platforms.js');
const { SOURCES } = require('./sources.js');

/** @typedef {'openssl' | 'libpq'} Linked */

/**
 * Something that is in the binary.
 * @typedef {object} Part
 * @property {string} name
 * @property {string} [version]
 * @property {string} [id] of its licence, as SPDX writes it
 * @property {string} [expression] where one identifier is not enough
 * @property {string} what it is here
 * @property {string} [purl]
 * @property {string} [cpe] by which vulnerabilities are announced
 * @property {string} [text] the file with its licence
 * @property {Record<string, string>} [hashes] SHA-256 of its source files
 */

/**
 * @typedef {object} Binary
 * @property {string} platform
 * @property {Record<Linked, {version: string, pinned: boolean}> | null} sources
 *   what was linked in statically; null: nothing, as in a developer's build
 * @property {string} [compiler] of GCC, where it is known
 */

const SPEC = '1.6';
const HEX = 16;

/** @type {Record<Linked, Pick<Part, 'name' | 'id' | 'what' | 'text'> & {cpe: string}>} */
const LINKED = {
  openssl: {
    name: 'OpenSSL',
    id: 'Apache-2.0',
    what: 'libssl and libcrypto, linked statically: TLS and SCRAM',
    text: 'OpenSSL.txt',
    cpe: 'openssl:openssl',
  },
  libpq: {
    name: 'PostgreSQL (libpq)',
    id: 'PostgreSQL',
    what: 'libpq, libpgcommon and libpgport, linked statically: the protocol',
    text: 'PostgreSQL.txt',
    cpe: 'postgresql:postgresql',
  },
};

/**
 * The few objects that a linker puts around each library, by C library.
 * @type {Record<string, Part>}
 */
const START_UP = {
  glibc: {
    name: 'glibc start-up objects',
    expression: 'LGPL-2.1-or-later WITH GCC-exception-2.0',
    what: "crti.o and crtn.o; the C library itself is the system's",
  },
  musl: {
    name: 'musl start-up objects',
    id: 'MIT',
    what: "crti.o and crtn.o; the C library itself is the system's",
  },
  'mingw-w64': {
    name: 'mingw-w64 start-up objects',
    id: 'ZPL-2.1',
    what: "start-up code; the C library itself is the system's",
  },
};

/** @param {string} version of Debian's, as 3.5.7-1~deb13u2 */
function upstream(version) {
  return version.replace(/^\d+:/, '').replace(/-[^-]*$/, '');
}

/**
 * @param {Linked} key
 * @param {{version: string, pinned: boolean}} made
 * @returns {Part}
 */
function linkedPart(key, { version, pinned }) {
  const { cpe, ...part } = LINKED[key];
  const source = SOURCES[key];
  const number = upstream(version);
  return {
    ...part,
    version: number,
    purl: `pkg:deb/debian/${source.package}@${encodeURIComponent(version)}?arch=source`,
    cpe: `cpe:2.3:a:${cpe}:${number}:*:*:*:*:*:*:*`,
    // Of another source than the pinned one the hashes are not known here.
    hashes: pinned && source.version === version ? source.files : {},
  };
}

/** @returns {Part} headers whose functions are compiled in */
function nodeAddonApi() {
  const file = path.join(ROOT, 'node_modules/node-addon-api/package.json');
  const { version } = JSON.parse(fs.readFileSync(file, 'utf8'));
  return {
    name: 'node-addon-api',
    version,
    id: 'MIT',
    what: 'C++ headers, compiled in',
    purl: `pkg:npm/node-addon-api@${version}`,
    text: 'node-addon-api.txt',
  };
}

/** @param {string} [version] @returns {Part} */
function compilerRuntime(version) {
  return {
    name: 'libgcc',
    version,
    expression: 'GPL-3.0-or-later WITH GCC-exception-3.1',
    what:
      'helper functions that the compiler adds; its exception lets the ' +
      'binary have any licence',
  };
}

/** @param {Binary} binary @returns {Part[]} */
function partsOf({ platform, sources, compiler }) {
  // Windows has one C library only.
  const { libc = 'mingw-w64' } = PLATFORMS[platform];
  const linked = sources === null ? [] : Object.entries(sources);
  return [
    ...linked.map(([key, made]) =>
      linkedPart(/** @type {Linked} */ (key), made),
    ),
    nodeAddonApi(),
    compilerRuntime(compiler),
    START_UP[libc],
  ];
}

/** @param {Part} part */
function refOf({ name, version, purl }) {
  return purl ?? `${name.toLowerCase().replace(/\W+/g, '-')}@${version ?? '-'}`;
}

/** @param {Part} part */
function component(part) {
  const { name, version, id, expression, what, purl, cpe, hashes = {} } = part;
  return {
    type: 'library',
    'bom-ref': refOf(part),
    name,
    ...(version === undefined ? {} : { version }),
    description: what,
    licenses: [id === undefined ? { expression } : { license: { id } }],
    ...(cpe === undefined ? {} : { cpe }),
    ...(purl === undefined ? {} : { purl }),
    ...(Object.keys(hashes).length === 0
      ? {}
      : {
          properties: Object.entries(hashes).map(([file, hash]) => ({
            name: `pg-holdfast:source:${file}`,
            value: `sha256:${hash}`,
          })),
        }),
  };
}

/**
 * A serial number that depends on the content alone, so that building the same
 * again gives the same document: a UUID of version 8.
 * @param {unknown} content
 */
function serialNumber(content) {
  const hash = createHash('sha256').update(JSON.stringify(content));
  const hex = hash
    .digest('hex')
    .slice(0, 2 * HEX)
    .split('');
  hex[12] = '8';
  hex[16] = '8';
  const text = hex.join('');
  const cuts = [0, 8, 12, 16, 20, 32];
  const groups = cuts.slice(1).map((end, i) => text.slice(cuts[i], end));
  return `urn:uuid:${groups.join('-')}`;
}

/** @param {Binary} binary */
function sbomOf(binary) {
  const { name, version, license } = JSON.parse(
    fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'),
  );
  const parts = partsOf(binary);
  const own = `${name}-${binary.platform}`;
  const ref = `pkg:npm/${own}@${version}`;
  const content = {
    metadata: {
      component: {
        type: 'library',
        'bom-ref': ref,
        name: own,
        version,
        licenses: [{ license: { id: license } }],
        purl: ref,
      },
    },
    components: parts.map(component),
    dependencies: [
      { ref, dependsOn: parts.map(refOf) },
      ...parts.map((part) => ({ ref: refOf(part) })),
    ],
  };
  return {
    bomFormat: 'CycloneDX',
    specVersion: SPEC,
    serialNumber: serialNumber(content),
    version: 1,
    ...content,
  };
}

/** @param {Binary} binary @returns {string} the page THIRD-PARTY.md */
function thirdParty(binary) {
  const rows = partsOf(binary).map((part) => {
    const { name, version = '', id, expression, what, text } = part;
    const licence = text
      ? `[${id ?? expression}](licenses/${text})`
      : (id ?? expression);
    return `| ${name} | ${version} | ${licence} | ${what} |`;
  });
  return `# What is inside the binary

Beside pg-holdfast's own code, which has the licence in [LICENSE](LICENSE). The same for
programs: [sbom.cdx.json](sbom.cdx.json), a CycloneDX document.

| | version | licence | |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}

/**
 * Returns GCC's version, which the compiler leaves in what it makes.
 * @param {string} file
 * @returns {string | undefined}
 */
function compilerOf(file) {
  const text = fs.readFileSync(file).toString('latin1');
  return /GCC: \([^)]*\) (\d+(?:\.\d+)*)/.exec(text)?.[1];
}

/**
 * Puts the document, the page and the licences into a package.
 * @param {string} folder of the package, with its binary
 * @param {string} platform
 * @param {{notices?: string, sources?: string}} built where the licences of
 *   what is linked in are, and sources.json
 */
function addSbom(folder, platform, { notices, sources }) {
  const has = (/** @type {string | undefined} */ file) =>
    file !== undefined && fs.existsSync(file) ? file : null;
  const list = has(sources);
  /** @type {Binary} */
  const binary = {
    platform,
    sources: list && JSON.parse(fs.readFileSync(list, 'utf8')),
    compiler: compilerOf(path.join(folder, 'holdfast.node')),
  };
  const licenses = path.join(folder, 'licenses');
  fs.mkdirSync(licenses, { recursive: true });
  const given = has(notices);
  if (given !== null) {
    fs.cpSync(given, licenses, { recursive: true });
  }
  fs.copyFileSync(
    path.join(ROOT, 'node_modules/node-addon-api/LICENSE.md'),
    path.join(licenses, 'node-addon-api.txt'),
  );
  fs.writeFileSync(
    path.join(folder, 'sbom.cdx.json'),
    `${JSON.stringify(sbomOf(binary), null, 2)}\n`,
  );
  fs.writeFileSync(path.join(folder, 'THIRD-PARTY.md'), thirdParty(binary));
}

/** @returns {Binary['sources']} the pinned ones */
function pinnedSources() {
  const made = Object.entries(SOURCES).map(([name, { version }]) => [
    name,
    { version, pinned: true },
  ]);
  return Object.fromEntries(made);
}

function main() {
  const [platform = ''] = process.argv.slice(2);
  if (!Object.hasOwn(PLATFORMS, platform)) {
    say(
      `usage: node scripts/release/sbom.js ${Object.keys(PLATFORMS).join('|')}`,
    );
    process.exitCode = 2;
    return;
  }
  const built = path.join(ROOT, 'dist/release', platform, 'sources.json');
  const sources = fs.existsSync(built)
    ? JSON.parse(fs.readFileSync(built, 'utf8'))
    : pinnedSources();
  process.stdout.write(
    `${JSON.stringify(sbomOf({ platform, sources }), null, 2)}\n`,
  );
}

if (require.main === module) {
  main();
}

module.exports = { addSbom, pinnedSources, sbomOf, thirdParty };
