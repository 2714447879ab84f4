// SPDX-License-Identifier: MIT
'use strict';

// Whether a server is the right one, said by the user's checkServerIdentity. The
// engine asks when TLS is up and the chain was checked, before it logs in.

/** @typedef {import('../options/options.js').Resolved} Resolved */

const QUESTION = /^identity (.*)\n/;
const CERTIFICATE =
  /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Returns certificates as node:tls has them: the server's own, with the others
 * in its issuerCertificate; a root is its own issuer.
 * @param {string} pem the server's own first
 * @returns {any}
 */
function peerCertificate(pem) {
  const { X509Certificate } = require('node:crypto');
  const chain = (pem.match(CERTIFICATE) ?? []).map((text) =>
    /** @type {any} */ (new X509Certificate(text)).toLegacyObject(),
  );
  for (const [i, certificate] of chain.entries()) {
    certificate.issuerCertificate = chain[i + 1] ?? certificate;
  }
  return chain[0];
}

/**
 * Returns whether a question of the engine's is this one.
 * @param {string} question
 */
function asksIdentity(question) {
  return QUESTION.test(question);
}

/**
 * Resolves if the server is the right one; what the function returns or throws
 * is why it is not.
 * @param {string} question
 * @param {Resolved['checkServerIdentity']} check
 * @returns {Promise<string>}
 */
async function identify(question, check) {
  const [head, host] = QUESTION.exec(question) ?? ['', ''];
  const refusal = await check?.(
    host,
    peerCertificate(question.slice(head.length)),
  );
  if (check === undefined || refusal) {
    throw refusal ?? new Error('the pool has no checkServerIdentity');
  }
  return 'yes';
}

module.exports = { asksIdentity, identify };
