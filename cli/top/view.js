// SPDX-License-Identifier: MIT
'use strict';

// The state of a process as lines of text, 80 columns wide at most.

/** @typedef {import('../../lib/top/state.js').ProcessState} ProcessState */
/** @typedef {import('../../lib/top/state.js').PoolState} PoolState */

const LABEL = 12;
const BAR = 24;
const MILLIS = 1000;
const MINUTE = 60;

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** @param {number | null} value */
function whole(value) {
  return value === null ? '–' : WHOLE.format(value);
}

/** @param {number | null} millis */
function time(millis) {
  if (millis === null) {
    return '–';
  }
  if (millis < 1) {
    return `${Math.round(millis * MILLIS)} µs`;
  }
  return millis < MILLIS
    ? `${Number(millis.toPrecision(2))} ms`
    : `${Number((millis / MILLIS).toFixed(1))} s`;
}

/** @param {number} seconds */
function duration(seconds) {
  if (seconds < MINUTE) {
    return `${Math.floor(seconds)} s`;
  }
  const minutes = Math.floor(seconds / MINUTE);
  return minutes < MINUTE
    ? `${minutes} min`
    : `${Math.floor(minutes / MINUTE)} h ${minutes % MINUTE} min`;
}

/** @param {string} label @param {string} text */
function line(label, text) {
  return `  ${label.padEnd(LABEL)}${text}`;
}

/** @type {[keyof PoolState['connections'], string][]} */
const KINDS = [
  ['busy', '█'],
  ['lent', '▓'],
  ['idle', '░'],
  ['connecting', '+'],
];

/**
 * A bar as long as the pool may be: what is open, and dots for the rest.
 * @param {PoolState} pool
 */
function bar({ connections, max }) {
  const scale = Math.min(1, BAR / max);
  const cells = KINDS.map(([kind, mark]) =>
    mark.repeat(Math.ceil(connections[kind] * scale)),
  ).join('');
  const length = Math.min(BAR, max);
  return cells.slice(0, length).padEnd(length, '·');
}

/** @param {PoolState} pool @returns {string[]} */
function poolLines(pool) {
  const { busy, lent, idle, connecting } = pool.connections;
  const { notExecuted, rolledBack, ambiguous, permanent } = pool.failed;
  const { state, opened, connectsFailed } = pool.breaker;
  const place = [
    pool.pooler === 'none' ? 'no pooler' : `pooler: ${pool.pooler}`,
    ...(pool.role === 'unknown' ? [] : [pool.role]),
  ];
  const waits =
    pool.waiting === 1 ? '1 call waits' : `${pool.waiting} calls wait`;
  return [
    `${pool.name}  ${pool.status.toUpperCase()}  ${place.join(', ')}`,
    ...pool.reasons.map((reason) => line('', `! ${reason}`)),
    line('connections', `${bar(pool)} of ${pool.max}`),
    line(
      '',
      `█ busy ${busy}  ▓ lent ${lent}  ░ idle ${idle}  + connecting ${connecting}`,
    ),
    line(
      'calls',
      `${whole(pool.perSecond)} a second, ${whole(pool.queries)} in all; ${waits}`,
    ),
    line(
      'took up to',
      `50 %: ${time(pool.p50Millis)}  95 %: ${time(pool.p95Millis)}  ` +
        `99 %: ${time(pool.p99Millis)}  (last minute)`,
    ),
    line(
      'repeated',
      `${whole(pool.retries)}; connections died and replaced: ` +
        whole(pool.connectionsLost),
    ),
    line(
      'failed',
      `${notExecuted} not executed, ${rolledBack} rolled back, ` +
        `${ambiguous} in doubt, ${permanent} for good`,
    ),
    line(
      'breaker',
      `${state}; opened ${whole(opened)}, connects failed ${whole(connectsFailed)}`,
    ),
  ];
}

/**
 * @param {ProcessState} state
 * @returns {string[]}
 */
function viewOf(state) {
  const { pid, title, node, version, upSeconds, pools } = state;
  return [
    `process ${pid}, ${title}, up ${duration(upSeconds)} ` +
      `(Node.js ${node}, pg-holdfast ${version})`,
    ...pools.flatMap((pool) => ['', ...poolLines(pool)]),
    ...(pools.length === 0 ? ['', 'No pool is open in this process.'] : []),
  ];
}

module.exports = { viewOf };
