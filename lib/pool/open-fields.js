// SPDX-License-Identifier: MIT
'use strict';

// A pool's options as they go to the engine, and as they come back when the
// pool is a shared one that somebody else opened.

const { warnOnce } = require('../warn.js');

/** Neither kept by the engine nor compared. */
const SECRETS = new Set(['pg.password', 'pg.sslkey_pem']);

/**
 * Reads a list of names and values.
 * @param {string[]} parts
 * @returns {Map<string, string>}
 */
function toMap(parts) {
  /** @type {Map<string, string>} */
  const pairs = new Map();
  for (let i = 0; i + 1 < parts.length; i += 2) {
    if (!SECRETS.has(parts[i])) {
      pairs.set(parts[i], parts[i + 1]);
    }
  }
  return pairs;
}

/**
 * Warns when a shared pool is not quite the one that was asked for.
 * @param {string[]} there names and values
 * @param {string[]} wanted
 */
function compareOptions(there, wanted) {
  const [left, right] = [toMap(there), toMap(wanted)];
  const names = [...new Set([...left.keys(), ...right.keys()])]
    .filter((name) => left.get(name) !== right.get(name))
    .map((name) => name.slice(name.indexOf('.') + 1));
  if (names.length > 0) {
    warnOnce(
      'getPool() found the pool for this database open with other options ' +
        `(${names.join(', ')}); the first ones stay in force`,
      'HF_OPTIONS_DIFFER',
    );
  }
}

/**
 * Returns the fields of HF_OP_OPEN: the key, then names and values.
 * @param {any} resolved
 * @returns {string[]}
 */
function openFields(resolved) {
  const { key, engine, target, settings, password, onConnect } = resolved;
  const fields = [key];
  for (const [name, text] of engine) {
    fields.push(name, text);
  }
  for (const [name, text] of target) {
    fields.push(`pg.${name}`, text);
  }
  for (const [name, text] of settings) {
    fields.push(`set.${name}`, text);
  }
  if (typeof password === 'function') {
    fields.push('has.password', '1');
  }
  if (typeof onConnect === 'string' && onConnect !== '') {
    fields.push('sql.onConnect', onConnect);
  }
  return fields;
}

module.exports = { compareOptions, openFields };
