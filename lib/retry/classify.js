// SPDX-License-Identifier: MIT
'use strict';

// The verdict on anything that was thrown, and the marks by which nested
// helpers know what was retried already.

const { OUTCOMES, UNITS, isOurs } = require('../errors/error-classes.js');
const { nowMillis } = require('../platform/clock.js');
const { findOurs, gatherEvidence, judge, someLayer } = require('./evidence.js');

/** Set on an error: 'repeated' by a nested helper, or 'partial'. */
const MARK = Symbol.for('pg-holdfast.mark');

/** When it was. */
const MARKED_AT = Symbol.for('pg-holdfast.markedAt');

/**
 * @typedef {object} Classification
 * @property {import('../errors/errors.js').Outcome} outcome
 * @property {boolean} retryable
 * @property {import('../errors/errors.js').Unit} unit
 * @property {string | undefined} sqlState
 * @property {string} reason
 */

/**
 * Returns what became of the work behind an error, whoever threw it.
 * @param {unknown} error
 * @returns {Classification}
 */
function classify(error) {
  const ours = findOurs(error);
  const why = judge(gatherEvidence(error));
  const partial = someLayer(error, (layer) => markOf(layer) === 'partial');
  const known = ours ?? {
    outcome: OUTCOMES[why.outcome] ?? 'ambiguous',
    retryable: why.retryable,
    unit: UNITS[why.unit],
    sqlState: why.sqlState || undefined,
    reason: undefined,
  };
  return {
    outcome: known.outcome,
    retryable: known.retryable && !partial,
    unit: known.unit,
    sqlState: /** @type {any} */ (known).sqlState,
    reason: partial ? 'partial' : (known.reason ?? why.reason),
  };
}

/**
 * @param {unknown} error
 * @returns {'repeated' | 'partial' | undefined}
 */
function markOf(error) {
  try {
    return /** @type {any} */ (error)?.[MARK];
  } catch {
    return undefined;
  }
}

/**
 * @param {unknown} error
 * @param {'repeated' | 'partial'} mark
 */
function setMark(error, mark) {
  if (typeof error !== 'object' || error === null) {
    return;
  }
  try {
    Object.defineProperty(error, MARK, { value: mark, configurable: true });
    const value = nowMillis();
    Object.defineProperty(error, MARKED_AT, { value, configurable: true });
  } catch {
    // A frozen error cannot be marked; it only lacks this protection.
  }
}

/**
 * Marks an error: part of the work is done, and must not be repeated.
 * @param {unknown} error
 */
function markPartial(error) {
  setMark(error, 'partial');
  try {
    Object.assign(/** @type {object} */ (error), {
      retryable: false,
      reason: 'partial',
    });
  } catch {
    // Frozen, or not an object: the mark is all there is.
  }
}

/**
 * @param {object} error
 * @param {number} since
 * @returns {boolean}
 */
function isMarked(error, since) {
  if (markOf(error) === undefined) {
    return false;
  }
  const at = /** @type {any} */ (error)[MARKED_AT];
  return typeof at !== 'number' || at >= since;
}

/**
 * Returns whether a failed attempt was already retried by a nested helper or
 * the pool, or must not be: wrappers such as Drizzle's hide the mark in their
 * cause. An error from before the attempt that is thrown again does not count.
 * @param {unknown} error
 * @param {number} since when the attempt began
 * @returns {boolean}
 */
function wasRepeated(error, since) {
  return someLayer(
    error,
    (layer) => isMarked(layer, since) || (isOurs(layer) && layer.attempts > 1),
  );
}

module.exports = { classify, markOf, setMark, markPartial, wasRepeated };
