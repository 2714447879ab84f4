// SPDX-License-Identifier: MIT
'use strict';

// The handles on shared pools in this environment, and their lifetimes. A
// handle that another getPool() would return is kept, with its functions as
// long as these live; a handle of its own lives as long as it is referenced.
// One that is garbage-collected is ended.

const { state } = require('../platform/shared-state.js');

/** @typedef {import('../pool/pool.js').Pool} Pool */
/** @typedef {import('../platform/shared-state.js').Shared} Shared */

/**
 * @param {string} name
 * @returns {Pool | undefined} one that is open
 */
function findHandle(name) {
  const pool = state.handles.get(name)?.deref();
  return pool === undefined || pool.ending ? undefined : pool;
}

/**
 * @param {Shared} shared
 * @param {Pool} pool
 */
function addTo(shared, pool) {
  for (const ref of shared.handles) {
    if (isGone(ref)) {
      shared.handles.delete(ref);
    }
  }
  shared.handles.add(new WeakRef(pool));
}

/**
 * Keeps a handle alive as long as all of some objects live.
 * @param {object[]} refs
 * @param {Pool} pool
 */
function keepWith(refs, pool) {
  let node = state.byRefs;
  for (const ref of refs) {
    let next = node.next.get(ref);
    if (next === undefined) {
      next = { next: new WeakMap(), pools: new Set() };
      node.next.set(ref, next);
    }
    node = next;
  }
  for (const other of node.pools) {
    if (other.ending) {
      node.pools.delete(other);
    }
  }
  node.pools.add(pool);
}

/**
 * Enters the handle of a name.
 * @param {string} name what getPool() was given
 * @param {Shared} shared
 * @param {Pool} pool
 * @param {object[]} refs functions and objects that the name stands for
 */
function addHandle(name, shared, pool, refs) {
  state.handles.set(name, new WeakRef(pool));
  addTo(shared, pool);
  if (refs.length > 0) {
    keepWith(refs, pool);
  } else {
    state.reusable.add(pool);
  }
}

/** @param {WeakRef<Pool>} ref */
function isGone(ref) {
  const pool = ref.deref();
  return pool === undefined || pool.ending;
}

/** @param {Shared} shared */
function isOpen(shared) {
  for (const ref of shared.handles) {
    if (!isGone(ref)) {
      return true;
    }
  }
  return false;
}

/** Removes ended pools. */
function prune() {
  for (const [key, shared] of state.pools) {
    if (!isOpen(shared)) {
      state.pools.delete(key);
    }
  }
  for (const [name, ref] of state.handles) {
    if (isGone(ref)) {
      state.handles.delete(name);
    }
  }
  for (const pool of state.reusable) {
    if (pool.ending) {
      state.reusable.delete(pool);
    }
  }
}

/** @returns {Pool[][]} the open handles of each pool */
function openHandles() {
  return [...state.pools.values()]
    .map((shared) =>
      [...shared.handles].flatMap((ref) => {
        const pool = ref.deref();
        return pool === undefined || pool.ending ? [] : [pool];
      }),
    )
    .filter((pools) => pools.length > 0);
}

module.exports = {
  addHandle,
  addTo,
  findHandle,
  isOpen,
  openHandles,
  prune,
};
