// SPDX-License-Identifier: MIT
'use strict';

// The keys of the options object: pg's names and ours.

const { root } = require('#platform');
const { checkLogger } = require('../observe/log.js');
const { checkedChannel } = require('./channel.js');
const { checkKeysAs } = require('../validate/keys.js');
const { checkBoolean } = require('../validate/values.js');
const { nearest } = require('../validate/nearest.js');
const { checkValueOption } = require('../values/value-options.js');
const { parseRetryOptions } = require('../retry/retry-options.js');
const { SERVER_TIMEOUTS, checkedText, engineTable } = require('./draft.js');
const { REFUSED: REFUSED_PARAMETERS } = require('./parameters.js');
const { readSchema, readSettings, readStartOptions } = require('./settings.js');
const { WRAPPER_KEYS } = require('./wrappers.js');

/** Whether this package is installed as pg, by an alias or an override. */
const IS_NAMED_PG = /[\\/]node_modules[\\/]pg$/.test(root);

/** @typedef {import('./draft.js').Draft} Draft */
/** @typedef {(draft: Draft, value: any, key: string) => void} Reader */

/** pg's keys that have no effect here. */
const IGNORED = Object.freeze([
  'Client',
  'Promise',
  'log',
  'allowExitOnIdle',
  'pipeline',
  'scramMaxIterations',
]);

/** Options that are not supported, and what to do instead. */
/** @type {Record<string, string>} */
const REFUSED = Object.freeze({
  stream: 'the engine has its own sockets; for a tunnel, set host and port',
  verify: 'connections are checked by the engine; use onConnect',
});

/** @type {Record<string, string>} */
const ALL_REFUSED = Object.freeze({ ...REFUSED_PARAMETERS, ...REFUSED });

/**
 * @param {string} keyword
 * @returns {Reader}
 */
function target(keyword) {
  return (draft, value, key) => draft.setTarget(keyword, value, key);
}

/**
 * For an option of words: true is one of them, and false is "off".
 * @param {string} word
 * @returns {Reader}
 */
function wordOr(word) {
  return (draft, value, key) => {
    const given = typeof value === 'boolean' ? (value ? word : 'off') : value;
    draft.setEngine(key, given, key);
  };
}

/**
 * @param {keyof SERVER_TIMEOUTS} name
 * @returns {Reader}
 */
function serverTimeout(name) {
  return (draft, value, key) => {
    // pg's own default is false.
    if (value !== false) {
      // As in pg, a fraction of a millisecond is cut off.
      const whole = typeof value === 'number' ? Math.trunc(value) : value;
      draft.setServerTimeout(name, whole, key);
    }
  };
}

/**
 * @param {string} name
 * @returns {Reader}
 */
function alias(name) {
  return (draft, value, key) => {
    if (value !== false) {
      draft.setEngine(name, value, key);
    }
  };
}

/** @type {Reader} */
function readOnConnect(draft, value, key) {
  if (typeof value !== 'function') {
    checkedText(value, key, true);
  }
  draft.other.onConnect = value;
}

/** The options of a helper that a pool has as options of its own. */
/** @type {Record<string, string>} */
const RETRY_NAMES = {
  maxRetries: 'maxRetries',
  baseMillis: 'retryBaseMillis',
  capMillis: 'retryCapMillis',
  deadlineMillis: 'deadlineMillis',
  retryBudget: 'retryBudget',
};

const RETRY_KEYS = new Set(Object.keys(RETRY_NAMES));

/** @type {Reader} */
function readRetry(draft, value) {
  const options = value === false ? { maxRetries: 0 } : value;
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('retry must be false or an object');
  }
  checkKeysAs(options, RETRY_KEYS, 'unknown option retry.');
  parseRetryOptions(options);
  for (const [key, name] of Object.entries(RETRY_NAMES)) {
    if (options[key] !== undefined) {
      draft.setEngine(name, options[key], `retry.${key}`);
    }
  }
  draft.other.retry = Object.freeze({ ...options });
  draft.other.failFast = value === false;
}

/**
 * @param {'int8' | 'json' | 'dates'} name
 * @returns {Reader}
 */
function valueOption(name) {
  return (draft, value) => {
    draft.other.values = {
      ...draft.other.values,
      [name]: checkValueOption(name, value),
    };
  };
}

/** @type {Reader} */
function readLogger(draft, value) {
  draft.other.logger = checkLogger(value);
}

/** @type {Record<string, Reader>} */
const READERS = {
  host: (draft, value) => draft.setHost(value),
  port: (draft, value) => draft.setPort(value),
  user: target('user'),
  database: target('dbname'),
  password: (draft, value) => draft.setPassword(value),
  hostaddr: target('hostaddr'),
  application_name: target('application_name'),
  fallback_application_name: target('fallback_application_name'),
  options: (draft, value, key) =>
    readStartOptions(draft, checkedText(value, key), key),
  settings: readSettings,
  client_encoding: target('client_encoding'),
  sslnegotiation: (draft, value, key) => {
    // The default, which a libpq older than 17 does not know by its name.
    if (value !== 'postgres') {
      draft.setTarget('sslnegotiation', value, key);
    }
  },
  target_session_attrs: target('target_session_attrs'),
  load_balance_hosts: target('load_balance_hosts'),
  channel_binding: target('channel_binding'),
  enableChannelBinding: (draft, value, key) => {
    if (typeof value !== 'boolean') {
      throw new TypeError(`${key} must be true or false`);
    }
    draft.setTarget('channel_binding', value ? 'prefer' : 'disable');
  },
  ssl: (draft, value) => {
    draft.ssl = value;
  },
  schema: (draft, value, key) =>
    readSchema(draft, checkedText(value, key), key),
  poolSize: alias('max'),
  deallocateBeforeUse: wordOr('on'),
  resetOnRelease: wordOr('detected'),
  query_timeout: alias('timeoutMillis'),
  maxUses: (draft, value, key) =>
    // pg writes "no limit" as Infinity.
    draft.setEngine('maxUses', value === Infinity ? 0 : value, key),
  statement_timeout: serverTimeout('statement_timeout'),
  lock_timeout: serverTimeout('lock_timeout'),
  idle_in_transaction_session_timeout: serverTimeout(
    'idle_in_transaction_session_timeout',
  ),
  replication: (_draft, value, key) => {
    if (value !== false && value !== 'false') {
      throw new TypeError(
        `${key} is refused: replication needs another protocol`,
      );
    }
  },
  binary: (_draft, value) => {
    if (value !== false) {
      throw new TypeError(
        'binary is refused: results are text, as pg has them by default',
      );
    }
  },
  types: (draft, value) => {
    if (typeof value?.getTypeParser !== 'function') {
      throw new TypeError('types needs a function getTypeParser(oid, format)');
    }
    draft.other.types = value;
  },
  catalogTypes: (draft, value, key) => {
    draft.other.catalogTypes = checkBoolean(value, key);
  },
  int8: valueOption('int8'),
  json: valueOption('json'),
  dates: valueOption('dates'),
  onConnect: readOnConnect,
  key: (draft, value, key) => {
    if (value === '') {
      throw new TypeError(`${key} must be the name of a pool`);
    }
    draft.other.key = checkedText(value, key);
  },
  directUrl: (draft, value, key) => {
    draft.other.directUrl = checkedText(value, key);
  },
  cacheNotifyChannel: (draft, value, key) => {
    draft.other.cacheNotifyChannel = checkedChannel(value, key);
  },
  retry: readRetry,
  logger: readLogger,
  fallback: (draft, value, key) => {
    if (value !== false && value !== 'pg') {
      throw new TypeError(`${key} must be 'pg' or false`);
    }
    draft.other.fallback = value || undefined;
  },
};

for (const [name, option] of Object.entries(SERVER_TIMEOUTS)) {
  READERS[option] = serverTimeout(/** @type {keyof SERVER_TIMEOUTS} */ (name));
}

/** Returns every key that is read. */
function knownKeys() {
  return [
    'connectionString',
    ...new Set([...Object.keys(READERS), ...engineTable().keys()]),
  ];
}

/** What libpq calls it; as an option it is `ssl`, as in pg. */
const SSLMODE = 'sslmode';

/**
 * Returns a suggestion for an unknown key.
 * @param {string} key
 * @returns {string}
 */
function hint(key) {
  const found = nearest(key, [...knownKeys(), SSLMODE]);
  return found.includes(SSLMODE) || key === SSLMODE
    ? `: did you mean ${SSLMODE}? It belongs in the connection string; the ` +
        'option is ssl'
    : found;
}

/**
 * Whether a key is another's: one of pg that has no effect here, or a library's.
 * @param {string} key
 * @param {Record<string, unknown>} options
 */
function hasNoEffect(key, options) {
  // @keyv/postgres gives both; alone it is meant as ours.
  if (key === 'uri' && !options.connectionString) {
    throw new TypeError('uri is refused: the option is connectionString');
  }
  return IGNORED.includes(key) || Object.hasOwn(WRAPPER_KEYS, key);
}

/**
 * Under pg's name, libraries make pools and clients of this package, and hand
 * through options of their own, as pg lets them: there it is a warning.
 * @param {Draft} draft
 * @param {string} key
 */
function refuseUnknown(draft, key) {
  const text = `unknown option ${JSON.stringify(key.slice(0, 64))}`;
  if (!IS_NAMED_PG) {
    throw new TypeError(`${text}${hint(key)}`);
  }
  draft.warnings.push(
    `${text}${hint(key)}; it has no effect, and is no error because this ` +
      'package is installed as pg',
  );
}

/**
 * Puts the options object into a draft. undefined and null mean "not given".
 * @param {Draft} draft
 * @param {Record<string, unknown>} options
 */
function readOptions(draft, options) {
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined || value === null || key === 'connectionString') {
      continue;
    }
    if (Object.hasOwn(ALL_REFUSED, key)) {
      throw new TypeError(`${key} is refused: ${ALL_REFUSED[key]}`);
    }
    if (hasNoEffect(key, options)) {
      continue;
    }
    if (Object.hasOwn(READERS, key)) {
      READERS[key](draft, value, key);
    } else if (engineTable().has(key)) {
      draft.setEngine(key, value);
    } else {
      refuseUnknown(draft, key);
    }
  }
}

module.exports = { readOptions, knownKeys, IGNORED, REFUSED };
