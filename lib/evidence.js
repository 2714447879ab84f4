// SPDX-License-Identifier: MIT
'use strict';

// Anything that can be thrown, to evidence for the engine's judge. Errors come
// wrapped: Drizzle and TypeORM put the driver's error into `cause` or
// `driverError`, Prisma into `meta`, node several into one AggregateError. The
// outermost layer that says anything is the one that counts.
//
// Nothing read from an error may throw: there are getters, proxies, cycles.

const native = require('./errors.js').lazy(() => require('./native.js'));
const {
  OUTCOMES,
  PHASES,
  isOurs,
  severityNumber,
  statusNumber,
  systemNumber,
} = require('./errors.js');

/** Places of hf_evidence's facts. */
const FACT = Object.freeze({
  PHASE: 0,
  STATUS: 1,
  SEVERITY: 2,
  SPEAKER: 3,
  IN_TRANSACTION: 4,
  COMMIT_SENT: 5,
  MAY_COMMIT_MIDWAY: 6,
  NOTHING_SENT: 7,
});
const FACTS = 8;
const PHASE_UNKNOWN = PHASES.indexOf('unknown');

/** How deep wrappers are opened, and how wide. */
const LAYERS_MAX = 12;

/** What is kept of a long text: the judge reads its beginning and last line. */
const TEXT_KEPT = 8192;

const SQLSTATE = /^(?!P[1-9])(?=.*\d)[0-9A-Z]{5}$/;
const PRISMA_CODE = /^P[1-9]\d{3}$/;

/** Status numbers without a code of their own; see enum hf_status. */
const SERVER_ERROR = 2;
const SOCKET_ERROR = 3;

/**
 * @typedef {[sqlstate: string | undefined, routine: string | undefined,
 *   code: string | undefined, kind: string | undefined,
 *   syscall: string | undefined, name: string | undefined,
 *   message: string | undefined]} Strings
 */
/** @typedef {{ facts: Int32Array, strings: Strings }} Evidence */

/**
 * @param {any} object
 * @param {string} key
 * @returns {unknown}
 */
function read(object, key) {
  try {
    return object === null || object === undefined ? undefined : object[key];
  } catch {
    return undefined;
  }
}

/**
 * @param {any} object
 * @param {string} key
 * @returns {string | undefined}
 */
function readText(object, key) {
  const value = read(object, key);
  if (typeof value !== 'string' || value === '') {
    return undefined;
  }
  return value.length <= 2 * TEXT_KEPT
    ? value
    : value.slice(0, TEXT_KEPT) + value.slice(-TEXT_KEPT);
}

/**
 * @param {unknown} value
 * @returns {value is object}
 */
function isObject(value) {
  return typeof value === 'object' && value !== null;
}

/**
 * @param {string | undefined} text
 * @returns {string | undefined}
 */
function asSqlState(text) {
  return text !== undefined && SQLSTATE.test(text) ? text : undefined;
}

/**
 * Returns the facts a driver adapter mapped: a plain object with a kind or
 * the server's code.
 * @param {object} error
 * @returns {object | undefined}
 */
function mappedFacts(error) {
  const adapterError = read(read(error, 'meta'), 'driverAdapterError');
  const candidates = [read(adapterError, 'cause'), read(error, 'cause')];
  for (const mapped of candidates) {
    if (
      isObject(mapped) &&
      (readText(mapped, 'kind') || readText(mapped, 'originalCode'))
    ) {
      return mapped;
    }
  }
  return undefined;
}

/**
 * Returns whether the text of an error is the user's statement, from which
 * nothing must be read.
 * @param {object} error
 * @param {string | undefined} message
 * @returns {boolean}
 */
function quotesStatement(error, message) {
  return (
    message?.startsWith('Failed query: ') === true ||
    read(read(error, 'constructor'), 'name') === 'DrizzleQueryError'
  );
}

/**
 * Returns the evidence of one layer.
 * @param {object} error
 * @returns {Evidence}
 */
function layerEvidence(error) {
  const mapped = mappedFacts(error);
  const meta = read(error, 'meta');
  const code = readText(error, 'code') ?? readText(error, 'errorCode');
  const message = readText(error, 'message');
  const facts = new Int32Array(FACTS);
  facts[FACT.PHASE] = PHASE_UNKNOWN;
  facts[FACT.SEVERITY] = severityNumber(
    readText(mapped, 'severity') ?? readText(error, 'severity'),
  );
  const metaCode =
    code !== undefined && PRISMA_CODE.test(code)
      ? readText(meta, 'code')
      : undefined;
  return {
    facts,
    strings: [
      asSqlState(readText(mapped, 'originalCode')) ??
        asSqlState(readText(mapped, 'code')) ??
        asSqlState(metaCode) ??
        asSqlState(code) ??
        asSqlState(readText(error, 'sqlState')),
      readText(error, 'routine'),
      code,
      readText(mapped, 'kind'),
      readText(error, 'syscall'),
      readText(error, 'name'),
      quotesStatement(error, message)
        ? undefined
        : (message ?? readText(mapped, 'originalMessage')),
    ],
  };
}

/**
 * Returns what to look into next, outermost first.
 * @param {object} error
 * @returns {unknown[]}
 */
function insides(error) {
  return [
    read(read(error, 'meta'), 'driverAdapterError'),
    read(error, 'cause'),
    read(error, 'driverError'),
    read(error, 'originalError'),
    read(error, 'original'),
    read(error, 'parent'),
  ];
}

/**
 * Returns an error's layers, outermost first, each once.
 * @param {object} error
 * @returns {object[]}
 */
function layersOf(error) {
  const layers = [error];
  for (let at = 0; at < layers.length && layers.length < LAYERS_MAX; at++) {
    for (const inside of insides(layers[at])) {
      if (isObject(inside) && !layers.includes(inside)) {
        layers.push(inside);
      }
    }
  }
  return layers.slice(0, LAYERS_MAX);
}

/**
 * Judges evidence.
 * @param {Evidence} evidence
 */
function judge({ facts, strings }) {
  return native().classify(facts, ...strings);
}

/** What the judge says when it knows nothing. */
const ignorance = require('./errors.js').lazy(() => {
  return judge(primitiveEvidence(undefined)).reason;
});

/**
 * Returns the evidence of the most doubtful of several errors: where one of
 * them may have done something, all of them may.
 * @param {unknown[]} errors
 * @param {Set<unknown>} seen
 * @returns {Evidence | undefined}
 */
function worstOf(errors, seen) {
  const doubt = ['not_executed', 'rolled_back', 'permanent', 'ambiguous'];
  let worst = -1;
  /** @type {Evidence | undefined} */
  let found;
  for (const error of errors.slice(0, LAYERS_MAX)) {
    const evidence = gather(error, seen);
    const why = judge(evidence);
    const rank =
      doubt.indexOf(OUTCOMES[why.outcome] ?? '') * 2 - (why.retryable ? 1 : 0);
    if (found === undefined || rank > worst) {
      worst = rank;
      found = evidence;
    }
  }
  return found;
}

/**
 * @param {unknown} errors
 * @returns {unknown[] | undefined}
 */
function asList(errors) {
  try {
    return Array.isArray(errors) && errors.length > 0
      ? errors.slice()
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Returns evidence by which the engine's judge comes to what an error of ours
 * says of itself. Its own fields mostly do; where they do not, because the
 * engine knew more when it made the error, an example stands for it.
 * @param {import('./errors.js').HoldfastError} error
 * @returns {Evidence}
 */
function ownEvidence(error) {
  const facts = new Int32Array(FACTS);
  const sqlState = asSqlState(readText(error, 'sqlState'));
  const code = readText(error, 'code');
  const syscall = readText(error, 'syscall');
  const outcome = readText(error, 'outcome');
  const retryable = read(error, 'retryable') === true;
  facts[FACT.PHASE] = Math.max(
    0,
    PHASES.indexOf(/** @type {any} */ (readText(error, 'phase'))),
  );
  facts[FACT.STATUS] = ownStatus(code, sqlState, syscall);
  facts[FACT.SEVERITY] = severityNumber(readText(error, 'severity'));
  facts[FACT.IN_TRANSACTION] = read(error, 'unit') === 'transaction' ? 1 : 0;
  /** @type {Evidence} */
  const evidence = {
    facts,
    strings: [
      code === sqlState ? sqlState : undefined,
      readText(error, 'routine'),
      undefined,
      undefined,
      syscall,
      undefined,
      readText(error, 'message'),
    ],
  };
  const why = judge(evidence);
  return OUTCOMES[why.outcome] === outcome && why.retryable === retryable
    ? evidence
    : exampleOf(outcome, retryable);
}

/**
 * @param {string | undefined} code
 * @param {string | undefined} sqlState
 * @param {string | undefined} syscall
 * @returns {number}
 */
function ownStatus(code, sqlState, syscall) {
  const status = statusNumber(code);
  if (status !== 0) {
    return status;
  }
  if (code !== undefined && (syscall || systemNumber(code) !== undefined)) {
    return SOCKET_ERROR;
  }
  return sqlState === undefined || code === sqlState ? SERVER_ERROR : 0;
}

/**
 * @param {string | undefined} outcome
 * @param {boolean} retryable
 * @returns {Evidence}
 */
function exampleOf(outcome, retryable) {
  /** @type {Record<string, [string, string, string | undefined]>} */
  const examples = {
    'not_executed true': ['HF_BREAKER_OPEN', 'acquire', undefined],
    'not_executed false': ['HF_ABORTED', 'local', undefined],
    'rolled_back true': ['', 'await', '40001'],
    'rolled_back false': ['', 'await', '57014'],
    'ambiguous true': ['HF_OUTCOME_UNKNOWN', 'await', undefined],
    'permanent false': ['HF_PARAM_INVALID', 'local', undefined],
  };
  const [code, phase, sqlState] = examples[`${outcome} ${retryable}`] ?? [
    'HF_ABORTED',
    'await',
    undefined,
  ];
  const facts = new Int32Array(FACTS);
  facts[FACT.PHASE] = PHASES.indexOf(/** @type {any} */ (phase));
  facts[FACT.STATUS] = code === '' ? SERVER_ERROR : statusNumber(code);
  facts[FACT.SEVERITY] = severityNumber('ERROR');
  return { facts, strings: withOnly(0, sqlState) };
}

/**
 * Returns strings of which only one is known.
 * @param {number} place
 * @param {string | undefined} text
 * @returns {Strings}
 */
function withOnly(place, text) {
  /** @type {(string | undefined)[]} */
  const strings = new Array(7).fill(undefined);
  strings[place] = text;
  return /** @type {Strings} */ (strings);
}

/**
 * Returns the error of ours in an error, under whatever wrappers.
 * @param {unknown} error
 * @returns {import('./errors.js').HoldfastError | undefined}
 */
function findOurs(error) {
  if (isOurs(error)) {
    return error;
  }
  return isObject(error)
    ? /** @type {any} */ (layersOf(error).find((layer) => isOurs(layer)))
    : undefined;
}

/**
 * @param {unknown} error
 * @param {Set<unknown>} seen
 * @returns {Evidence}
 */
function gather(error, seen) {
  if (!isObject(error) && typeof error !== 'function') {
    return primitiveEvidence(error);
  }
  if (seen.has(error)) {
    return primitiveEvidence(undefined);
  }
  seen.add(error);
  const ours = findOurs(error);
  if (ours !== undefined) {
    return ownEvidence(ours);
  }
  /** @type {Evidence | undefined} */
  let first;
  for (const layer of layersOf(error)) {
    const evidence =
      worstOf(asList(read(layer, 'errors')) ?? [], seen) ??
      layerEvidence(layer);
    first ??= evidence;
    if (judge(evidence).reason !== ignorance()) {
      return evidence;
    }
  }
  return first ?? primitiveEvidence(undefined);
}

/**
 * @param {unknown} value
 * @returns {Evidence}
 */
function primitiveEvidence(value) {
  const facts = new Int32Array(FACTS);
  facts[FACT.PHASE] = PHASE_UNKNOWN;
  const message = readText({ message: value }, 'message');
  return { facts, strings: withOnly(6, message) };
}

/**
 * Returns what is known of anything that was thrown.
 * @param {unknown} error
 * @returns {Evidence}
 */
function gatherEvidence(error) {
  return gather(error, new Set());
}

/**
 * Returns the SQLSTATE of anything that was thrown, if it has one.
 * @param {Evidence} evidence
 * @returns {string | undefined}
 */
function sqlStateOf({ strings }) {
  const inText = /(?:code: "|Code: `|SqlState\("|SqlState\(E)([0-9A-Z]{5})\b/;
  const found =
    strings[0] ?? asSqlState(inText.exec(strings[6] ?? '')?.[1] ?? undefined);
  return found;
}

module.exports = { gatherEvidence, findOurs, judge, sqlStateOf };
