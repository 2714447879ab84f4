// SPDX-License-Identifier: MIT
'use strict';

// The errors that people look for, and whether this URL would cause them: with
// drivers that name their statements, and with Holdfast.

const { page } = require('./page.js');

/** @typedef {import('./new-report.js').Report} Report */

/**
 * @typedef {object} Symptom
 * @property {string} id
 * @property {string} symptom
 * @property {'yes' | 'possible' | 'no'} here with other drivers
 * @property {string} why
 * @property {string} holdfast
 */

/** @param {boolean | null} proxied */
function safeNames(proxied) {
  return proxied
    ? 'not seen: behind a pooler it names no statement'
    : 'not seen: names are salted, and known for each connection';
}

/** @type {Record<string, [here: Symptom['here'], why: string]>} */
const NAMES = {
  session: ['no', 'each client keeps its server connection, with its names'],
  tracked: [
    'no',
    'the pooler keeps track of names (max_prepared_statements); only SQL ' +
      'PREPARE, and DEALLOCATE of a single name, still go wrong',
  ],
  unsafe: [
    'yes',
    'a name stays on a server connection that another client gets next: pg ' +
      "with name:, postgres.js and Prisma's own engine without pgbouncer=true",
  ],
  refused: ['yes', 'the pooler refuses named statements'],
  unknown: ['possible', 'what becomes of names could not be found out'],
};

/** @param {Report} report @returns {Symptom} */
function statementNames({ pooler }) {
  const [here, why] = NAMES[pooler.namedStatements ?? 'unknown'];
  return {
    id: '42P05',
    symptom: 'prepared statement "s0" already exists (42P05), or 26000',
    here,
    why,
    holdfast: safeNames(pooler.proxied),
  };
}

/** @type {Record<string, [here: Symptom['here'], why: string]>} */
const ROWS = {
  unsafe: [
    'yes',
    'clients that use one name for different SQL with as many parameters ' +
      `run what is there: no error, so no retry helps; see ${page('42p05.md')}`,
  ],
  unknown: NAMES.unknown,
};

/** @param {Report} report @returns {Symptom} */
function wrongRows({ pooler }) {
  const [here, why] = ROWS[pooler.namedStatements ?? 'unknown'] ?? [
    'no',
    'names are not shared between clients',
  ];
  return {
    id: 'wrong-rows',
    symptom: "rows of another client's statement, without any error",
    here,
    why,
    holdfast: safeNames(pooler.proxied),
  };
}

/** @type {[here: Symptom['here'], why: string]} */
const CHANGING = [
  'yes',
  'the server connection changes after each transaction',
];

/** @type {Record<string, [here: Symptom['here'], why: string]>} */
const SESSIONS = {
  direct: ['no', 'a connection keeps its session'],
  session: ['no', 'a connection keeps its session'],
  transaction: CHANGING,
  statement: CHANGING,
  unknown: ['possible', 'what the pooler does could not be found out'],
};

/** @param {string} mode */
function sessionCure(mode) {
  if (mode !== 'direct' && mode !== 'session') {
    return (
      'settings go with each statement; listen() and connect({session: ' +
      'true}) use DIRECT_URL'
    );
  }
  return mode === 'session'
    ? "works with pooler: 'session' (auto is careful with any proxy)"
    : 'works as usual';
}

/** @param {Report} report @returns {Symptom} */
function sessionState({ pooler }) {
  const mode = pooler.mode ?? 'unknown';
  const [here, why] = SESSIONS[mode];
  return {
    id: 'session-state',
    symptom:
      'SET, temporary tables, LISTEN and advisory locks vanish or turn up ' +
      'with others',
    here,
    why,
    holdfast: sessionCure(mode),
  };
}

/** @param {Report} report @returns {Symptom} */
function startupParameters({ pooler }) {
  const refused = pooler.startupTimeouts === false;
  const known = pooler.startupTimeouts !== null || pooler.proxied === false;
  return {
    id: 'startup-parameter',
    symptom: 'unsupported startup parameter: statement_timeout (08P01)',
    here: refused ? 'yes' : known ? 'no' : 'possible',
    why: refused
      ? 'pg sends its time-outs at start-up, and this pooler refuses them'
      : known
        ? 'time-outs at start-up are taken'
        : 'some poolers refuse the time-outs that pg sends at start-up',
    holdfast: 'not seen: it sends them with each statement instead',
  };
}

/** @param {Report} report @returns {Symptom} */
function deadConnections({ server, pooler }) {
  const shared = pooler.mode === 'transaction' || pooler.mode === 'statement';
  const idle = shared ? undefined : server.timeouts.idle_session_timeout;
  return {
    id: 'dead-connections',
    symptom:
      'Connection terminated unexpectedly; terminating connection (57P01)',
    here: idle === undefined ? 'possible' : 'yes',
    why:
      idle === undefined
        ? `a restart of the ${pooler.proxied ? 'pooler or ' : ''}server, a ` +
          'firewall that forgets idle connections, a frozen function'
        : `the server ends idle sessions after ${idle}`,
    holdfast:
      'idle connections are looked at before use; what provably did not run ' +
      'goes again on another',
  };
}

/**
 * Returns how many connections there are, as far as is known.
 * @param {Report} report
 * @returns {{room: number | null, what: string}}
 */
function roomOf({ limits, pooler }) {
  const { poolSize, mode } = pooler;
  if (poolSize !== null) {
    return { room: poolSize, what: 'server connections of the pooler' };
  }
  const shared = mode === 'transaction' || mode === 'statement';
  return shared
    ? { room: null, what: '' }
    : { room: limits.free, what: 'connections of the server left' };
}

/** @param {Report} report @returns {Symptom} */
function exhaustion(report) {
  const { max } = report.settings;
  const { room, what } = roomOf(report);
  return {
    id: 'exhaustion',
    symptom: 'too many clients already (53300), query_wait_timeout, time-outs',
    here: room !== null && max > room ? 'yes' : 'possible',
    why:
      room === null
        ? 'each process opens a pool of its own, each hot reload another'
        : `${room} ${what}, up to ${max} for each process`,
    holdfast:
      'getPool() is one pool per process; calls wait in line, and say in ' +
      'their error who has the connections',
  };
}

/** @param {Report} report @returns {Symptom[]} */
function symptomsOf(report) {
  return [
    statementNames(report),
    wrongRows(report),
    sessionState(report),
    startupParameters(report),
    deadConnections(report),
    exhaustion(report),
  ];
}

module.exports = { symptomsOf };
