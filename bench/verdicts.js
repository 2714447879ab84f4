// SPDX-License-Identifier: MIT

// The figures Holdfast has to reach. A release must reach the floors; goals are
// for later ones.

const { medianRatio } = require('./statistics.js');

/** @typedef {import('./report.js').Results} Results */
/** @typedef {'perSecond' | 'p50' | 'mainMicros'} Figure */

/**
 * @typedef {object} Target
 * @property {'floor' | 'goal'} kind
 * @property {string} text
 * @property {(results: Results) => number | null} measure
 * @property {'>=' | '<='} sense
 * @property {number} limit
 */

/**
 * The median, over rounds, of Holdfast's figure over a peer's.
 * @param {string} caseId
 * @param {string} peer
 * @param {Figure} figure
 * @returns {(results: Results) => number | null}
 */
function ratio(caseId, peer, figure) {
  return (results) => {
    const drivers = results.cases[caseId]?.drivers;
    if (!drivers?.holdfast || !drivers[peer]) {
      return null;
    }
    return medianRatio(
      drivers.holdfast.rounds.map((round) => round[figure]),
      drivers[peer].rounds.map((round) => round[figure]),
    );
  };
}

/**
 * @param {string} caseId
 * @param {Figure} figure
 * @returns {(results: Results) => number | null}
 */
function plain(caseId, figure) {
  return (results) =>
    results.cases[caseId]?.drivers.holdfast?.median[figure] ?? null;
}

/** @param {Results} results */
function startRatio(results) {
  const drivers = results.start?.drivers ?? {};
  const peers = ['pg', 'postgres']
    .map((name) => drivers[name]?.firstRow)
    .filter((time) => typeof time === 'number');
  const own = drivers.holdfast?.firstRow;
  return typeof own === 'number' && peers.length > 0
    ? own / Math.min(...peers)
    : null;
}

/**
 * @param {'floor' | 'goal'} kind
 * @param {string} text
 * @param {(results: Results) => number | null} measure
 * @param {'>=' | '<='} sense
 * @param {number} limit
 * @returns {Target}
 */
const target = (kind, text, measure, sense, limit) => ({
  kind,
  text,
  measure,
  sense,
  limit,
});

const c64 = 'select-64x10';
const c1 = 'select-1x1';
const c10 = 'select-10x10';

// biome-ignore format: a table reads better with a target to two lines
/** @type {Target[]} */
const TARGETS = [
  target('floor', '64x10 select, calls/s against postgres.js',
    ratio(c64, 'postgres', 'perSecond'), '>=', 1.5),
  target('floor', '64x10 select, main thread per call, µs',
    plain(c64, 'mainMicros'), '<=', 8),
  target('floor', '1x1 select, p50 against pg named',
    ratio(c1, 'pg-named', 'p50'), '<=', 1),
  target('floor', '10x10 select, calls/s against pg named',
    ratio(c10, 'pg-named', 'perSecond'), '>=', 1.2),
  target('floor', '1000 rows, main thread against pg',
    ratio('rows', 'pg', 'mainMicros'), '<=', 0.3),
  target('goal', '64x10 select, calls/s against postgres.js',
    ratio(c64, 'postgres', 'perSecond'), '>=', 3),
  target('goal', '64x10 select, calls/s against pg',
    ratio(c64, 'pg', 'perSecond'), '>=', 4),
  target('goal', '64x10 select, calls/s against pg pipelining',
    ratio(c64, 'pg-pipeline', 'perSecond'), '>=', 1.3),
  target('goal', '64x10 select, main thread per call, µs',
    plain(c64, 'mainMicros'), '<=', 3),
  target('goal', '1x1 select, p50 against pgbench',
    ratio(c1, 'pgbench', 'p50'), '<=', 1.25),
  target('goal', '1x1 select, p50 against pg named',
    ratio(c1, 'pg-named', 'p50'), '<=', 0.95),
  target('goal', '10x10 select, calls/s against pgbench',
    ratio(c10, 'pgbench', 'perSecond'), '>=', 0.9),
  target('goal', '1000 rows, main thread against pg',
    ratio('rows', 'pg', 'mainMicros'), '<=', 0.1),
  target('goal', '1000 rows, calls/s against pg',
    ratio('rows', 'pg', 'perSecond'), '>=', 4),
  target('goal', 'through PgBouncer, calls/s against pg',
    ratio('pooler', 'pg', 'perSecond'), '>=', 1.5),
  target('goal', 'retryQuery over the bare await, ns',
    (results) => results.retry?.helpers.holdfast?.overBare ?? null,
    '<=', 100),
  target('goal', 'require, ms',
    (results) => results.start?.drivers.holdfast?.require ?? null, '<=', 5),
  target('goal', 'start to first row against the faster peer',
    startRatio, '<=', 0.8),
];

/** @param {Results} results */
function verdicts(results) {
  return TARGETS.map(({ kind, text, measure, sense, limit }) => {
    const value = measure(results);
    const reached =
      value === null ? null : sense === '>=' ? value >= limit : value <= limit;
    return { kind, text, sense, limit, value, reached };
  });
}

module.exports = { verdicts };
