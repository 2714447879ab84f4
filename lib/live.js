// SPDX-License-Identifier: MIT
'use strict';

// The pools that are open in this environment, each under a name of its own.

/** @typedef {import('./pool-core.js').PoolCore} PoolCore */

/** @type {Map<string, PoolCore>} */
const pools = new Map();

/**
 * Returns what a pool is called in figures: its server and database, and a
 * number when others have the same.
 * @param {PoolCore} pool
 * @param {{host?: unknown, port?: unknown, database?: unknown}} target
 * @returns {string}
 */
function nameOf(pool, { host, port, database }) {
  const base = `${host ?? 'localhost'}:${port}/${database ?? ''}`;
  let name = base;
  for (let n = 2; pools.has(name) && pools.get(name) !== pool; n++) {
    name = `${base}#${n}`;
  }
  return name;
}

/**
 * @param {string} name
 * @param {PoolCore} pool
 */
function addLive(name, pool) {
  pools.set(name, pool);
}

/** @param {string} name */
function removeLive(name) {
  pools.delete(name);
}

/** @returns {PoolCore[]} */
function livePools() {
  return [...pools.values()];
}

/** What a Pool is made of, for exporters. @type {WeakMap<object, PoolCore>} */
const cores = new WeakMap();

/**
 * @param {object} pool
 * @param {PoolCore} core
 */
function setCore(pool, core) {
  cores.set(pool, core);
}

/**
 * @param {any} pool
 * @returns {PoolCore | undefined} undefined: it is no pool of ours
 */
function coreOf(pool) {
  return cores.get(pool);
}

module.exports = { addLive, coreOf, livePools, nameOf, removeLive, setCore };
