// SPDX-License-Identifier: MIT
'use strict';

// The settings from connection string and environment, read as a pool reads
// them, with the source of each.

const { LIBPQ_VARIABLES, urlOf } = require('../../lib/options/environment.js');
const { effectiveMode } = require('../../lib/options/tls.js');
const { resolveOptions } = require('../../lib/options/options.js');
const { DIRECT_VARIABLES } = require('../../lib/pool/session.js');

/**
 * @typedef {object} Host
 * @property {string} name as given: a name, an address, a folder
 * @property {string} [address] of hostaddr
 * @property {number} port
 */

/**
 * @typedef {object} Settings
 * @property {string} source where the connection string came from
 * @property {string[]} variables that filled in what it leaves open
 * @property {string | undefined} url for a pool: undefined is the environment
 * @property {Host[]} hosts
 * @property {string} user
 * @property {string} database
 * @property {string | undefined} password never shown
 * @property {string} sslmode
 * @property {boolean} sslmodeGiven
 * @property {string} sslnegotiation
 * @property {string} channelBinding
 * @property {string} targetSessionAttrs
 * @property {Map<string, string>} target libpq's keywords
 * @property {Record<string, string>} options of the engine that are given
 * @property {Record<string, any>} values of all options of the engine
 * @property {readonly string[]} warnings
 * @property {{name: string, url: string} | undefined} direct
 */

/**
 * Returns the direct connection string of the environment.
 * @param {NodeJS.ProcessEnv} env
 * @returns {{name: string, url: string} | undefined}
 */
function directOf(env) {
  for (const name of DIRECT_VARIABLES) {
    const url = env[name];
    if (url !== undefined && url.trim() !== '') {
      return { name, url };
    }
  }
  return undefined;
}

/** @param {Map<string, string>} target @returns {Host[]} */
function hostsOf(target) {
  const names = (target.get('host') ?? '').split(',');
  const addresses = (target.get('hostaddr') ?? '').split(',');
  const ports = (target.get('port') ?? '5432').split(',');
  const count = Math.max(names.length, addresses.length);
  return Array.from({ length: count }, (_, i) => ({
    name: names[i] || addresses[i] || 'localhost',
    address: addresses[i] || undefined,
    port: Number(ports[i] ?? ports[0]),
  }));
}

/**
 * @param {string | undefined} url
 * @param {string | undefined} source
 * @param {NodeJS.ProcessEnv} env
 * @returns {{source: string, variables: string[]}}
 */
function sourceOf(url, source, env) {
  const given = url === undefined ? urlOf(env)?.name : (source ?? 'argument');
  const variables = Object.keys(LIBPQ_VARIABLES).filter((name) => env[name]);
  return { source: given ?? 'PG* variables', variables };
}

/**
 * Reads the settings. Throws a TypeError or RangeError that shows no value.
 * @param {string | undefined} url
 * @param {string} [source] the variable `url` came from
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Settings}
 */
function readSettings(url, source, env = process.env) {
  const resolved = resolveOptions(url, { env });
  const target = new Map(resolved.target);
  const { password } = resolved;
  return {
    ...sourceOf(url, source, env),
    url,
    hosts: hostsOf(target),
    user: target.get('user') ?? '',
    database: target.get('dbname') ?? '',
    password: typeof password === 'string' ? password : undefined,
    sslmode: effectiveMode(target) ?? 'prefer',
    sslmodeGiven: isModeGiven(url, env),
    sslnegotiation: target.get('sslnegotiation') ?? 'postgres',
    channelBinding: target.get('channel_binding') ?? 'prefer',
    targetSessionAttrs: target.get('target_session_attrs') ?? 'any',
    target,
    options: Object.fromEntries(resolved.engine),
    values: { ...resolved.public },
    warnings: resolved.warnings,
    direct: directOf(env),
  };
}

/**
 * Returns whether TLS is configured.
 * @param {string | undefined} url
 * @param {NodeJS.ProcessEnv} env
 */
function isModeGiven(url, env) {
  const text = url ?? urlOf(env)?.text ?? '';
  return /[?&\s](sslmode|ssl|sslaccept|sslrootcert)=/.test(text) || isSet(env);
}

/** @param {NodeJS.ProcessEnv} env */
function isSet(env) {
  return Boolean(env.PGSSLMODE || env.PGSSLROOTCERT);
}

/**
 * Returns the connection string without its secrets.
 * @param {Settings} settings
 * @returns {string}
 */
function shownUrl(settings) {
  const hosts = settings.hosts.map(({ name, port }) =>
    name.includes(':') ? `[${name}]:${port}` : `${name}:${port}`,
  );
  const secret = settings.password ? ':***' : '';
  const user = encodeURIComponent(settings.user);
  const database = encodeURIComponent(shownDatabase(settings.database));
  return `postgresql://${user}${secret}@${hosts.join(',')}/${database}`;
}

/**
 * Returns the name of the database, unless it looks like the end of a password
 * that had a / in it.
 * @param {string} database
 */
function shownDatabase(database) {
  return database.includes('@') ? '***' : database;
}

/**
 * Returns a message of the server, which may have repeated the name of the
 * database.
 * @param {string} text
 * @param {Settings} settings
 */
function shownText(text, { database }) {
  const shown = shownDatabase(database);
  return shown === database ? text : text.replaceAll(database, shown);
}

module.exports = {
  directOf,
  readSettings,
  shownDatabase,
  shownText,
  shownUrl,
};
