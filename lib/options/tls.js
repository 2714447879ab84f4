// SPDX-License-Identifier: MIT
'use strict';

// TLS: pg's option `ssl` and libpq's sslmode, to libpq's keywords. `ssl: true`
// checks the certificate, with the authorities that Node trusts. An sslmode in
// a connection string means what libpq says it means.

const { checkedText } = require('./draft.js');
const { lazy } = require('../errors/errors.js');

const authorities = lazy(() => require('./authorities.js'));

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
  'checkServerIdentity',
]);

/** What to write instead of other keys of node:tls. */
/** @type {Record<string, string>} */
const INSTEAD = Object.freeze({
  pfx: 'give cert and key, which openssl pkcs12 -nodes makes of it',
  secureContext: 'give ca, cert and key themselves',
  crl: 'write sslcrl=/path into the connection string',
  ciphers: 'minVersion and maxVersion are what can be set',
  host: 'give servername',
  sslmode: "write ssl: 'require', or sslmode into the connection string",
});

/** Keywords that concern files, which `ssl: false` makes pointless. */
const FILE_KEYWORDS = Object.freeze([
  'sslrootcert',
  'sslcert',
  'sslkey',
  'sslcrl',
]);

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
 * Sets the mode that a connection string names. With no-verify nothing is
 * checked; libpq would check the chain whenever it is given authorities.
 * @param {Draft} draft
 * @param {string} mode
 * @param {string} key
 * @param {string[]} [others]
 */
function readMode(draft, mode, key, others) {
  draft.setTarget('sslmode', checkedMode(mode, key, others));
  draft.trusting = mode === 'no-verify';
}

/**
 * Sets a mode; those that verify get Node's authorities when none are given.
 * @param {Draft} draft
 * @param {string} mode
 */
function setMode(draft, mode) {
  const { target } = draft;
  const given = target.has('sslrootcert_pem');
  const system = !given && target.get('sslrootcert') === 'system';
  target.set('sslmode', system && mode !== 'disable' ? 'verify-full' : mode);
  if (system || given) {
    target.delete('sslrootcert');
  }
  if (
    !target.get('sslmode')?.startsWith('verify') ||
    target.has('sslrootcert') ||
    given
  ) {
    return;
  }
  const pem = system
    ? authorities().systemAuthorities()
    : authorities().nodeAuthorities();
  if (pem === '') {
    throw new TypeError(
      'TLS: Node was started with --use-openssl-ca, and there are no ' +
        'authorities in SSL_CERT_FILE, SSL_CERT_DIR or the system: install ' +
        'ca-certificates, or give ssl: { ca }',
    );
  }
  target.set('sslrootcert_pem', pem);
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
 * The name that the certificate has to be for, where `host` is another: an
 * address, or this end of a tunnel.
 * @param {Draft} draft
 * @param {unknown} value
 */
function setServerName(draft, value) {
  const name = checkedText(value, 'ssl.servername');
  if (name !== (draft.target.get('host') ?? '')) {
    draft.target.set('ssl_servername', name);
  }
}

/**
 * @param {Record<string, any>} ssl
 */
function checkKeys(ssl) {
  for (const key of Object.keys(ssl)) {
    if (!SSL_KEYS.includes(key) && ssl[key] !== undefined) {
      const cure = INSTEAD[key] ?? `it knows ${SSL_KEYS.join(', ')}`;
      throw new TypeError(
        `ssl.${key} is not supported: libpq does TLS; ${cure}`,
      );
    }
  }
}

/**
 * Has a function decide whether the certificate is the right server's, instead
 * of its name. The chain is checked before that.
 * @param {Draft} draft
 * @param {unknown} check
 */
function setIdentityCheck(draft, check) {
  if (typeof check !== 'function') {
    throw new TypeError('ssl.checkServerIdentity must be a function');
  }
  draft.target.set('ssl_identity', 'ask');
  draft.other.checkServerIdentity = check;
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

/** What an object replaces of what a connection string gives. */
/** @type {Record<string, readonly string[]>} */
const REPLACES = Object.freeze({
  ca: ['sslrootcert'],
  cert: ['sslcert', 'sslkey'],
  key: ['sslcert', 'sslkey'],
});

/**
 * @param {Draft} draft
 * @param {Record<string, any>} ssl
 */
function setPems({ target }, ssl) {
  const given = Object.keys(PEMS).filter((key) => ssl[key] != null);
  for (const keyword of given.flatMap((key) => REPLACES[key])) {
    target.delete(keyword);
  }
  for (const key of given) {
    const keyword = PEMS[/** @type {keyof typeof PEMS} */ (key)];
    target.set(keyword, pemText(ssl[key], `ssl.${key}`));
  }
}

/**
 * Returns the mode of an object. One that a connection string names holds if it
 * is verify-ca: the object says with which authorities.
 * @param {Draft} draft
 * @param {Record<string, any>} ssl
 */
function modeOf(draft, ssl) {
  if (draft.trusting) {
    return 'require';
  }
  const named = draft.target.get('sslmode');
  return named === 'verify-ca' || ssl.checkServerIdentity
    ? 'verify-ca'
    : 'verify-full';
}

/**
 * @param {Draft} draft
 * @param {Record<string, any>} ssl
 */
function setObject(draft, ssl) {
  checkKeys(ssl);
  draft.trusting = ssl.rejectUnauthorized === false;
  setPems(draft, ssl);
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
  // Node ignores what the function says of a certificate that it does not check.
  if (ssl.checkServerIdentity != null && !draft.trusting) {
    setIdentityCheck(draft, ssl.checkServerIdentity);
  }
  draft.target.set('sslmode', modeOf(draft, ssl));
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
 * Reads the option `ssl`: it decides the mode; files that a connection string
 * names stay, unless it has their content.
 * @param {Draft} draft
 */
function readOption(draft) {
  const { ssl, target } = draft;
  if (typeof ssl === 'boolean') {
    target.set('sslmode', ssl ? 'verify-full' : 'disable');
    draft.trusting = false;
  } else if (typeof ssl === 'string') {
    readMode(draft, ssl, 'ssl');
  } else if (typeof ssl === 'object') {
    setObject(draft, /** @type {Record<string, any>} */ (ssl));
  } else {
    throw new TypeError('ssl must be true, false, or an object');
  }
}

/**
 * Writes the TLS keywords of a draft.
 * @param {Draft} draft
 */
function resolveTls(draft) {
  const { ssl, target } = draft;
  if (ssl !== undefined && ssl !== null) {
    readOption(draft);
  } else if (!target.has('sslmode') && !target.has('sslrootcert')) {
    setDefault(draft);
    return;
  }
  const mode = checkedMode(target.get('sslmode') ?? 'prefer', 'sslmode');
  const dropped = draft.trusting ? ['sslrootcert', 'sslrootcert_pem'] : [];
  for (const keyword of mode === 'disable' ? FILE_KEYWORDS : dropped) {
    target.delete(keyword);
  }
  setMode(draft, mode);
}

module.exports = {
  checkedMode,
  effectiveMode,
  isLocalHost,
  readMode,
  resolveTls,
};
