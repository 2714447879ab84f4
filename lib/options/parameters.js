// SPDX-License-Identifier: MIT
'use strict';

// What may stand in a connection string: libpq's keywords, and the parameters
// that Prisma, pgx, pg, postgres.js and hosting companies put there.

const { nearest } = require('../validate/nearest.js');
const {
  SERVER_TIMEOUTS,
  checkedText,
  engineTable,
  readFrom,
} = require('./draft.js');
const { checkedPath } = require('./recognise.js');
const { putSetting, readSchema, readStartOptions } = require('./settings.js');
const { readMode } = require('./tls.js');

/** @typedef {import('./draft.js').Draft} Draft */
/** @typedef {(draft: Draft, value: string, name: string) => void} Reader */

/** libpq's keywords that go to libpq as they are. */
const PASSED = Object.freeze([
  'hostaddr',
  'load_balance_hosts',
  'channel_binding',
  'require_auth',
  'sslmode',
  'sslnegotiation',
  'sslcert',
  'sslkey',
  'sslcertmode',
  'sslrootcert',
  'sslcrl',
  'sslcrldir',
  'sslsni',
  'ssl_min_protocol_version',
  'ssl_max_protocol_version',
  'requirepeer',
  'gssencmode',
  'krbsrvname',
  'target_session_attrs',
  'application_name',
  'fallback_application_name',
  'keepalives_interval',
  'keepalives_count',
  'client_encoding',
]);

/** What means nothing here and does no harm. */
const IGNORED = Object.freeze([
  'supa',
  'workaround',
  'uselibpqcompat',
  'encoding',
  'single_use_connections',
  'description_cache_capacity',
  'pool_health_check_period',
  'pool_max_conn_lifetime_jitter',
]);

/** @type {Record<string, string>} */
const REFUSED = Object.freeze({
  service: 'write the settings themselves',
  passfile: 'give the password as an option; a function is fine',
  sslidentity: 'give ssl: { cert, key } as PEM text',
  sslpassword: 'give ssl: { key, passphrase }',
  servicefile: 'write the settings themselves',
  min_protocol_version: 'libpq and the server agree on the protocol',
  max_protocol_version: 'libpq and the server agree on the protocol',
  sslkeylogfile: 'keys are not written to files',
  gssdelegation: 'credentials are not handed on',
  gsslib: 'the library is the one libpq was built with',
  requiressl: 'write sslmode=require',
  sslcompression: 'nothing is compressed',
});

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** @type {Record<string, number>} */
const GO_UNITS = { ms: 1, s: SECOND, m: MINUTE, h: 60 * MINUTE };
const CONNECT_MAX_MILLIS = 600000;

/**
 * @param {string} value
 * @param {string} name
 * @returns {number}
 */
function toNumber(value, name) {
  if (!/^\d+(\.\d+)?$/.test(value)) {
    throw new TypeError(`${name} must be a number`);
  }
  return Number(value);
}

/**
 * @param {string} value
 * @param {string} name
 * @returns {boolean}
 */
function toBoolean(value, name) {
  if (['true', '1', 'yes', 'on'].includes(value)) {
    return true;
  }
  if (['false', '0', 'no', 'off'].includes(value)) {
    return false;
  }
  throw new TypeError(`${name} must be true or false`);
}

/**
 * @param {string} value
 * @param {string} name
 * @returns {number} milliseconds
 */
function fromGoDuration(value, name) {
  const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([all]) => all).join('') !== value) {
    throw new TypeError(`${name} must be a duration such as 30m`);
  }
  return parts.reduce(
    (sum, [, n, unit]) => sum + Number(n) * GO_UNITS[unit],
    0,
  );
}

/**
 * @param {string} option
 * @returns {Reader}
 */
function count(option) {
  return (draft, value, name) =>
    draft.setEngine(option, toNumber(value, name), name);
}

/**
 * @param {string} option counted in milliseconds
 * @returns {Reader}
 */
function seconds(option) {
  return (draft, value, name) =>
    draft.setEngine(option, Math.round(toNumber(value, name) * SECOND), name);
}

/**
 * @param {string} option
 * @param {number} unit of the option, in milliseconds
 * @returns {Reader}
 */
function duration(option, unit) {
  return (draft, value, name) =>
    draft.setEngine(
      option,
      Math.round(fromGoDuration(value, name) / unit),
      name,
    );
}

/**
 * What pg has and we have not: `false` asks for nothing.
 * @param {string} why
 * @returns {Reader}
 */
function refusedUnlessFalse(why) {
  return (_draft, value, name) => {
    if (!['false', '0', 'no', 'off'].includes(value)) {
      throw new TypeError(`${name} is refused: ${why}`);
    }
  };
}

/**
 * Prepared statements on or off.
 * @type {Reader}
 */
function prepare(draft, value, name) {
  draft.setEngine('names', toBoolean(value, name) ? 'auto' : 'never', name);
}

/** @type {Record<string, Reader>} */
const READERS = {
  host: (draft, value, name) => draft.setHost(checkedPath(value, name)),
  port: (draft, value) => draft.setPort(value),
  user: (draft, value) => draft.setTarget('user', value),
  dbname: (draft, value) => draft.setTarget('dbname', value, 'database'),
  password: (draft, value) => draft.setPassword(value),
  // libpq
  connect_timeout: (draft, value, name) => {
    const millis = Math.round(toNumber(value, name) * SECOND);
    const all = millis === 0 ? CONNECT_MAX_MILLIS : millis;
    draft.setEngine('connectTimeoutMillis', all, name);
  },
  keepalives: (draft, value, name) =>
    draft.setEngine('keepAlive', toBoolean(value, name), name),
  keepalives_idle: seconds('keepAliveInitialDelayMillis'),
  tcp_user_timeout: count('tcpUserTimeoutMillis'),
  options: (draft, value, name) =>
    readStartOptions(draft, checkedText(value, name), name),
  // pg
  replication: refusedUnlessFalse('replication needs another protocol'),
  binary: refusedUnlessFalse('results are text, as pg has them by default'),
  ssl: (draft, value, name) => {
    const spelt = /^(true|1|yes|on|false|0|no|off)$/.test(value);
    const all = spelt && toBoolean(value, name) ? 'verify-full' : 'disable';
    // postgres.js writes a mode here.
    readMode(draft, spelt ? all : value, name, ['true', 'false']);
  },
  query_timeout: count('timeoutMillis'),
  poolSize: count('max'),
  // Prisma
  pgbouncer: (draft, value, name) => {
    if (toBoolean(value, name)) {
      draft.setEngine('pooler', 'transaction', name);
    }
  },
  connection_limit: count('max'),
  pool_timeout: seconds('connectionTimeoutMillis'),
  socket_timeout: seconds('timeoutMillis'),
  max_idle_connection_lifetime: seconds('idleTimeoutMillis'),
  max_connection_lifetime: count('maxLifetimeSeconds'),
  schema: (draft, value, name) =>
    readSchema(draft, checkedText(value, name), name),
  sslaccept: (draft, value, name) => {
    if (value === 'strict') {
      draft.setTarget('sslmode', 'verify-full');
    } else if (value !== 'accept_invalid_certs') {
      throw new TypeError(`${name} must be strict or accept_invalid_certs`);
    }
  },
  statement_cache_size: count('statementCacheSize'),
  prepared_statements: prepare,
  // What the server calls it
  search_path: (draft, value, name) =>
    putSetting(draft.settings, 'search_path', checkedText(value, name), name),
  // pgx
  pool_max_conns: count('max'),
  pool_min_conns: count('min'),
  pool_max_conn_lifetime: duration('maxLifetimeSeconds', SECOND),
  pool_max_conn_idle_time: duration('idleTimeoutMillis', 1),
  statement_cache_capacity: count('statementCacheSize'),
  default_query_exec_mode: (draft, value, name) => {
    const named = value === 'cache_statement';
    draft.setEngine('names', named ? 'auto' : 'never', name);
  },
  // postgres.js and JDBC
  prepare,
  idle_timeout: seconds('idleTimeoutMillis'),
  max_lifetime: count('maxLifetimeSeconds'),
  currentSchema: (draft, value, name) =>
    readSchema(draft, checkedText(value, name), name),
  prepareThreshold: (draft, value, name) => {
    if (toNumber(value, name) === 0) {
      draft.setEngine('names', 'never', name);
    }
  },
};

for (const name of Object.keys(SERVER_TIMEOUTS)) {
  READERS[name] = (draft, value, key) =>
    draft.setServerTimeout(
      /** @type {keyof SERVER_TIMEOUTS} */ (name),
      toNumber(value, key),
      key,
    );
}
for (const name of PASSED) {
  READERS[name] = (draft, value) => draft.setTarget(name, value);
}
for (const name of [
  'sslcert',
  'sslkey',
  'sslrootcert',
  'sslcrl',
  'sslcrldir',
]) {
  READERS[name] = (draft, value) =>
    draft.setTarget(name, checkedPath(value, name));
}
READERS.sslnegotiation = (draft, value, name) => {
  // The default, which a libpq older than 17 does not know by its name.
  if (value !== 'postgres') {
    draft.setTarget('sslnegotiation', value, name);
  }
};
READERS.sslmode = (draft, value) => readMode(draft, value, 'sslmode');

/**
 * Reads one of our own options, as text.
 * @param {Draft} draft
 * @param {string} name
 * @param {string} value
 */
function readEngine(draft, name, value) {
  switch (engineTable().get(name)?.kind) {
    case 'int':
      draft.setEngine(name, toNumber(value, name));
      break;
    case 'bool':
      draft.setEngine(name, toBoolean(value, name));
      break;
    default:
      draft.setEngine(name, value);
  }
}

/**
 * To Prisma `sslcert` is the server's authority. To libpq it is the client's
 * own certificate, which is nothing without its key.
 * @param {Draft} draft
 * @param {Map<string, string>} keywords
 */
function readAsPrisma({ target }, keywords) {
  const file = target.get('sslcert');
  const own = keywords.has('sslkey') || keywords.has('sslrootcert');
  if (keywords.has('sslcert') && file !== undefined && !own) {
    target.delete('sslcert');
    target.set('sslrootcert', file);
  }
}

/**
 * Puts what a connection string says into a draft. Throws on a name that
 * nobody knows.
 * @param {Draft} draft
 * @param {Map<string, string>} keywords
 * @param {string} label
 */
function readKeywords(draft, keywords, label) {
  for (const [name, value] of keywords) {
    if (IGNORED.includes(name)) {
      continue;
    }
    if (Object.hasOwn(REFUSED, name)) {
      throw new TypeError(`${name} in ${label} is refused: ${REFUSED[name]}`);
    }
    if (Object.hasOwn(READERS, name)) {
      readFrom(label, () => READERS[name](draft, value, name));
    } else if (engineTable().has(name)) {
      readFrom(label, () => readEngine(draft, name, value));
    } else {
      const known = [...Object.keys(READERS), ...engineTable().keys()];
      // What is no word may be a piece of a password with a ? in it.
      const shown = /^[A-Za-z][\w.]{1,39}$/.test(name) ? ` "${name}"` : '';
      throw new TypeError(
        `unknown parameter${shown} in ${label}` +
          (shown && nearest(name, known)),
      );
    }
  }
  readAsPrisma(draft, keywords);
}

module.exports = { readKeywords, READERS, PASSED, IGNORED, REFUSED };
