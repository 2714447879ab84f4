// SPDX-License-Identifier: MIT
'use strict';

// The last calls of getPool(): with the same options, and the same environment
// as far as it was read, the next one costs microseconds, so that it can stand
// in every request handler.

/** @typedef {import('../pool/pool.js').Pool} Pool */

/**
 * A call of getPool(), and what it returned.
 * @typedef {object} Recent
 * @property {Map<string, string | undefined>} env what it read of it
 * @property {WeakRef<Pool>} pool
 */

/** @type {Map<string, Recent>} */
const recent = new Map();
const RECENT_MAX = 64;

const PLAIN = new Set(['string', 'number', 'boolean', 'undefined']);

/**
 * Returns a text that tells options apart, undefined when that takes more than
 * a look: functions and nested objects.
 * @param {unknown} config
 * @returns {string | undefined}
 */
function fingerprint(config) {
  if (config === undefined || config === null) {
    return '';
  }
  if (typeof config === 'string') {
    return JSON.stringify(config);
  }
  const prototype = Object.getPrototypeOf(config);
  if (prototype !== Object.prototype && prototype !== null) {
    return undefined; // a URL shows no properties of its own
  }
  const entries = Object.entries(config);
  const plain = entries.every(([, value]) => PLAIN.has(typeof value));
  const hidden = Object.getOwnPropertyNames(config).length !== entries.length;
  return plain && !hidden ? JSON.stringify(entries, plainText) : undefined;
}

/**
 * JSON has one word for several numbers.
 * @param {string} _key
 * @param {unknown} value
 */
function plainText(_key, value) {
  if (value === undefined) {
    return ['undefined'];
  }
  return typeof value === 'number' && !Number.isFinite(value)
    ? [String(value)]
    : value;
}

/**
 * @param {string} print
 * @returns {Pool | undefined}
 */
function findRecent(print) {
  const found = recent.get(print);
  const pool = found?.pool.deref();
  if (found === undefined || pool === undefined || pool.ending) {
    return undefined;
  }
  for (const [name, value] of found.env) {
    if (process.env[name] !== value) {
      return undefined;
    }
  }
  return pool;
}

/**
 * @param {string} print
 * @param {Map<string, string | undefined>} env
 * @param {Pool} pool
 */
function addRecent(print, env, pool) {
  if (recent.size >= RECENT_MAX) {
    recent.clear();
  }
  recent.set(print, { env, pool: new WeakRef(pool) });
}

/**
 * Returns the environment, and a record of what is read of it.
 * @returns {{env: NodeJS.ProcessEnv, read: Map<string, string | undefined>}}
 */
function watchedEnvironment() {
  /** @type {Map<string, string | undefined>} */
  const read = new Map();
  const env = new Proxy(process.env, {
    get(target, name) {
      const value = target[String(name)];
      read.set(String(name), value);
      return value;
    },
  });
  return { env, read };
}

module.exports = { addRecent, findRecent, fingerprint, watchedEnvironment };
