// SPDX-License-Identifier: MIT
'use strict';

// One listener for each AbortSignal, however many calls watch it: a signal of
// hundreds of calls causes no warning of a leak, and is left quickly.

/** @typedef {{handleEvent: () => void}} Waiting */

/** @type {WeakMap<AbortSignal, {all: Set<Waiting>, onAbort: () => void}>} */
const watched = new WeakMap();

/**
 * Calls `waiting.handleEvent()` when the signal is aborted.
 * @param {AbortSignal} signal
 * @param {Waiting} waiting
 */
function watchSignal(signal, waiting) {
  let watch = watched.get(signal);
  if (watch === undefined) {
    const all = new Set();
    const onAbort = () => {
      for (const one of [...all]) {
        one.handleEvent();
      }
    };
    watch = { all, onAbort };
    watched.set(signal, watch);
  }
  if (watch.all.size === 0) {
    signal.addEventListener('abort', watch.onAbort);
  }
  watch.all.add(waiting);
}

/**
 * @param {AbortSignal | null | undefined} signal
 * @param {Waiting} waiting
 */
function leaveSignal(signal, waiting) {
  const watch = signal ? watched.get(signal) : undefined;
  if (watch?.all.delete(waiting) && watch.all.size === 0) {
    signal?.removeEventListener('abort', watch.onAbort);
  }
}

/**
 * Whether a value can be used as a signal, which may be one of another realm or
 * of a polyfill.
 * @param {any} value
 * @returns {value is AbortSignal}
 */
function isSignal(value) {
  return (
    typeof value?.addEventListener === 'function' &&
    typeof value.removeEventListener === 'function' &&
    typeof value.aborted === 'boolean'
  );
}

/** By the first signal, then by the second. */
/** @type {WeakMap<AbortSignal, WeakMap<AbortSignal, AbortSignal>>} */
const joined = new WeakMap();

/**
 * Returns a signal that is aborted when either is; the same for the same two.
 * @param {AbortSignal} one
 * @param {AbortSignal} other
 * @returns {AbortSignal}
 */
function eitherSignal(one, other) {
  let others = joined.get(one);
  if (others === undefined) {
    others = new WeakMap();
    joined.set(one, others);
  }
  let either = others.get(other);
  if (either === undefined) {
    either = joinSignals([one, other]);
    others.set(other, either);
  }
  return either;
}

/**
 * @param {AbortSignal[]} signals
 * @returns {AbortSignal}
 */
function joinSignals(signals) {
  if (signals.every((signal) => signal instanceof AbortSignal)) {
    return AbortSignal.any(signals);
  }
  const controller = new AbortController();
  for (const signal of signals) {
    const onAbort = () => controller.abort(signal.reason);
    if (signal.aborted) {
      onAbort();
    } else {
      signal.addEventListener('abort', onAbort, { once: true });
    }
  }
  return controller.signal;
}

module.exports = { eitherSignal, isSignal, leaveSignal, watchSignal };
