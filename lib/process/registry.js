// SPDX-License-Identifier: MIT
'use strict';

// getPool(): handles on the pools that the whole process shares. The engine
// has the pools; this file knows which handle is on which.

const { thisCopy } = require('../platform/package-instance.js');
const native = require('../engine/native.js');
const { usageError } = require('../errors/errors.js');
const { coreOf } = require('../observe/live.js');
const { resolveOptions } = require('../options/options.js');
const { warnOnce } = require('../platform/warn.js');
const { markOf, takeOver } = require('./functions.js');
const {
  addHandle,
  addTo,
  findHandle,
  isOpen,
  openHandles,
  prune,
} = require('./handles.js');
const { Pool, SHARED } = require('../pool/pool.js');
const {
  addRecent,
  findRecent,
  fingerprint,
  watchedEnvironment,
} = require('./recent.js');
const { state } = require('../platform/shared-state.js');
const { Sizes, liveOptions } = require('./sizes.js');

/** @typedef {import('../options/options.js').Resolved} Resolved */
/** @typedef {import('../platform/shared-state.js').Shared} Shared */

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
  const pool = handleFor(resolve(config, env));
  if (print !== undefined) {
    addRecent(print, read, pool);
  }
  return pool;
}

/**
 * Returns a handle of its own on the same pool as getPool(): ending it ends no
 * other handle. It lives as long as it is referenced.
 * @param {any} [config]
 * @returns {Pool}
 */
function openHandle(config) {
  const resolved = resolve(config, process.env);
  const reason = resolved.fallback && whyNoBinary();
  if (reason) {
    return fallbackFor(resolved, reason);
  }
  const shared = sharedFor(resolved, refsOf(resolved));
  const pool = makeHandle(resolved, shared);
  addTo(shared, pool);
  return pool;
}

/**
 * @param {any} config
 * @param {NodeJS.ProcessEnv} env
 */
function resolve(config, env) {
  const table = native.optionTable();
  return resolveOptions(config ?? {}, { env, table, nowhere: 'later' });
}

/** The options that are functions or objects, where they are. */
const ROLES = /** @type {const} */ ([
  'password',
  'onConnect',
  'types',
  'checkServerIdentity',
]);

/**
 * @param {unknown} value
 * @returns {object | undefined}
 */
function asRef(value) {
  return typeof value === 'function' ||
    (typeof value === 'object' && value !== null)
    ? value
    : undefined;
}

/**
 * @param {Resolved} resolved
 * @returns {(object | undefined)[]} in the order of ROLES; none for a pool
 *   with a key, which identifies it
 */
function refsOf(resolved) {
  return resolved.keyName === undefined
    ? ROLES.map((role) => asRef(resolved[role]))
    : [];
}

/** @param {readonly (object | undefined)[]} refs @returns {string} */
function idsOf(refs) {
  return refs.map((ref) => (ref === undefined ? '' : markOf(ref).id)).join();
}

/**
 * @param {Resolved} resolved
 * @returns {Pool}
 */
function handleFor(resolved) {
  const reason = resolved.fallback && whyNoBinary();
  if (reason) {
    return fallbackFor(resolved, reason);
  }
  const refs = refsOf(resolved);
  const shared = sharedFor(resolved, refs);
  const logger = asRef(resolved.logger);
  const name = `${shared.key} ${resolved.own} ${idsOf([logger])}`;
  const known = findHandle(name);
  if (known !== undefined) {
    return known;
  }
  const pool = makeHandle(resolved, shared);
  const held = [...refs, logger].filter((ref) => ref !== undefined);
  addHandle(name, shared, pool, held);
  return pool;
}

/**
 * @param {Resolved} resolved
 * @param {Shared} shared
 * @returns {Pool}
 */
function makeHandle(resolved, shared) {
  const options = liveOptions(resolved.public, shared.sizes);
  return new Pool(undefined, { [SHARED]: { ...shared, resolved, options } });
}

/**
 * Returns the shared pool for these options, and passes it the sizes they set.
 * @param {Resolved} resolved
 * @param {readonly (object | undefined)[]} refs
 * @returns {Shared}
 */
function sharedFor(resolved, refs) {
  const key = `${resolved.key} ${idsOf(refs)}`;
  const known = state.pools.get(key);
  if (known !== undefined && isOpen(known)) {
    resize(known, resolved);
    return known;
  }
  const heir = refs.some((ref) => ref !== undefined)
    ? takePlace(resolved, refs)
    : undefined;
  if (heir !== undefined) {
    resize(heir, resolved);
    return heir;
  }
  if (state.pools.size >= PRUNE_AT) {
    prune();
  }
  /** @type {Shared} */
  const shared = {
    key,
    base: resolved.key,
    sizes: new Sizes(),
    stack: stackOf(),
    refs: refs.map((ref) => ref && new WeakRef(ref)),
    handles: new Set(),
  };
  shared.sizes.add(resolved.engine);
  state.pools.set(key, shared);
  return shared;
}

/**
 * @param {Shared} shared
 * @param {Resolved} resolved
 */
function resize(shared, resolved) {
  const fresh = shared.sizes.add(resolved.engine);
  for (const ref of shared.handles) {
    const pool = ref.deref();
    if (pool !== undefined && coreOf(pool)?.resize(fresh)) {
      return; // one handle sends them; the others read them from the engine
    }
  }
}

/** From how many pools that differ only by a function on another is refused. */
const TOO_MANY = 5;

/** From how many entries on ended pools are removed. */
const PRUNE_AT = 64;

/**
 * A pool that differs from others only by functions: in development it may be
 * one of them, after a reload. Otherwise there is a warning, and an error when
 * there are too many: a function expression in the call of getPool() is
 * another function each time.
 * @param {Resolved} resolved
 * @param {readonly (object | undefined)[]} refs
 * @returns {Shared | undefined}
 */
function takePlace(resolved, refs) {
  const others = [...state.pools.values()].filter(
    (shared) =>
      shared.base === resolved.key &&
      shared.refs.some((ref) => ref !== undefined) &&
      isOpen(shared),
  );
  const heir = takeOver(others, refs);
  if (heir !== undefined) {
    for (const ref of heir.handles) {
      const pool = ref.deref();
      if (pool !== undefined) {
        coreOf(pool)?.adopt(resolved);
      }
    }
    return heir;
  }
  const [first] = others;
  if (first !== undefined) {
    warnOfSimilar(first, others.length, refs);
  }
  return undefined;
}

/**
 * @param {Shared} first
 * @param {number} count of the others
 * @param {readonly (object | undefined)[]} refs
 */
function warnOfSimilar(first, count, refs) {
  const roles = ROLES.filter((_role, i) => refs[i] !== undefined).join(', ');
  const advice =
    'hoist it, so that it is the same one each time, or give `key`, which ' +
    'names a pool whatever its functions are';
  if (count + 1 >= TOO_MANY) {
    const error = usageError(
      'HF_TOO_MANY_POOLS',
      `${count} pools for this database differ only by a function (${roles}), ` +
        `and each has connections of its own: ${advice}`,
      { outcome: 'not_executed', retryable: false },
    );
    warnOnce(error.message, 'HF_TOO_MANY_POOLS', first.stack);
    throw error;
  }
  warnOnce(
    'getPool() opens a second pool that differs from the first only by a ' +
      `function (${roles}): ${advice}`,
    'HF_POOL_PER_FUNCTION',
    `the first was asked for ${first.stack}\nthe second ${stackOf()}`,
  );
}

/** @returns {string} where getPool() was called */
function stackOf() {
  const holder = { stack: '' };
  Error.captureStackTrace(holder, getPool);
  return holder.stack.slice(holder.stack.indexOf('\n') + 1).trim();
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
 * @param {Resolved} resolved
 * @param {unknown} reason why there is no pool of ours
 * @returns {Pool} what stands for one
 */
function fallbackFor(resolved, reason) {
  const { fallbackPool } = require('../fallback/pool.js');
  const refs = refsOf(resolved);
  const shared = sharedFor(resolved, refs);
  const name = `${resolved.fallback} ${shared.key} ${resolved.own}`;
  const known = findHandle(name);
  if (known !== undefined) {
    return known;
  }
  const pool = fallbackPool(resolved, reason);
  addHandle(
    name,
    shared,
    pool,
    refs.filter((ref) => ref !== undefined),
  );
  return pool;
}

/**
 * Returns the handles that are open in this environment.
 * @returns {Pool[]}
 */
function openPools() {
  return openHandles().flat();
}

/**
 * Returns one open handle of each shared pool.
 * @returns {Pool[]}
 */
function distinctPools() {
  return openHandles().map(([pool]) => pool);
}

thisCopy();

module.exports = { distinctPools, getPool, openHandle, openPools };
