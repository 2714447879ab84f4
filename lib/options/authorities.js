// SPDX-License-Identifier: MIT
'use strict';

// The authorities that Node trusts, and those of the system, as PEM text: libpq
// knows neither.

const { readFileSync, readdirSync } = require('node:fs');
const path = require('node:path');

const { startedWith } = require('../platform/runtime.js');

/** Where systems keep the authorities they trust, in one file. */
const BUNDLES = Object.freeze([
  '/etc/ssl/certs/ca-certificates.crt', // Debian, Ubuntu, Arch
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', // Fedora, Red Hat
  '/etc/pki/tls/certs/ca-bundle.crt', // older ones, Amazon Linux
  '/etc/ssl/ca-bundle.pem', // SUSE
  '/etc/ssl/cert.pem', // Alpine, macOS, BSD
]);

/** How OpenSSL names the certificates in a folder. */
const HASHED = /^[0-9a-f]{8}\.\d+$/;

/**
 * @param {string} file
 * @returns {string[]} the certificates in it, or nothing
 */
function certificatesOf(file) {
  try {
    const text = readFileSync(file, 'utf8');
    return text.includes('-----BEGIN ') ? [text] : [];
  } catch {
    return [];
  }
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function certificatesIn(folder) {
  try {
    return readdirSync(folder)
      .filter((name) => HASHED.test(name))
      .sort()
      .flatMap((name) => certificatesOf(path.join(folder, name)));
  } catch {
    return [];
  }
}

/**
 * Returns what OpenSSL trusts: SSL_CERT_FILE and SSL_CERT_DIR, or else the
 * bundle of the system.
 * @returns {string[]}
 */
function opensslAuthorities() {
  const { SSL_CERT_FILE: file, SSL_CERT_DIR: folders } = process.env;
  if (file || folders) {
    return [
      ...(file ? certificatesOf(file) : []),
      ...(folders ?? '')
        .split(path.delimiter)
        .filter((folder) => folder !== '')
        .flatMap(certificatesIn),
    ];
  }
  for (const bundle of BUNDLES) {
    const found = certificatesOf(bundle);
    if (found.length > 0) {
      return found;
    }
  }
  return [];
}

/**
 * Returns what Node trusts by default where it cannot be asked: before 22.15.
 * @param {boolean} openssl whether OpenSSL's authorities replace Node's own
 * @returns {readonly string[]}
 */
function listedAuthorities(openssl) {
  const extra = process.env.NODE_EXTRA_CA_CERTS;
  return [
    ...(openssl ? [] : require('node:tls').rootCertificates),
    ...(extra ? certificatesOf(extra) : []),
  ];
}

/**
 * Returns the authorities that Node trusts: its own, NODE_EXTRA_CA_CERTS,
 * --use-system-ca, --use-openssl-ca, tls.setDefaultCACertificates().
 * @returns {string} PEM text; empty if there are none
 */
function nodeAuthorities() {
  // Loaded here: node:tls is slow, and most processes never need the list.
  const tls = /** @type {any} */ (require('node:tls'));
  const openssl = startedWith('--use-openssl-ca');
  if (typeof tls.getCACertificates !== 'function') {
    const all = listedAuthorities(openssl);
    return [...all, ...(openssl ? opensslAuthorities() : [])].join('\n');
  }
  /** @type {string[]} */
  const all = tls.getCACertificates('default');
  // With --use-openssl-ca the list has only the extra ones, unless it was set.
  const replaced = all.length !== tls.getCACertificates('extra').length;
  return [...all, ...(openssl && !replaced ? opensslAuthorities() : [])].join(
    '\n',
  );
}

/**
 * Returns the authorities of the system, for sslrootcert=system. Images without
 * any are common, and mean the public ones: there Node's are returned.
 * @returns {string} PEM text
 */
function systemAuthorities() {
  const tls = /** @type {any} */ (require('node:tls'));
  const { platform } = process;
  const asks = platform === 'darwin' || platform === 'win32';
  const found =
    asks && typeof tls.getCACertificates === 'function'
      ? tls.getCACertificates('system')
      : opensslAuthorities();
  return found.length > 0 ? found.join('\n') : nodeAuthorities();
}

module.exports = { nodeAuthorities, systemAuthorities };
