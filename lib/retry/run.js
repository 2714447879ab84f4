// SPDX-License-Identifier: MIT
'use strict';

// One call of a retry helper: its attempts, its deadline and its signal.

const { hearsRetries, inspectCustom, isPromise, tellRetry } = require('#host');

const { classify } = require('./classify.js');
const { nowMillis, startTimer, stopTimer } = require('./clock.js');
const { RUN, makeJoinable } = require('./context.js');
const { OUTCOMES, usageError } = require('../errors/error-classes.js');
const { POLICY } = require('./retry-options.js');
const { warnOnce } = require('../warn.js');

/** How long an aborted function may take to say what became of its work. */
const DEADLINE_GRACE_MILLIS = 50;
const ABORT_GRACE_MILLIS = 1000;

/** A deadline nearer than this is over: nothing can be done in time. */
const LEAST_MILLIS = 1;

/** @typedef {import('./context.js').JoinedRun} JoinedRun */

/** What the user's function is given. */
class RetryContext {
  /** @param {Run} run */
  constructor(run) {
    /** @readonly */
    this[RUN] = run;
  }

  [inspectCustom]() {
    const { signal, deadline, attempt } = this;
    return { signal, deadline, attempt };
  }

  /** Aborted when the helper's deadline passes or its own signal is. */
  get signal() {
    return makeSignal(this[RUN]);
  }

  /** Milliseconds of Date.now() after which nothing is begun any more. */
  get deadline() {
    const at = this[RUN].deadlineAt;
    return at === 0 ? undefined : Date.now() + at - nowMillis();
  }

  /** Which attempt this is, counted from 1. */
  get attempt() {
    return this[RUN].retries + 1;
  }
}

/** @implements {JoinedRun} */
class Run {
  /** @param {import('./retry-options.js').Plan} plan */
  constructor(plan) {
    this.plan = plan;
    this.startedAt = nowMillis();
    /** Repetitions so far, by this helper and by what is below it. */
    this.retries = 0;
    /** Writes acknowledged, or in doubt, in the current attempt. */
    this.writes = 0;
    /** The pool that was used last, whose log hears of repetitions. */
    /** @type {object | undefined} */
    this.pool = undefined;
    /** Calls under way that belong to this run. */
    this.pending = 0;
    /** Called when there are none. @type {(() => void) | undefined} */
    this.onIdle = undefined;
    /** Whether a statement ran inside a transaction that began outside. */
    this.inside = false;
    /** Whether the caller was answered, or no attempt may follow. */
    this.closed = false;
    /** Whether the function is at work. */
    this.running = true;
    /** @type {AbortController | undefined} */
    this.controller = undefined;
    /** @type {Float64Array | undefined} */
    this.history = undefined;
    /** @type {(() => void)[] | undefined} */
    this.undo = undefined;
    /** Ends the wait between two attempts. @type {(() => void) | undefined} */
    this.wake = undefined;
    /** What the last attempt failed with. @type {unknown} */
    this.last = undefined;
    this.context = new RetryContext(this);
  }

  get deadlineAt() {
    const { deadlineMillis, outer } = this.plan;
    const own = deadlineMillis > 0 ? this.startedAt + deadlineMillis : 0;
    const outside = outer?.deadlineAt ?? 0;
    return own === 0 || outside === 0 ? own + outside : Math.min(own, outside);
  }

  get callerDeadline() {
    const { callerDeadline, outer } = this.plan;
    return callerDeadline || outer?.callerDeadline === true;
  }

  /** The signal given from outside, if any. */
  get outerSignal() {
    return this.plan.signal ?? this.plan.outer?.signal;
  }

  /** Whether something besides the function can settle the call. */
  get bounded() {
    return this.callerDeadline || this.outerSignal !== undefined;
  }

  /** The signal for what is below, where anything can abort this run. */
  get signal() {
    return this.bounded ? makeSignal(this) : undefined;
  }

  get remainingRetries() {
    const own = this.plan.policy[POLICY.RETRIES] - this.retries;
    const outside = this.plan.outer?.remainingRetries ?? own;
    return Math.max(0, Math.min(own, outside));
  }

  get idempotent() {
    return this.plan.policy[POLICY.AMBIGUOUS] !== 0;
  }

  /**
   * Notes what happened below in the current attempt, here and outside, up to
   * the run to whose doing it belongs.
   * @param {import('./context.js').Note} kind
   * @param {JoinedRun} [home] in which the transaction began
   */
  note(kind, home) {
    switch (kind) {
      case 'write':
        this.writes += 1;
        break;
      case 'inside':
        this.inside = true;
        break;
      case 'begun':
        this.pending += 1;
        break;
      case 'ended':
        this.#end();
        break;
    }
    const { outer } = this.plan;
    if (outer !== home) {
      outer?.note(kind, home);
    }
  }

  #end() {
    this.pending -= 1;
    if (this.pending === 0) {
      this.onIdle?.();
    }
  }

  /** @param {object} pool */
  use(pool) {
    this.pool = pool;
    this.plan.outer?.use(pool);
  }

  /**
   * Counts repetitions, wherever they were made.
   * @param {number} count
   */
  spend(count) {
    this.retries += count;
    this.plan.outer?.spend(count);
  }
}

/**
 * Returns the signal of a run, by which calls can also join it.
 * @param {Run} run
 * @returns {AbortSignal}
 */
function makeSignal(run) {
  if (run.controller === undefined) {
    run.controller = new AbortController();
    makeJoinable(run.controller.signal, run);
  }
  return run.controller.signal;
}

/**
 * Begins another attempt.
 * @param {Run} run
 */
function beginAttempt(run) {
  run.writes = 0;
  run.inside = false;
  run.running = true;
}

/**
 * Returns the policy for the engine: never more attempts than are left outside.
 * @param {Run} run
 * @returns {Int32Array}
 */
function policyOf(run) {
  const policy = Int32Array.from(run.plan.policy);
  policy[POLICY.RETRIES] = run.retries + run.remainingRetries;
  return policy;
}

/**
 * Returns the run's history for the engine, which keeps a note in it.
 * @param {Run} run
 * @returns {Float64Array}
 */
function historyOf(run) {
  run.history ??= new Float64Array(3);
  run.history[0] = run.retries;
  run.history[1] = run.deadlineAt;
  return run.history;
}

/**
 * Tells of a repetition. What listeners throw is their own affair.
 * @param {Run} run
 * @param {unknown} error
 * @param {number} delayMillis
 * @param {{ outcome: number, reason: string }} why
 */
function announce(run, error, delayMillis, why) {
  const { onRetry, name } = run.plan;
  if (onRetry === undefined && !hearsRetries(run.pool)) {
    return;
  }
  const event = {
    name,
    attempt: run.retries,
    maxAttempts: run.retries + run.remainingRetries + 1,
    delayMillis,
    error,
    outcome: OUTCOMES[why.outcome],
    reason: why.reason,
  };
  tellRetry(event, run.pool);
  tellSafely(onRetry, event);
}

/** How often a listener threw or rejected. */
let brokenListeners = 0;

/**
 * Calls a listener. Listening must not change what happens: what it throws is
 * counted, what it returns is not waited for.
 * @param {((event: any) => unknown) | undefined} listener
 * @param {object} event
 */
function tellSafely(listener, event) {
  const broke = (/** @type {unknown} */ error) => {
    brokenListeners += 1;
    if (brokenListeners === 1) {
      warnOnce(
        `onRetry failed, and calls go on: ${describe(error)}`,
        'HF_LISTENER',
      );
    }
  };
  try {
    const result = listener?.(event);
    if (isPromise(result)) {
      result.catch(broke);
    }
  } catch (error) {
    broke(error);
  }
}

/** @param {unknown} error @returns {string} */
function describe(error) {
  try {
    return String(error);
  } catch {
    return 'something that cannot be shown';
  }
}

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
    const left = run.deadlineAt - nowMillis();
    const timer =
      run.deadlineAt > 0 ? startTimer(done, Math.max(0, left)) : undefined;
    function done() {
      run.onIdle = undefined;
      if (timer !== undefined) {
        stopTimer(timer);
      }
      resolve();
    }
    run.onIdle = done;
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
    reject(usageError('HF_ABORTED', undefined, { phase: 'local', cause }));
    return true;
  }
  if (signal !== undefined) {
    const onAbort = () => abort(run, signal.reason, reject);
    signal.addEventListener('abort', onAbort, { once: true });
    later(run, () => signal.removeEventListener('abort', onAbort));
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
    run.controller?.abort(error);
    return;
  }
  // A call of ours within has the same deadline, and knows what became of it:
  // it ends by itself, and is not told to.
  run.closed = true;
  const timer = startTimer(() => {
    const error = interrupted(run, 'HF_DEADLINE', undefined);
    settle(run, reject, error);
    run.controller?.abort(error);
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
  run.controller?.abort(reason);
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
 * @param {string} code
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
  for (const undo of run.undo?.splice(0) ?? []) {
    undo();
  }
}

module.exports = {
  RetryContext,
  Run,
  announce,
  beginAttempt,
  finish,
  historyOf,
  policyOf,
  settleCalls,
  sleep,
  watch,
};
