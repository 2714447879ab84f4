// SPDX-License-Identifier: MIT
'use strict';

// The classes of our errors, and errors that this process makes itself. No
// message ever holds a password, a parameter or a connection string.

const { systemErrors } = require('#platform');
const engine = require('./judge.js');
const {
  FACT,
  OUTCOME,
  PHASE,
  SEVERITY,
  UNIT,
} = require('../protocol/policy.js');

/** @typedef {'not_executed' | 'rolled_back' | 'ambiguous' | 'permanent'} Outcome */
/** @typedef {'statement' | 'transaction'} Unit */
/** @typedef {'local' | 'acquire' | 'connect' | 'send' | 'await' | 'commit' | 'backoff' | 'unknown'} Phase */

/** By enum hf_outcome; the first means that nothing failed. */
const OUTCOMES = Object.freeze(
  /** @type {(Outcome | undefined)[]} */ ([
    undefined,
    ...wordsOf(OUTCOME).slice(1),
  ]),
);
/** By enum hf_unit. */
const UNITS = Object.freeze(/** @type {Unit[]} */ (wordsOf(UNIT)));
/** By enum hf_phase. */
const PHASES = Object.freeze(/** @type {Phase[]} */ (wordsOf(PHASE)));

/**
 * Returns the names of an enum as users see them.
 * @param {object} constants
 * @returns {string[]}
 */
function wordsOf(constants) {
  return Object.keys(constants).map((name) => name.toLowerCase());
}

/** By enum hf_severity, as the server writes them. */
const SEVERITIES = Object.keys(SEVERITY);

/** Marks our errors, whichever copy of this package made them. */
const BRAND = Symbol.for('pg-holdfast.error');

/**
 * @template T
 * @param {() => T} make
 * @returns {() => T}
 */
function lazy(make) {
  /** @type {{ value: T } | undefined} */
  let made;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

const statuses = lazy(() => engine.statuses());
const statusNumbers = lazy(
  () => new Map(statuses().map((status, n) => [status.code, n])),
);

/** Properties of an error besides code and message. */
const DETAILS = Object.freeze([
  'outcome',
  'retryable',
  'unit',
  'phase',
  'attempts',
  'elapsedMillis',
  'reason',
  'sqlState',
  'errno',
  'syscall',
  'address',
  'port',
]);

/**
 * @typedef {object} Details
 * @property {Outcome} [outcome]
 * @property {boolean} [retryable]
 * @property {Unit} [unit]
 * @property {Phase} [phase]
 * @property {number} [attempts]
 * @property {number} [elapsedMillis]
 * @property {string} [reason]
 * @property {string} [sqlState]
 * @property {number} [errno]
 * @property {string} [syscall]
 * @property {string} [address]
 * @property {number} [port]
 * @property {unknown} [cause]
 */

/** Any error of this package; `code` says which. */
class HoldfastError extends Error {
  /** @type {string | undefined} */
  code;
  /** @type {Outcome} */
  outcome = 'permanent';
  retryable = false;
  /** @type {Unit} */
  unit = 'statement';
  /** @type {Phase} */
  phase = 'local';
  attempts = 0;
  elapsedMillis = 0;
  /** @type {string | undefined} */
  reason;

  /**
   * @param {string | undefined} code
   * @param {string} message
   * @param {Details} [details]
   */
  constructor(code, message, details) {
    super(
      message,
      details?.cause === undefined ? undefined : { cause: details.cause },
    );
    this.code = code;
    if (details !== undefined) {
      assignDetails(this, details);
    }
  }

  get [BRAND]() {
    return true;
  }
}

// On the prototype, as the built-in errors have theirs.
Object.defineProperty(HoldfastError.prototype, 'name', {
  value: 'HoldfastError',
  writable: true,
  configurable: true,
});

/** What the server reported, with the fields that pg gives it. */
class DatabaseError extends HoldfastError {
  /** An own property, as in pg: JSON and spreading keep it. */
  name = 'error';
  /** @type {number | undefined} */
  length;
  /** @type {string | undefined} */
  severity;
  /** @type {string | undefined} */
  detail;
  /** @type {string | undefined} */
  hint;
  /** @type {string | undefined} */
  position;
  /** @type {string | undefined} */
  internalPosition;
  /** @type {string | undefined} */
  internalQuery;
  /** @type {string | undefined} */
  where;
  /** @type {string | undefined} */
  schema;
  /** @type {string | undefined} */
  table;
  /** @type {string | undefined} */
  column;
  /** @type {string | undefined} */
  dataType;
  /** @type {string | undefined} */
  constraint;
  /** @type {string | undefined} */
  file;
  /** @type {string | undefined} */
  line;
  /** @type {string | undefined} */
  routine;
}

Object.defineProperty(DatabaseError.prototype, 'name', {
  value: 'error',
  writable: true,
  configurable: true,
});

/**
 * Copies properties of an error.
 * @param {object} target
 * @param {object} source
 * @param {readonly string[]} [keys] those to copy
 */
function assignDetails(target, source, keys = DETAILS) {
  const to = /** @type {Record<string, unknown>} */ (target);
  const from = /** @type {Record<string, unknown>} */ (source);
  for (const key of keys) {
    if (from[key] !== undefined) {
      to[key] = from[key];
    }
  }
}

/**
 * Returns whether an error was made by this package, by any copy of it.
 * @param {unknown} error
 * @returns {error is HoldfastError}
 */
function isOurs(error) {
  try {
    return (
      typeof error === 'object' &&
      error !== null &&
      /** @type {any} */ (error)[BRAND] === true
    );
  } catch {
    return false;
  }
}

/**
 * Returns the engine's number of a code such as "HF_DEADLINE", 0 for others.
 * @param {string | undefined} code
 * @returns {number}
 */
function statusNumber(code) {
  return (code ? statusNumbers().get(code) : undefined) ?? 0;
}

/**
 * Returns the engine's default sentence for a code.
 * @param {string} code
 * @returns {string}
 */
function statusText(code) {
  return statuses()[statusNumber(code)]?.text ?? code;
}

/**
 * Returns the error for a parameter that cannot be sent.
 * @param {string} message
 * @returns {HoldfastError}
 */
function paramError(message) {
  return new HoldfastError('HF_PARAM_INVALID', message, {
    outcome: 'permanent',
    reason: 'a value cannot be sent',
  });
}

/**
 * Returns an error that this process makes itself:
 * HF_RELEASED, HF_POOL_CLOSED, HF_SESSION_REQUIRED, HF_ABORTED, ... Without a
 * message it has the engine's text; without an outcome, the engine judges.
 * @param {import('../protocol/codes.js').ErrorCode} code
 * @param {string} [message]
 * @param {Details} [details]
 * @returns {HoldfastError}
 */
function usageError(code, message, details) {
  const error = new HoldfastError(code, message ?? statusText(code), details);
  if (details?.outcome === undefined) {
    const facts = new Int32Array(FACT.COUNT);
    facts[FACT.PHASE] = PHASES.indexOf(error.phase);
    facts[FACT.STATUS] = statusNumber(code);
    const why = engine.judge(facts, {});
    error.outcome = OUTCOMES[why.outcome] ?? 'permanent';
    error.retryable = details?.retryable ?? why.retryable;
    error.reason = details?.reason ?? why.reason;
  }
  return error;
}

/**
 * Returns the error of a call that is refused before anything was done, and
 * would be again.
 * @param {import('../protocol/codes.js').ErrorCode} code
 * @param {string} [message] the engine's text where it is not given
 * @param {Details} [details]
 * @returns {HoldfastError}
 */
function refusal(code, message, details) {
  return usageError(code, message, {
    outcome: 'not_executed',
    retryable: false,
    ...details,
  });
}

/**
 * Returns node's number for a system error, as a negative number.
 * @param {string} name
 * @returns {number | undefined}
 */
function systemNumber(name) {
  for (const [number, [known]] of systemErrors()) {
    if (known === name) {
      return number;
    }
  }
  return undefined;
}

/**
 * Returns enum hf_severity of the server's word for it.
 * @param {string | undefined} word
 * @returns {number}
 */
function severityNumber(word) {
  return Math.max(SEVERITY.UNKNOWN, SEVERITIES.indexOf(word ?? ''));
}

/**
 * Returns the error that says most: for an acquire that timed out, why no
 * connection could be opened. Where no binary fits it is the error itself,
 * whose cause only has paths of files.
 * @param {any} error
 * @returns {any}
 */
function rootOf(error) {
  const isRoot = error?.code === 'HF_NO_BINARY';
  return !isRoot && error?.cause instanceof Error ? error.cause : error;
}

module.exports = {
  HoldfastError,
  DatabaseError,
  OUTCOMES,
  UNITS,
  PHASES,
  assignDetails,
  isOurs,
  judge: engine.judge,
  lazy,
  paramError,
  refusal,
  rootOf,
  severityNumber,
  statuses,
  statusNumber,
  statusText,
  systemNumber,
  usageError,
};
