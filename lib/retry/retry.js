// SPDX-License-Identifier: MIT
'use strict';

// The retry helpers. Whether to repeat, and after how long, is decided by the
// engine's retry law (the same code that repeats pool.query); what is here
// calls the function, waits, and keeps deadlines and signals.

const { isPromise, native } = require('#host');

const {
  classify,
  markOf,
  markPartial,
  setMark,
  wasRepeated,
} = require('./classify.js');
const { nowMillis } = require('./clock.js');
const {
  callWithinAsync,
  currentContext,
  enter,
  leave,
} = require('./context.js');
const { gatherEvidence, someLayer } = require('./evidence.js');
const { read, readText } = require('./evidence-parts.js');
const {
  defaultPlan,
  parseRetryOptions,
  presets,
} = require('./retry-options.js');
const { announce } = require('./announce.js');
const { finish, settleCalls, sleep, watch } = require('./bounds.js');
const { Run, beginAttempt, historyOf, policyOf } = require('./run.js');

/**
 * Calls that the engine's budget does not know of yet. They are told in
 * batches: crossing into the addon costs as much as the rest of a call.
 */
let uncounted = 0;
const COUNT_EVERY = 64;

function flushCounts() {
  for (; uncounted > 0; uncounted--) {
    native().retryCountCall();
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
  if (run.closed || run.inside || wasRepeated(error)) {
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
  if (!verdict.again) {
    return -1;
  }
  if (run.writes > 0 || run.pending > 0) {
    markPartial(error);
    return -1;
  }
  run.spend(1);
  announce(run, error, verdict.delayMillis, verdict.why);
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
  if (run.pending === 0 || run.remainingRetries === 0) {
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
 * Says how often the work was tried, wherever an error of ours says it: under
 * whatever wrappers, and in what Prisma is told of it.
 * @param {unknown} error
 * @param {number} attempts
 */
function tellAttempts(error, attempts) {
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
 * @param {Run} run
 * @param {unknown} error
 * @returns {unknown}
 */
function finalError(run, error) {
  if (run.retries > 0) {
    if (markOf(error) === undefined) {
      setMark(error, 'repeated');
    }
    tellAttempts(error, run.retries + 1);
  }
  return error;
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
    ? result.then(undefined, (error) => recover(run, fn, error))
    : Promise.resolve(result);
}

/**
 * With a deadline or a signal, which settle the call when `fn` does not.
 * @param {Run} run
 * @param {(context: any) => unknown} fn
 * @returns {Promise<any>}
 */
function runBounded(run, fn) {
  return new Promise((resolve, reject) => {
    if (watch(run, reject)) {
      return;
    }
    runPlain(run, fn)
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
 * @returns {Promise<any>}
 */
function start(helper, fn, options) {
  if (typeof fn !== 'function') {
    return Promise.reject(notAFunction(fn, helper));
  }
  const work = /** @type {(context: any) => unknown} */ (fn);
  if (options === undefined && plain !== undefined && !currentContext()) {
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
  const call = run.bounded ? runBounded(run, work) : runPlain(run, work);
  return outer === undefined
    ? call
    : call.finally(() => {
        outer.note('ended');
      });
}

/**
 * Calls `fn` and repeats it when that is safe and useful.
 * @template T
 * @param {(context: import('./run.js').RetryContext) => T | PromiseLike<T>} fn
 * @param {import('./retry-options.js').RetryOptions} [options]
 * @returns {Promise<T>}
 */
function retryQuery(fn, options) {
  return start('retryQuery', fn, options);
}

/**
 * The same under the name that says what it is for.
 * @template T
 * @param {(context: import('./run.js').RetryContext) => T | PromiseLike<T>} fn
 * @param {import('./retry-options.js').RetryOptions} [options]
 * @returns {Promise<T>}
 */
function withDatabaseRetry(fn, options) {
  return start('withDatabaseRetry', fn, options);
}

/**
 * For a function that is one whole transaction.
 * @template T
 * @param {(context: import('./run.js').RetryContext) => T | PromiseLike<T>} fn
 * @param {import('./retry-options.js').RetryOptions} [options]
 * @returns {Promise<T>}
 */
function withTransactionRetry(fn, options) {
  return start('withTransactionRetry', fn, options);
}

module.exports = {
  classify,
  presets,
  retryQuery,
  withDatabaseRetry,
  withPrismaRetry: withDatabaseRetry,
  withTransactionRetry,
};
