// SPDX-License-Identifier: MIT
'use strict';

// OpenTelemetry's metrics, under the names its conventions give to database
// clients, and where spans are turned on. The API is the user's own copy.

const { versions } = require('../engine/versions.js');
const { livePools } = require('./live.js');
const { histogramStems } = require('./metrics.js');
const native = require('../engine/native.js');
const {
  errorAttributes,
  follow,
  operationOf,
  serverAttributes,
  startSpans,
} = require('./spans.js');
const { traces } = require('./diagnostics.js');
const { checkKeysAs } = require('../validate/keys.js');

/**
 * @typedef {object} OpenTelemetryOptions
 * @property {any} [api] '@opentelemetry/api'; without it, it is required
 * @property {boolean} [spans] default true
 * @property {boolean} [metrics] default true
 */

/** @typedef {import('../pool/pool-core.js').PoolCore} PoolCore */

const NAME = 'pg-holdfast';

const SECOND = 1000;
const MICROS = 1e6;
/** Samples of one histogram per collection; more are thinned evenly. */
const REPLAY_MAX = 20000;

const KEYS = new Set(['api', 'spans', 'metrics']);

/** The buckets that the conventions advise for durations of database calls. */
const ADVICE = Object.freeze({
  explicitBucketBoundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
});

/**
 * @param {any} options
 * @returns {any} the API
 */
function checkOptions(options) {
  if (options === null || typeof options !== 'object') {
    throw new TypeError('enableOpenTelemetry() takes an object of options');
  }
  checkKeysAs(options, KEYS, 'unknown option ', ' of enableOpenTelemetry()');
  for (const key of ['spans', 'metrics']) {
    if (!['undefined', 'boolean'].includes(typeof options[key])) {
      throw new TypeError(`${key} must be true or false`);
    }
  }
  const api = options.api ?? loadApi();
  if (
    typeof api.metrics?.getMeter !== 'function' ||
    typeof api.trace?.getTracer !== 'function'
  ) {
    throw new TypeError('api must be what @opentelemetry/api exports');
  }
  return api;
}

/** @returns {any} */
function loadApi() {
  try {
    return require('@opentelemetry/api');
  } catch (cause) {
    const error = new Error(
      'enableOpenTelemetry() needs @opentelemetry/api: run ' +
        '"npm install @opentelemetry/api", or give it as {api}',
      { cause },
    );
    throw Object.assign(error, { code: 'HF_NO_OPENTELEMETRY' });
  }
}

/** Records in a histogram what the engine counted since the last time. */
class Replay {
  #histogram;
  #index;
  /** @type {WeakMap<PoolCore, number[]>} */
  #seen = new WeakMap();

  /**
   * @param {any} histogram
   * @param {string} stem
   */
  constructor(histogram, stem) {
    this.#histogram = histogram;
    this.#index = histogramStems(native.statsNames()).indexOf(stem);
  }

  /**
   * @param {PoolCore} core
   * @param {import('./prometheus.js').Sample} sample
   * @param {object} attributes
   */
  run(core, { buckets }, attributes) {
    const bounds = native.statsBounds();
    const first = this.#index * bounds.length;
    const seen = this.#seen.get(core) ?? bounds.map(() => 0);
    const now = bounds.map((_, i) => buckets?.[first + i] ?? 0);
    this.#seen.set(core, now);
    const counts = now.map(
      (count, i) => count - seen[i] - (i === 0 ? 0 : now[i - 1] - seen[i - 1]),
    );
    const total = counts.reduce((sum, count) => sum + count, 0);
    const part = Math.min(1, REPLAY_MAX / Math.max(1, total));
    counts.forEach((count, i) => {
      // The middle of a bucket that begins at half its bound.
      const value = (bounds[i] * 0.75) / MICROS;
      for (let n = Math.round(count * part); n > 0; n--) {
        this.#histogram.record(value, attributes);
      }
    });
  }
}

/**
 * @param {any} api
 * @returns {() => void}
 */
function startMetrics(api) {
  const meter = api.metrics.getMeter(NAME, versions.holdfast);
  const seconds = { unit: 's', advice: ADVICE };
  const duration = meter.createHistogram('db.client.operation.duration', {
    ...seconds,
    description: 'Duration of database client operations.',
  });
  const stopQueries = follow(
    traces.query,
    () => {},
    ({ target, text, durationMillis = 0, error }) => {
      const attributes = {
        ...serverAttributes(target),
        'db.operation.name': operationOf(text),
        ...errorAttributes(error),
      };
      duration.record(durationMillis / SECOND, attributes);
    },
  );
  const stopPools = startPoolMetrics(meter, seconds);
  return () => {
    stopQueries();
    stopPools();
  };
}

/**
 * Counts errors of servers; the SQLSTATE is the type of such an error.
 * @param {any} result
 * @param {any} counter
 * @param {import('./prometheus.js').Sample} sample
 * @param {object} pool
 */
function observeErrors(result, counter, { stats }, pool) {
  const { sqlStates } = /** @type {any} */ (stats);
  for (const [code, n] of Object.entries(sqlStates)) {
    const type =
      code === 'other'
        ? { 'error.type': '_OTHER' }
        : { 'error.type': code, 'db.response.status_code': code };
    result.observe(counter, n, { ...pool, ...type });
  }
}

/**
 * @param {any} meter
 * @param {object} seconds
 * @returns {() => void}
 */
function startPoolMetrics(meter, seconds) {
  const gauge = (/** @type {string} */ name, unit = '{connection}') =>
    meter.createObservableUpDownCounter(`db.client.connection.${name}`, {
      unit,
    });
  const count = gauge('count');
  const idleMin = gauge('idle.min');
  const idleMax = gauge('idle.max');
  const max = gauge('max');
  const pending = gauge('pending_requests', '{request}');
  const timeouts = meter.createObservableCounter(
    'db.client.connection.timeouts',
    { unit: '{timeout}' },
  );
  const errors = meter.createObservableCounter('db.holdfast.server_errors', {
    unit: '{error}',
    description: 'What servers refused, repeated or not.',
  });
  const histogram = (/** @type {string} */ name, /** @type {string} */ stem) =>
    new Replay(
      meter.createHistogram(`db.client.connection.${name}`, seconds),
      stem,
    );
  const replays = [
    histogram('create_time', 'connectTime'),
    histogram('wait_time', 'acquireWait'),
    histogram('use_time', 'leaseTime'),
  ];
  const observed = [count, idleMin, idleMax, max, pending, timeouts, errors];
  const observe = (/** @type {any} */ result) => {
    for (const core of livePools()) {
      const sample = core.sample();
      const { stats } = sample;
      const pool = { 'db.client.connection.pool.name': sample.name };
      const state = 'db.client.connection.state';
      result.observe(count, stats.idle, { ...pool, [state]: 'idle' });
      result.observe(count, stats.busy, { ...pool, [state]: 'used' });
      result.observe(idleMin, core.min, pool);
      result.observe(idleMax, core.max, pool);
      result.observe(max, core.max, pool);
      result.observe(pending, stats.waiting, pool);
      result.observe(timeouts, stats.acquireTimeouts, pool);
      observeErrors(result, errors, sample, pool);
      for (const replay of replays) {
        replay.run(core, sample, pool);
      }
    }
  };
  meter.addBatchObservableCallback(observe, observed);
  return () => meter.removeBatchObservableCallback(observe, observed);
}

/** @type {(() => void) | undefined} */
let stop;

/**
 * Exports metrics and spans of all pools of this environment to OpenTelemetry.
 * A second call replaces the first. Throws an error with the code
 * HF_NO_OPENTELEMETRY where the API is not installed.
 * @param {OpenTelemetryOptions} [options]
 * @returns {() => void} ends it
 */
function enableOpenTelemetry(options = {}) {
  const api = checkOptions(options);
  stop?.();
  const stops = [
    options.spans === false
      ? undefined
      : startSpans(api.trace.getTracer(NAME, versions.holdfast)),
    options.metrics === false ? undefined : startMetrics(api),
  ];
  const own = () => {
    for (const end of stops.splice(0)) {
      end?.();
    }
  };
  stop = own;
  return own;
}

module.exports = { enableOpenTelemetry };
