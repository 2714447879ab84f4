// SPDX-License-Identifier: MIT
'use strict';

// health(): asks the server the way queries go, and says what came of it.
//
// Green (`up`) means that a query works now, red (`down`) that none does.
// Between them lies `degraded`: queries work, or would if others let them.

const timers = require('node:timers');

const { GAUGE } = require('../protocol/messages.js');
const { readMillis } = require('./arguments.js');
const { nowMillis, startTimer, stopTimer } = require('../platform/clock.js');
const { describe, isSilent } = require('./health-report.js');
const { logOf } = require('../observe/log.js');
const { sendProbe } = require('./probe.js');

/** @typedef {import('./health-report.js').Finding} Finding */
/** @typedef {import('./health-report.js').Health} Health */

const TIMEOUT_MILLIS = 2000;

/** Calls within this time share a probe; a success this young is proof. */
const FRESH_MILLIS = 100;

/** How long the server's role is believed, and only by the same connections. */
const ROLE_MILLIS = 1000;

/** The engine answers that much earlier than we give up. */
const MARGIN_MILLIS = 25;

/** Classes of SQLSTATE with which a working server refuses the statement. */
const REFUSED = /^(?:0A|22|42)/;

// Taken hold of at load, as the clock: test runners replace it.
const { setImmediate: soon } = timers;

/**
 * A probe on its way.
 * @typedef {object} Probe
 * @property {number} startedAt
 * @property {number} endsAt
 * @property {Promise<Finding>} found never rejects
 */

/**
 * @param {any} options
 * @returns {number}
 */
function readTimeout(options) {
  if (options === undefined) {
    return TIMEOUT_MILLIS;
  }
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('the options of health() must be an object');
  }
  for (const key of Object.keys(options)) {
    if (key !== 'timeoutMillis') {
      throw new TypeError(`unknown option of health(): ${key}`);
    }
  }
  return readMillis(options.timeoutMillis, 'timeoutMillis') || TIMEOUT_MILLIS;
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
  /** @type {Probe | null} */
  #probe = null;
  /** @type {'primary' | 'standby' | 'unknown'} */
  #role = 'unknown';
  #roleAt = -Infinity;
  /** How many connections had been opened when it was learnt. */
  #roleOf = -1;
  #wasPrimary = false;
  /** Whether transactions only read there. */
  #readOnly = false;
  #lostBefore = 0;
  /** How many calls had succeeded when a check got no answer. */
  #silentSince = -1;

  /**
   * @param {import('./pool-core.js').PoolCore} core
   * @param {import('./pool.js').Pool} pool
   * @param {import('./warmup.js').Warmup} warmup
   */
  constructor(core, pool, warmup) {
    this.#core = core;
    this.#pool = pool;
    this.#warmup = warmup;
  }

  /**
   * Rejects only for options that are wrong.
   * @param {any} options
   * @returns {Promise<Health>}
   */
  async check(options) {
    const timeout = readTimeout(options);
    const startedAt = nowMillis();
    const finding = await this.#find(startedAt + timeout);
    const health = this.#report(finding, nowMillis() - startedAt);
    this.#log(health);
    return health;
  }

  /**
   * @param {number} endsAt
   * @returns {Promise<Finding>}
   */
  async #find(endsAt) {
    if (this.#pool.ending) {
      return { kind: 'ended' };
    }
    await this.#waitForWarmup(endsAt);
    const gauges = this.#core.gauges();
    if (gauges?.[GAUGE.SUSPENDED] === 1) {
      return { kind: 'suspended' };
    }
    if (this.#isProved(gauges)) {
      return { kind: 'answered', millis: 0 };
    }
    const { found } = this.#share(endsAt);
    return await within(found, endsAt);
  }

  /**
   * A warm-up under way gets half of the time: what is left after it tells
   * whether queries work without.
   * @param {number} endsAt
   */
  async #waitForWarmup(endsAt) {
    const { running } = this.#warmup;
    if (running === null) {
      return;
    }
    logOf(this.#pool).info(
      { event: 'health.wait' },
      '[HEALTH CHECK] Waiting for warmup...',
    );
    const now = nowMillis();
    await within(
      running.then(
        () => ({ kind: 'answered' }),
        () => ({ kind: 'answered' }),
      ),
      now + (endsAt - now) / 2,
    );
  }

  /**
   * Whether a query succeeded a moment ago.
   * @param {Int32Array | undefined} gauges
   * @returns {boolean}
   */
  #isProved(gauges) {
    const answered = gauges?.[GAUGE.ANSWERED_MS] ?? 0;
    const now = nowMillis();
    if (
      answered === 0 ||
      now - this.#roleAt > ROLE_MILLIS ||
      this.#roleOf !== this.#opened()
    ) {
      return false;
    }
    // Both are the low 32 bits of the same clock.
    const age = (Math.floor(now % 2 ** 32) - answered) | 0;
    return age >= 0 && age < FRESH_MILLIS;
  }

  /**
   * Returns the probe that was begun just now, or begins one. What an older
   * one finds may be about a state that is over.
   * @param {number} endsAt
   * @returns {Probe}
   */
  #share(endsAt) {
    const now = nowMillis();
    const last = this.#probe;
    if (
      last !== null &&
      now - last.startedAt < FRESH_MILLIS &&
      last.endsAt >= endsAt - FRESH_MILLIS
    ) {
      return last;
    }
    const probe = {
      startedAt: now,
      endsAt,
      found: this.#ask(endsAt - now),
    };
    this.#probe = probe;
    probe.found.then(() => {
      if (this.#probe === probe) {
        this.#probe = null;
      }
    });
    return probe;
  }

  /**
   * @param {number} millis
   * @returns {Promise<Finding>}
   */
  async #ask(millis) {
    const startedAt = nowMillis();
    try {
      const found = await sendProbe(this.#core, millis - MARGIN_MILLIS);
      this.#learnRole(found[0]);
      this.#readOnly = found[1] === 'on';
    } catch (error) {
      const { sqlState } = /** @type {any} */ (error);
      if (!REFUSED.test(sqlState ?? '')) {
        return { kind: 'failed', error };
      }
      this.#learnRole(undefined);
      this.#readOnly = false;
    }
    return { kind: 'answered', millis: nowMillis() - startedAt };
  }

  /** Another server may have answered since, or the same in another role. */
  #opened() {
    const { connectsSucceeded, connectionsLost } = this.#pool.stats();
    return connectsSucceeded + connectionsLost;
  }

  /** @param {string | undefined} inRecovery */
  #learnRole(inRecovery) {
    this.#roleAt = nowMillis();
    this.#roleOf = this.#opened();
    this.#role =
      inRecovery === 't'
        ? 'standby'
        : inRecovery === 'f'
          ? 'primary'
          : 'unknown';
    this.#wasPrimary ||= this.#role === 'primary';
  }

  /**
   * @param {Finding} finding
   * @param {number} millis
   * @returns {Health}
   */
  #report(finding, millis) {
    const stats = this.#pool.stats();
    const lost = stats.connectionsLostBusy;
    const lostNow = lost - this.#lostBefore;
    this.#lostBefore = lost;
    const silent = this.#silentSince === stats.succeeded;
    if (isSilent(finding, stats)) {
      this.#silentSince = stats.succeeded;
    }
    return describe(finding, stats, {
      millis,
      options: this.#pool.options,
      warmed: this.#warmup.isDone(stats),
      role: this.#role,
      demoted: this.#wasPrimary && this.#role === 'standby',
      readOnly:
        this.#readOnly && this.#role === 'primary' && !asksToRead(this.#core),
      lost: lostNow,
      silent,
    });
  }

  /** @param {Health} health */
  #log(health) {
    const log = logOf(this.#pool);
    if (health.status === 'up') {
      const warmed = health.warmed ? ' (warmup complete)' : '';
      log.debug({ event: 'health.passed' }, `Health check passed${warmed}`);
    } else if (health.status === 'down') {
      const why = health.reasons.join('; ');
      log.error({ event: 'health.failed' }, `Health check failed: ${why}`);
    } else {
      const why = health.reasons.join('; ');
      log.warn({ event: 'health.degraded' }, `Health check: ${why}`);
    }
  }
}

/**
 * Waits for a promise until a moment. An answer that is there by then counts,
 * however late this thread comes to look at it.
 * @param {Promise<Finding>} found
 * @param {number} endsAt
 * @returns {Promise<Finding>}
 */
function within(found, endsAt) {
  return new Promise((resolve) => {
    const timer = startTimer(
      () => soon(() => soon(resolve, { kind: 'silent' })),
      Math.max(0, endsAt - nowMillis()),
    );
    found.then((finding) => {
      stopTimer(timer);
      resolve(finding);
    });
  });
}

module.exports = { HealthCheck, readTimeout };
