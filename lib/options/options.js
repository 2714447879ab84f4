// SPDX-License-Identifier: MIT
'use strict';

// A pool's options, from what the user gave to what the engine takes. Order:
// connection string, then the object's keys (which win), then libpq's
// variables and defaults for what is missing.

const { inspect } = require('node:util');

const { Draft, SERVER_TIMEOUTS, engineTable } = require('./draft.js');
const { fillDefaults, fillFromVariables, urlOf } = require('./environment.js');
const { readOptions } = require('./keys.js');
const { readKeywords } = require('./parameters.js');
const { allSettings } = require('./settings.js');
const { resolveTls } = require('./tls.js');
const { parseConnectionString } = require('./url.js');

/** Keywords whose values are secret. */
const SECRETS = Object.freeze(['password', 'sslpassword', 'sslkey_pem']);
/** Keywords that say which server, and how it is spoken to. */
const IDENTITY =
  /^(host|hostaddr|port|dbname|user|ssl.*|channel_binding|require_auth|gssencmode|target_session_attrs)$/;

/**
 * @typedef {object} Resolved
 * @property {readonly (readonly [string, string])[]} engine
 * @property {readonly (readonly [string, string])[]} target
 * @property {readonly (readonly [string, string])[]} settings
 * @property {string | (() => string | Promise<string>) | undefined} password
 * @property {import('../values/types.js').CustomTypes | undefined} types
 * @property {string | ((client: any) => unknown) | undefined} onConnect
 * @property {Readonly<Record<string, unknown>> | undefined} retry
 * @property {any} logger
 * @property {string | undefined} directUrl
 * @property {'pg' | undefined} fallback
 * @property {string | undefined} cacheNotifyChannel
 * @property {string} key
 * @property {string} optionsText
 * @property {Readonly<Record<string, unknown>>} public
 * @property {readonly string[]} warnings
 */

/**
 * @param {unknown} config
 * @returns {Record<string, unknown>}
 */
function asObject(config) {
  if (config === undefined || config === null) {
    return {};
  }
  if (typeof config === 'string') {
    return { connectionString: config };
  }
  if (config instanceof URL) {
    return { connectionString: config.href };
  }
  if (typeof config !== 'object' || Array.isArray(config)) {
    throw new TypeError(
      'options must be an object or a connection string; ' +
        'without any, DATABASE_URL is used',
    );
  }
  const given = /** @type {Record<string, unknown>} */ (config);
  const own = { ...given };
  // pg's own options object hides these from enumeration, as ours does.
  for (const key of ['password', 'ssl']) {
    if (own[key] === undefined && given[key] !== undefined) {
      own[key] = given[key];
    }
  }
  return own;
}

/**
 * @param {Draft} draft
 * @param {Record<string, unknown>} given
 * @param {NodeJS.ProcessEnv} env
 */
function readConnectionString(draft, given, env) {
  const { connectionString, host } = given;
  if (connectionString !== undefined && connectionString !== null) {
    if (typeof connectionString !== 'string') {
      throw new TypeError('connectionString must be a string');
    }
    const label = 'connectionString';
    draft.hasUrl = true;
    draft.connectionString = connectionString;
    readKeywords(draft, parseConnectionString(connectionString, label), label);
    return;
  }
  const url = host ? undefined : urlOf(env);
  if (url !== undefined) {
    draft.hasUrl = true;
    const keywords = parseConnectionString(url.text, url.name);
    readKeywords(draft, keywords, url.name);
  }
}

/**
 * @param {string} text
 * @returns {string}
 */
function hash(text) {
  // Loaded here: it takes milliseconds, and most pools have nothing to hash.
  const { createHash } = require('node:crypto');
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/**
 * Returns a keyword's value, hashed where it is secret or long.
 * @param {string} keyword
 * @param {string} value
 * @returns {string}
 */
function hidden(keyword, value) {
  return SECRETS.includes(keyword) || keyword.endsWith('_pem')
    ? `#${hash(`${keyword}=${value}`)}`
    : value;
}

/**
 * @param {Iterable<readonly [string, string]>} pairs
 * @returns {string}
 */
function canonical(pairs) {
  const sorted = [...pairs]
    .map(([name, value]) => [name, hidden(name, value)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(sorted);
}

/**
 * Returns what names the server for the registry of shared pools.
 * @param {Map<string, string>} target
 * @returns {string}
 */
function identity(target) {
  const pairs = [...target].filter(
    ([keyword]) => IDENTITY.test(keyword) && !SECRETS.includes(keyword),
  );
  return canonical(pairs);
}

/**
 * @param {Map<string, string>} engine
 * @returns {Record<string, unknown>} every option of the engine with its value
 */
function engineValues(engine) {
  /** @type {Record<string, unknown>} */
  const values = {};
  for (const [name, row] of engineTable()) {
    const text = engine.get(name);
    switch (row.kind) {
      case 'int':
        values[name] = text === undefined ? row.initial : Number(text);
        break;
      case 'bool':
        values[name] = text === undefined ? row.initial !== 0 : text === 'true';
        break;
      default:
        values[name] = text ?? row.words?.split('|')[row.initial];
    }
  }
  return values;
}

/**
 * Returns `ssl` as pg would take it, its key out of sight.
 * @param {Draft} draft
 * @returns {unknown}
 */
function publicSsl(draft) {
  const { ssl, target } = draft;
  const mode = target.get('sslmode');
  if (mode === 'disable') {
    return false;
  }
  const checked = mode === 'verify-full' || mode === 'verify-ca';
  const object = typeof ssl === 'object' && ssl !== null ? { ...ssl } : {};
  const result = /** @type {Record<string, unknown>} */ ({
    rejectUnauthorized: checked,
    ...object,
  });
  for (const name of ['key', 'passphrase']) {
    hide(result, name, result[name]);
  }
  return Object.freeze(result);
}

/**
 * Defines a property that enumeration, inspect and JSON do not show.
 * @param {object} object
 * @param {string | symbol} name
 * @param {unknown} value
 */
function hide(object, name, value) {
  Object.defineProperty(object, name, {
    value,
    enumerable: false,
    configurable: false,
    writable: false,
  });
}

/**
 * Returns what `pool.options` shows: pg's names, no secrets in sight.
 * @param {Draft} draft
 * @returns {Readonly<Record<string, unknown>>}
 */
function publicOptions(draft) {
  const { target } = draft;
  const ports = target.get('port') ?? '';
  const options = {
    host: target.get('host') ?? target.get('hostaddr'),
    port: ports.includes(',') ? ports : Number(ports),
    database: target.get('dbname'),
    user: target.get('user'),
    application_name: target.get('application_name'),
    ssl: publicSsl(draft),
    ...engineValues(draft.engine),
    allowExitOnIdle: true,
  };
  hide(options, 'password', draft.password);
  hide(options, 'connectionString', draft.connectionString);
  const shown = () => ({ ...options });
  hide(options, 'toJSON', shown);
  hide(options, inspect.custom, shown);
  return Object.freeze(options);
}

/**
 * Returns checked options. Throws a TypeError or a RangeError that names the
 * key and never shows a value.
 * @param {unknown} [config] undefined, a connection string, or an object
 * @param {{ env?: NodeJS.ProcessEnv, table?: unknown }} [from]
 * @returns {Resolved}
 */
function resolveOptions(config, from) {
  const env = from?.env ?? process.env;
  const given = asObject(config);
  const draft = new Draft();
  readConnectionString(draft, given, env);
  readOptions(draft, given);
  fillFromVariables(draft, env);
  fillDefaults(draft);
  resolveTls(draft);
  checkTogether(draft);
  draft.settings = allSettings(draft, SERVER_TIMEOUTS);
  if (typeof draft.password === 'string') {
    draft.target.set('password', draft.password);
  }
  return finish(draft);
}

/**
 * @param {Draft} draft
 */
function checkTogether(draft) {
  const values = engineValues(draft.engine);
  const { max, min } = values;
  if (values.pooler === 'transaction' && values.deallocateBeforeUse === 'on') {
    throw new TypeError(
      'deallocateBeforeUse cannot be combined with a transaction pooler: it ' +
        'would drop the statements of other clients, and nothing has a name ' +
        "there; leave it out, or say 'force'",
    );
  }
  if (Number(min) > Number(max)) {
    throw new RangeError('min must not be greater than max');
  }
}

/**
 * @param {Draft} draft
 * @returns {Resolved}
 */
function finish(draft) {
  const { target, engine, settings, other } = draft;
  const key = identity(target);
  const resolved = {
    engine: pairsOf(engine),
    settings: pairsOf(settings),
    types: other.types,
    onConnect: other.onConnect,
    retry: other.retry,
    logger: other.logger,
    fallback: other.fallback,
    cacheNotifyChannel: other.cacheNotifyChannel,
    key,
    public: publicOptions(draft),
    warnings: Object.freeze([...draft.warnings]),
  };
  hide(resolved, 'optionsText', optionsText(draft));
  hide(resolved, 'target', pairsOf(target));
  hide(resolved, 'password', draft.password);
  hide(resolved, 'directUrl', other.directUrl);
  return Object.freeze(/** @type {any} */ (resolved));
}

/**
 * Returns what two calls of getPool are compared by: names and values, each
 * ended by a NUL, as the engine keeps them. No secrets.
 * @param {Draft} draft
 * @returns {string}
 */
function optionsText({ engine, target, settings, password, other }) {
  /** @type {[string, string][]} */
  const pairs = [
    ...engine,
    ...named('pg.', target),
    ...named('set.', settings),
  ];
  if (typeof password === 'function') {
    pairs.push(['has.password', '1']);
  }
  if (typeof other.onConnect === 'string') {
    pairs.push(['sql.onConnect', other.onConnect]);
  }
  return pairs.map(([name, value]) => `${name}\0${value}\0`).join('');
}

/**
 * @param {string} prefix
 * @param {Map<string, string>} map
 * @returns {[string, string][]}
 */
function named(prefix, map) {
  return [...map]
    .filter(([name]) => !SECRETS.includes(name))
    .map(([name, value]) => [prefix + name, value]);
}

/**
 * @param {Map<string, string>} map
 */
function pairsOf(map) {
  return Object.freeze(
    [...map].map(([name, value]) =>
      Object.freeze(/** @type {[string, string]} */ ([name, value])),
    ),
  );
}

module.exports = { resolveOptions };
