// SPDX-License-Identifier: MIT
'use strict';

// What a helper adds to the error it rejects with: how often the work was
// tried, why it is not tried again, and the remedy.

const { findOurs, someLayer } = require('./evidence.js');
const { read, readText } = require('./evidence-parts.js');
const { markOf, setMark } = require('./classify.js');

const CUT_REASON = "the process's retry budget is used up";
const CUT =
  'not repeated: too many calls of this process are being repeated while ' +
  'the server fails or is overloaded (retryBudget: false lifts this limit)';

const CURE =
  "a driver's prepared statements do not survive a transaction pooler or " +
  'DEALLOCATE ALL: give its queries no name, add pgbouncer=true to the URL ' +
  "of Prisma's engine, or query through getPool() of pg-holdfast";

/**
 * Adds a sentence to the message of an error, once.
 * @param {any} error
 * @param {string} sentence
 */
function addToMessage(error, sentence) {
  const { message, stack } = error;
  if (typeof message !== 'string' || message.includes(sentence)) {
    return;
  }
  const longer = `${message} (${sentence})`;
  error.message = longer;
  // What is printed is the stack, which quotes the message of before.
  if (typeof stack === 'string' && message !== '' && stack.includes(message)) {
    error.stack = stack.replace(message, () => longer);
  }
}

/**
 * Changes an error where that is possible: it may be frozen, or have getters.
 * @param {unknown} error
 * @param {(error: any) => void} change
 */
function change(error, change) {
  if (typeof error !== 'object' || error === null) {
    return;
  }
  try {
    change(error);
  } catch {
    // It stays as it is.
  }
}

/**
 * Sets how often the work was tried, wherever an error of ours says it: under
 * any wrapper, and in what Prisma gets of it.
 * @param {unknown} error
 * @param {number} attempts
 */
function setAttempts(error, attempts) {
  someLayer(error, (layer) => {
    const before = read(layer, 'attempts');
    if (typeof before === 'number' && readText(layer, 'outcome')) {
      Reflect.set(layer, 'attempts', Math.max(before, attempts));
    }
    return false;
  });
}

/**
 * Returns the error to reject with, marked when its work was repeated.
 * @param {import('./run.js').Run} run
 * @param {unknown} error
 * @param {import('../engine/native.js').Step} step
 * @returns {unknown}
 */
function finalError(run, error, { cut, why }) {
  if (cut) {
    change(error, (target) => {
      addToMessage(target, CUT);
      target.reason = CUT_REASON;
    });
  }
  if (why.unnamed && findOurs(error) === undefined) {
    change(error, (target) => addToMessage(target, CURE));
  }
  if (run.retries > 0) {
    if (markOf(error) === undefined) {
      setMark(error, 'repeated');
    }
    setAttempts(error, run.retries + 1);
  }
  return error;
}

module.exports = { CUT, CUT_REASON, finalError };
