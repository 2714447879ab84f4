// SPDX-License-Identifier: MIT
'use strict';

// The options for pg's pool, from those of ours.

const { readFileSync } = require('node:fs');

const { typesOf } = require('../values/value-options.js');
const { effectiveMode } = require('../options/tls.js');

/** @typedef {ReturnType<typeof import('../options/options.js').resolveOptions>} Resolved */

/**
 * @param {Map<string, string>} target
 * @param {string} keyword
 * @returns {string | undefined} PEM text, given as such or as a file's name
 */
function pem(target, keyword) {
  const file = target.get(keyword);
  return (
    target.get(`${keyword}_pem`) ??
    (file === undefined ? undefined : readFileSync(file, 'utf8'))
  );
}

/**
 * pg cannot ask whether the server offers TLS: what would be encrypted where it
 * does is always encrypted.
 * @param {Map<string, string>} target
 * @param {Resolved['checkServerIdentity']} check
 * @returns {false | Record<string, unknown>}
 */
function tlsOf(target, check) {
  const mode = effectiveMode(target);
  if (mode === 'disable') {
    return false;
  }
  const checked = mode === 'verify-full' || mode === 'verify-ca';
  /** @type {Record<string, unknown>} */
  const tls = { rejectUnauthorized: checked };
  if (checked) {
    tls.ca = pem(target, 'sslrootcert');
  }
  if (mode === 'verify-ca') {
    tls.checkServerIdentity = check ?? (() => undefined);
  }
  tls.cert = pem(target, 'sslcert');
  tls.key = pem(target, 'sslkey');
  tls.passphrase = target.get('sslpassword');
  tls.minVersion = target.get('ssl_min_protocol_version');
  tls.maxVersion = target.get('ssl_max_protocol_version');
  tls.servername =
    target.get('ssl_servername') ??
    (target.has('hostaddr') ? target.get('host') : undefined);
  const given = Object.entries(tls).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given);
}

/**
 * @param {Resolved} resolved
 * @returns {string | undefined} startup options for settings of the session
 */
function startupOptions({ settings, target }) {
  const given = new Map(target).get('options');
  const pairs = settings.map(
    ([name, value]) => `-c ${name}=${value.replace(/[\\\s]/g, '\\$&')}`,
  );
  const all = [...(given === undefined ? [] : [given]), ...pairs];
  return all.length === 0 ? undefined : all.join(' ');
}

/** Security options that pg does not have. */
const UNKEPT = Object.freeze(['require_auth', 'sslcrl', 'sslcrldir']);

/**
 * Refuses a pool that would be less secure than requested.
 * @param {Map<string, string>} target
 */
function refuseUnkept(target) {
  const bound = target.get('channel_binding') === 'require';
  const asked = bound
    ? 'channel_binding=require'
    : UNKEPT.find((keyword) => target.has(keyword));
  if (asked !== undefined) {
    throw new TypeError(
      `fallback: 'pg' cannot keep ${asked}: pg does not know it`,
    );
  }
}

/** @param {any} millis @returns {number | undefined} */
function unlessZero(millis) {
  return millis > 0 ? millis : undefined;
}

/**
 * @param {Resolved} resolved
 * @returns {Record<string, unknown>}
 */
function pgConfig(resolved) {
  const target = new Map(resolved.target);
  const options = /** @type {Record<string, any>} */ (resolved.public);
  const host = target.get('hostaddr') ?? target.get('host');
  if (host?.includes(',')) {
    throw new TypeError("fallback: 'pg' takes one host: pg knows no more");
  }
  refuseUnkept(target);
  if (resolved.catalogTypes) {
    throw new TypeError(
      "fallback: 'pg' cannot keep catalogTypes: values would have other shapes",
    );
  }
  const wait = options.connectionTimeoutMillis || options.deadlineMillis;
  const given = {
    host,
    port: options.port,
    database: options.database,
    user: options.user,
    password: resolved.password,
    ssl: tlsOf(target, resolved.checkServerIdentity),
    enableChannelBinding: target.get('channel_binding') !== 'disable',
    application_name: options.application_name,
    options: startupOptions(resolved),
    types: resolved.values ? typesOf(resolved) : resolved.types,
    max: options.max,
    min: options.min,
    maxUses: unlessZero(options.maxUses),
    maxLifetimeSeconds: unlessZero(options.maxLifetimeSeconds),
    idleTimeoutMillis: options.idleTimeoutMillis,
    connectionTimeoutMillis: unlessZero(wait),
    query_timeout: unlessZero(options.timeoutMillis),
    statement_timeout: unlessZero(options.statementTimeoutMillis),
    lock_timeout: unlessZero(options.lockTimeoutMillis),
    idle_in_transaction_session_timeout: unlessZero(
      options.idleInTransactionTimeoutMillis,
    ),
    keepAlive: options.keepAlive,
    keepAliveInitialDelayMillis: options.keepAliveInitialDelayMillis,
    allowExitOnIdle: true,
  };
  const known = Object.entries(given).filter(([, v]) => v !== undefined);
  return Object.fromEntries(known);
}

module.exports = { pgConfig };
