// SPDX-License-Identifier: MIT
'use strict';

// getPool(): handles on the pools that the whole process shares. The engine
// keeps the pools; what is kept here is one handle for each of them, in a place
// that outlives this module's own cache entry: bundlers, test runners and
// development servers load modules again and again.

const { readFileSync } = require('node:fs');
const path = require('node:path');

const native = require('./native.js');
const { resolveOptions } = require('./options.js');
const { Pool, SHARED } = require('./pool.js');
const { warnOnce } = require('./warn.js');

const STATE = Symbol.for('pg-holdfast');
const ROOT = path.dirname(__dirname);

/** @type {string} */
const version = JSON.parse(
  readFileSync(path.join(ROOT, 'package.json'), 'utf8'),
).version;

/**
 * What this environment knows of one installed copy of this package.
 * @typedef {object} Copy
 * @property {string} version
 * @property {string} path
 * @property {Map<string, Pool>} handles by the key of their target
 */

/**
 * Returns the state of this copy. A second copy has pools of its own, which is
 * hardly ever meant.
 * @returns {Copy}
 */
function thisCopy() {
  const holder = /** @type {Record<symbol, Copy[] | undefined>} */ (
    /** @type {unknown} */ (globalThis)
  );
  if (holder[STATE] === undefined) {
    // Not enumerable: test runners compare and copy globals.
    Object.defineProperty(holder, STATE, { value: [], configurable: true });
  }
  const copies = /** @type {Copy[]} */ (holder[STATE]);
  const known = copies.find((copy) => copy.path === ROOT);
  if (known !== undefined) {
    return known;
  }
  const made = { version, path: ROOT, handles: new Map() };
  const [other] = copies;
  copies.push(made);
  if (other !== undefined) {
    warnOnce(
      'two copies of pg-holdfast are in use, each with pools of its own: ' +
        `${other.path} (${other.version}) and ${ROOT} (${version})`,
      'HF_TWO_COPIES',
    );
  }
  return made;
}

/**
 * Returns the handle on the process-wide pool for this target: the same object
 * every time, until it is ended.
 * @param {any} [config]
 * @returns {Pool}
 */
function getPool(config) {
  const table = native.optionTable();
  const resolved = resolveOptions(config ?? {}, { table });
  const { handles } = thisCopy();
  const known = handles.get(resolved.key);
  if (known !== undefined && !known.ending) {
    known.noticeOptions(SHARED, resolved);
    return known;
  }
  const pool = new Pool(config, { [SHARED]: resolved });
  handles.set(resolved.key, pool);
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
