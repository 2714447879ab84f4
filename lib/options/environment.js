// SPDX-License-Identifier: MIT
'use strict';

// What the environment says: a URL in DATABASE_URL, else the variables that
// libpq and pg read. Explicit options always win.

const { userInfo } = require('node:os');

const { EXAMPLE } = require('./url.js');
const { readFrom } = require('./draft.js');
const { READERS } = require('./parameters.js');

/** @typedef {import('./draft.js').Draft} Draft */

const URL_VARIABLES = Object.freeze(['DATABASE_URL', 'SUPABASE_DATABASE_URL']);

/** @type {Record<string, string>} */
const LIBPQ_VARIABLES = Object.freeze({
  PGHOST: 'host',
  PGHOSTADDR: 'hostaddr',
  PGPORT: 'port',
  PGUSER: 'user',
  PGPASSWORD: 'password',
  PGDATABASE: 'dbname',
  PGSSLMODE: 'sslmode',
  PGSSLROOTCERT: 'sslrootcert',
  PGSSLCERT: 'sslcert',
  PGSSLKEY: 'sslkey',
  PGSSLNEGOTIATION: 'sslnegotiation',
  PGCHANNELBINDING: 'channel_binding',
  PGAPPNAME: 'application_name',
  PGOPTIONS: 'options',
  PGTARGETSESSIONATTRS: 'target_session_attrs',
  PGCONNECT_TIMEOUT: 'connect_timeout',
});

/** Variables that make sense only together. */
const TLS_VARIABLES = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey'];

/**
 * Returns the connection string of the environment and its variable.
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ name: string, text: string } | undefined}
 */
function urlOf(env) {
  for (const name of URL_VARIABLES) {
    const text = env[name];
    if (text !== undefined && text.trim() !== '') {
      return { name, text };
    }
  }
  return undefined;
}

/**
 * @param {Draft} draft
 * @param {string} keyword
 * @returns {boolean}
 */
function isGiven(draft, keyword) {
  switch (keyword) {
    case 'password':
      return draft.password !== undefined;
    case 'connect_timeout':
      return draft.engine.has('connectTimeoutMillis');
    case 'hostaddr':
      return draft.target.has('host') || draft.target.has('hostaddr');
    default:
      return draft.target.has(keyword);
  }
}

/**
 * Fills in what is missing from libpq's variables.
 * @param {Draft} draft
 * @param {NodeJS.ProcessEnv} env
 */
function fillFromVariables(draft, env) {
  const tlsGiven =
    draft.ssl !== undefined ||
    TLS_VARIABLES.some((keyword) => draft.target.has(keyword));
  for (const [variable, keyword] of Object.entries(LIBPQ_VARIABLES)) {
    const value = env[variable];
    const skip = tlsGiven && TLS_VARIABLES.includes(keyword);
    if (value && !skip && !isGiven(draft, keyword)) {
      readFrom(variable, () => READERS[keyword](draft, value, variable));
    }
  }
}

/**
 * Returns the account's name, as libpq and pg use it where no user is given.
 * @returns {string | undefined}
 */
function accountName() {
  try {
    return userInfo().username;
  } catch {
    return undefined; // an account without an entry, as containers have
  }
}

/**
 * Fills in the rest; throws when nothing at all says where the database is.
 * @param {Draft} draft
 */
function fillDefaults(draft) {
  const { target } = draft;
  const somewhere = ['host', 'hostaddr', 'port', 'user', 'dbname'];
  if (!somewhere.some((keyword) => target.has(keyword))) {
    throw new TypeError(
      `DATABASE_URL is not set: set it, for example to ${EXAMPLE}, or ` +
        'give connectionString or host',
    );
  }
  if (!target.get('host') && !target.has('hostaddr')) {
    target.set('host', 'localhost');
  }
  const user = target.get('user') || accountName();
  if (!user) {
    throw new TypeError('user is not given: set user, PGUSER or DATABASE_URL');
  }
  target.set('user', user);
  if (!target.get('dbname')) {
    target.set('dbname', user);
  }
  fillPorts(target);
}

/**
 * @param {Map<string, string>} target
 */
function fillPorts(target) {
  const hosts = (target.get('host') ?? target.get('hostaddr') ?? '').split(',');
  const ports = (target.get('port') ?? '').split(',');
  if (ports.length > 1 && ports.length !== hosts.length) {
    throw new RangeError('port must be one, or one for each host');
  }
  target.set('port', ports.map((port) => port || '5432').join(','));
}

module.exports = { LIBPQ_VARIABLES, urlOf, fillFromVariables, fillDefaults };
