// SPDX-License-Identifier: MIT
'use strict';

// How a retry helper works. Whether to repeat, and after how long, is decided
// by the engine's retry law (the same code that repeats pool.query); what is
// here calls the function, waits, and keeps deadlines and signals.

const { native } = require('#core');
const { isPromise } = require('#platform');

const { classify, markPartial, wasRepeated } = require('./classify.js');
const { nowMillis } = require('../platform/clock.js');
const {
  callWithinAsync,
  currentContext,
  enter,
  heldCalls,
  leave,
} = require('./context.js');
const { gatherEvidence } = require('./evidence.js');
const { finalError } = require('./final-error.js');
const { defaultPlan, parseRetryOptions } = require('./retry-options.js');
const { announce } = require('./announce.js');
const {
  finish,
  settleCalls,
  sleep,
  waitForHeld,
  watch,
} = require('./deadline.js');
const { warnOnce } = require('../platform/warn.js');
const { Run, beginAttempt, historyOf, policyOf } = require('./run.js');

/**
 * Calls that the engine's budget does not know of yet. They are told in
 * batches: crossing into the addon costs as much as the rest of a call.
 */
let uncounted = 0;
const COUNT_EVERY = 64;

function flushCounts() {
  const now = nowMillis();
  for (; uncounted > 0; uncounted--) {
    native().retryCountCall(now);
  }
}

function countCall() {
  uncounted += 1;
  if (uncounted >= COUNT_EVERY) {
    flushCounts();
  }
}

/**
 * The plan of a call without options, once one was made.
 * @type {import('./retry-options.js').Plan | undefined}
 */
let plain;

/**
 * Returns 32 bits for jitter: they are no secret, and node:crypto takes longer
 * to load than all of this.
 * @returns {number}
 */
function random32() {
  return Math.floor(Math.random() * 2 ** 32);
}

/**
 * Begins an attempt's work. A lazy thenable, such as Prisma's, begins when its
 * `then` is called: that has to happen while the run is the current one.
 * @param {Run} run
 * @param {(context: any) => unknown} fn
 * @returns {unknown}
 */
function callOnce(run, fn) {
  const before = enter(run);
  try {
    const result = run.plan.joinAsync
      ? callWithinAsync(run, () => fn(run.context))
      : fn(run.context);
    return result instanceof Promise ? result : asPromise(result);
  } finally {
    leave(before);
  }
}

/**
 * @param {any} value
 * @returns {unknown}
 */
function asPromise(value) {
  const thenable =
    value !== null &&
    (typeof value === 'object' || typeof value === 'function') &&
    typeof value.then === 'function';
  return thenable
    ? new Promise((resolve, reject) => {
        value.then(resolve, reject);
      })
    : value;
}

/**
 * Judges a failed attempt. Returns the delay before the next, or -1.
 * @param {Run} run
 * @param {unknown} error
 * @returns {number}
 */
function delayAfter(run, error) {
  run.verdict = undefined;
  if (run.closed || run.inside || wasRepeated(error, run.attemptAt)) {
    return -1;
  }
  flushCounts();
  const { facts, strings } = gatherEvidence(error);
  const history = historyOf(run);
  const verdict = native().retryNext(
    policyOf(run),
    history,
    nowMillis(),
    random32(),
    facts,
    ...strings,
  );
  run.verdict = verdict;
  if (!verdict.again) {
    return -1;
  }
  if (run.writes > 0 || run.pending > 0) {
    markPartial(error);
    return -1;
  }
  run.spend(1, verdict.waits ? 1 : 0);
  announce(run, error, verdict);
  return verdict.delayMillis;
}

/**
 * Whether an attempt left calls under way that have to end before another: they
 * may write, and it would write that again.
 * @param {Run} run
 * @param {unknown} error
 * @returns {boolean}
 */
function hasLoose(run, error) {
  if (run.pending === 0 || run.remainingNames === 0) {
    return false;
  }
  const { outcome, retryable } = classify(error);
  return retryable && (outcome !== 'ambiguous' || run.idempotent);
}

/**
 * Goes on after the first attempt failed.
 * @param {Run} run
 * @param {(context: any) => unknown} fn
 * @param {unknown} firstError
 * @returns {Promise<unknown>}
 */
async function recover(run, fn, firstError) {
  let error = firstError;
  for (;;) {
    if (hasLoose(run, error)) {
      await settleCalls(run);
    }
    const delay = delayAfter(run, error);
    if (delay < 0) {
      throw finalError(run, error);
    }
    await sleep(run, delay, error);
    if (heldCalls() !== undefined) {
      await waitForHeld(run);
    }
    if (run.closed) {
      throw finalError(run, error);
    }
    beginAttempt(run);
    try {
      return await callOnce(run, fn);
    } catch (next) {
      error = next;
    }
  }
}

/**
 * The plain way: nothing to watch but the promise of the function.
 * @param {Run} run
 * @param {(context: any) => unknown} fn
 * @returns {Promise<any>}
 */
function runPlain(run, fn) {
  let result;
  try {
    result = callOnce(run, fn);
  } catch (error) {
    return recover(run, fn, error);
  }
  return result instanceof Promise
    ? result.then(
        (value) => noticeLoose(run, value),
        (error) => recover(run, fn, error),
      )
    : Promise.resolve(noticeLoose(run, result));
}

/**
 * Warns of a function that returned nothing while its calls were under way, as
 * `() => { pool.query(…) }` does.
 * @template T
 * @param {Run} run
 * @param {T} value
 * @returns {T}
 */
function noticeLoose(run, value) {
  if (value === undefined && run.pending > 0) {
    warnOnce(
      'the function given to a retry helper returned nothing while its query ' +
        'was still running: nobody waits for that or repeats it; return the ' +
        "query's promise, or await it",
      'HF_NOT_AWAITED',
    );
  }
  return value;
}

/**
 * After what calls have to wait for, such as a client being reconnected.
 * @param {Run} run
 * @param {(context: any) => unknown} fn
 * @returns {Promise<any>}
 */
async function runHeld(run, fn) {
  await waitForHeld(run);
  return runPlain(run, fn);
}

/**
 * With a deadline or a signal, which settle the call when `fn` does not.
 * @param {Run} run
 * @param {(context: any) => unknown} fn
 * @param {typeof runPlain} begin
 * @returns {Promise<any>}
 */
function runBounded(run, fn, begin) {
  return new Promise((resolve, reject) => {
    if (watch(run, reject)) {
      return;
    }
    begin(run, fn)
      .then(resolve, reject)
      .finally(() => finish(run));
  });
}

/**
 * @param {unknown} fn
 * @param {string} helper
 * @returns {TypeError}
 */
function notAFunction(fn, helper) {
  if (isPromise(fn)) {
    // It is reported here; its own rejection must not end the process.
    fn.catch(() => {});
    return new TypeError(
      `${helper} got a promise, whose work has begun and cannot be repeated: ` +
        `write ${helper}(() => work()) instead of ${helper}(work())`,
    );
  }
  return new TypeError(
    `${helper} needs a function: write ${helper}(() => work())`,
  );
}

/**
 * @param {string} helper
 * @param {unknown} fn
 * @param {unknown} options
 * @param {boolean} [waits] whether it may have to wait for a client's reset
 * @returns {Promise<any>}
 */
function start(helper, fn, options, waits = true) {
  if (typeof fn !== 'function') {
    return Promise.reject(notAFunction(fn, helper));
  }
  const work = /** @type {(context: any) => unknown} */ (fn);
  const held = waits ? heldCalls() : undefined;
  if (
    options === undefined &&
    plain !== undefined &&
    !currentContext() &&
    held === undefined
  ) {
    countCall();
    return runPlain(new Run(plain), work);
  }
  let run;
  try {
    run = new Run(parseRetryOptions(options));
    plain ??= defaultPlan();
    countCall();
  } catch (error) {
    return Promise.reject(error);
  }
  const { outer } = run.plan;
  outer?.note('begun');
  const begin = held === undefined || outer ? runPlain : runHeld;
  const call = run.bounded ? runBounded(run, work, begin) : begin(run, work);
  return outer === undefined
    ? call
    : call.finally(() => {
        outer.note('ended');
      });
}

/**
 * Repeats what the pool repeats by itself.
 * @param {(context: any) => unknown} fn
 * @param {import('./retry-options.js').RetryOptions} options
 * @returns {Promise<any>}
 */
function repeatWithin(fn, options) {
  return start('transaction', fn, options, false);
}

module.exports = { repeatWithin, start };
