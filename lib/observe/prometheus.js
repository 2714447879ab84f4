// SPDX-License-Identifier: MIT
'use strict';

// Prometheus' text exposition format, version 0.0.4.

const { exposedMetrics, histogramStems } = require('./metrics.js');
const { coreOf, livePools } = require('./live.js');
const native = require('../engine/native.js');

const MICROS = 1e6;

/**
 * What is shown of a pool.
 * @typedef {object} Sample
 * @property {string} name
 * @property {Record<string, number>} stats
 * @property {Float64Array | undefined} buckets
 */

/**
 * @param {string} value
 * @returns {string}
 */
function escapeLabel(value) {
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n');
}

/**
 * Writes one pool's histogram.
 * @param {string[]} lines
 * @param {string} name
 * @param {string} stem
 * @param {string} label
 * @param {Sample} sample
 */
function writeHistogram(lines, name, stem, label, { stats, buckets }) {
  const bounds = native.statsBounds();
  const stems = histogramStems(native.statsNames());
  const first = stems.indexOf(stem) * bounds.length;
  bounds.forEach((bound, i) => {
    const le = bound / MICROS;
    const count = buckets?.[first + i] ?? 0;
    lines.push(`${name}_bucket{${label},le="${le}"} ${count}`);
  });
  // The engine keeps counting while we read: the last bucket cannot be less.
  const below = buckets?.[first + bounds.length - 1] ?? 0;
  const count = Math.max(stats[`${stem}Count`], below);
  lines.push(`${name}_bucket{${label},le="+Inf"} ${count}`);
  lines.push(`${name}_sum{${label}} ${stats[`${stem}Sum`] / MICROS}`);
  lines.push(`${name}_count{${label}} ${count}`);
}

/**
 * Writes one metric of one pool.
 * @param {string[]} lines
 * @param {import('./metrics.js').Metric} metric
 * @param {Sample} sample
 */
function writeMetric(lines, metric, sample) {
  const { name, type, series, table, label: key } = metric;
  const pool = `pool="${escapeLabel(sample.name)}"`;
  if (table !== undefined) {
    const counts = /** @type {any} */ (sample.stats)[table];
    for (const [value, count] of Object.entries(counts)) {
      lines.push(`${name}{${pool},${key}="${value}"} ${count}`);
    }
    return;
  }
  for (const [stat, label] of series) {
    if (type === 'histogram') {
      writeHistogram(lines, name, stat, pool, sample);
    } else {
      const labels = label === '' ? pool : `${pool},${label}`;
      lines.push(`${name}{${labels}} ${sample.stats[stat]}`);
    }
  }
}

/**
 * Returns the metrics of the given pools, or of all open ones.
 * @param {readonly object[]} [pools]
 * @returns {string}
 */
function prometheusText(pools) {
  const cores = pools === undefined ? livePools() : coresOf(pools);
  const samples = cores.map((core) => core.sample());
  /** @type {string[]} */
  const lines = [];
  for (const metric of exposedMetrics()) {
    const { name, type, help } = metric;
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const sample of samples) {
      writeMetric(lines, metric, sample);
    }
  }
  return `${lines.join('\n')}\n`;
}

/**
 * @param {unknown} pools
 * @returns {import('../pool/pool-core.js').PoolCore[]}
 */
function coresOf(pools) {
  return Array.isArray(pools) ? pools.map(checkedCore) : [checkedCore(pools)];
}

/**
 * @param {unknown} pool
 * @returns {import('../pool/pool-core.js').PoolCore}
 */
function checkedCore(pool) {
  const core = coreOf(pool);
  if (core === undefined) {
    throw new TypeError('prometheusText() takes pools, or nothing for all');
  }
  return core;
}

module.exports = { prometheusText };
