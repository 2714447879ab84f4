// SPDX-License-Identifier: MIT
'use strict';

// The shared pools of this environment, outside of the module cache: modules
// that are loaded again find the pools of those before them.

const { thisCopy, version } = require('./package-instance.js');

/** @typedef {import('../pool/pool.js').Pool} Pool */

/**
 * One shared pool, as this environment knows it.
 * @typedef {object} Shared
 * @property {string} key what the engine knows it by
 * @property {string} base the same without the functions
 * @property {import('../process/sizes.js').Sizes} sizes
 * @property {string} stack where it was requested first
 * @property {(WeakRef<object> | undefined)[]} refs its functions, by their role
 * @property {Set<WeakRef<Pool>>} handles
 */

/**
 * What identifies a function or object among the options.
 * @typedef {object} Mark
 * @property {string} id
 * @property {import('../process/functions.js').Origin | undefined} origin
 */

/**
 * What is needed to end a pool that was collected.
 * @typedef {object} Ticket
 * @property {WeakRef<import('../engine/port.js').Port>} port
 * @property {number} number
 */

/**
 * Handles by several objects, which it does not keep alive.
 * @typedef {object} Node
 * @property {WeakMap<object, Node>} next
 * @property {Set<Pool>} pools
 */

/**
 * @typedef {object} State
 * @property {Map<string, Shared>} pools by key
 * @property {Map<string, WeakRef<Pool>>} handles by what getPool() was given
 * @property {Set<Pool>} reusable handles that another getPool() would return
 * @property {Node} byRefs those that live as long as their functions
 * @property {WeakMap<object, Mark>} marks
 * @property {number} lastMark
 * @property {FinalizationRegistry<Ticket>} collected pools that were
 *   garbage-collected
 */

/** @returns {State} */
function findState() {
  const copy = thisCopy();
  copy.shared ??= new Map();
  let state = copy.shared.get(version);
  if (state === undefined) {
    state = {
      pools: new Map(),
      handles: new Map(),
      reusable: new Set(),
      byRefs: { next: new WeakMap(), pools: new Set() },
      marks: new WeakMap(),
      lastMark: 0,
      collected: new FinalizationRegistry(({ port, number }) => {
        port.deref()?.abandonPool(number);
      }),
    };
    copy.shared.set(version, state);
  }
  return state;
}

module.exports = { state: findState() };
