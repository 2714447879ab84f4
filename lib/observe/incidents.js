// SPDX-License-Identifier: MIT
'use strict';

// What goes wrong with a pool's server, each thing told once: an outage has a
// line at its start, one a minute while it lasts, and one at its end, which say
// how much of what failed meanwhile. What began before its end belongs to it,
// also where its failure is heard of later. Handles on one pool tell it together.

const { nowMillis, startTimer } = require('#platform');

/** @typedef {import('./log.js').Log} Log */

/** How often a lasting outage is mentioned. */
const SUMMARY_MILLIS = 60_000;
/** What happens together is told together: lost connections, and a failed
 * connect with the breaker that it opens. */
const TOGETHER_MILLIS = 100;
/** Of a failure that is repeated, so many lines are logged in this time. */
const BURST_LINES = 5;
const BURST_MILLIS = 10_000;
/** Connections that are lost one after the other are told this often. */
const LOST_MILLIS = 10_000;
/** A failing health check whose reason changes is told this often. */
const HEALTH_MILLIS = 10_000;
/** How many different failures are remembered. */
const REMEMBERED_MAX = 100;

/** A server that was reached, and refuses the user, the password or the
 * database. */
const REFUSED_LOGIN = /^(?:28|3D)/;

/**
 * @typedef {object} Outage
 * @property {number} since
 * @property {number} told when it was mentioned last
 * @property {string} why
 * @property {{connects: number, healthChecks: number, retries: number}} failed
 */

/**
 * Returns what an error says, in a line: of libpq's text for a socket that
 * failed, only what Node would say.
 * @param {any} error
 * @returns {string}
 */
function sayError({ code, message }) {
  const [line = ''] = String(message).split('\n', 1);
  const short = /^connect [A-Z]+ \S+(?=: )/.exec(line)?.[0] ?? line;
  return short.includes(code) ? short : `${code}: ${short}`;
}

/** @param {number} millis */
function inWords(millis) {
  const seconds = millis / 1000;
  return seconds < 120
    ? `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`
    : `${Math.round(seconds / 60)} min`;
}

/**
 * @param {Outage['failed']} failed
 * @returns {string} what failed, or nothing
 */
function countsOf({ connects, healthChecks, retries }) {
  const parts = [
    [connects, 'connect', 'connects'],
    [healthChecks, 'health check', 'health checks'],
    [retries, 'attempt of a helper', 'attempts of helpers'],
  ]
    .filter(([count]) => Number(count) > 0)
    .map(([count, one, many]) => `${count} ${count === 1 ? one : many}`);
  return parts.length === 0 ? '' : `; meanwhile failed: ${parts.join(', ')}`;
}

class Incidents {
  /** How many handles tell it. */
  users = 0;
  #log;
  #name;
  #now;
  #start;
  /** @type {Outage | undefined} */
  #outage;
  /** Why connecting failed since it succeeded last: told, or about to be. */
  /** @type {Set<string>} */
  #reasons = new Set();
  /** Tells of a failed connect, which is about to be done. */
  /** @type {(() => void) | undefined} */
  #pending;
  /** When the last outage ended. */
  #endedAt = -Infinity;
  /** Lost connections by their number. @type {Map<number, any>} */
  #lost = new Map();
  #lostToldAt = -Infinity;
  /** What a health check said last, and when that was told. */
  #health = { status: 'up', why: '', told: 0 };
  /** Lines of a kind lately. */
  /** @type {Map<string, {since: number, lines: number}>} */
  #bursts = new Map();

  /**
   * @param {string} name the pool's; '' = not known
   * @param {Log} log
   * @param {() => number} [now] in ms
   * @param {(run: () => void, millis: number) => any} [start] a timer
   */
  constructor(name, log, now = nowMillis, start = startTimer) {
    this.#now = now;
    this.#start = start;
    this.#name = name;
    this.#log = log;
  }

  /**
   * Counts what belongs to an outage; false if there is none.
   * @param {keyof Outage['failed']} what
   */
  #count(what) {
    const outage = this.#outage;
    if (outage === undefined) {
      return false;
    }
    outage.failed[what] += 1;
    const now = this.#now();
    if (now - outage.told >= SUMMARY_MILLIS) {
      outage.told = now;
      const durationMillis = now - outage.since;
      this.#log.error(
        { event: 'breaker.lasts', durationMillis, ...outage.failed },
        `${this.#name} has been unavailable for ${inWords(durationMillis)}: ` +
          `${outage.why}${countsOf(outage.failed)}`,
      );
    }
    return true;
  }

  /**
   * A connection could not be opened. It has a line unless the breaker opens by it.
   * @param {any} error
   * @param {number} [durationMillis] since it was tried
   */
  connectFailed(error, durationMillis = 0) {
    const why = sayError(error);
    const isCounted = this.#count('connects');
    const isOld = !isCounted && this.explains(durationMillis);
    if (isOld || this.#reasons.has(why) || this.#reasons.size >= BURST_LINES) {
      return;
    }
    this.#reasons.add(why);
    if (isCounted) {
      this.#tellConnect(error.code, why);
      return;
    }
    this.#pending?.();
    const tell = () => {
      if (this.#pending === tell) {
        this.#pending = undefined;
        this.#tellConnect(error.code, why);
      }
    };
    this.#pending = tell;
    this.#start(tell, TOGETHER_MILLIS).unref?.();
  }

  /** @param {string} code @param {string} why */
  #tellConnect(code, why) {
    this.#log.warn(
      { event: 'connect.failed', code },
      `Connecting to ${this.#name} failed: ${why}`,
    );
  }

  /** A connection was opened. */
  connected() {
    this.#reasons.clear();
  }

  /** @param {any} error */
  breakerOpened(error) {
    this.#pending = undefined;
    if (this.#outage !== undefined) {
      return;
    }
    const why = sayError(error);
    const now = this.#now();
    this.#tellLost(now - this.#lostToldAt >= LOST_MILLIS);
    this.#reasons.add(why);
    this.#outage = {
      since: now,
      told: now,
      why,
      failed: { connects: 0, healthChecks: 0, retries: 0 },
    };
    this.#log.error(
      { event: 'breaker.opened', code: error.code },
      REFUSED_LOGIN.test(error.code)
        ? `Cannot connect to ${this.#name}: ${why}`
        : `${this.#name} cannot be reached, calls wait: ${why}`,
    );
  }

  breakerClosed() {
    const outage = this.#outage;
    if (outage === undefined) {
      return;
    }
    this.#outage = undefined;
    this.#reasons.clear();
    this.#endedAt = this.#now();
    const durationMillis = this.#endedAt - outage.since;
    this.#log.info(
      { event: 'breaker.closed', durationMillis, ...outage.failed },
      `${this.#name} is back after ${inWords(durationMillis)}` +
        countsOf(outage.failed),
    );
  }

  /**
   * An idle connection was lost.
   * @param {number} connection
   * @param {any} error
   */
  lost(connection, error) {
    if (this.#lost.size === 0) {
      const next = this.#lostToldAt + LOST_MILLIS - this.#now();
      const millis = Math.max(TOGETHER_MILLIS, next);
      this.#start(() => this.#tellLost(), millis).unref?.();
    }
    this.#lost.set(connection, error);
  }

  /** Tells what it was about to tell. */
  flush() {
    this.#pending?.();
    this.#tellLost();
  }

  /** @param {boolean} [isNews] not what an outage explains */
  #tellLost(isNews = this.#outage === undefined) {
    const [error] = this.#lost.values();
    const count = this.#lost.size;
    this.#lost.clear();
    if (error === undefined) {
      return;
    }
    const which =
      count === 1
        ? `An idle connection to ${this.#name} was`
        : `${count} idle connections to ${this.#name} were`;
    const fields = { event: 'connection.lost', code: error.code, count };
    const text = `${which} lost: ${sayError(error)}`;
    if (isNews) {
      this.#lostToldAt = this.#now();
      this.#log.warn(fields, text);
    } else {
      this.#log.debug(fields, text);
    }
  }

  /**
   * Returns whether an outage explains that a call took so long.
   * @param {number} durationMillis
   */
  explains(durationMillis) {
    return (
      this.#outage !== undefined || this.#now() - durationMillis < this.#endedAt
    );
  }

  /**
   * A health check has ended. A verdict that lasts is told once.
   * @param {'up' | 'degraded' | 'down'} status
   * @param {string} why
   * @param {boolean} warmed
   * @param {number} [durationMillis]
   */
  checked(status, why, warmed, durationMillis = 0) {
    const last = this.#health;
    if (status === 'down') {
      this.#count('healthChecks');
    }
    const now = this.#now();
    const changes = status !== last.status || why !== last.why;
    const isSoon = status === last.status && now - last.told < HEALTH_MILLIS;
    const isTold = changes && !isSoon && !this.explains(durationMillis);
    const wasTold = last.told > 0;
    if (isTold || status === 'up') {
      this.#health = { status, why, told: status === 'up' ? 0 : now };
    }
    this.#tellHealth(status, why, warmed, status === 'up' ? wasTold : isTold);
  }

  /**
   * @param {string} status
   * @param {string} why
   * @param {boolean} warmed
   * @param {boolean} isNews
   */
  #tellHealth(status, why, warmed, isNews) {
    if (status === 'up') {
      const text = `Health check passed${warmed ? ' (warmup complete)' : ''}`;
      const fields = { event: 'health.passed' };
      if (isNews) {
        this.#log.info(fields, text);
      } else {
        this.#log.debug(fields, text);
      }
      return;
    }
    const down = status === 'down';
    const fields = { event: down ? 'health.failed' : 'health.degraded' };
    const text = down ? `Health check failed: ${why}` : `Health check: ${why}`;
    if (!isNews) {
      this.#log.debug(fields, text);
    } else if (down) {
      this.#log.error(fields, text);
    } else {
      this.#log.warn(fields, text);
    }
  }

  /**
   * A helper's attempt failed and is repeated.
   * @param {{name: string, code?: string, [key: string]: unknown}} fields
   * @param {string} message
   * @param {number} [durationMillis] of the attempt
   */
  retried(fields, message, durationMillis = 0) {
    if (this.#count('retries') || this.explains(durationMillis)) {
      this.#log.debug(fields, message);
      return;
    }
    const key = `${fields.name} ${fields.code}`;
    const now = this.#now();
    const burst = this.#bursts.get(key);
    if (burst === undefined || now - burst.since >= BURST_MILLIS) {
      const before = Math.max(0, (burst?.lines ?? 0) - BURST_LINES);
      if (this.#bursts.size >= REMEMBERED_MAX) {
        this.#bursts.clear();
      }
      this.#bursts.set(key, { since: now, lines: 1 });
      const more = before > 0 ? `; ${before} more were not logged` : '';
      this.#log.warn({ ...fields, unlogged: before }, `${message}${more}`);
      return;
    }
    burst.lines += 1;
    if (burst.lines <= BURST_LINES) {
      this.#log.warn({ ...fields, unlogged: 0 }, message);
    } else {
      this.#log.debug(fields, message);
    }
  }
}

/**
 * By the pool's name, then by logger: those of pools that are open.
 * @type {Map<string, Map<unknown, Incidents>>}
 */
const open = new Map();

/**
 * Returns what the handles of a pool with the same logger share.
 * @param {string} name
 * @param {Log} log
 * @returns {Incidents}
 */
function joinIncidents(name, log) {
  const byLogger = open.get(name) ?? new Map();
  open.set(name, byLogger);
  const shared = byLogger.get(log.logger) ?? new Incidents(name, log);
  byLogger.set(log.logger, shared);
  shared.users += 1;
  return shared;
}

/**
 * @param {string} name
 * @param {Log} log
 */
function leaveIncidents(name, log) {
  const byLogger = open.get(name);
  const shared = byLogger?.get(log.logger);
  if (byLogger === undefined || shared === undefined) {
    return;
  }
  shared.users -= 1;
  if (shared.users === 0) {
    shared.flush();
    byLogger.delete(log.logger);
  }
  if (byLogger.size === 0) {
    open.delete(name);
  }
}

module.exports = { Incidents, joinIncidents, leaveIncidents };
