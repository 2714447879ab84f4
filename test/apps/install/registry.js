// SPDX-License-Identifier: MIT
// A registry on loopback that serves only some tarballs.

const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');

const PUBLISHED = '2020-01-01T00:00:00.000Z';

/** @param {string} tarball @returns {any} its package.json */
function manifestOf(tarball) {
  const args = ['-xzOf', tarball, 'package/package.json'];
  return JSON.parse(execFileSync('tar', args, { encoding: 'utf8' }));
}

/** @param {Buffer} bytes @param {string} kind @param {'hex' | 'base64'} as */
function hash(bytes, kind, as) {
  return createHash(kind).update(bytes).digest(as);
}

/**
 * A package's metadata in the registry, as `npm publish` makes it from
 * package.json, and from a binding.gyp in the root.
 *
 * @param {string} tarball
 * @param {string} url of the registry
 */
function documentOf(tarball, url) {
  const bytes = fs.readFileSync(tarball);
  const manifest = manifestOf(tarball);
  const { name, version } = manifest;
  const listed = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' });
  const compiles =
    listed.split('\n').includes('package/binding.gyp') &&
    manifest.gypfile !== false;
  const dist = {
    tarball: `${url}/${name}/-/${path.basename(tarball)}`,
    shasum: hash(bytes, 'sha1', 'hex'),
    integrity: `sha512-${hash(bytes, 'sha512', 'base64')}`,
  };
  const scripts = compiles ? { install: 'node-gyp rebuild' } : {};
  return {
    name,
    'dist-tags': { latest: version },
    time: { created: PUBLISHED, modified: PUBLISHED, [version]: PUBLISHED },
    versions: {
      [version]: { _id: `${name}@${version}`, ...manifest, scripts, dist },
    },
  };
}

/**
 * @param {string[]} tarballs
 * @returns {Promise<{url: string, close: () => Promise<void>}>}
 */
async function startRegistry(tarballs) {
  /** @type {Map<string, () => Buffer | string>} */
  const places = new Map();
  const server = http.createServer((request, response) => {
    const name = decodeURIComponent((request.url ?? '').split('?')[0] ?? '');
    const place = places.get(name);
    if (place === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end('{"error":"not_found"}');
      return;
    }
    const type = name.endsWith('.tgz') ? 'octet-stream' : 'json';
    response.setHeader('content-type', `application/${type}`);
    response.end(place());
  });
  await /** @type {Promise<void>} */ (
    new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve());
    })
  );
  const { port } = /** @type {import('node:net').AddressInfo} */ (
    server.address()
  );
  const url = `http://127.0.0.1:${port}`;
  for (const tarball of tarballs) {
    const document = documentOf(tarball, url);
    places.set(`/${document.name}`, () => JSON.stringify(document));
    places.set(`/${document.name}/-/${path.basename(tarball)}`, () =>
      fs.readFileSync(tarball),
    );
  }
  return {
    url,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

module.exports = { startRegistry };
