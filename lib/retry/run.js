// SPDX-License-Identifier: MIT
'use strict';

// One call of a retry helper: its state, and what nested calls see of it.
// run-driver.js drives it.

const { native } = require('#core');
const { inspectCustom } = require('#platform');

const { earlier, nowMillis } = require('../platform/clock.js');
const { RUN, makeJoinable } = require('./context.js');
const { POLICY } = require('../protocol/policy.js');
const { eitherSignal } = require('../platform/signals.js');

/** @typedef {import('./context.js').JoinedRun} JoinedRun */

/** What the user's function gets. */
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

  /** The time, as of Date.now(), after which nothing is started. */
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
  /** @type {Int32Array | undefined} */
  #policy = undefined;

  /** @param {import('./retry-options.js').Plan} plan */
  constructor(plan) {
    const { outer } = plan;
    this.plan = plan;
    this.startedAt = nowMillis();
    this.deadlineAt = earlier(
      plan.deadlineMillis > 0 ? this.startedAt + plan.deadlineMillis : 0,
      outer?.deadlineAt ?? 0,
    );
    this.callerDeadline = plan.callerDeadline || outer?.callerDeadline === true;
    /** Retries so far, by this helper and by nested calls. */
    this.retries = 0;
    /** Of these, those that only waited for an unreachable server. */
    this.waits = 0;
    /** When the current attempt began. */
    this.attemptAt = this.startedAt;
    /** Writes acknowledged, or in doubt, in the current attempt. */
    this.writes = 0;
    /** The pool that was used last, whose log gets retries. */
    /** @type {object | undefined} */
    this.pool = undefined;
    /** Pending calls that belong to this run. */
    this.pending = 0;
    /** Called when there are none. @type {(() => void) | undefined} */
    this.onIdle = undefined;
    /** Whether a statement ran inside a transaction that began outside. */
    this.inside = false;
    this.finished = false;
    /** Why it was ended from outside. @type {{reason: unknown} | undefined} */
    this.ended = undefined;
    /** @type {AbortController | undefined} */
    this.controller = undefined;
    this.context = new RetryContext(this);
  }

  /** The signal given from outside, if any. */
  get outerSignal() {
    this.#outerSignal ??= joinSignals(
      this.plan.signal,
      this.plan.outer?.signal,
    );
    return this.#outerSignal;
  }

  /** Whether something other than the function can settle the call. */
  get bounded() {
    return this.callerDeadline || this.outerSignal !== undefined;
  }

  /** The signal for nested calls, where anything can abort this run. */
  get signal() {
    return this.bounded ? makeSignal(this) : undefined;
  }

  /** Its own policy, limited by what the caller of an outer helper chose. */
  get policy() {
    const { policy, outer } = this.plan;
    const around = outer?.givenPolicy;
    this.#policy ??=
      around === undefined
        ? policy
        : Int32Array.from(native().retryPolicyWithin(policy, around));
    return this.#policy;
  }

  get remainingRetries() {
    const limit = this.policy[POLICY.MAX_RETRIES];
    return this.#left(limit, this.plan.outer?.remainingRetries);
  }

  get remainingNames() {
    const { policy } = this;
    const limit = policy[POLICY.COUNT_GIVEN]
      ? policy[POLICY.MAX_RETRIES]
      : policy[POLICY.NAME_RETRIES];
    return this.#left(limit, this.plan.outer?.remainingNames);
  }

  /**
   * @param {number} limit
   * @param {number} [around] what a run around leaves
   */
  #left(limit, around = Infinity) {
    return Math.max(0, Math.min(limit - this.retries + this.waits, around));
  }

  get givenPolicy() {
    const { policy, outer } = this.plan;
    return policy[POLICY.COUNT_GIVEN] ? policy : outer?.givenPolicy;
  }

  get idempotent() {
    return this.plan.policy[POLICY.RETRY_AMBIGUOUS] !== 0;
  }

  /**
   * Notes an event of the current attempt in this run and the outer ones, up to
   * the run it belongs to.
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
   * Counts retries, wherever they were made.
   * @param {number} count
   * @param {number} [waits]
   */
  spend(count, waits = 0) {
    this.retries += count;
    this.waits += waits;
    this.plan.outer?.spend(count, waits);
  }

  /**
   * Aborts nested calls by the signal, whenever they read it.
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
}

module.exports = { RetryContext, Run, beginAttempt };
