// SPDX-License-Identifier: MIT
'use strict';

// The environment: a URL in DATABASE_URL, else the variables that libpq and pg
// read. Explicit options always take precedence, and no variable changes the
// meaning of a connection string.

const { homedir, userInfo } = require('node:os');
const { join } = require('node:path');

const { EXAMPLE } = require('./url.js');
const { readFrom } = require('./draft.js');
const { READERS } = require('./parameters.js');
const { putSetting } = require('./settings.js');

/** @typedef {import('./draft.js').Draft} Draft */

const URL_VARIABLES = Object.freeze(['DATABASE_URL', 'SUPABASE_DATABASE_URL']);

/** Server and user: they complete a connection string, too. */
/** @type {Record<string, string>} */
const PLACE_VARIABLES = Object.freeze({
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
  PGCONNECT_TIMEOUT: 'connect_timeout',
});

/** The others: only where no connection string is given. */
/** @type {Record<string, string>} */
const OTHER_VARIABLES = Object.freeze({
  PGSSLNEGOTIATION: 'sslnegotiation',
  PGSSLCRL: 'sslcrl',
  PGSSLCRLDIR: 'sslcrldir',
  PGSSLSNI: 'sslsni',
  PGSSLCERTMODE: 'sslcertmode',
  PGSSLMINPROTOCOLVERSION: 'ssl_min_protocol_version',
  PGSSLMAXPROTOCOLVERSION: 'ssl_max_protocol_version',
  PGCHANNELBINDING: 'channel_binding',
  PGREQUIREAUTH: 'require_auth',
  PGREQUIREPEER: 'requirepeer',
  PGGSSENCMODE: 'gssencmode',
  PGKRBSRVNAME: 'krbsrvname',
  PGAPPNAME: 'application_name',
  PGOPTIONS: 'options',
  PGTARGETSESSIONATTRS: 'target_session_attrs',
  PGLOADBALANCEHOSTS: 'load_balance_hosts',
});

/** @type {Record<string, string>} */
const LIBPQ_VARIABLES = Object.freeze({
  ...PLACE_VARIABLES,
  ...OTHER_VARIABLES,
});

/** Variables that are settings of the session. */
/** @type {Record<string, string>} */
const SETTING_VARIABLES = Object.freeze({ PGTZ: 'timezone', PGGEQO: 'geqo' });

/** Variables that override everything in a libpq that reads the environment. */
const UNSTOPPABLE = Object.freeze([
  'PGSERVICE',
  'PGTZ',
  'PGDATESTYLE',
  'PGGEQO',
  'PGREQUIREPEER',
]);

/** Variables that make sense only together. */
const TLS_KEYWORDS = Object.freeze([
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'sslcrl',
  'sslcrldir',
]);

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
    case 'options':
      return draft.target.has('options') || draft.startSettings.size > 0;
    case 'hostaddr':
      return draft.target.has('host') || draft.target.has('hostaddr');
    default:
      return draft.target.has(keyword);
  }
}

/**
 * Fills in what is missing from libpq's variables. For a connection string only
 * server and user are completed; its meaning does not change.
 * @param {Draft} draft
 * @param {NodeJS.ProcessEnv} env
 */
function fillFromVariables(draft, env) {
  const tlsGiven =
    draft.ssl !== undefined ||
    TLS_KEYWORDS.some((keyword) => draft.target.has(keyword));
  const variables = draft.hasUrl ? PLACE_VARIABLES : LIBPQ_VARIABLES;
  for (const [variable, keyword] of Object.entries(variables)) {
    const value = env[variable];
    const skip = tlsGiven && TLS_KEYWORDS.includes(keyword);
    if (value && !skip && !isGiven(draft, keyword)) {
      readFrom(variable, () => READERS[keyword](draft, value, variable));
    }
  }
  if (!draft.hasUrl) {
    fillSettings(draft, env);
  }
}

/**
 * @param {Draft} draft
 * @param {NodeJS.ProcessEnv} env
 */
function fillSettings(draft, env) {
  for (const [variable, name] of Object.entries(SETTING_VARIABLES)) {
    const value = env[variable];
    // "default" is libpq's word for leaving it to the server.
    if (value && value.toLowerCase() !== 'default') {
      const { startSettings } = draft;
      if (!startSettings.has(name)) {
        putSetting(startSettings, name, value, variable);
      }
    }
  }
}

/**
 * Where no password is given, one may be in a file, as for pg and psql.
 * @param {Draft} draft
 * @param {NodeJS.ProcessEnv} env
 */
function fillPasswordFile(draft, env) {
  if (draft.password !== undefined || draft.target.has('passfile')) {
    return;
  }
  const home = env.HOME || homeFolder();
  const file = env.PGPASSFILE || (home && join(home, '.pgpass'));
  if (file) {
    draft.setTarget('passfile', file, 'PGPASSFILE');
  }
}

/** @returns {string | undefined} */
function homeFolder() {
  try {
    return homedir();
  } catch {
    return undefined; // an account without an entry
  }
}

/**
 * Returns the warning for variables that a developer's libpq reads by itself,
 * or undefined where there are none.
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined}
 */
function environmentWarning(env) {
  const set = UNSTOPPABLE.filter((name) => env[name]);
  return set.length === 0
    ? undefined
    : `${set.join(', ')}: this build uses the system's libpq, which obeys ` +
        'them whatever the connection string says; unset them, or use a ' +
        'published binary, which never asks the environment';
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
 * Fills in the rest.
 * @param {Draft} draft
 * @param {'localhost' | 'later'} [nowhere] what to do without any
 *   configuration: connect to localhost, as pg, or fail at the first use;
 *   without it, that throws
 */
function fillDefaults(draft, nowhere) {
  const { target } = draft;
  const somewhere = ['host', 'hostaddr', 'port', 'user', 'dbname'];
  if (!somewhere.some((keyword) => target.has(keyword))) {
    const sentence =
      `DATABASE_URL is not set: set it, for example to ${EXAMPLE}, or ` +
      'give connectionString or host';
    if (nowhere === undefined) {
      throw new TypeError(sentence);
    }
    draft.other.nowhere = nowhere === 'later' ? sentence : undefined;
  }
  if (!target.get('host') && !target.has('hostaddr')) {
    target.set('host', 'localhost');
  }
  const user = target.get('user') || accountName();
  if (!user) {
    if (draft.other.nowhere !== undefined) {
      return;
    }
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

module.exports = {
  LIBPQ_VARIABLES,
  environmentWarning,
  fillDefaults,
  fillFromVariables,
  fillPasswordFile,
  urlOf,
};
