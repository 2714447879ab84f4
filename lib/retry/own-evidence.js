// SPDX-License-Identifier: MIT
'use strict';

// Evidence of our own errors: they say themselves what became of the work.

const {
  OUTCOMES,
  PHASES,
  severityNumber,
  statusNumber,
  systemNumber,
} = require('../errors/error-classes.js');
const { EVIDENCE, FACT, STATUS } = require('../protocol/policy.js');
const {
  asSqlState,
  judge,
  read,
  readText,
  withOnly,
} = require('./evidence-parts.js');

/** @typedef {import('./evidence-parts.js').Evidence} Evidence */

const { SERVER_ERROR, SOCKET_ERROR } = STATUS;

/**
 * Returns evidence by which the engine's judge comes to what an error of ours
 * says of itself. Its own fields mostly do; where they do not, because the
 * engine knew more when it made the error, an example stands for it.
 * @param {import('../errors/errors.js').HoldfastError} error
 * @returns {Evidence}
 */
function ownEvidence(error) {
  const facts = new Int32Array(FACT.COUNT);
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
  const facts = new Int32Array(FACT.COUNT);
  facts[FACT.PHASE] = PHASES.indexOf(/** @type {any} */ (phase));
  facts[FACT.STATUS] = code === '' ? SERVER_ERROR : statusNumber(code);
  facts[FACT.SEVERITY] = severityNumber('ERROR');
  return { facts, strings: withOnly(EVIDENCE.SQLSTATE, sqlState) };
}

module.exports = { ownEvidence };
