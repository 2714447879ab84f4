// SPDX-License-Identifier: MIT
'use strict';

// What ends a call of a helper, or has it wait: deadline, signal, back-off.

const { classify } = require('./classify.js');
const { heldCalls } = require('./context.js');
const { defaultPlan } = require('./retry-options.js');
const { nowMillis, startTimer, stopTimer } = require('../platform/clock.js');
const { usageError } = require('../errors/error-classes.js');
const { leaveSignal, watchSignal } = require('../platform/signals.js');

/** @typedef {import('./run.js').Run} Run */

/** How long an aborted function may take to say what became of its work. */
const DEADLINE_GRACE_MILLIS = 50;
const ABORT_GRACE_MILLIS = 1000;

/** A deadline nearer than this is over: nothing can be done in time. */
const LEAST_MILLIS = 1;

/**
 * Waits before the next attempt.
 * @param {Run} run
 * @param {number} millis
 * @param {unknown} error what the last attempt failed with
 * @returns {Promise<void>}
 */
function sleep(run, millis, error) {
  run.running = false;
  run.last = error;
  if (millis <= 0) {
    return Promise.resolve();
  }
  return new Promise((resolve, reject) => {
    const timer = startTimer(() => {
      run.wake = undefined;
      resolve();
    }, millis);
    run.wake = () => {
      run.wake = undefined;
      stopTimer(timer);
      reject(endedBetween(run, 'HF_ABORTED'));
    };
  });
}

/**
 * Waits, within the deadline, for calls of the failed attempt that are still
 * under way: what they are about to do must not be done twice.
 * @param {Run} run
 * @returns {Promise<void>}
 */
function settleCalls(run) {
  return new Promise((resolve) => {
    const timer = startTimer(done, timeLeft(run));
    function done() {
      run.onIdle = undefined;
      stopTimer(timer);
      resolve();
    }
    run.onIdle = done;
  });
}

/**
 * Returns how long something may be waited for that is not the work itself.
 * @param {Run} run
 * @returns {number}
 */
function timeLeft(run) {
  return run.deadlineAt > 0
    ? Math.max(0, run.deadlineAt - nowMillis())
    : defaultPlan().deadlineMillis;
}

/**
 * Waits, within the deadline, for what calls have to wait for.
 * @param {Run} run
 * @returns {Promise<void>}
 */
async function waitForHeld(run) {
  const until = nowMillis() + timeLeft(run);
  for (let held = heldCalls(); held !== undefined; held = heldCalls()) {
    const left = until - nowMillis();
    if (left <= 0) {
      return;
    }
    await within(held, left);
  }
}

/**
 * @param {Promise<unknown>} promise that does not reject
 * @param {number} millis
 * @returns {Promise<void>}
 */
function within(promise, millis) {
  return new Promise((resolve) => {
    const timer = startTimer(resolve, millis);
    promise.then(() => {
      stopTimer(timer);
      resolve();
    });
  });
}

/** Why a call ended between two attempts, by the code of its error. */
const ENDED = Object.freeze({
  HF_ABORTED: 'it was aborted between two attempts',
  HF_DEADLINE: 'the deadline came between two attempts',
});

/**
 * Returns the error of a call that ended between two attempts: the last one
 * says what became of the work.
 * @param {Run} run
 * @param {keyof typeof ENDED} code
 */
function endedBetween(run, code) {
  const { outcome, unit } = classify(run.last);
  return usageError(code, undefined, {
    outcome,
    retryable: false,
    unit,
    phase: 'backoff',
    attempts: run.retries,
    elapsedMillis: elapsed(run),
    reason: ENDED[code],
    cause: run.last,
  });
}

/**
 * Begins to watch deadline and signal. Returns true when the call is over
 * before it began.
 * @param {Run} run
 * @param {(error: unknown) => void} reject
 * @returns {boolean}
 */
function watch(run, reject) {
  const signal = run.outerSignal;
  if (signal?.aborted) {
    run.closed = true;
    const { reason: cause } = signal;
    run.end(cause);
    reject(usageError('HF_ABORTED', undefined, { phase: 'local', cause }));
    return true;
  }
  if (signal !== undefined) {
    const onAbort = () => abort(run, signal.reason, reject);
    const waiting = { handleEvent: onAbort };
    watchSignal(signal, waiting);
    later(run, () => leaveSignal(signal, waiting));
  }
  if (run.callerDeadline && run.deadlineAt > 0) {
    const left = Math.ceil(run.deadlineAt - nowMillis());
    if (left <= LEAST_MILLIS) {
      reject(tooLate(run));
      finish(run);
      return true;
    }
    const timer = startTimer(() => expire(run, reject), left);
    later(run, () => stopTimer(timer));
  }
  return false;
}

/**
 * Returns the error of a call whose deadline was over before it began.
 * @param {Run} run
 */
function tooLate(run) {
  return usageError('HF_DEADLINE', undefined, {
    outcome: 'not_executed',
    retryable: false,
    phase: 'local',
    attempts: 0,
    elapsedMillis: elapsed(run),
    reason: 'the deadline was over before it began',
  });
}

/**
 * @param {Run} run
 * @param {(error: unknown) => void} reject
 */
function expire(run, reject) {
  if (!run.running) {
    const error = endedBetween(run, 'HF_DEADLINE');
    settle(run, reject, error);
    run.wake?.(); // nothing is waited for: its timer would hold the process
    run.end(error);
    return;
  }
  // A call of ours within has the same deadline, and knows what became of it:
  // it ends by itself, and is not told to.
  run.closed = true;
  const timer = startTimer(() => {
    const error = interrupted(run, 'HF_DEADLINE', undefined);
    settle(run, reject, error);
    run.end(error);
  }, DEADLINE_GRACE_MILLIS);
  later(run, () => stopTimer(timer));
}

/**
 * @param {Run} run
 * @param {unknown} reason
 * @param {(error: unknown) => void} reject
 */
function abort(run, reason, reject) {
  run.closed = true;
  run.end(reason);
  if (run.wake !== undefined) {
    run.wake();
    return;
  }
  // What runs may be able to say how it ended: that is worth a moment.
  const timer = startTimer(() => {
    settle(run, reject, interrupted(run, 'HF_ABORTED', reason));
  }, ABORT_GRACE_MILLIS);
  later(run, () => stopTimer(timer));
}

/**
 * @param {Run} run
 * @param {import('../protocol/codes.js').ErrorCode} code
 * @param {unknown} cause
 */
function interrupted(run, code, cause) {
  return usageError(code, undefined, {
    outcome: 'ambiguous',
    retryable: false,
    phase: 'await',
    attempts: run.retries + 1,
    elapsedMillis: elapsed(run),
    reason: 'the function had not settled by then',
    cause,
  });
}

/**
 * @param {Run} run
 * @returns {number}
 */
function elapsed(run) {
  return Math.round(nowMillis() - run.startedAt);
}

/**
 * @param {Run} run
 * @param {(error: unknown) => void} reject
 * @param {unknown} error
 */
function settle(run, reject, error) {
  reject(error);
  finish(run);
}

/**
 * @param {Run} run
 * @param {() => void} undo
 */
function later(run, undo) {
  run.undo ??= [];
  run.undo.push(undo);
}

/**
 * Ends a run and stops watching.
 * @param {Run} run
 */
function finish(run) {
  run.closed = true;
  run.finished = true;
  for (const undo of run.undo?.splice(0) ?? []) {
    undo();
  }
}

module.exports = { finish, settleCalls, sleep, waitForHeld, watch };
