// SPDX-License-Identifier: MIT
'use strict';

// The open pools of this environment, each under a name of its own.
// They are stored outside of the module cache: exporters that were loaded again
// still find older pools.

const { countPools } = require('./log.js');
const { thisCopy, version } = require('../platform/package-instance.js');

/** @typedef {import('../pool/pool-core.js').PoolCore} PoolCore */

/**
 * What this version of this installed copy knows.
 * @typedef {object} Live
 * @property {Map<string, WeakRef<PoolCore>[]>} pools by name; several handles
 *   on a shared pool have one name, and one set of figures
 * @property {WeakMap<object, PoolCore>} cores what a Pool is made of, for
 *   exporters
 */

/** @returns {Live} */
function findLive() {
  const copy = thisCopy();
  copy.live ??= new Map();
  let live = copy.live.get(version);
  if (live === undefined) {
    live = { pools: new Map(), cores: new WeakMap() };
    copy.live.set(version, live);
  }
  return live;
}

const { pools, cores } = findLive();

/**
 * Returns a pool's name in metrics: its server and database, and a number when
 * others have the same.
 * @param {PoolCore} pool
 * @param {{host?: unknown, port?: unknown, database?: unknown}} target
 * @returns {string}
 */
function nameOf(pool, { host, port, database }) {
  const base = `${host ?? 'localhost'}:${port}/${database ?? ''}`;
  let name = base;
  for (let n = 2; !isFree(name, pool); n++) {
    name = `${base}#${n}`;
  }
  return name;
}

/**
 * @param {string} name
 * @returns {PoolCore[]}
 */
function named(name) {
  return (pools.get(name) ?? [])
    .map((ref) => ref.deref())
    .filter((core) => core !== undefined);
}

/**
 * @param {string} name
 * @param {PoolCore} pool
 */
function isFree(name, pool) {
  return named(name).every((core) => core === pool || core.isOnPoolOf(pool));
}

/**
 * @param {string} name
 * @param {PoolCore} pool
 */
function addLive(name, pool) {
  const others = named(name).filter((core) => core !== pool);
  pools.set(
    name,
    [...others, pool].map((core) => new WeakRef(core)),
  );
}

/**
 * @param {string} name
 * @param {PoolCore | undefined} pool undefined: one that was garbage-collected
 */
function removeLive(name, pool) {
  const others = named(name).filter((core) => core !== pool);
  if (others.length === 0) {
    pools.delete(name);
  } else {
    pools.set(
      name,
      others.map((core) => new WeakRef(core)),
    );
  }
}

/** @returns {PoolCore[]} one handle for each pool */
function livePools() {
  return [...pools.keys()].flatMap((name) => {
    const cores = named(name);
    if (cores.length === 0) {
      pools.delete(name); // all were garbage-collected
    }
    return cores.slice(0, 1);
  });
}

countPools(() => pools.size);

/** A pool as a property of itself: it is found through a Proxy as well. */
const ITSELF = Symbol.for('pg-holdfast.pool');

/**
 * @param {object} pool
 * @param {PoolCore} core
 */
function setCore(pool, core) {
  Object.defineProperty(pool, ITSELF, { value: pool });
  cores.set(pool, core);
}

/**
 * @param {any} pool
 * @returns {PoolCore | undefined} undefined: it is not a pool of ours
 */
function coreOf(pool) {
  return cores.get(pool) ?? cores.get(pool?.[ITSELF]);
}

module.exports = { addLive, coreOf, livePools, nameOf, removeLive, setCore };
