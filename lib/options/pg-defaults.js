// SPDX-License-Identifier: MIT
'use strict';

// What an application changed in pg's `defaults`: as in pg, it fills in what
// neither the options nor the environment say.

const { changedDefault } = require('../values/defaults.js');
const { SERVER_TIMEOUTS, readFrom } = require('./draft.js');
const { readOptions } = require('./keys.js');

/** @typedef {import('./draft.js').Draft} Draft */

/** libpq's keywords of those that are where to connect, and as whom. */
/** @type {Record<string, string>} */
const TARGET = Object.freeze({
  host: 'host',
  port: 'port',
  user: 'user',
  database: 'dbname',
  application_name: 'application_name',
  fallback_application_name: 'fallback_application_name',
  sslnegotiation: 'sslnegotiation',
  client_encoding: 'client_encoding',
});

/** The engine's options of those that are limits. */
/** @type {Record<string, string>} */
const ENGINE = Object.freeze({
  ...SERVER_TIMEOUTS,
  query_timeout: 'timeoutMillis',
});

/** @param {Draft} draft @param {string} name */
function isGiven({ target, engine, startSettings, password }, name) {
  switch (name) {
    case 'password':
      return password !== undefined;
    case 'host':
      return target.has('host') || target.has('hostaddr');
    case 'options':
      return startSettings.size > 0;
    default:
      return target.has(TARGET[name]) || engine.has(ENGINE[name]);
  }
}

/** @param {Draft} draft */
function fillFromDefaults(draft) {
  const names = [...Object.keys(TARGET), ...Object.keys(ENGINE)];
  for (const name of [...names, 'password', 'options', 'binary']) {
    const value = changedDefault(name);
    if (value !== undefined && !isGiven(draft, name)) {
      readFrom(`defaults.${name}`, () => readOptions(draft, { [name]: value }));
    }
  }
  // The variables of the environment say it as a keyword of libpq.
  if (draft.ssl === undefined && !draft.target.has('sslmode')) {
    draft.ssl = changedDefault('ssl');
  }
}

module.exports = { fillFromDefaults };
