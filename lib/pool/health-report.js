// SPDX-License-Identifier: MIT
'use strict';

// The engine's verdict in words.

const { rootOf } = require('../errors/errors.js');
const { ERROR_AT, HEALTH_AT, OBSTACLE, ISSUE } =
  require('../protocol/messages.js');

/**
 * @typedef {object} Health
 * @property {'up' | 'degraded' | 'down'} status
 * @property {boolean} warmed
 * @property {number} latencyMillis
 * @property {{total: number, busy: number, idle: number, waiting: number}} pool
 * @property {'none' | 'session' | 'transaction' | 'proxy' | 'unknown'} pooler
 * @property {'primary' | 'standby' | 'unknown'} role
 * @property {'closed' | 'open' | 'half-open'} breaker
 * @property {{code: string | undefined, message: string} | null} lastError
 * @property {string[]} reasons
 */

// In the order of the engine's enums: HEALTH, CIRCUIT, ROLE, POOLER.
const STATUSES = /** @type {const} */ (['up', 'degraded', 'down']);
const BREAKER = /** @type {const} */ (['closed', 'open', 'half-open']);
const ROLES = /** @type {const} */ (['unknown', 'primary', 'standby']);
const POOLERS = /** @type {const} */ ([
  'unknown',
  'none',
  'session',
  'transaction',
  'proxy',
]);

/**
 * @param {any} error
 * @returns {Health['lastError']}
 */
function lastErrorOf(error) {
  if (error === undefined || error === null) {
    return null;
  }
  const root = rootOf(error);
  const { code, message } = root;
  return {
    code: code === undefined ? undefined : String(code),
    message: String(message ?? root),
  };
}

/**
 * Returns why queries don't work.
 * @param {Int32Array} verdict
 * @param {Health['lastError']} last
 * @returns {string[]} one, or none
 */
function obstacleOf(verdict, last) {
  const lent = verdict[ERROR_AT.LEASED];
  switch (verdict[HEALTH_AT.OBSTACLE]) {
    case OBSTACLE.ENDED:
      return ['the pool was ended'];
    case OBSTACLE.SUSPENDED:
      return ['the pool is suspended: calls wait for resume()'];
    case OBSTACLE.SILENT:
      return ['the server does not answer'];
    case OBSTACLE.IN_USE:
      return [
        `all ${verdict[ERROR_AT.BUSY]} connections are in use` +
          (lent > 0 ? `, ${lent} of them lent by connect()` : ''),
      ];
    case OBSTACLE.FAILED:
      return [last?.message ?? 'the database is away'];
    default:
      return [];
  }
}

/**
 * Returns what is wrong although queries work.
 * @param {Int32Array} verdict
 * @returns {string[]}
 */
function issuesOf(verdict) {
  const waiting = verdict[ERROR_AT.WAITING];
  /** @type {[number, string][]} */
  const issues = [
    [ISSUE.QUEUE_FULL, `the queue is full: ${waiting} calls wait`],
    [ISSUE.QUEUE_LONG, `the queue is long: ${waiting} calls wait`],
    [
      ISSUE.ALL_LENT,
      `all ${verdict[ERROR_AT.LEASED]} connections are lent, and calls wait`,
    ],
    [
      ISSUE.SLOW,
      `the server took ${verdict[HEALTH_AT.ANSWER_MS]} ms to answer`,
    ],
    [ISSUE.BREAKER, 'new connections cannot be opened'],
    [ISSUE.LOST, `${verdict[HEALTH_AT.LOST]} connections were lost at work`],
    [
      ISSUE.TAKES_NO_WRITES,
      'the server takes no writes: default_transaction_read_only is on ' +
        '(is its disk full?)',
    ],
    [ISSUE.DEMOTED, 'the server was a primary and is a standby now'],
  ];
  const bits = verdict[HEALTH_AT.ISSUES];
  return issues.filter(([bit]) => bits & bit).map(([, reason]) => reason);
}

/**
 * @param {Int32Array} verdict a message of the engine's
 * @param {any} error the probe's error; null or undefined = none
 * @param {number} millis
 * @returns {Health}
 */
function describe(verdict, error, millis) {
  const lastError = lastErrorOf(error);
  return {
    status: STATUSES[verdict[HEALTH_AT.STATUS]],
    warmed: verdict[HEALTH_AT.WARMED] === 1,
    latencyMillis: Math.round(millis * 100) / 100,
    pool: {
      total: verdict[ERROR_AT.TOTAL],
      busy: verdict[ERROR_AT.BUSY],
      idle: verdict[ERROR_AT.IDLE],
      waiting: verdict[ERROR_AT.WAITING],
    },
    pooler: POOLERS[verdict[HEALTH_AT.POOLER]],
    role: ROLES[verdict[HEALTH_AT.ROLE]],
    breaker: BREAKER[verdict[HEALTH_AT.BREAKER]],
    lastError,
    reasons: [...obstacleOf(verdict, lastError), ...issuesOf(verdict)],
  };
}

module.exports = { POOLERS, describe };
