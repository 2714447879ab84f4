// SPDX-License-Identifier: MIT
'use strict';

// The identity of a shared pool: everything that changes the meaning of a
// statement or the user. Options of calls belong to the handle, and sizes apply
// to all handles of the pool.

const { engineTable } = require('./draft.js');
const { fingerprint } = require('./fingerprint.js');

/** @typedef {import('./draft.js').Draft} Draft */

/** Keywords whose values are secret. */
const SECRETS = Object.freeze(['password', 'sslpassword', 'sslkey_pem']);

/**
 * Returns a keyword's value, or its fingerprint where it is secret or long.
 * @param {string} keyword
 * @param {string} value
 * @returns {string}
 */
function hidden(keyword, value) {
  return SECRETS.includes(keyword) || keyword.endsWith('_pem')
    ? `#${fingerprint(`${keyword}=${value}`)}`
    : value;
}

/**
 * @param {Iterable<readonly [string, string]>} pairs
 * @returns {(readonly [string, string])[]}
 */
function sorted(pairs) {
  return [...pairs].sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * Returns the options of a scope that are not the defaults.
 * @param {Map<string, string>} engine
 * @param {'pool' | 'session' | 'handle'} scope
 */
function ofScope(engine, scope) {
  return sorted(engine).filter(([name, text]) => {
    const row = engineTable().get(name);
    return row?.scope === scope && text !== initialText(row);
  });
}

/** @param {import('../engine/native.js').Option} row @returns {string} */
function initialText(row) {
  switch (row.kind) {
    case 'int':
      return String(row.initial);
    case 'bool':
      return String(row.initial !== 0);
    default:
      return row.words?.split('|')[row.initial] ?? '';
  }
}

/**
 * Returns whether a name of the engine's options concerns the pool as a whole.
 * @param {string} name
 */
function isSize(name) {
  return engineTable().get(name)?.scope === 'pool';
}

/**
 * @param {unknown} text
 * @returns {string | undefined}
 */
function named(text) {
  return typeof text === 'string' ? fingerprint(text) : undefined;
}

/**
 * Returns the key of a shared pool, and that of a handle among those on the
 * same pool; both without functions and secrets.
 * @param {Draft} draft
 * @returns {{key: string, own: string}}
 */
function identity({ target, engine, settings, other }) {
  const pairs = [...target].map(
    ([name, value]) =>
      /** @type {[string, string]} */ ([name, hidden(name, value)]),
  );
  const key = JSON.stringify([
    other.key,
    sorted(pairs),
    sorted(settings),
    ofScope(engine, 'session'),
    named(other.onConnect),
    named(other.directUrl),
    other.nowhere === undefined ? undefined : 'nowhere',
  ]);
  const own = JSON.stringify([
    ofScope(engine, 'handle'),
    other.cacheNotifyChannel,
    other.retry,
    other.logger === false ? false : undefined,
    other.fallback,
    other.catalogTypes,
    sorted(Object.entries(other.values ?? {})),
  ]);
  return { key, own };
}

module.exports = { SECRETS, identity, isSize };
