// SPDX-License-Identifier: MIT
'use strict';

// SCRAM-SHA-256 (RFC 5802, 7677) with the channel binding
// tls-server-end-point (RFC 5929), and PostgreSQL's md5.

const crypto = require('node:crypto');
const { promisify } = require('node:util');

const { Failure } = require('./failure.js');

const pbkdf2 = promisify(crypto.pbkdf2);

/** More would only keep a client busy. */
const MOST_ITERATIONS = 5_000_000;

/** The hash of a certificate's signature, by the suffix of its identifier. */
/** @type {Record<string, string>} */
const SIGNATURE_HASHES = {
  '2a864886f70d010104': 'sha256', // MD5 and SHA-1 are replaced by it
  '2a864886f70d010105': 'sha256',
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a8648ce3d0401': 'sha256',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
};

/**
 * Reads the header of a DER value.
 * @param {Buffer} der
 * @param {number} at
 * @returns {{from: number, to: number}} of its content
 */
function derContent(der, at) {
  let length = der[at + 1];
  let from = at + 2;
  if (length & 0x80) {
    const bytes = length & 0x7f;
    length = der.readUIntBE(from, bytes);
    from += bytes;
  }
  return { from, to: from + length };
}

/**
 * Returns the channel binding data of a certificate, if it has any: RSA-PSS
 * and the Edwards curves have none that both sides agree upon.
 * @param {Buffer} certificate DER
 * @returns {Buffer | undefined}
 */
function endPoint(certificate) {
  try {
    // Certificate = SEQUENCE { tbsCertificate, SEQUENCE { OID, … }, … }
    const whole = derContent(certificate, 0);
    const signed = derContent(certificate, whole.from);
    const algorithm = derContent(certificate, signed.to);
    const oid = derContent(certificate, algorithm.from);
    const name = certificate.toString('hex', oid.from, oid.to);
    const hash = SIGNATURE_HASHES[name];
    return hash === undefined
      ? undefined
      : crypto.createHash(hash).update(certificate).digest();
  } catch {
    return undefined;
  }
}

/** @param {string} password @param {string} user @param {Buffer} salt */
function md5(password, user, salt) {
  const hex = (/** @type {(string | Buffer)[]} */ ...parts) => {
    const hash = crypto.createHash('md5');
    parts.forEach((part) => {
      hash.update(part);
    });
    return hash.digest('hex');
  };
  return `md5${hex(hex(password, user), salt)}`;
}

/** @param {string | Buffer} key @param {string} text */
function hmac(key, text) {
  return crypto.createHmac('sha256', key).update(text).digest();
}

/** @param {string} text @returns {Record<string, string>} */
function attributes(text) {
  return Object.fromEntries(
    text.split(',').map((part) => [part[0], part.slice(2)]),
  );
}

/** One exchange. */
class Scram {
  #password;
  #header;
  #binding;
  #firstBare;
  #nonce;
  #expected = '';

  /**
   * @param {string} password
   * @param {Buffer | undefined} binding channel binding data, when it is used
   */
  constructor(password, binding) {
    this.#password = password.normalize('NFKC');
    this.#binding = binding;
    this.#header = binding === undefined ? 'n,,' : 'p=tls-server-end-point,,';
    this.#nonce = crypto.randomBytes(18).toString('base64');
    this.#firstBare = `n=,r=${this.#nonce}`;
  }

  get mechanism() {
    return this.#binding === undefined ? 'SCRAM-SHA-256' : 'SCRAM-SHA-256-PLUS';
  }

  get first() {
    return this.#header + this.#firstBare;
  }

  /**
   * @param {string} serverFirst
   * @returns {Promise<string>} the client's last message
   */
  async answer(serverFirst) {
    const { r: nonce = '', s: salt = '', i = '0' } = attributes(serverFirst);
    const iterations = Number(i);
    if (!nonce.startsWith(this.#nonce) || !(iterations > 0)) {
      throw new Failure('protocol', 'the SCRAM exchange makes no sense');
    }
    if (iterations > MOST_ITERATIONS) {
      const text = `the server asks for ${iterations} SCRAM iterations`;
      throw new Failure('auth', text, { code: 'iterations' });
    }
    const salted = await pbkdf2(
      this.#password,
      Buffer.from(salt, 'base64'),
      iterations,
      32,
      'sha256',
    );
    const channel = Buffer.concat([
      Buffer.from(this.#header),
      this.#binding ?? Buffer.alloc(0),
    ]).toString('base64');
    const last = `c=${channel},r=${nonce}`;
    const all = `${this.#firstBare},${serverFirst},${last}`;
    const clientKey = hmac(salted, 'Client Key');
    const stored = crypto.createHash('sha256').update(clientKey).digest();
    const signature = hmac(stored, all);
    const proof = clientKey.map((byte, at) => byte ^ signature[at]);
    this.#expected = hmac(hmac(salted, 'Server Key'), all).toString('base64');
    return `${last},p=${Buffer.from(proof).toString('base64')}`;
  }

  /** @param {string} serverFinal */
  check(serverFinal) {
    if (attributes(serverFinal).v !== this.#expected) {
      throw new Failure(
        'auth',
        'the server does not know the password itself: it may be another',
        { code: 'server-signature' },
      );
    }
  }
}

module.exports = { Scram, endPoint, md5 };
