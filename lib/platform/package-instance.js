// SPDX-License-Identifier: MIT
'use strict';

// The state of each installed copy of this package in this environment, in a
// place that outlives the module cache: bundlers, test runners and development
// servers load modules again and again.

const { root: ROOT, version } = require('#platform');
const { warnOnce } = require('./warn.js');

const STATE = Symbol.for('pg-holdfast');

/**
 * What this environment knows of one installed copy of this package.
 * @typedef {object} Copy
 * @property {string} version
 * @property {string} path
 * @property {Map<string, import('../pool/pool.js').Pool>} handles by the key of
 *   their target
 * @property {Map<string, import('../retry/context.js').RunState>} runs by
 *   version: a copy may be replaced while the process goes on
 * @property {boolean} [top] whether HOLDFAST_TOP was looked at
 * @property {Map<string, import('../observe/live.js').Live>} [live] open pools,
 *   too
 * @property {Set<string>} [said] what is said once, modules loaded again
 *   included
 * @property {Set<object>} [roots] what must not be collected, as its work is
 *   not done
 * @property {Map<string, import('./shared-state.js').State>} [shared] and those
 *   of getPool()
 */

/**
 * Returns the state of this copy. A second copy has pools of its own, which is
 * rarely intended, and warned of.
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
    known.runs ??= new Map(); // an older version made it
    return known;
  }
  const made = { version, path: ROOT, handles: new Map(), runs: new Map() };
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
 * Returns the set that keeps objects alive while they have work to do.
 * @param {Copy} copy
 * @returns {Set<object>}
 */
function rootsOf(copy) {
  copy.roots ??= new Set();
  return copy.roots;
}

/**
 * Returns whether something is to be said for the first time.
 * @param {string} what
 */
function isFirst(what) {
  const copy = thisCopy();
  copy.said ??= new Set();
  const first = !copy.said.has(what);
  copy.said.add(what);
  return first;
}

module.exports = { isFirst, rootsOf, thisCopy, version };
