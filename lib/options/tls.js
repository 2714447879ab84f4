// SPDX-License-Identifier: MIT
'use strict';

// TLS: pg's option `ssl` and libpq's sslmode, to libpq's keywords. `ssl: true`
// checks the certificate, with the authorities that Node trusts. An sslmode in
// a connection string means what libpq says it means.

const { checkedText } = require('./draft.js');

/** @typedef {import('./draft.js').Draft} Draft */

const MODES = Object.freeze([
  'disable',
  'allow',
  'prefer',
  'require',
  'verify-ca',
  'verify-full',
]);
const SSL_KEYS = Object.freeze([
  'ca',
  'cert',
  'key',
  'passphrase',
  'rejectUnauthorized',
  'require',
  'servername',
  'minVersion',
  'maxVersion',
]);
/** Keywords that a connection string may set and an `ssl` option replaces. */
const TLS_KEYWORDS = Object.freeze([
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'sslcrl',
]);

/**
 * Returns the certificates of the authorities Node trusts, as PEM text.
 * @returns {string}
 */
function nodeRoots() {
  // Loaded here: node:tls is slow, and most processes never need the list.
  return require('node:tls').rootCertificates.join('\n');
}

/**
 * @param {unknown} value text, bytes, or a list of them
 * @param {string} key
 * @returns {string}
 */
function pemText(value, key) {
  const parts = Array.isArray(value) ? value : [value];
  const text = parts
    .map((part) => part?.pem ?? part)
    .map((part) => (ArrayBuffer.isView(part) ? toText(part) : part))
    .map((part) => checkedText(part, key, true))
    .join('\n');
  if (!text.includes('-----BEGIN ')) {
    throw new TypeError(
      `${key} must be PEM text ("-----BEGIN ..."), not the name of a file`,
    );
  }
  return text;
}

/**
 * @param {ArrayBufferView} view
 * @returns {string}
 */
function toText(view) {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString();
}

/**
 * Returns whether a host is this machine.
 * @param {string} host
 * @returns {boolean}
 */
function isLocalHost(host) {
  return (
    host === '' ||
    host.startsWith('/') ||
    host.startsWith('@') ||
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host === '::1' ||
    /^127\.\d+\.\d+\.\d+$/.test(host)
  );
}

/**
 * @param {string} mode
 * @param {string} key
 * @param {string[]} [others] what else it may be
 * @returns {string}
 */
function checkedMode(mode, key, others = []) {
  if (mode === 'no-verify') {
    return 'require';
  }
  if (!MODES.includes(mode)) {
    const all = [...others, ...MODES];
    throw new TypeError(`${key} must be one of ${all.join(', ')}`);
  }
  return mode;
}

/**
 * Sets a mode; those that verify get Node's authorities when none are given.
 * @param {Draft} draft
 * @param {string} mode
 */
function setMode(draft, mode) {
  const { target } = draft;
  const system = target.get('sslrootcert') === 'system';
  if (system) {
    target.delete('sslrootcert');
  }
  target.set('sslmode', system ? 'verify-full' : mode);
  if (
    target.get('sslmode')?.startsWith('verify') &&
    !target.has('sslrootcert') &&
    !target.has('sslrootcert_pem')
  ) {
    target.set('sslrootcert_pem', nodeRoots());
  }
}

/**
 * Returns the sslmode that counts: as libpq does, with authorities given
 * `require` checks them.
 * @param {Map<string, string>} target
 * @returns {string | undefined}
 */
function effectiveMode(target) {
  const mode = target.get('sslmode');
  return mode === 'require' && target.has('sslrootcert') ? 'verify-ca' : mode;
}

/**
 * libpq checks the certificate for the name in `host`. Another name works only
 * where the address is known, so that no look-up is needed.
 * @param {Draft} draft
 * @param {unknown} value
 */
function setServerName(draft, value) {
  const name = checkedText(value, 'ssl.servername');
  const host = draft.target.get('host') ?? '';
  const { isIP } = require('node:net');
  if (name === host || name === '') {
    return;
  }
  if (isIP(host) === 0 && !draft.target.has('hostaddr')) {
    throw new TypeError(
      'ssl.servername can differ from host only if host is an IP address',
    );
  }
  if (!draft.target.has('hostaddr')) {
    draft.target.set('hostaddr', host);
  }
  draft.target.set('host', name);
}

/**
 * @param {Record<string, any>} ssl
 */
function checkKeys(ssl) {
  for (const key of Object.keys(ssl)) {
    if (!SSL_KEYS.includes(key) && ssl[key] !== undefined) {
      throw new TypeError(
        `ssl.${key} is not supported: libpq does TLS; ` +
          `it knows ${SSL_KEYS.join(', ')}`,
      );
    }
  }
}

/** Keys that hold PEM text, and the engine's keywords for it. */
const PEMS = Object.freeze({
  cert: 'sslcert_pem',
  key: 'sslkey_pem',
  ca: 'sslrootcert_pem',
});

/** Keys that libpq has under another name. */
const RENAMED = Object.freeze({
  passphrase: 'sslpassword',
  minVersion: 'ssl_min_protocol_version',
  maxVersion: 'ssl_max_protocol_version',
});

/**
 * @param {Draft} draft
 * @param {Record<string, any>} ssl
 */
function setObject(draft, ssl) {
  checkKeys(ssl);
  const trusting = ssl.rejectUnauthorized === false;
  for (const [key, keyword] of Object.entries(PEMS)) {
    // libpq would check the chain whenever it is given authorities.
    const unwanted = trusting && key === 'ca';
    if (ssl[key] !== undefined && ssl[key] !== null && !unwanted) {
      draft.target.set(keyword, pemText(ssl[key], `ssl.${key}`));
    }
  }
  const [keyObject] = [ssl.key].flat();
  /** @type {Record<string, any>} */
  const given = { passphrase: keyObject?.passphrase, ...ssl };
  for (const [key, keyword] of Object.entries(RENAMED)) {
    if (given[key]) {
      draft.target.set(keyword, checkedText(given[key], `ssl.${key}`, true));
    }
  }
  if (ssl.servername) {
    setServerName(draft, ssl.servername);
  }
  setMode(draft, trusting ? 'require' : 'verify-full');
}

/**
 * The default: plain on this machine, opportunistic elsewhere.
 * @param {Draft} draft
 */
function setDefault(draft) {
  const hosts = (draft.target.get('host') ?? '').split(',');
  if (hosts.every(isLocalHost)) {
    draft.target.set('sslmode', 'disable');
    return;
  }
  draft.target.set('sslmode', 'prefer');
  draft.warnings.push(
    `TLS is not configured for ${hosts.join(',')}: the connection is ` +
      "encrypted only if the server offers it, and the server's certificate " +
      'is not checked. Set ssl: true, or sslmode in the connection string.',
  );
}

/**
 * Writes the TLS keywords of a draft.
 * @param {Draft} draft
 */
function resolveTls(draft) {
  const { ssl, target } = draft;
  const mode = target.get('sslmode');
  if (ssl === undefined || ssl === null) {
    if (mode === undefined && !target.has('sslrootcert')) {
      setDefault(draft);
    } else {
      setMode(draft, checkedMode(mode ?? 'prefer', 'sslmode'));
    }
    return;
  }
  for (const keyword of TLS_KEYWORDS) {
    target.delete(keyword);
  }
  if (typeof ssl === 'boolean') {
    setMode(draft, ssl ? 'verify-full' : 'disable');
  } else if (typeof ssl === 'string') {
    setMode(draft, checkedMode(ssl, 'ssl'));
  } else if (typeof ssl === 'object') {
    setObject(draft, /** @type {Record<string, any>} */ (ssl));
  } else {
    throw new TypeError('ssl must be true, false, or an object');
  }
}

module.exports = { checkedMode, effectiveMode, isLocalHost, resolveTls };
