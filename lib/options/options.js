// SPDX-License-Identifier: MIT
'use strict';

// A pool's options, from the user's config to the engine's. Order: connection
// string, then the object's keys (which take precedence), then libpq's
// variables, pg's `defaults` and ours for what is missing.

const { inspect } = require('node:util');

const { Draft, SERVER_TIMEOUTS, engineTable, readFrom } = require('./draft.js');
const {
  fillDefaults,
  fillFromVariables,
  fillPasswordFile,
  urlOf,
} = require('./environment.js');
const { readOptions } = require('./keys.js');
const { readKeywords } = require('./parameters.js');
const { fillFromDefaults } = require('./pg-defaults.js');
const { allSettings } = require('./settings.js');
const { identity } = require('./identity.js');
const { resolveTls } = require('./tls.js');
const { parseConnectionString } = require('./url.js');

/**
 * @typedef {object} Resolved
 * @property {readonly (readonly [string, string])[]} engine
 * @property {readonly (readonly [string, string])[]} target
 * @property {readonly (readonly [string, string])[]} settings
 * @property {string | (() => string | Promise<string>) | undefined} password
 * @property {import('../values/types.js').CustomTypes | undefined} types
 * @property {import('../values/value-options.js').ValueOptions | undefined} values
 * @property {boolean} catalogTypes
 * @property {string | ((client: any) => unknown) | undefined} onConnect
 * @property {Readonly<Record<string, unknown>> | undefined} retry
 * @property {boolean} failFast a failed connect rejects the call
 * @property {any} logger
 * @property {string | undefined} directUrl
 * @property {'pg' | undefined} fallback
 * @property {string | undefined} cacheNotifyChannel
 * @property {string} key the key of a shared pool, without functions
 * @property {string} own the key of its handle on that pool
 * @property {string | undefined} keyName the option `key`
 * @property {string | undefined} nowhere why there is no target
 * @property {Readonly<Record<string, unknown>>} public
 * @property {((host: string, certificate: object) => Error | undefined) |
 *   undefined} checkServerIdentity
 * @property {readonly string[]} warnings
 */

/**
 * Returns what was given as an object of one's own, hidden keys included.
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
  // Options objects of pg, of knex and of this package hide these from
  // enumeration.
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
 * Returns `ssl` as pg would take it, its key hidden.
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
 * Returns `pool.options`: pg's names, and hidden secrets.
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
    catalogTypes: draft.other.catalogTypes === true,
    ...draft.other.values,
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
 * @param {{ env?: NodeJS.ProcessEnv, table?: unknown,
 *   nowhere?: 'localhost' | 'later' }} [from] nowhere: what to do where
 *   nothing says where the database is; it throws by default
 * @returns {Resolved}
 */
function resolveOptions(config, from) {
  const env = from?.env ?? process.env;
  const given = asObject(config);
  const draft = new Draft();
  readConnectionString(draft, given, env);
  readOptions(draft, given);
  fillFromVariables(draft, env);
  fillFallback(draft, given, env);
  fillFromDefaults(draft);
  fillPasswordFile(draft, env);
  fillDefaults(draft, from?.nowhere);
  resolveTls(draft);
  checkTogether(draft);
  draft.settings = allSettings(draft, SERVER_TIMEOUTS);
  if (typeof draft.password === 'string') {
    draft.target.set('password', draft.password);
  }
  return finish(draft);
}

/**
 * HOLDFAST_FALLBACK=pg stands for the option where it is not given: for the
 * machine of a developer that has no binary.
 * @param {Draft} draft
 * @param {Record<string, unknown>} given
 * @param {NodeJS.ProcessEnv} env
 */
function fillFallback(draft, given, env) {
  const { HOLDFAST_FALLBACK: name } = env;
  if (name && (given.fallback === undefined || given.fallback === null)) {
    readFrom('HOLDFAST_FALLBACK', () => readOptions(draft, { fallback: name }));
  }
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
  const { key, own } = identity(draft);
  const resolved = {
    engine: pairsOf(engine),
    settings: pairsOf(settings),
    types: other.types,
    values: Object.freeze(other.values),
    catalogTypes: other.catalogTypes === true,
    onConnect: other.onConnect,
    retry: other.retry,
    failFast: other.failFast === true,
    logger: other.logger,
    fallback: other.fallback,
    cacheNotifyChannel: other.cacheNotifyChannel,
    key,
    own,
    keyName: other.key,
    nowhere: other.nowhere,
    public: publicOptions(draft),
    warnings: Object.freeze([...draft.warnings]),
  };
  hide(resolved, 'target', pairsOf(target));
  hide(resolved, 'password', draft.password);
  hide(resolved, 'directUrl', other.directUrl);
  hide(resolved, 'checkServerIdentity', other.checkServerIdentity);
  return Object.freeze(/** @type {any} */ (resolved));
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

module.exports = { asObject, resolveOptions };
