// SPDX-License-Identifier: MIT
'use strict';

// Evidence of our own errors, which carry their verdict.

const {
  OUTCOMES,
  PHASES,
  severityNumber,
  statusNumber,
  systemNumber,
} = require('../errors/error-classes.js');
const { FACT, OUTCOME, STATUS } = require('../protocol/policy.js');
const { asSqlState, read, readText } = require('./evidence-parts.js');

/** @typedef {import('./evidence-parts.js').Evidence} Evidence */

const { SERVER_ERROR, SOCKET_ERROR } = STATUS;

/**
 * Returns the evidence of an error of ours, with its verdict: the engine knew
 * more when it made the error than is left here.
 * @param {import('../errors/errors.js').HoldfastError} error
 * @returns {Evidence}
 */
function ownEvidence(error) {
  const facts = new Int32Array(FACT.COUNT);
  const sqlState = asSqlState(readText(error, 'sqlState'));
  const code = readText(error, 'code');
  const syscall = readText(error, 'syscall');
  const phase = PHASES.indexOf(/** @type {any} */ (readText(error, 'phase')));
  const known = OUTCOMES.indexOf(
    /** @type {any} */ (readText(error, 'outcome')),
  );
  facts[FACT.PHASE] = Math.max(0, phase);
  facts[FACT.STATUS] = ownStatus(code, sqlState, syscall);
  facts[FACT.SEVERITY] = severityNumber(readText(error, 'severity'));
  facts[FACT.IN_TRANSACTION] = read(error, 'unit') === 'transaction' ? 1 : 0;
  facts[FACT.KNOWN] = known < 0 ? OUTCOME.AMBIGUOUS : known;
  facts[FACT.KNOWN_RETRYABLE] = read(error, 'retryable') === true ? 1 : 0;
  return {
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

module.exports = { ownEvidence };
