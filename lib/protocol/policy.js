// SPDX-License-Identifier: MIT
'use strict';

// What the judge of failures reads and says.
// Written by `node scripts/protocol.js --fix`.

/** Numbers of statuses. */
const STATUS = Object.freeze({
  OK: 0,
  NO_MEMORY: 1,
  SERVER_ERROR: 2,
  SOCKET_ERROR: 3,
  NAME_ERROR: 4,
  TLS_ERROR: 5,
  AUTH_ERROR: 6,
  PROTOCOL_ERROR: 7,
  ACQUIRE_TIMEOUT: 8,
  QUEUE_FULL: 9,
  CONNECT_TIMEOUT: 10,
  QUERY_TIMEOUT: 11,
  DEADLINE: 12,
  ABORTED: 13,
  POOL_CLOSED: 14,
  RELEASED: 15,
  PARAM_INVALID: 16,
  COPY_UNSUPPORTED: 17,
  RESULT_TOO_LARGE: 18,
  OUTCOME_UNKNOWN: 19,
  BREAKER_OPEN: 20,
  SESSION_REQUIRED: 21,
  TRANSACTION_OPEN: 22,
  COMMIT_ROLLED_BACK: 23,
  SILENT: 24,
  ROLLED_BACK: 25,
  HOOK_FAILED: 26,
  STATUS_COUNT: 27,
});

/** What became of the work. */
const OUTCOME = Object.freeze({
  /** it succeeded */
  NONE: 0,
  /** provably nothing of it ran */
  NOT_EXECUTED: 1,
  /** it ran and provably left nothing durable */
  ROLLED_BACK: 2,
  /** it may or may not be durable */
  AMBIGUOUS: 3,
  /** nothing durable; the same input fails again */
  PERMANENT: 4,
});

/** What would have to be repeated. */
const UNIT = Object.freeze({
  STATEMENT: 0,
  TRANSACTION: 1,
});

/** How far a unit had come. */
const PHASE = Object.freeze({
  /** in this process, before anything was tried */
  LOCAL: 0,
  /** waiting for a connection */
  ACQUIRE: 1,
  /** opening a connection, authentication included */
  CONNECT: 2,
  /** handed to libpq, sending not finished */
  SEND: 3,
  /** sent, no complete answer */
  AWAIT: 4,
  /** COMMIT sent, not answered */
  COMMIT: 5,
  /** between two attempts */
  BACKOFF: 6,
  /** foreign error: nothing is known */
  UNKNOWN: 7,
});

/** The server's severity. */
const SEVERITY = Object.freeze({
  UNKNOWN: 0,
  /** a notice that preceded the end of the session */
  WARNING: 1,
  ERROR: 2,
  FATAL: 3,
  PANIC: 4,
});

/** Who reported an error. */
const SPEAKER = Object.freeze({
  UNKNOWN: 0,
  SERVER: 1,
  POOLER: 2,
});

/** Places in evidence's numbers. */
const FACT = Object.freeze({
  PHASE: 0,
  STATUS: 1,
  SEVERITY: 2,
  SPEAKER: 3,
  IN_TRANSACTION: 4,
  COMMIT_SENT: 5,
  MAY_COMMIT_MIDWAY: 6,
  NOTHING_SENT: 7,
  ONLY_READS: 8,
  KNOWN: 9,
  KNOWN_RETRYABLE: 10,
  COUNT: 11,
});

/** Places in evidence's texts. */
const EVIDENCE = Object.freeze({
  SQLSTATE: 0,
  ROUTINE: 1,
  CODE: 2,
  KIND: 3,
  SYSCALL: 4,
  NAME: 5,
  MESSAGE: 6,
  COUNT: 7,
});

/** How delays are spread. */
const JITTER = Object.freeze({
  FULL: 0,
  NONE: 1,
});

/** How delays grow. */
const GROWTH = Object.freeze({
  EXPONENTIAL: 0,
  LINEAR: 1,
});

/** Places in a retry policy. */
const POLICY = Object.freeze({
  MAX_RETRIES: 0,
  BASE_MS: 1,
  CAP_MS: 2,
  JITTER: 3,
  GROWTH: 4,
  RETRY_AMBIGUOUS: 5,
  COUNT_GIVEN: 6,
  DELAYS_GIVEN: 7,
  UNBUDGETED: 8,
  NAME_RETRIES: 9,
  COUNT: 10,
});

/** In ms. */
const RETRY_LIMIT = Object.freeze({
  /**
   * Of what a platform leaves a function, this is for its answer: one that is
   * stopped by its platform answers nobody.
   */
  ANSWER_MS: 200,
});

/** Where a run stands. */
const RUN_STATE = Object.freeze({
  /** nothing was begun */
  NEW: 0,
  /** the function is at work */
  RUNNING: 1,
  /** it failed, and calls that it began are waited for */
  SETTLING: 2,
  /** before the next attempt */
  BACKOFF: 3,
  /** before an attempt, while calls are held */
  HELD: 4,
  /** no attempt follows; this one may still say how it ended */
  GRACE: 5,
  /** the caller has its answer */
  DONE: 6,
  STATES: 7,
});

/** What happens to a run. */
const RUN_ON = Object.freeze({
  BEGIN: 0,
  /** the function succeeded */
  SUCCESS: 1,
  /** the function failed, with evidence */
  FAILURE: 2,
  /** none of the attempt's calls is under way now */
  CALLS_ENDED: 3,
  /** calls were held, and may go on */
  RELEASE: 4,
  /** the caller's signal */
  ABORT: 5,
  /** what hf_run_step.due_at asked for */
  TIMER: 6,
});

/** What is to be done. */
const RUN_DO = Object.freeze({
  /** nothing before the next event */
  WAIT: 0,
  /** call the function */
  CALL: 1,
  /** answer with what it returned */
  SUCCEED: 2,
  /** answer with what it failed with last */
  FAIL: 3,
  /** answer with the error that hf_run_step describes */
  END: 4,
});

/** Places in a run's numbers. */
const RUN_AT = Object.freeze({
  STATE: 0,
  ENDED: 1,
  FAILED: 2,
  DUE: 3,
  USED_ONCE: 4,
  RETRIES: 5,
  WAITS: 6,
  /** what follows is only read */
  DEADLINE: 7,
  CALLER_DEADLINE: 8,
  EVENT: 9,
  RANDOM: 10,
  NOW: 11,
  ABORTED: 12,
  HELD: 13,
  PENDING: 14,
  WROTE: 15,
  INSIDE: 16,
  REPEATED: 17,
  RETRIES_LEFT: 18,
  NAMES_LEFT: 19,
  COUNT: 20,
});

/** What the text of SQL says. */
const TEXT = Object.freeze({
  /** writes nothing, bar shadowed names */
  READS: 1,
  /** an error proves nothing gone */
  COMMITS_MIDWAY: 2,
  /** runs in no transaction */
  ALONE: 4,
  /** CALL or DO: may commit, then only alone */
  CALLS: 8,
  /** ALTER TYPE ... ADD VALUE */
  ADDS_VALUE: 16,
  /** BEGIN, COMMIT, SAVEPOINT and the like */
  CONTROLS: 32,
});

/** How a text names a parameter. */
const PLACEHOLDER = Object.freeze({
  /** $1 */
  NUMBER: 0,
  /** :name */
  NAME: 1,
});

/** What a placeholder stands in. */
const WITHIN = Object.freeze({
  NOTHING: 0,
  STRING: 1,
  DOLLAR_QUOTES: 2,
  QUOTED_NAME: 3,
  COMMENT: 4,
});

/** What a lost COMMIT asks for. */
const FATE = Object.freeze({
  /** get a connection that was begun after the loss */
  CONNECT: 0,
  /** who are you, and what became of the transaction? */
  ASK: 1,
  /** let delay_ms pass */
  PAUSE: 2,
  /** end the backend if it still runs the transaction */
  TERMINATE: 3,
  /** which standbys does COMMIT wait for? */
  STANDBYS: 4,
  /** commit a mark as the transaction would have */
  CONFIRM: 5,
  /** it is over: it is durable */
  COMMITTED: 6,
  /** it is over: nothing of it is */
  ROLLED_BACK: 7,
  /** it is over: nobody can say, as `reason` says */
  UNKNOWN: 8,
});

/** How a step of that went. */
const FATE_EVENT = Object.freeze({
  CONNECTED: 0,
  /** with server, timeline and status, NULL = none */
  ANSWERED: 1,
  PAUSED: 2,
  TERMINATED: 3,
  /** with synchronous_standby_names */
  NAMED: 4,
  CONFIRMED: 5,
  /** the step failed: there may be another way */
  FAILED: 6,
  /** the same, and every further one would */
  REFUSED: 7,
  /** the caller stopped waiting */
  ABANDONED: 8,
});

module.exports = {
  EVIDENCE,
  FACT,
  FATE,
  FATE_EVENT,
  GROWTH,
  JITTER,
  OUTCOME,
  PHASE,
  PLACEHOLDER,
  POLICY,
  RETRY_LIMIT,
  RUN_AT,
  RUN_DO,
  RUN_ON,
  RUN_STATE,
  SEVERITY,
  SPEAKER,
  STATUS,
  TEXT,
  UNIT,
  WITHIN,
};
