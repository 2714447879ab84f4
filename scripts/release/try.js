// SPDX-License-Identifier: MIT
// Installs the packed packages into an empty folder and runs them against a
// server of its own: what programs.js has, and whose OpenSSL it was.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { makeCertificates } = require('../../test/support/certificates.js');
const { startPostgres } = require('../../test/support/postgres.js');
const { ROOT } = require('../steps.js');
const { installPacked } = require('./install-packed.js');
const { tryOtherName } = require('./other-name.js');
const { tryPrograms } = require('./programs.js');
const { runnerOf } = require('./runners.js');

/** @typedef {import('./check.js').Finding} Finding */

const OPENSSL =
  /^(SSL|TLS|X509|EVP|ERR|BIO|CRYPTO|OPENSSL|OpenSSL|RAND|HMAC|ASN1|PEM)_/;

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
    installPacked(folder, platform);
    const bindings = path.join(folder, 'bindings');
    const others = path.join(folder, 'others');
    fs.mkdirSync(bindings);
    fs.mkdirSync(others);
    const other = await makeCertificates(others);
    const sources = path.join(ROOT, 'dist/release', platform, 'sources.json');
    const trial = {
      command: runner.command,
      folder,
      env: {
        ...runner.env,
        ...(runner.native && {
          LD_DEBUG: 'bindings',
          LD_DEBUG_OUTPUT: path.join(bindings, 'ld'),
        }),
      },
      server: {
        url: server.url,
        otherUrl: server.urlFor({ host: 'localhost' }),
        ca: server.ca ?? '',
        otherCa: other.ca,
      },
      restart: () => server.restart(),
      sources: JSON.parse(fs.readFileSync(sources, 'utf8')),
    };
    const found = await tryPrograms(trial);
    if (platform.startsWith('win32-')) {
      found.push(await tryOtherName(trial));
    }
    const ran = { name: 'runs', ok: true, detail: runner.why };
    return runner.native
      ? [ran, ...found, judgeBindings(bindings)]
      : [ran, ...found];
  } finally {
    await server.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

module.exports = { tryOut };
