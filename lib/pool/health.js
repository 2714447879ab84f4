// SPDX-License-Identifier: MIT
'use strict';

// health(): the engine queries the server, and judges for all threads.

const { logOf } = require('../observe/log.js');
const { nowMillis } = require('../platform/clock.js');
const { HEALTH, HEALTH_AT, OBSTACLE } = require('../protocol/messages.js');
const { FLAG, LIMIT, OP } = require('../protocol/operations.js');
const { checkOptions } = require('../validate/keys.js');
const { readMillis } = require('../validate/values.js');
const { POOLERS, describe } = require('./health-report.js');

/** @typedef {import('./health-report.js').Health} Health */

const KNOWN = new Set(['timeoutMillis']);

/**
 * The result of a check. Without a verdict the engine could not be queried.
 * @typedef {object} Found
 * @property {Int32Array} [verdict]
 * @property {any} [error]
 */

/**
 * @param {any} options
 * @returns {number}
 */
function readTimeout(options = {}) {
  checkOptions(options, KNOWN, 'health()');
  const millis = readMillis(options.timeoutMillis, 'timeoutMillis');
  return millis || LIMIT.HEALTH_TIMEOUT_MS;
}

/**
 * Whether the pool's own settings make its transactions read-only.
 * @param {import('./pool-core.js').PoolCore} core
 * @returns {boolean}
 */
function asksToRead({ resolved }) {
  const { settings, target } = /** @type {any} */ (resolved);
  const asked = JSON.stringify([settings ?? null, target ?? null]);
  return asked.includes('transaction_read_only');
}

class HealthCheck {
  #core;
  #pool;
  #warmup;
  #flags;
  /** @type {Int32Array | undefined} */
  #last = undefined;

  /**
   * @param {import('./pool-core.js').PoolCore} core
   * @param {import('./pool.js').Pool} pool
   * @param {import('./warmup.js').Warmup} warmup
   */
  constructor(core, pool, warmup) {
    this.#core = core;
    this.#pool = pool;
    this.#warmup = warmup;
    this.#flags = asksToRead(core) ? FLAG.READ_ONLY : 0;
  }

  /**
   * Rejects only for options that are wrong.
   * @param {any} options
   * @returns {Promise<Health>}
   */
  async check(options) {
    const timeout = readTimeout(options);
    const startedAt = nowMillis();
    if (this.#warmup.waiting > 0) {
      logOf(this.#pool).info(
        { event: 'health.wait' },
        '[HEALTH CHECK] Waiting for warmup...',
      );
    }
    const { verdict, error } = await this.#ask(timeout);
    this.#last = verdict ?? this.#last;
    const durationMillis = nowMillis() - startedAt;
    const health = describe(
      verdict ?? this.#unasked(),
      verdict === undefined && this.#pool.ending ? null : error,
      durationMillis,
    );
    this.#log(health, durationMillis);
    return health;
  }

  /**
   * @param {number} timeout
   * @returns {Promise<Found>}
   */
  #ask(timeout) {
    const core = this.#core;
    return new Promise((resolve) => {
      if (this.#pool.ending && !core.opened) {
        resolve({});
        return;
      }
      const waiter = {
        onHealth: (
          /** @type {Int32Array} */ verdict,
          /** @type {any} */ error,
          /** @type {number} */ connection,
        ) =>
          resolve({
            verdict,
            error: error === null ? null : core.explain({ connection }, error),
          }),
        onError: (
          /** @type {any} */ error,
          /** @type {number} */ _transaction,
          /** @type {number} */ connection,
        ) => resolve({ error: core.explain({ connection }, error) }),
      };
      try {
        core.send(OP.HEALTH, waiter, { flags: this.#flags, deadline: timeout });
      } catch (error) {
        resolve({ error });
      }
    });
  }

  /**
   * The verdict where the engine cannot be queried: what it last reported is
   * kept.
   */
  #unasked() {
    const verdict = new Int32Array(HEALTH_AT.INTS);
    const { pooler } = this.#pool.options;
    verdict[HEALTH_AT.STATUS] = HEALTH.DOWN;
    verdict[HEALTH_AT.OBSTACLE] = this.#pool.ending
      ? OBSTACLE.ENDED
      : OBSTACLE.FAILED;
    verdict[HEALTH_AT.POOLER] =
      this.#last?.[HEALTH_AT.POOLER] ?? Math.max(0, POOLERS.indexOf(pooler));
    verdict[HEALTH_AT.WARMED] = this.#last?.[HEALTH_AT.WARMED] ?? 0;
    verdict[HEALTH_AT.ROLE] = this.#last?.[HEALTH_AT.ROLE] ?? 0;
    return verdict;
  }

  /** @param {Health} health @param {number} durationMillis */
  #log(health, durationMillis) {
    const why = health.reasons.join('; ');
    const { incidents } = logOf(this.#pool);
    incidents.checked(health.status, why, health.warmed, durationMillis);
  }
}

module.exports = { HealthCheck, readTimeout };
