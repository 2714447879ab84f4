// SPDX-License-Identifier: MIT
// A Debian archive on loopback: a pool of files, and an index of sources,
// signed with a key of its own. APT_CONFIG points apt at it.

const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');

/** @param {string | Buffer} text */
function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}

/** @param {string} text */
function entry(text) {
  return `${sha256(text)} ${Buffer.byteLength(text)}`;
}

/** @typedef {import('../../scripts/release/archive.js').Source} Source */

/**
 * A source package in one version, and its files.
 *
 * @param {string} name
 * @param {string} version
 * @returns {{source: Source, texts: Record<string, string>}}
 */
function makeSource(name, version) {
  const dsc = `${name}_${version}.dsc`;
  const texts = {
    [dsc]: `describes ${name} ${version}\n`,
    [`${name}_${version}.orig.tar.gz`]: `the code of ${name} ${version}\n`,
  };
  const files = Object.fromEntries(
    Object.entries(texts).map(([file, text]) => [file, sha256(text)]),
  );
  return { source: { package: name, version, dsc, files }, texts };
}

/** @param {ReturnType<typeof makeSource>} made @returns {string} */
function recordOf({ source, texts }) {
  const lines = Object.entries(texts).map(
    ([n, text]) => ` ${entry(text)} ${n}`,
  );
  return [
    `Package: ${source.package}`,
    `Version: ${source.version}`,
    `Binary: ${source.package}`,
    'Architecture: any',
    `Directory: pool/main/${source.package.slice(0, 1)}/${source.package}`,
    'Checksums-Sha256:',
    ...lines,
    '',
    '',
  ].join('\n');
}

/**
 * @typedef {object} Archive
 * @property {string} keyring of the key that signs the index
 * @property {string} config for APT_CONFIG
 * @property {string[]} asked the paths that were asked for
 * @property {(file: string, text: string) => void} put a file, by its path
 * @property {(sources: ReturnType<typeof makeSource>[]) => void} list signs
 *   an index of these
 * @property {() => Promise<void>} close
 */

/**
 * @param {string} folder an empty one
 * @returns {Promise<Archive>}
 */
async function startArchive(folder) {
  const root = path.join(folder, 'root');
  const home = path.join(folder, 'gpg');
  const keyring = path.join(folder, 'keyring.gpg');
  fs.mkdirSync(root);
  fs.mkdirSync(home, { mode: 0o700 });
  const gpg = (/** @type {string[]} */ ...args) =>
    execFileSync('gpg', ['--homedir', home, '--batch', '--quiet', ...args], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  const key = ['--passphrase', '', '--quick-generate-key', 'Test <t@test>'];
  gpg(...key, 'rsa2048', 'sign', 'never');
  fs.writeFileSync(keyring, gpg('--export'));

  /** @type {string[]} */
  const asked = [];
  const server = http.createServer((request, response) => {
    const name = decodeURIComponent(request.url ?? '');
    const file = path.join(root, name);
    asked.push(name);
    if (fs.existsSync(file) && fs.statSync(file).isFile()) {
      response.end(fs.readFileSync(file));
    } else {
      response.writeHead(404).end();
    }
  });
  await /** @type {Promise<void>} */ (
    new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve());
    })
  );
  const { port } = /** @type {import('node:net').AddressInfo} */ (
    server.address()
  );
  const list = path.join(folder, 'sources.list');
  const config = path.join(folder, 'apt.conf');
  const uri = `http://127.0.0.1:${port}`;
  fs.writeFileSync(
    list,
    `deb ${uri}/debian trixie main\n` +
      `deb ${uri}/debian-security trixie-security main\n`,
  );
  fs.writeFileSync(
    config,
    `Dir::Etc::SourceList "${list}";\nDir::Etc::SourceParts "/dev/null";\n` +
      'Acquire::http::Proxy "DIRECT";\n',
  );

  const put = (/** @type {string} */ file, /** @type {string} */ text) => {
    const full = path.join(root, file);
    fs.mkdirSync(path.dirname(full), { recursive: true });
    fs.writeFileSync(full, text);
  };
  /** @param {string} place @param {string} suite @param {string} text */
  const sign = (place, suite, text) => {
    const dist = `${place}/dists/${suite}`;
    put(`${dist}/main/source/Sources`, text);
    const release = path.join(folder, 'Release');
    const sums = `SHA256:\n ${entry(text)} main/source/Sources\n`;
    fs.writeFileSync(
      release,
      `Origin: Test\nSuite: ${suite}\nCodename: ${suite}\n` +
        `Date: ${new Date().toUTCString()}\nComponents: main\n${sums}`,
    );
    put(`${dist}/InRelease`, String(gpg('-o', '-', '--clearsign', release)));
  };
  return {
    keyring,
    config,
    asked,
    put,
    list: (sources) => {
      sign('debian', 'trixie', sources.map(recordOf).join(''));
      sign('debian', 'trixie-updates', '');
      sign('debian-security', 'trixie-security', '');
    },
    close: async () => {
      execFileSync('gpgconf', ['--homedir', home, '--kill', 'all']);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

module.exports = { makeSource, startArchive };
