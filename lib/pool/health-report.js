// SPDX-License-Identifier: MIT
'use strict';

// From what a health check found, and the pool's figures, to a verdict.

const { rootOf } = require('../errors/errors.js');

/**
 * What asking came to.
 * @typedef {object} Finding
 * @property {'answered' | 'failed' | 'silent' | 'suspended' | 'ended'} kind
 * @property {any} [error]
 * @property {number} [millis] how long the server took
 */

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

/**
 * What is known besides.
 * @typedef {object} Facts
 * @property {number} millis
 * @property {Record<string, any>} options
 * @property {boolean} warmed
 * @property {'primary' | 'standby' | 'unknown'} role
 * @property {boolean} demoted a standby where a primary was
 * @property {boolean} readOnly a primary that takes no writes
 * @property {number} lost connections lost at work since the last check
 * @property {boolean} silent the server did not answer the last check, and
 *   nothing has succeeded since
 */

/** @typedef {Record<string, number>} Stats */

const BREAKER = /** @type {const} */ (['closed', 'open', 'half-open']);

/** A server that takes this long for nothing is in trouble. */
const SLOW_MILLIS = 1000;

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
 * @param {Record<string, any>} options
 * @param {Stats} stats
 * @returns {Health['pooler']}
 */
function poolerOf(options, stats) {
  if (options.pooler !== 'auto') {
    return options.pooler;
  }
  if (stats.proxied === 1) {
    return 'proxy';
  }
  return stats.connectsSucceeded > 0 ? 'none' : 'unknown';
}

/** Classes of SQLSTATE with which a working server has no room for more. */
const NO_ROOM = /^53/;

/**
 * Whether there is nothing but connections at work: the probe got none
 * because the application has them all. Where more could be opened and none
 * came about, that is the database's doing.
 * @param {Stats} stats
 * @param {Facts} facts
 * @param {any} error
 * @returns {boolean}
 */
function isExhausted(stats, { options }, error) {
  const open = stats.total - stats.connecting;
  const full =
    open >= options.max || NO_ROOM.test(lastErrorOf(error)?.code ?? '');
  return open > 0 && stats.busy >= open && full;
}

/**
 * Whether a statement was sent and the server did not answer in time. What
 * has not come to an end by then, and waits in no line, was sent.
 * @param {Finding} finding
 * @param {Stats} stats
 * @returns {boolean}
 */
function isSilent({ kind, error }, stats) {
  if (kind === 'silent') {
    return stats.busy > 0 && stats.waiting === 0;
  }
  return (
    error?.code === 'HF_DEADLINE' &&
    error.phase !== 'acquire' &&
    error.phase !== 'backoff'
  );
}

/**
 * Returns why queries don't work, and whether that is the database's doing.
 * @param {Finding} finding
 * @param {Stats} stats
 * @param {Facts} facts
 * @returns {{down: boolean, reason: string} | null}
 */
function obstacleOf(finding, stats, facts) {
  const { kind, error } = finding;
  switch (kind) {
    case 'answered':
      return null;
    case 'ended':
      return { down: true, reason: 'the pool was ended' };
    case 'suspended':
      return {
        down: false,
        reason: 'the pool is suspended: calls wait for resume()',
      };
    case 'silent':
      return { down: true, reason: 'the server does not answer' };
    case 'failed':
      break;
  }
  const exhausted =
    error?.code === 'HF_DEADLINE' && isExhausted(stats, facts, error);
  // What is in use may be what waits for that server.
  if (isSilent(finding, stats) || (exhausted && facts.silent)) {
    return { down: true, reason: 'the server does not answer' };
  }
  if (exhausted) {
    const lent = stats.leased;
    return {
      down: false,
      reason:
        `all ${stats.busy} connections are in use` +
        (lent > 0 ? `, ${lent} of them lent by connect()` : ''),
    };
  }
  const last = lastErrorOf(error);
  return { down: true, reason: last?.message ?? 'the database is away' };
}

/**
 * Returns what is wrong although queries work.
 * @param {Finding} finding
 * @param {Stats} stats
 * @param {Facts} facts
 * @returns {string[]}
 */
function worriesOf(finding, stats, facts) {
  /** @type {[boolean, string][]} */
  const worries = [
    [
      stats.waiting >= facts.options.queueMax,
      `the queue is full: ${stats.waiting} calls wait`,
    ],
    [
      stats.waiting >= facts.options.queueMax / 2 &&
        stats.waiting < facts.options.queueMax,
      `the queue is long: ${stats.waiting} calls wait`,
    ],
    [
      stats.waiting > 0 && stats.leased >= facts.options.max,
      `all ${stats.leased} connections are lent, and calls wait`,
    ],
    [
      (finding.millis ?? 0) > SLOW_MILLIS,
      `the server took ${Math.round(finding.millis ?? 0)} ms to answer`,
    ],
    [stats.breaker !== 0, 'new connections cannot be opened'],
    [facts.lost > 0, `${facts.lost} connections were lost at work`],
    [
      facts.readOnly,
      'the server takes no writes: default_transaction_read_only is on ' +
        '(is its disk full?)',
    ],
    [facts.demoted, 'the server was a primary and is a standby now'],
  ];
  return worries.filter(([there]) => there).map(([, reason]) => reason);
}

/**
 * @param {Finding} finding
 * @param {Stats} stats
 * @param {Facts} facts
 * @returns {Health}
 */
function describe(finding, stats, facts) {
  const obstacle = obstacleOf(finding, stats, facts);
  const reasons = worriesOf(finding, stats, facts);
  if (obstacle !== null) {
    reasons.unshift(obstacle.reason);
  }
  const down = obstacle?.down ?? false;
  const { total, busy, idle, waiting } = stats;
  return {
    status: down ? 'down' : reasons.length > 0 ? 'degraded' : 'up',
    warmed: facts.warmed,
    latencyMillis: Math.round(facts.millis * 100) / 100,
    pool: { total, busy, idle, waiting },
    pooler: poolerOf(facts.options, stats),
    role: facts.role,
    breaker: BREAKER[stats.breaker] ?? 'closed',
    lastError: lastErrorOf(finding.error),
    reasons,
  };
}

module.exports = { describe, isSilent };
