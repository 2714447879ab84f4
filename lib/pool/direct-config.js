// SPDX-License-Identifier: MIT
'use strict';

// The options of the direct pool, which bypasses the pooler. Its connection
// string has server and user; everything else is as in the main pool, above all
// TLS: what was required there is required here.

const { engineTable } = require('../options/draft.js');
const { effectiveMode, isLocalHost } = require('../options/tls.js');
const { parseConnectionString } = require('../options/url.js');

/** @typedef {import('../options/options.js').Resolved} Resolved */

/** Options that concern the pooler, or would open connections. */
const OWN = Object.freeze(['pooler', 'min']);

/** Keywords that its own connection string may set. */
const SESSION = Object.freeze([
  'options',
  'client_encoding',
  'fallback_application_name',
]);
const SECURITY = Object.freeze(['channel_binding', 'require_auth']);

/** Parameters of a connection string that decide how TLS is done. */
const MODES = Object.freeze(['sslmode', 'ssl']);

/** Names of files, and other parameters of a connection string. */
const TLS_FILES = Object.freeze(['sslrootcert', 'sslcert', 'sslkey', 'sslcrl']);
const TLS_KEYWORDS = Object.freeze([
  ...TLS_FILES,
  'sslmode',
  'sslcrldir',
  'sslcertmode',
  'sslsni',
  'ssl_min_protocol_version',
  'ssl_max_protocol_version',
]);

/** The keys of the option `ssl` and what they became. */
const SSL_KEYS = Object.freeze({
  ca: 'sslrootcert_pem',
  cert: 'sslcert_pem',
  key: 'sslkey_pem',
  passphrase: 'sslpassword',
});

/** How much a mode guarantees; modes left out guarantee nothing. */
/** @type {Record<string, number>} */
const ASSURANCE = Object.freeze({
  require: 1,
  'verify-ca': 2,
  'verify-full': 3,
});

/**
 * Returns whether the mode of the main pool was set. Otherwise the default for
 * the other host is better.
 * @param {Map<string, string>} target
 */
function isDecided(target) {
  const mode = target.get('sslmode');
  const hosts = (target.get('host') ?? '').split(',');
  return mode === 'disable' ? !hosts.every(isLocalHost) : mode !== 'prefer';
}

/**
 * @param {Map<string, string>} to
 * @param {Map<string, string>} from
 * @param {readonly string[]} names
 */
function fill(to, from, names) {
  for (const name of names) {
    const value = from.get(name);
    if (value !== undefined && !to.has(name)) {
      to.set(name, value);
    }
  }
}

/**
 * Returns what of the main pool's TLS only the option `ssl` can express, or
 * undefined.
 * @param {Resolved} main
 * @param {Map<string, string>} target
 * @param {Map<string, string>} keywords whose files count before the pool's
 * @returns {Record<string, unknown> | undefined}
 */
function sslObject(main, target, keywords) {
  /** @type {Record<string, unknown>} */
  const ssl = { checkServerIdentity: main.checkServerIdentity };
  for (const [key, keyword] of Object.entries(SSL_KEYS)) {
    const own = keywords.has(keyword.replace('_pem', ''));
    ssl[key] = own ? undefined : target.get(keyword);
  }
  if (Object.values(ssl).every((value) => value === undefined)) {
    return undefined;
  }
  const mode = effectiveMode(target);
  return { ...ssl, rejectUnauthorized: mode?.startsWith('verify') };
}

/**
 * Gives the direct pool the TLS of the main one, unless its connection string
 * configures TLS.
 * @param {Map<string, string>} keywords of the connection string
 * @param {Resolved} main
 * @param {Record<string, unknown>} config
 */
function inheritTls(keywords, main, config) {
  const target = new Map(main.target);
  if (
    MODES.some((name) => keywords.has(name)) ||
    keywords.get('sslaccept') === 'strict' ||
    !isDecided(target)
  ) {
    return;
  }
  const ssl = sslObject(main, target, keywords);
  fill(keywords, target, TLS_KEYWORDS);
  if (ssl !== undefined) {
    config.ssl = ssl;
    keywords.set('sslmode', effectiveMode(target) ?? 'require');
  }
}

/**
 * @param {Resolved} main
 * @param {Record<string, unknown>} config
 */
function inheritEngine(main, config) {
  for (const [name, text] of main.engine) {
    if (OWN.includes(name)) {
      continue;
    }
    const kind = engineTable().get(name)?.kind;
    if (kind === 'int') {
      config[name] = Number(text);
    } else {
      config[name] = kind === 'bool' ? text === 'true' : text;
    }
  }
  config.settings = Object.fromEntries(main.settings);
}

/**
 * @param {Map<string, string>} keywords
 * @returns {string} libpq's form
 */
function connectionString(keywords) {
  return [...keywords]
    .map(([name, value]) => `${name}='${value.replace(/[\\']/g, '\\$&')}'`)
    .join(' ');
}

/**
 * Returns the options of the direct pool. Throws errors in its URL.
 * @param {Resolved} main
 * @param {import('../values/types.js').CustomTypes} types
 * @param {string} url
 * @param {string} name what the URL was called
 * @returns {Record<string, unknown>}
 */
function directConfig(main, types, url, name) {
  const keywords = parseConnectionString(url, name);
  const target = new Map(main.target);
  /** @type {Record<string, unknown>} */
  const config = {
    types,
    catalogTypes: main.catalogTypes,
    logger: main.logger,
    onConnect: main.onConnect,
  };
  inheritEngine(main, config);
  config.application_name = target.get('application_name');
  fill(keywords, target, [...SESSION, ...SECURITY]);
  inheritTls(keywords, main, config);
  // A password function serves both, where the URL has no password.
  if (typeof main.password === 'function' && !keywords.has('password')) {
    config.password = main.password;
  }
  config.connectionString = connectionString(keywords) || url;
  return config;
}

/**
 * Returns the warning where the direct pool's TLS guarantees less than the main
 * one's.
 * @param {Resolved} main
 * @param {Resolved} direct
 * @param {string} name what the URL was called
 * @returns {string | undefined}
 */
function weakerTls(main, direct, name) {
  const [wanted, got] = [main, direct].map(
    ({ target }) => new Map(target).get('sslmode') ?? 'prefer',
  );
  return (ASSURANCE[got] ?? 0) < (ASSURANCE[wanted] ?? 0)
    ? `${name} says sslmode ${got}, which is weaker than the pool's ${wanted}: ` +
        'leave sslmode out of it and it is the same'
    : undefined;
}

module.exports = { directConfig, weakerTls };
