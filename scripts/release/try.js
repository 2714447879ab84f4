// SPDX-License-Identifier: MIT
// Installs the packed packages into an empty folder and runs them against a
// server of its own: versions, TLS, and whose OpenSSL it was.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { makeCertificates } = require('../../test/support/certificates.js');
const { startPostgres } = require('../../test/support/postgres.js');
const { ROOT, exec } = require('../steps.js');
const { runnerOf } = require('./runners.js');

/** @typedef {import('./check.js').Finding} Finding */

const PROGRAM = path.join(__dirname, 'tls-program.js');
const OPENSSL =
  /^(SSL|TLS|X509|EVP|ERR|BIO|CRYPTO|OPENSSL|OpenSSL|RAND|HMAC|ASN1|PEM)_/;

/** @param {string} folder @param {string} platform */
function install(folder, platform) {
  const { version } = JSON.parse(
    fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'),
  );
  for (const name of ['pg-holdfast', `pg-holdfast-${platform}`]) {
    const into = path.join(folder, 'node_modules', name);
    fs.mkdirSync(into, { recursive: true });
    const tarball = path.join(ROOT, `dist/${name}-${version}.tgz`);
    execFileSync('tar', ['-xzf', tarball, '-C', into, '--strip-components=1']);
  }
}

/** @param {string} version Debian's, as 3.5.7-1~deb13u2 */
function upstream(version) {
  return version.split('-')[0];
}

/**
 * @param {Record<string, any>} said by the program
 * @param {Record<string, {version: string, pinned: boolean}>} sources
 * @returns {Finding[]}
 */
function judge(said, sources) {
  const libpq = upstream(sources['libpq']?.version ?? '');
  const openssl = upstream(sources['openssl']?.version ?? '');
  const unpinned = Object.values(sources).filter(({ pinned }) => !pinned);
  const note = unpinned.map(({ version }) => `; ${version} is NOT PINNED`);
  const refused = (/** @type {string} */ text, /** @type {RegExp} */ why) =>
    text.startsWith('refused: ') && why.test(text);
  return [
    {
      name: 'versions',
      ok: said['libpq'] === libpq && said['openssl'] === openssl,
      detail: `libpq ${said['libpq']}, OpenSSL ${said['openssl']}${note.join('')}`,
    },
    {
      name: 'TLS, verify-full, SCRAM with channel binding',
      ok: said['right'] === 'TLSv1.3 true',
      detail: said['right'],
    },
    {
      name: 'wrong authority refused',
      ok: refused(said['wrongAuthority'], /certificate verify failed/),
      detail: said['wrongAuthority'],
    },
    {
      // Ours is not among them: refused by them, not for lack of them.
      name: "ssl: true reads Node's authorities",
      ok: refused(said['nodeRoots'], /certificate verify failed/),
      detail: said['nodeRoots'],
    },
    {
      name: 'wrong host refused',
      ok: refused(said['wrongHost'], /does not match host name/),
      detail: said['wrongHost'],
    },
    {
      name: 'TLS in a worker thread',
      ok: said['worker'] === 0,
      detail: `exit code ${said['worker']}`,
    },
  ];
}

/**
 * What the dynamic linker bound while the program ran.
 *
 * @param {string} folder with LD_DEBUG's output
 * @returns {Finding}
 */
function judgeBindings(folder) {
  let ours = 0;
  /** @type {string[]} */
  const wrong = [];
  for (const name of fs.readdirSync(folder)) {
    const text = fs.readFileSync(path.join(folder, name), 'utf8');
    const lines = text.matchAll(
      /binding file (\S+) \[\d+\] to (\S+) \[\d+\]: .*symbol `([^']+)'/g,
    );
    for (const [, from = '', to = '', symbol = ''] of lines) {
      if (from.endsWith('holdfast.node')) {
        ours += 1;
        if (OPENSSL.test(symbol)) {
          wrong.push(`${symbol} → ${path.basename(to)}`);
        }
      } else if (to.endsWith('holdfast.node')) {
        wrong.push(`${path.basename(from)} → ${symbol}`);
      }
    }
  }
  return {
    name: 'no OpenSSL symbol bound to or from Node (LD_DEBUG=bindings)',
    ok: ours > 0 && wrong.length === 0,
    detail: `${ours} bindings, of OpenSSL ${wrong.length} ${wrong.join(', ')}`,
  };
}

/**
 * @param {string} platform
 * @returns {Promise<Finding[]>}
 */
async function tryOut(platform) {
  const runner = await runnerOf(platform);
  if (runner.command === undefined) {
    return [{ name: 'NOT RUN', detail: runner.why }];
  }
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-release-'));
  const server = await startPostgres({
    tls: { hosts: ['127.0.0.1'] },
    requireTls: true,
  });
  try {
    install(folder, platform);
    const bindings = path.join(folder, 'bindings');
    const others = path.join(folder, 'others');
    fs.mkdirSync(bindings);
    fs.mkdirSync(others);
    const other = await makeCertificates(others);
    const [file = '', ...args] = [...runner.command, PROGRAM];
    const { output } = await exec(file, args, {
      cwd: folder,
      timeoutMs: 180_000,
      env: {
        ...(runner.native && {
          LD_DEBUG: 'bindings',
          LD_DEBUG_OUTPUT: path.join(bindings, 'ld'),
        }),
        NODE_OPTIONS: '',
        HF_TRY: JSON.stringify({
          url: server.url,
          otherUrl: server.urlFor({ host: 'localhost' }),
          ca: server.ca,
          otherCa: other.ca,
        }),
      },
    });
    const line = output.split('\n').find((text) => text.startsWith('{'));
    if (line === undefined) {
      return [{ name: `runs (${runner.why})`, ok: false, detail: output }];
    }
    const ran = { name: 'runs', ok: true, detail: runner.why };
    const sources = path.join(ROOT, 'dist/release', platform, 'sources.json');
    const found = judge(
      JSON.parse(line),
      JSON.parse(fs.readFileSync(sources, 'utf8')),
    );
    return runner.native
      ? [ran, ...found, judgeBindings(bindings)]
      : [ran, ...found];
  } finally {
    await server.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

module.exports = { tryOut };
