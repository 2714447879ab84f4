// SPDX-License-Identifier: MIT
'use strict';

// The names of a pool's statistics in metrics, and those derived from others.

const native = require('../engine/native.js');

/** @typedef {Record<string, number>} Numbers */

/**
 * Statistics that are not the engine's own count, by name.
 * @type {Readonly<Record<string, (stats: Numbers) => number>>}
 */
const DERIVED = Object.freeze({
  retryRate: ({ retries, queries }) => ratio(retries, queries),
  failureRate: (stats) => {
    const failed = failures(stats);
    return ratio(failed, failed + stats.succeeded);
  },
  acquireTimeoutRate: ({ acquireTimeouts, acquires }) =>
    ratio(acquireTimeouts, acquires + acquireTimeouts),
});

/**
 * @param {number} part
 * @param {number} whole
 */
function ratio(part, whole) {
  return whole > 0 ? part / whole : 0;
}

/** @param {Numbers} stats */
function failures(stats) {
  return (
    stats.failedNotExecuted +
    stats.failedRolledBack +
    stats.failedAmbiguous +
    stats.failedPermanent
  );
}

/** Where stats() has its table of SQLSTATEs. */
const SQLSTATES = 'sqlStates';
const SQLSTATE_BASE = 36;
const SQLSTATE_LENGTH = 5;

/**
 * Returns the names of the statistics, in their order.
 * @returns {string[]}
 */
function statNames() {
  const derived = Object.keys(DERIVED);
  return [...native.statsNames(), ...derived, 'loggerFailures', SQLSTATES];
}

/**
 * Returns how often servers sent each SQLSTATE; `other` is the rest.
 * @param {Float64Array | undefined} values the engine's: see hf_port_stats()
 * @returns {Numbers}
 */
function readSqlStates(values) {
  /** @type {Numbers} */
  const counts = {};
  const first = native.statsNames().length;
  const others = values?.[first] ?? 0;
  for (let at = first + 1; values?.[at]; at += 2) {
    const code = values[at].toString(SQLSTATE_BASE).toUpperCase();
    counts[code.padStart(SQLSTATE_LENGTH, '0')] = values[at + 1];
  }
  if (others > 0) {
    counts.other = others;
  }
  return counts;
}

/**
 * Returns a pool's statistics by name.
 * @param {Float64Array | undefined} values the engine's; none: all are zero
 * @param {import('./log.js').Log} log
 * @returns {Numbers}
 */
function readStats(values, log) {
  /** @type {Numbers} */
  const stats = {};
  native.statsNames().forEach((name, i) => {
    stats[name] = values?.[i] ?? 0;
  });
  for (const [name, derive] of Object.entries(DERIVED)) {
    stats[name] = derive(stats);
  }
  stats.loggerFailures = log.failures;
  /** @type {any} */ (stats)[SQLSTATES] = readSqlStates(values);
  return stats;
}

/**
 * A metric of the exposition. Rows of one name are one metric with a label.
 * @typedef {object} Metric
 * @property {string} name
 * @property {'counter' | 'gauge' | 'histogram'} type
 * @property {string} help
 * @property {readonly (readonly [string, string])[]} series name of the
 *   statistic, and its labels
 * @property {string} [table] name of a statistic that is a table instead
 * @property {string} [label] of its keys
 */

const CLASS = 'sqlState';
const SUFFIX = 'Count';
/** Gauges that Prometheus gets as one, by state. */
const STATES = Object.freeze(['idle', 'busy', 'connecting']);
/** Counters of the engine that also fall. */
const FALLING = Object.freeze(['cacheBytes']);
const FAILED = 'failed';
const ON_ATTEMPT = 'succeededOnAttempt';

/** Descriptions where the name is not enough. */
/** @type {Readonly<Record<string, string>>} */
const HELP = Object.freeze({
  queries: 'Calls of query().',
  succeeded: 'Calls that succeeded.',
  retriesSucceeded: 'Calls that succeeded after a repetition.',
  retriesCut: 'Calls not repeated because of the retry budget.',
  connectsStarted: 'Physical connects begun.',
  connectsSucceeded: 'Physical connects that succeeded.',
  connectsFailed: 'Physical connects that failed.',
  connectionsClosed: 'Connections closed by the pool.',
  connectionsLost: 'Connections that died.',
  connectionsLostBusy: 'Connections that died while a statement ran.',
  acquires: 'Connections handed to calls.',
  acquireTimeouts: 'Calls that waited too long for a connection.',
  queueFull: 'Calls refused because too many waited.',
  deadlines: 'Calls that ended at their deadline.',
  timeouts: 'Attempts that took too long.',
  aborts: 'Calls that were aborted.',
  cancels: 'Cancel requests sent.',
  slowQueries: 'Statements slower than slowQueryMillis.',
  breakerOpened: 'How often connecting was suspended.',
  waiting: 'Calls that wait for a connection.',
  leased: 'Connections lent by connect().',
  breaker: 'Whether connecting is suspended: 0 no, 1 yes, 2 a probe runs.',
  loggerFailures: 'Lines the logger threw at.',
  acquireWait: 'Waiting for a connection.',
  queryTime: 'Statements, from sending to the answer.',
  connectTime: 'Physical connects.',
  leaseTime: 'How long clients were held.',
  warmupTime: 'Warm-ups.',
});

/**
 * @param {string} name as in stats()
 * @returns {string}
 */
function snake(name) {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * Returns a name as a sentence.
 * @param {string} name
 */
function helpOf(name) {
  const words = snake(name).replaceAll('_', ' ');
  return HELP[name] ?? `${words[0].toUpperCase()}${words.slice(1)}.`;
}

/**
 * @param {string} name
 * @param {'counter' | 'gauge'} type
 * @returns {Metric}
 */
function single(name, type) {
  const suffix = type === 'counter' ? '_total' : '';
  return {
    name: `holdfast_${snake(name)}${suffix}`,
    type,
    help: helpOf(name),
    series: [[name, '']],
  };
}

/**
 * @param {string} name
 * @param {'counter' | 'gauge'} type
 * @param {string} help
 * @param {string} label
 * @param {readonly (readonly [string, string])[]} values statistic, label
 * @returns {Metric}
 */
function labelled(name, type, help, label, values) {
  const series = values.map(
    ([stat, value]) => /** @type {const} */ ([stat, `${label}="${value}"`]),
  );
  return { name, type, help, series };
}

/**
 * Returns the stems of the histograms' names, in the engine's order.
 * @param {readonly string[]} names
 */
function histogramStems(names) {
  return names
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => name.slice(0, -SUFFIX.length));
}

/**
 * @param {readonly string[]} names
 * @param {string} prefix
 * @returns {[string, string][]}
 */
function withPrefix(names, prefix) {
  return names
    .filter((name) => name.startsWith(prefix) && name !== prefix)
    .map((name) => [name, snake(name.slice(prefix.length)).replace(/^_/, '')]);
}

/** @type {Metric[] | undefined} */
let metrics;

/**
 * Returns the metrics of the exposition.
 * @returns {readonly Metric[]}
 */
function exposedMetrics() {
  metrics ??= describe(native.statsNames());
  return metrics;
}

/**
 * The engine's statistics by the metrics they become.
 * @typedef {object} Groups
 * @property {string[]} counters each a metric of its own
 * @property {string[]} gauges the same
 * @property {string[]} stems of histograms
 * @property {[string, string][]} attempts statistic and label
 * @property {[string, string][]} failed
 * @property {[string, string][]} retried
 * @property {[string, string][]} classes
 */

/**
 * @param {readonly string[]} names of the engine's statistics
 * @returns {Groups}
 */
function group(names) {
  const stems = histogramStems(names);
  const attempts = withPrefix(names, ON_ATTEMPT);
  const failed = withPrefix(names, FAILED);
  const retried = withPrefix(names, 'retries').filter(
    ([name]) => name !== 'retriesSucceeded' && name !== 'retriesCut',
  );
  /** @type {[string, string][]} */
  const classes = names
    .filter((name) => name.startsWith(CLASS))
    .map((name) => [name, name.slice(CLASS.length)]);
  const labels = [...failed, ...retried, ...classes, ...attempts];
  const taken = new Set([
    ...labels.map(([name]) => name),
    ...['retries', 'succeeded', 'total'],
    ...STATES,
    ...FALLING,
  ]);
  const isFree = (/** @type {string} */ name) => !taken.has(name);
  const firstGauge = names.indexOf('total');
  const firstHistogram = names.indexOf(stems[0] + SUFFIX);
  return {
    counters: names.slice(0, firstGauge).filter(isFree),
    gauges: [
      ...names.slice(firstGauge, firstHistogram).filter(isFree),
      ...FALLING,
    ],
    stems,
    attempts,
    failed,
    retried,
    classes,
  };
}

/**
 * @param {Groups} groups
 * @returns {Metric[]}
 */
function labelledCounters({ attempts, failed, retried, classes }) {
  return [
    labelled(
      'holdfast_succeeded_total',
      'counter',
      'Calls that succeeded, by the attempt that did; 4 is 4 or more.',
      'attempt',
      attempts,
    ),
    labelled(
      'holdfast_failed_total',
      'counter',
      'Calls that failed, by outcome.',
      'outcome',
      failed,
    ),
    labelled(
      'holdfast_retries_total',
      'counter',
      'Attempts made again, by the outcome of the one before.',
      'outcome',
      retried,
    ),
    labelled(
      'holdfast_server_errors_total',
      'counter',
      'What servers refused, by class of SQLSTATE.',
      'class',
      classes,
    ),
    {
      name: 'holdfast_server_errors_by_sqlstate_total',
      type: 'counter',
      help: 'What servers refused, by SQLSTATE.',
      series: [],
      table: SQLSTATES,
      label: 'sqlstate',
    },
  ];
}

/**
 * @param {readonly string[]} names of the engine's statistics
 * @returns {Metric[]}
 */
function describe(names) {
  const groups = group(names);
  return [
    ...groups.counters.map((name) => single(name, 'counter')),
    ...labelledCounters(groups),
    single('loggerFailures', 'counter'),
    labelled(
      'holdfast_connections',
      'gauge',
      'Connections, by state.',
      'state',
      STATES.map((state) => [state, state]),
    ),
    ...groups.gauges.map((name) => single(name, 'gauge')),
    ...groups.stems.map((stem) => ({
      name: `holdfast_${snake(stem)}_seconds`,
      type: /** @type {const} */ ('histogram'),
      help: helpOf(stem),
      series: /** @type {[string, string][]} */ ([[stem, '']]),
    })),
  ];
}

module.exports = { exposedMetrics, histogramStems, readStats, statNames };
