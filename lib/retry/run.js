// SPDX-License-Identifier: MIT
'use strict';

// One call of a retry helper: what it has done so far, and what those below and
// above it see of it. What can end it is in bounds.js.

const { inspectCustom } = require('#platform');

const { nowMillis } = require('../platform/clock.js');
const { RUN, makeJoinable } = require('./context.js');
const { POLICY } = require('../protocol/policy.js');
const { eitherSignal } = require('../platform/signals.js');

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
  /** @type {AbortSignal | undefined} */
  #outerSignal = undefined;

  /** @param {import('./retry-options.js').Plan} plan */
  constructor(plan) {
    this.plan = plan;
    this.startedAt = nowMillis();
    /** Repetitions so far, by this helper and by what is below it. */
    this.retries = 0;
    /** Of these, those that only waited for a server that was away. */
    this.waits = 0;
    /** When the attempt under way began. */
    this.attemptAt = this.startedAt;
    /** What the engine said last. @type {any} */
    this.verdict = undefined;
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
    this.finished = false;
    /** Why it was ended from outside. @type {{reason: unknown} | undefined} */
    this.ended = undefined;
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
    this.#outerSignal ??= joinSignals(
      this.plan.signal,
      this.plan.outer?.signal,
    );
    return this.#outerSignal;
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
    const own = policyWithin(this)[POLICY.MAX_RETRIES] - this.#counted;
    const outside = this.plan.outer?.remainingRetries ?? own;
    return Math.max(0, Math.min(own, outside));
  }

  get remainingNames() {
    const policy = policyWithin(this);
    const limit = policy[POLICY.COUNT_GIVEN]
      ? policy[POLICY.MAX_RETRIES]
      : policy[POLICY.NAME_RETRIES];
    const own = limit - this.#counted;
    const outside = this.plan.outer?.remainingNames ?? own;
    return Math.max(0, Math.min(own, outside));
  }

  get #counted() {
    return this.retries - this.waits;
  }

  get givenPolicy() {
    const { policy, outer } = this.plan;
    return policy[POLICY.COUNT_GIVEN] ? policy : outer?.givenPolicy;
  }

  get idempotent() {
    return this.plan.policy[POLICY.RETRY_AMBIGUOUS] !== 0;
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
   * @param {number} [waits]
   */
  spend(count, waits = 0) {
    this.retries += count;
    this.waits += waits;
    this.plan.outer?.spend(count, waits);
  }

  /**
   * Ends it for those below: they read of it by the signal, whenever they do.
   * @param {unknown} reason
   */
  end(reason) {
    this.ended ??= { reason };
    this.controller?.abort(reason);
  }
}

/**
 * @param {AbortSignal | undefined} own
 * @param {AbortSignal | undefined} outer
 * @returns {AbortSignal | undefined}
 */
function joinSignals(own, outer) {
  return own === undefined || outer === undefined || own === outer
    ? (own ?? outer)
    : eitherSignal(own, outer);
}

/**
 * Returns the policy of a run: where its own caller chose nothing, what the
 * caller of a helper around it chose.
 * @param {Run} run
 * @returns {Int32Array}
 */
function policyWithin({ plan }) {
  const { policy, outer } = plan;
  const given = outer?.givenPolicy;
  if (
    given === undefined ||
    policy[POLICY.COUNT_GIVEN] ||
    policy[POLICY.DELAYS_GIVEN]
  ) {
    return policy;
  }
  const within = Int32Array.from(given);
  within[POLICY.RETRY_AMBIGUOUS] = policy[POLICY.RETRY_AMBIGUOUS];
  within[POLICY.UNBUDGETED] ||= policy[POLICY.UNBUDGETED];
  return within;
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
    if (run.ended !== undefined) {
      run.controller.abort(run.ended.reason);
    }
  }
  return run.controller.signal;
}

/**
 * Begins another attempt.
 * @param {Run} run
 */
function beginAttempt(run) {
  run.attemptAt = nowMillis();
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
  const policy = Int32Array.from(policyWithin(run));
  const counted = run.retries - run.waits;
  policy[POLICY.MAX_RETRIES] = counted + run.remainingRetries;
  policy[POLICY.NAME_RETRIES] = counted + run.remainingNames;
  return policy;
}

/**
 * Returns the run's history for the engine, which keeps a note in it.
 * @param {Run} run
 * @returns {Float64Array}
 */
function historyOf(run) {
  run.history ??= new Float64Array(4);
  run.history[0] = run.retries;
  run.history[1] = run.deadlineAt;
  run.history[3] = run.waits;
  return run.history;
}

module.exports = {
  RetryContext,
  Run,
  beginAttempt,
  historyOf,
  policyOf,
};
