// SPDX-License-Identifier: MIT
'use strict';

// What is shown of a process: figures of stats() and health(), and what the
// last minute was like. The terminal and the page show the same figures.

const { livePools } = require('../observe/live.js');
const { histogramStems } = require('../observe/metrics.js');
const native = require('../engine/native.js');

/** @typedef {import('../pool/pool-core.js').PoolCore} PoolCore */
/** @typedef {import('../observe/prometheus.js').Sample} Sample */

/**
 * @typedef {object} PoolState
 * @property {string} name
 * @property {'up' | 'degraded' | 'down'} status
 * @property {string[]} reasons
 * @property {string} pooler
 * @property {string} role
 * @property {number} max
 * @property {{busy: number, lent: number, idle: number,
 *   connecting: number}} connections
 * @property {number} waiting
 * @property {number} queries in all
 * @property {number | null} perSecond of the last minute; null: too early
 * @property {number | null} p50Millis of the last minute; null: no statement
 * @property {number | null} p95Millis
 * @property {number | null} p99Millis
 * @property {number} retries
 * @property {number[]} succeededOnAttempt
 * @property {{notExecuted: number, rolledBack: number, ambiguous: number,
 *   permanent: number}} failed
 * @property {number} connectionsLost
 * @property {{state: 'closed' | 'open' | 'half-open', opened: number,
 *   connectsFailed: number}} breaker
 * @property {{upToMillis: number | null, count: number}[]} latency of the
 *   last minute
 */

/**
 * @typedef {object} ProcessState
 * @property {number} schema
 * @property {number} pid
 * @property {string} title
 * @property {string} version of this package
 * @property {string} node
 * @property {number} at milliseconds since 1970
 * @property {number} upSeconds
 * @property {PoolState[]} pools
 */

const SCHEMA = 1;
const HEALTH_MILLIS = 900;
const WINDOW_MILLIS = 60_000;
/** Several viewers that look at once are told the same. */
const FRESH_MILLIS = 400;
const MICROS_PER_MILLI = 1000;
const MILLIS_PER_SECOND = 1000;
const BREAKER = /** @type {const} */ (['closed', 'open', 'half-open']);

/**
 * What the last minute is measured from.
 * @typedef {object} Point
 * @property {number} at by a clock that nobody sets
 * @property {number} queries
 * @property {number[]} counts of statements, by bucket
 */

/**
 * @param {Sample} sample
 * @returns {number[]} the histogram's own buckets are sums up to a bound
 */
function countsOf({ stats, buckets }) {
  const bounds = native.statsBounds();
  const first =
    histogramStems(native.statsNames()).indexOf('queryTime') * bounds.length;
  const sums = [...bounds.keys()].map((i) => buckets?.[first + i] ?? 0);
  const all = Math.max(stats.queryTimeCount, sums.at(-1) ?? 0);
  return [...sums, all].map((sum, i, list) =>
    i === 0 ? sum : sum - list[i - 1],
  );
}

/** The upper bounds of the buckets. @returns {(number | null)[]} */
function boundsInMillis() {
  const millis = [...native.statsBounds()].map((us) => us / MICROS_PER_MILLI);
  return [...millis, null];
}

/**
 * Returns about how long a share of the statements took at most.
 * @param {{upToMillis: number | null, count: number}[]} latency
 * @param {number} share
 * @returns {number | null}
 */
function quantile(latency, share) {
  const total = latency.reduce((sum, { count }) => sum + count, 0);
  let left = share * total;
  let from = 0;
  for (const { upToMillis, count } of latency) {
    const to = upToMillis ?? 2 * from;
    if (count > 0 && left <= count) {
      return from + ((to - from) * left) / count;
    }
    left -= count;
    from = to;
  }
  return null;
}

/** The last minute of one pool. */
class Past {
  /** @type {Point[]} */
  #points = [];

  /**
   * @param {Sample} sample
   * @param {number} at
   */
  add(sample, at) {
    const { queries } = sample.stats;
    const last = this.#points.at(-1);
    if (last !== undefined && queries < last.queries) {
      this.#points = []; // another pool under this name
    }
    this.#points.push({ at, queries, counts: countsOf(sample) });
    while (
      this.#points.length > 2 &&
      this.#points[1].at <= at - WINDOW_MILLIS
    ) {
      this.#points.shift();
    }
  }

  /** @returns {Pick<PoolState, 'perSecond' | 'latency' | 'p50Millis' | 'p95Millis' | 'p99Millis'>} */
  get minute() {
    const points = this.#points;
    const [then, now] = [points[0], points[points.length - 1]];
    const seconds = (now.at - then.at) / MILLIS_PER_SECOND;
    const latency = boundsInMillis().map((upToMillis, i) => ({
      upToMillis,
      count: Math.max(
        0,
        now.counts[i] - (points.length > 1 ? then.counts[i] : 0),
      ),
    }));
    return {
      perSecond: seconds > 0 ? (now.queries - then.queries) / seconds : null,
      latency,
      p50Millis: quantile(latency, 0.5),
      p95Millis: quantile(latency, 0.95),
      p99Millis: quantile(latency, 0.99),
    };
  }
}

/** @param {PoolCore} core */
async function healthOf(core) {
  try {
    return await core.pool.health({ timeoutMillis: HEALTH_MILLIS });
  } catch (error) {
    const reasons = [String(/** @type {any} */ (error)?.message ?? error)];
    const status = /** @type {const} */ ('down');
    return { status, reasons, pooler: 'unknown', role: 'unknown' };
  }
}

/**
 * @param {PoolCore} core
 * @param {Sample} sample
 * @param {Past} past
 * @returns {Promise<PoolState>}
 */
async function poolState(core, { name, stats }, past) {
  const { status, reasons, pooler, role } = await healthOf(core);
  return {
    ...{ name, status, reasons, pooler, role },
    max: Number(core.pool.options.max),
    connections: {
      busy: Math.max(0, stats.busy - stats.leased),
      lent: stats.leased,
      idle: stats.idle,
      connecting: stats.connecting,
    },
    waiting: stats.waiting,
    queries: stats.queries,
    ...past.minute,
    retries: stats.retries,
    succeededOnAttempt: [
      stats.succeededOnAttempt1,
      stats.succeededOnAttempt2,
      stats.succeededOnAttempt3,
      stats.succeededOnAttempt4,
    ],
    failed: {
      notExecuted: stats.failedNotExecuted,
      rolledBack: stats.failedRolledBack,
      ambiguous: stats.failedAmbiguous,
      permanent: stats.failedPermanent,
    },
    connectionsLost: stats.connectionsLost,
    breaker: {
      state: BREAKER[stats.breaker] ?? 'closed',
      opened: stats.breakerOpened,
      connectsFailed: stats.connectsFailed,
    },
  };
}

/** Reads the state of this process's pools, when somebody looks. */
class Reader {
  #about;
  /** @type {Map<string, Past>} */
  #pasts = new Map();
  /** @type {Promise<ProcessState> | null} */
  #latest = null;
  #readAt = 0;

  /** @param {{title: string, version: string}} about */
  constructor(about) {
    this.#about = about;
  }

  /** @returns {Promise<ProcessState>} */
  read() {
    const now = performance.now();
    if (this.#latest === null || now - this.#readAt >= FRESH_MILLIS) {
      this.#readAt = now;
      this.#latest = this.#readNow(now);
    }
    return this.#latest;
  }

  /** @param {number} now @returns {Promise<ProcessState>} */
  async #readNow(now) {
    // Samples first: the check of the health keeps a connection busy itself.
    const seen = livePools().map((core) => ({ core, sample: core.sample() }));
    const names = new Set(seen.map(({ sample }) => sample.name));
    for (const name of this.#pasts.keys()) {
      if (!names.has(name)) {
        this.#pasts.delete(name);
      }
    }
    const pools = seen.map(({ core, sample }) => {
      const past = this.#pasts.get(sample.name) ?? new Past();
      this.#pasts.set(sample.name, past);
      past.add(sample, now);
      return poolState(core, sample, past);
    });
    return {
      schema: SCHEMA,
      pid: process.pid,
      ...this.#about,
      node: process.versions.node,
      at: Date.now(),
      upSeconds: Math.round(process.uptime()),
      pools: await Promise.all(pools),
    };
  }
}

module.exports = { Past, Reader, quantile };
