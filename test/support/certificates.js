// SPDX-License-Identifier: MIT
// A throw-away certificate authority and a server certificate, by openssl.

const fs = require('node:fs');
const path = require('node:path');
const { run } = require('./daemon.js');
const { giveToAccount } = require('./account.js');

/**
 * @typedef {object} Certificates
 * @property {string} caFile
 * @property {string} ca PEM text
 * @property {string} certFile
 * @property {string} keyFile
 */

/**
 * Makes a certificate authority and a certificate for `hosts` signed by it.
 *
 * @param {string} folder
 * @param {{hosts?: string[]}} [options] names and addresses of the server
 * @returns {Promise<Certificates>}
 */
async function makeCertificates(folder, options = {}) {
  const { hosts = ['localhost', '127.0.0.1', '::1'] } = options;
  const file = (/** @type {string} */ name) => path.join(folder, name);
  const names = hosts.map((host) =>
    /^[\d.]+$|:/.test(host) ? `IP:${host}` : `DNS:${host}`,
  );
  const key = 'ec -pkeyopt ec_paramgen_curve:P-256 -nodes'.split(' ');
  fs.writeFileSync(
    file('server.ext'),
    `subjectAltName=${names.join(',')}\nbasicConstraints=CA:FALSE\n`,
  );
  const openssl = (/** @type {string[]} */ ...args) => run('openssl', args);
  await openssl(
    ...['req', '-x509', '-newkey', ...key, '-days', '30'],
    ...['-subj', '/CN=Holdfast test authority'],
    ...['-keyout', file('ca.key'), '-out', file('ca.crt')],
  );
  await openssl(
    ...['req', '-newkey', ...key, '-subj', `/CN=${hosts[0]}`],
    ...['-keyout', file('server.key'), '-out', file('server.csr')],
  );
  await openssl(
    ...['x509', '-req', '-in', file('server.csr'), '-days', '30'],
    ...['-CA', file('ca.crt'), '-CAkey', file('ca.key')],
    ...['-set_serial', String(Date.now())],
    ...['-extfile', file('server.ext'), '-out', file('server.crt')],
  );
  fs.chmodSync(file('server.key'), 0o600);
  giveToAccount(file('server.key'));
  giveToAccount(file('server.crt'));
  return {
    caFile: file('ca.crt'),
    ca: fs.readFileSync(file('ca.crt'), 'utf8'),
    certFile: file('server.crt'),
    keyFile: file('server.key'),
  };
}

module.exports = { makeCertificates };
