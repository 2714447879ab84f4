// SPDX-License-Identifier: MIT
'use strict';

// How a retry helper and the pool it uses know of each other, so that
// attempts never multiply. A run is one call of a helper. It is current while
// the synchronous part of the user's function runs; later calls join it by the
// context (or its signal) that the function was given.

const { makeStorage } = require('#platform');
const { nowMillis } = require('../platform/clock.js');
const { thisCopy, version } = require('../platform/package-instance.js');

/** @typedef {'write' | 'inside' | 'begun' | 'ended'} Note */

/**
 * What a pool reads of a helper's run.
 * @typedef {object} JoinedRun
 * @property {number} deadlineAt milliseconds of process.hrtime(), 0 = none
 * @property {boolean} callerDeadline the caller set it: it also bounds the
 *   running attempt
 * @property {boolean} finished the helper's promise has settled
 * @property {number} remainingRetries
 * @property {number} remainingNames the same for errors about the names of a
 *   driver's statements
 * @property {Int32Array | undefined} givenPolicy what the caller chose
 * @property {boolean} idempotent
 * @property {AbortSignal | undefined} signal undefined when nothing can abort
 *   the run
 * @property {(kind: Note, home?: JoinedRun) => void} note 'write': a write was
 *   acknowledged, or may have been done; 'inside': a statement ran in a
 *   transaction that began outside, in the run `home` if in any; 'begun' and
 *   'ended': work is pending, which may still write
 * @property {(count: number, waits?: number) => void} spend counts retries
 *   made by nested calls, and how many of them only waited for a server
 * @property {(pool: object) => void} use a pool was used
 */

/**
 * The state that all instances of these modules share in one environment: after
 * a hot reload, the helper may be of one instance and the pool of another.
 * @typedef {object} RunState
 * @property {symbol} key under it a context has its run
 * @property {JoinedRun | undefined} current
 * @property {WeakMap<object, JoinedRun>} joinable
 * @property {Promise<unknown> | undefined} held calls begin when it settles
 * @property {import('node:async_hooks').AsyncLocalStorage<
 *   JoinedRun | undefined> | undefined} storage
 */

/** @returns {RunState} */
function sharedState() {
  const { runs } = thisCopy();
  let known = runs.get(version);
  if (known === undefined) {
    known = {
      key: Symbol('run'),
      current: undefined,
      joinable: new WeakMap(),
      storage: undefined,
      held: undefined,
    };
    runs.set(version, known);
  }
  return known;
}

const state = sharedState();

/**
 * The key under which a function's context has its run.
 * @type {unique symbol}
 */
const RUN = /** @type {any} */ (state.key);

/**
 * Returns the run whose function is being called right now, if any.
 * @returns {JoinedRun | undefined}
 */
function currentContext() {
  return state.current ?? state.storage?.getStore();
}

/**
 * Returns the run that a context, or a context's signal, belongs to.
 * @param {unknown} value
 * @returns {JoinedRun | undefined}
 */
function contextOf(value) {
  if (typeof value !== 'object' || value === null) {
    return undefined;
  }
  return /** @type {any} */ (value)[RUN] ?? state.joinable.get(value);
}

/**
 * Lets later calls join a run by an object.
 * @param {object} key
 * @param {JoinedRun} run
 */
function makeJoinable(key, run) {
  state.joinable.set(key, run);
}

/**
 * What a bounded context stands for. A class, since every call with
 * exactlyOnce makes one: an object with getters of its own takes longer to make.
 * @implements {JoinedRun}
 */
class BoundedRun {
  #endsAt;
  #outer;

  /**
   * @param {number} endsAt Infinity where only the run around bounds
   * @param {JoinedRun | undefined} outer
   */
  constructor(endsAt, outer) {
    this.#endsAt = endsAt;
    this.#outer = outer;
    this.callerDeadline = outer?.callerDeadline ?? false;
    this.idempotent = outer?.idempotent ?? false;
    this.signal = outer?.signal;
  }

  get deadlineAt() {
    const at = Math.min(this.#endsAt, this.#outer?.deadlineAt || Infinity);
    return at === Infinity ? 0 : at;
  }

  get finished() {
    return this.#outer?.finished ?? false;
  }

  get remainingRetries() {
    return this.#outer?.remainingRetries ?? Infinity;
  }

  get remainingNames() {
    return this.#outer?.remainingNames ?? Infinity;
  }

  get givenPolicy() {
    return this.#outer?.givenPolicy;
  }

  /**
   * @param {Note} kind
   * @param {JoinedRun} [home]
   */
  note(kind, home) {
    this.#outer?.note(kind, home);
  }

  /**
   * @param {number} count
   * @param {number} [waits]
   */
  spend(count, waits) {
    this.#outer?.spend(count, waits);
  }

  /** @param {object} pool */
  use(pool) {
    this.#outer?.use(pool);
  }
}

/**
 * Returns a context with a deadline that bounds waiting and retries, but not
 * the running attempt; otherwise it behaves as the run around it, if any.
 * @param {number} millis from now, 0 = none
 * @param {JoinedRun | undefined} outer
 * @returns {object | undefined} undefined when nothing bounds
 */
function boundedContext(millis, outer) {
  if (millis === 0 && outer === undefined) {
    return undefined;
  }
  const endsAt = millis > 0 ? nowMillis() + millis : Infinity;
  const context = {};
  makeJoinable(context, new BoundedRun(endsAt, outer));
  return context;
}

/**
 * Makes a run the current one; returns the one before, for `leave`.
 * @param {JoinedRun} run
 * @returns {JoinedRun | undefined}
 */
function enter(run) {
  const before = state.current;
  state.current = run;
  return before;
}

/**
 * @param {JoinedRun | undefined} before
 */
function leave(before) {
  state.current = before;
}

/**
 * Calls `fn` with a run that stays current in all that it awaits. This makes
 * every await of the process slower, so it is on request only.
 * @template T
 * @param {JoinedRun} run
 * @param {() => T} fn
 * @returns {T}
 */
function callWithinAsync(run, fn) {
  state.storage ??= makeStorage();
  return state.storage.run(run, fn);
}

/**
 * Calls `fn` as if there were no helper around.
 * @template T
 * @param {() => T} fn
 * @returns {T}
 */
function callOutside(fn) {
  const before = state.current;
  state.current = undefined;
  try {
    const { storage } = state;
    return storage === undefined ? fn() : storage.run(undefined, fn);
  } finally {
    state.current = before;
  }
}

/**
 * Makes calls of the helpers wait until `work` has settled; works run one after
 * the other.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
function holdCalls(work) {
  const done = (state.held ?? Promise.resolve()).then(() =>
    // It may use a helper itself, which must not wait for it.
    callOutside(work),
  );
  const held = done.then(ignore, ignore).then(() => {
    if (state.held === held) {
      state.held = undefined;
    }
  });
  state.held = held;
  return done;
}

function ignore() {}

/** Returns the promise that calls have to wait for, if any. */
function heldCalls() {
  return state.held;
}

/** Notes for the current run that a write was acknowledged. */
function noteWrite() {
  currentContext()?.note('write');
}

module.exports = {
  RUN,
  boundedContext,
  callOutside,
  callWithinAsync,
  contextOf,
  currentContext,
  enter,
  heldCalls,
  holdCalls,
  leave,
  makeJoinable,
  noteWrite,
};
