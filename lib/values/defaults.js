// SPDX-License-Identifier: MIT
'use strict';

// pg's `defaults`: an object that applications change before they connect. It
// begins with pg's values, and only what was changed has an effect.

const types = require('./types.js');

const INT4 = 23;
const INT4_ARRAY = 1007;
const INT8 = 20;
const INT8_ARRAY = 1016;

/** @returns {string | undefined} */
function accountName() {
  const { USER, USERNAME } = process.env;
  return process.platform === 'win32' ? USERNAME : USER;
}

/** @type {Record<string, any>} */
const INITIAL = Object.freeze({
  host: 'localhost',
  user: accountName(),
  database: undefined,
  password: null,
  connectionString: undefined,
  port: 5432,
  rows: 0,
  binary: false,
  max: 10,
  idleTimeoutMillis: 30000,
  client_encoding: '',
  ssl: false,
  sslnegotiation: undefined,
  application_name: undefined,
  fallback_application_name: undefined,
  options: undefined,
  parseInputDatesAsUTC: false,
  statement_timeout: false,
  lock_timeout: false,
  idle_in_transaction_session_timeout: false,
  query_timeout: false,
  connect_timeout: 0,
  keepalives: 1,
  keepalives_idle: 0,
});

/** @type {Record<string, any>} */
const defaults = { ...INITIAL };

const parseInt8 = types.getTypeParser(INT8, 'text');
const parseInt8Array = types.getTypeParser(INT8_ARRAY, 'text');

Object.defineProperty(defaults, 'parseInt8', {
  configurable: true,
  enumerable: true,
  /** @param {boolean} asNumber bigint as a number, not as text */
  set(asNumber) {
    const one = asNumber ? types.getTypeParser(INT4, 'text') : parseInt8;
    const many = asNumber
      ? types.getTypeParser(INT4_ARRAY, 'text')
      : parseInt8Array;
    types.setTypeParser(INT8, 'text', one);
    types.setTypeParser(INT8_ARRAY, 'text', many);
  },
});

/**
 * Returns a default if it was changed to something that counts, else undefined.
 * @param {string} name
 * @returns {any}
 */
function changedDefault(name) {
  const value = defaults[name];
  return value && value !== INITIAL[name] ? value : undefined;
}

module.exports = { changedDefault, defaults };
