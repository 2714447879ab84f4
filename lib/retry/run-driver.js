// SPDX-License-Identifier: MIT
'use strict';

// Drives a run: calls the function, sets the timer and settles the caller's
// promise. What to do on each event is decided by the engine, hf_run_next() of
// holdfast.h.

const { native } = require('#core');

const { announce } = require('./announce.js');
const { callOnce, warnUnawaited } = require('./attempt.js');
const { markPartial, wasRepeated } = require('./classify.js');
const { heldCalls } = require('./context.js');
const { flushCounts } = require('./count-calls.js');
const { gatherEvidence } = require('./evidence.js');
const { finalError } = require('./final-error.js');
const { beginAttempt } = require('./run.js');
const {
  OUTCOMES,
  PHASES,
  UNITS,
  usageError,
} = require('../errors/error-classes.js');
const { nowMillis, startTimer, stopTimer } = require('../platform/clock.js');
const { leaveSignal, watchSignal } = require('../platform/signals.js');
const {
  PHASE,
  RUN_AT,
  RUN_DO,
  RUN_ON,
  RUN_STATE,
  STATUS,
} = require('../protocol/policy.js');

/** @typedef {import('./run.js').Run} Run */
/** @typedef {import('./attempt.js').Work} Work */
/** @typedef {import('../engine/native.js').Step} Step */

/** The engine need not be asked whether a deadline further away has passed. */
const NEAR_MILLIS = 100;

/**
 * Returns 32 bits for jitter: they are no secret, and node:crypto takes longer
 * to load than all of this.
 * @returns {number}
 */
function random32() {
  return Math.floor(Math.random() * 2 ** 32);
}

/**
 * Returns the error with which the engine ends a run.
 * @param {Run} run
 * @param {Step} step
 * @param {unknown} cause
 */
function endError(run, { status, phase, why }, cause) {
  const code = status === STATUS.ABORTED ? 'HF_ABORTED' : 'HF_DEADLINE';
  return usageError(code, undefined, {
    outcome: OUTCOMES[why.outcome],
    retryable: false,
    unit: UNITS[why.unit],
    phase: PHASES[phase],
    attempts: run.retries + (phase === PHASE.AWAIT ? 1 : 0),
    elapsedMillis: Math.round(nowMillis() - run.startedAt),
    reason: why.reason,
    cause,
  });
}

class RunDriver {
  #run;
  #fn;
  #resolve;
  #reject;
  /** The engine's state of the run, by RUN_AT. */
  #numbers = new Float64Array(RUN_AT.COUNT);
  /** Whether an event was reported to the engine. */
  #reported = false;
  /** @type {ReturnType<typeof startTimer> | undefined} */
  #timer = undefined;
  #dueAt = 0;
  /** What the last attempt failed with. @type {unknown} */
  #error = undefined;
  /** @type {import('./evidence-parts.js').Evidence | undefined} */
  #evidence = undefined;
  /** @type {{handleEvent: () => void} | undefined} */
  #waiting = undefined;

  /**
   * @param {Run} run
   * @param {Work} fn
   * @param {(value: any) => void} resolve
   * @param {(error: unknown) => void} reject
   */
  constructor(run, fn, resolve, reject) {
    this.#run = run;
    this.#fn = fn;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /**
   * Begins with the first attempt.
   * @param {boolean} held whether calls are held, and it is to wait for that
   */
  begin(held) {
    const { outerSignal, callerDeadline, deadlineAt } = this.#run;
    if (outerSignal !== undefined) {
      this.#waiting = { handleEvent: () => this.#abort() };
      watchSignal(outerSignal, this.#waiting);
    }
    if (
      (callerDeadline && deadlineAt - nowMillis() < NEAR_MILLIS) ||
      outerSignal?.aborted ||
      held
    ) {
      this.#happen(RUN_ON.BEGIN, held);
      return;
    }
    // The engine would only say to call the function.
    this.#join();
    this.#arm();
    this.#attempt();
  }

  /**
   * Goes on after the first attempt has failed.
   * @param {unknown} error
   */
  recover(error) {
    this.#join();
    this.#failed(error);
  }

  /** Sets the engine's state to a run whose function is running. */
  #join() {
    const { callerDeadline, deadlineAt } = this.#run;
    this.#numbers[RUN_AT.STATE] = RUN_STATE.RUNNING;
    this.#numbers[RUN_AT.DUE] = callerDeadline ? deadlineAt : 0;
  }

  /**
   * Reports an event to the engine, which decides.
   * @param {number} event of RUN_ON
   * @param {boolean} [held] whether calls are held
   * @returns {Step}
   */
  #report(event, held = heldCalls() !== undefined) {
    const run = this.#run;
    const { outer } = run.plan;
    const numbers = this.#numbers;
    const evidence = this.#evidence;
    this.#reported = true;
    numbers[RUN_AT.RETRIES] = run.retries;
    numbers[RUN_AT.WAITS] = run.waits;
    numbers[RUN_AT.DEADLINE] = run.deadlineAt;
    numbers[RUN_AT.CALLER_DEADLINE] = run.callerDeadline ? 1 : 0;
    numbers[RUN_AT.EVENT] = event;
    numbers[RUN_AT.RANDOM] = random32();
    numbers[RUN_AT.NOW] = nowMillis();
    numbers[RUN_AT.ABORTED] = run.outerSignal?.aborted ? 1 : 0;
    numbers[RUN_AT.HELD] = held ? 1 : 0;
    numbers[RUN_AT.PENDING] = run.pending;
    numbers[RUN_AT.WROTE] = run.writes;
    numbers[RUN_AT.INSIDE] = run.inside ? 1 : 0;
    numbers[RUN_AT.RETRIES_LEFT] = outer?.remainingRetries ?? -1;
    numbers[RUN_AT.NAMES_LEFT] = outer?.remainingNames ?? -1;
    const step = native().runNext(
      run.policy,
      numbers,
      evidence?.facts,
      ...(evidence?.strings ?? []),
    );
    this.#arm();
    return step;
  }

  /** Sets the timer as the engine wants it. */
  #arm() {
    const dueAt = this.#numbers[RUN_AT.DUE];
    if (dueAt === this.#dueAt) {
      return;
    }
    this.#dueAt = dueAt;
    if (this.#timer !== undefined) {
      stopTimer(this.#timer);
      this.#timer = undefined;
    }
    if (dueAt === 0) {
      return;
    }
    const onTime = () => {
      if (this.#dueAt === dueAt) {
        this.#happen(RUN_ON.TIMER);
      }
    };
    const left = Math.ceil(dueAt - nowMillis());
    if (left > 0) {
      this.#timer = startTimer(onTime, left);
    } else {
      Promise.resolve().then(onTime);
    }
  }

  /**
   * @param {number} event of RUN_ON
   * @param {boolean} [held]
   */
  #happen(event, held) {
    this.#follow(this.#report(event, held));
  }

  /** @param {Step} step */
  #follow(step) {
    switch (step.action) {
      case RUN_DO.CALL:
        this.#attempt();
        break;
      case RUN_DO.FAIL:
        this.#fail(step);
        break;
      case RUN_DO.END:
        this.#end(step);
        break;
      case RUN_DO.WAIT:
        this.#wait(step);
        break;
    }
  }

  /** @param {Step} step */
  #wait(step) {
    const run = this.#run;
    if (step.again) {
      run.spend(1, step.waits ? 1 : 0);
      announce(run, this.#error, step);
    }
    switch (this.#numbers[RUN_AT.STATE]) {
      case RUN_STATE.SETTLING:
      case RUN_STATE.GRACE:
        run.onIdle = () => this.#happen(RUN_ON.CALLS_ENDED);
        break;
      case RUN_STATE.HELD:
        heldCalls()?.then(() => this.#happen(RUN_ON.RELEASE));
        break;
      default:
        run.onIdle = undefined;
    }
  }

  #attempt() {
    const run = this.#run;
    let result;
    beginAttempt(run);
    try {
      result = callOnce(run, this.#fn);
    } catch (error) {
      this.#failed(error);
      return;
    }
    if (result instanceof Promise) {
      result.then(
        (value) => this.#succeeded(value),
        (error) => this.#failed(error),
      );
    } else {
      this.#succeeded(result);
    }
  }

  /** @param {unknown} value */
  #succeeded(value) {
    // Without other events there is nothing to decide.
    if (
      this.#reported &&
      this.#report(RUN_ON.SUCCESS).action !== RUN_DO.SUCCEED
    ) {
      return;
    }
    this.#resolve(warnUnawaited(this.#run, value));
    this.#finish();
  }

  /** @param {unknown} error */
  #failed(error) {
    const run = this.#run;
    if (run.finished) {
      return;
    }
    flushCounts();
    this.#error = error;
    this.#evidence = gatherEvidence(error);
    this.#numbers[RUN_AT.REPEATED] = wasRepeated(error, run.attemptAt) ? 1 : 0;
    this.#happen(RUN_ON.FAILURE);
  }

  #abort() {
    const step = this.#report(RUN_ON.ABORT);
    this.#run.end(this.#run.outerSignal?.reason);
    this.#follow(step);
  }

  /** @param {Step} step */
  #fail(step) {
    if (step.partial) {
      markPartial(this.#error);
    }
    this.#reject(finalError(this.#run, this.#error, step));
    this.#finish();
  }

  /** @param {Step} step */
  #end(step) {
    const run = this.#run;
    const reason =
      step.status === STATUS.ABORTED ? run.outerSignal?.reason : undefined;
    const between = step.phase === PHASE.BACKOFF;
    const error = endError(run, step, between ? this.#error : reason);
    this.#reject(error);
    this.#finish();
    run.end(reason ?? error);
  }

  #finish() {
    const run = this.#run;
    run.finished = true;
    run.onIdle = undefined;
    this.#numbers[RUN_AT.DUE] = 0;
    this.#arm();
    if (this.#waiting !== undefined) {
      leaveSignal(run.outerSignal, this.#waiting);
    }
  }
}

module.exports = { RunDriver };
