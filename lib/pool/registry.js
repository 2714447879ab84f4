// SPDX-License-Identifier: MIT
'use strict';

// getPool(): handles on the pools that the whole process shares. The engine
// keeps the pools; what is kept here is one handle for each of them.

const { thisCopy } = require('../copy.js');
const native = require('../engine/native.js');
const { resolveOptions } = require('../options/options.js');
const { Pool, SHARED } = require('./pool.js');

/**
 * A call of getPool() and what it came to, so that calling it with the same
 * options in every request of a server costs microseconds.
 * @typedef {object} Recent
 * @property {Map<string, string | undefined>} env what was read of it
 * @property {Pool} pool
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
  return plain && !hidden ? JSON.stringify(entries) : undefined;
}

/**
 * @param {string} print
 * @returns {Pool | undefined}
 */
function findRecent(print) {
  const found = recent.get(print);
  if (found === undefined || found.pool.ending) {
    return undefined;
  }
  for (const [name, value] of found.env) {
    if (process.env[name] !== value) {
      return undefined;
    }
  }
  return found.pool;
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

/**
 * Returns the handle on the process-wide pool for this target: the same object
 * every time, until it is ended.
 * @param {any} [config]
 * @returns {Pool}
 */
function getPool(config) {
  const print = fingerprint(config);
  const known = print === undefined ? undefined : findRecent(print);
  if (known !== undefined) {
    return known;
  }
  const { env, read } = watchedEnvironment();
  const pool = handleFor(
    resolveOptions(config ?? {}, { env, table: native.optionTable() }),
  );
  if (print !== undefined) {
    if (recent.size >= RECENT_MAX) {
      recent.clear();
    }
    recent.set(print, { env: read, pool });
  }
  return pool;
}

/**
 * @param {ReturnType<typeof resolveOptions>} resolved
 * @returns {Pool}
 */
function handleFor(resolved) {
  const { handles } = thisCopy();
  const reason = resolved.fallback && whyNoBinary();
  if (reason) {
    return fallbackFor(resolved, reason);
  }
  const known = handles.get(resolved.key);
  if (known !== undefined && !known.ending) {
    known.noticeOptions(SHARED, resolved);
    return known;
  }
  const pool = new Pool(undefined, { [SHARED]: resolved });
  handles.set(resolved.key, pool);
  return pool;
}

/** @returns {unknown} undefined where there is one */
function whyNoBinary() {
  try {
    native.load();
    return undefined;
  } catch (error) {
    return error;
  }
}

/**
 * @param {ReturnType<typeof resolveOptions>} resolved
 * @param {unknown} reason why there is no pool of ours
 * @returns {Pool} what stands for one
 */
function fallbackFor(resolved, reason) {
  const { fallbackPool } = require('../fallback/pool.js');
  const { handles } = thisCopy();
  const key = `${resolved.fallback} ${resolved.key}`;
  const known = handles.get(key);
  if (known !== undefined && !known.ending) {
    return known;
  }
  const pool = fallbackPool(resolved, reason);
  handles.set(key, pool);
  return pool;
}

/**
 * Returns the handles that are open in this environment.
 * @returns {Pool[]}
 */
function openPools() {
  return [...thisCopy().handles.values()].filter((pool) => !pool.ending);
}

thisCopy();

module.exports = { getPool, openPools };
