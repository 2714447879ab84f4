// SPDX-License-Identifier: MIT
'use strict';

// Options while they are being gathered: from the connection string first, then
// from the object, which takes precedence, then from the environment and
// defaults for what is missing. Messages name the key and never show the value.

const { lazy } = require('../errors/errors.js');
const {
  checkBoolean,
  checkInteger,
  numberOf,
} = require('../validate/values.js');

const native = lazy(() => require('../engine/native.js'));

/** @typedef {import('../engine/native.js').Option} OptionRow */

/** The engine's table by name. */
const engineTable = lazy(
  () =>
    new Map(
      native()
        .optionTable()
        .map((row) => /** @type {[string, OptionRow]} */ ([row.name, row])),
    ),
);

const PORT_MAX = 65535;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are refused
const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * @param {OptionRow} row
 * @param {unknown} value
 * @param {string} key
 * @returns {string}
 */
function engineText(row, value, key) {
  switch (row.kind) {
    case 'bool':
      return String(checkBoolean(value, key));
    case 'int':
      return String(checkInteger(numberOf(value), key, row.min, row.max));
    default: {
      const words = row.words?.split('|') ?? [];
      if (typeof value !== 'string' || !words.includes(value)) {
        throw new TypeError(`${key} must be one of ${words.join(', ')}`);
      }
      return value;
    }
  }
}

/**
 * @param {unknown} value
 * @param {string} key
 * @param {boolean} [secret] control characters are fine, except NUL
 * @returns {string}
 */
function checkedText(value, key, secret) {
  if (typeof value !== 'string') {
    throw new TypeError(`${key} must be a string`);
  }
  if (secret ? value.includes('\0') : CONTROL.test(value)) {
    throw new TypeError(`${key} contains a control character`);
  }
  return value;
}

/**
 * Reads a setting. Its errors name where it was found, unless they already do.
 * @param {string} label an option, or a variable of the environment
 * @param {() => void} read
 */
function readFrom(label, read) {
  try {
    read();
  } catch (thrown) {
    const error = /** @type {Error} */ (thrown);
    if (error.message.includes(label)) {
      throw error;
    }
    const Kind = error instanceof RangeError ? RangeError : TypeError;
    throw new Kind(`${error.message} (in ${label})`);
  }
}

/** Gathers what is given; the last value of a name counts. */
class Draft {
  /** libpq's keywords. @type {Map<string, string>} */
  target = new Map();
  /** The engine's options, as text. @type {Map<string, string>} */
  engine = new Map();
  /** Settings of the session. @type {Map<string, string>} */
  settings = new Map();
  /** Those of the start-up options, which others win over. */
  /** @type {Map<string, string>} */
  startSettings = new Map();
  /** @type {string[]} */
  warnings = [];
  /** Whether a connection string names the server. */
  hasUrl = false;
  /** @type {string | (() => string | Promise<string>) | undefined} */
  password;
  /** As it was given. @type {string | undefined} */
  connectionString;
  /** The option `ssl`, unread. @type {unknown} */
  ssl;
  /** Whether the server's certificate is accepted without a check. */
  trusting = false;
  /** What is not for the engine. @type {Record<string, any>} */
  other = {};

  /**
   * @param {string} name
   * @param {unknown} value
   * @param {string} [key] as the user wrote it
   */
  setEngine(name, value, key = name) {
    const row = engineTable().get(name);
    if (row === undefined) {
      throw new TypeError(`unknown option ${key}`);
    }
    // An empty environment variable is ignored, as in pg.
    if (row.kind === 'int' && value === '') {
      return;
    }
    this.engine.set(name, engineText(row, value, key));
  }

  /**
   * @param {string} keyword
   * @param {unknown} value
   * @param {string} [key]
   */
  setTarget(keyword, value, key = keyword) {
    this.target.set(keyword, checkedText(value, key));
  }

  /**
   * @param {unknown} value
   * @param {string} [key]
   */
  setHost(value, key = 'host') {
    const host = checkedText(value, key);
    if (host.includes('://')) {
      throw new TypeError(`${key} holds a URL: give it as connectionString`);
    }
    if (/\s/.test(host) && !host.startsWith('/')) {
      throw new TypeError(`${key} contains a space`);
    }
    this.target.set('host', host);
  }

  /**
   * @param {unknown} value a number, or text as in a URL: "5432,5433"
   * @param {string} [key]
   */
  setPort(value, key = 'port') {
    const ports = String(value).split(',');
    const isText = typeof value === 'string';
    if (typeof value !== 'number' && !isText) {
      throw new TypeError(`${key} must be a number`);
    }
    for (const port of ports) {
      if (port === '' && isText) {
        continue;
      }
      if (!/^\d+$/.test(port) || Number(port) < 1 || Number(port) > PORT_MAX) {
        throw new RangeError(
          `${key} must be a whole number from 1 to ${PORT_MAX}`,
        );
      }
    }
    this.target.set('port', ports.join(','));
  }

  /**
   * @param {unknown} value
   * @param {string} [key]
   */
  setPassword(value, key = 'password') {
    if (typeof value === 'function') {
      this.password = /** @type {() => string} */ (value);
    } else {
      this.password = checkedText(value, key, true);
    }
  }

  /**
   * Sets a time-out that the server keeps.
   * @param {'statement_timeout' | 'lock_timeout' |
   *   'idle_in_transaction_session_timeout'} name
   * @param {unknown} millis
   * @param {string} [key]
   */
  setServerTimeout(name, millis, key = name) {
    this.setEngine(SERVER_TIMEOUTS[name], millis, key);
  }
}

/** Settings that are options of the engine, which sets them. */
const SERVER_TIMEOUTS = Object.freeze({
  statement_timeout: 'statementTimeoutMillis',
  lock_timeout: 'lockTimeoutMillis',
  idle_in_transaction_session_timeout: 'idleInTransactionTimeoutMillis',
});

module.exports = {
  Draft,
  SERVER_TIMEOUTS,
  checkedText,
  engineTable,
  readFrom,
};
