// SPDX-License-Identifier: MIT
'use strict';

// Facts of the server: version, role, limits, latency.

const { rounded } = require('./deadline.js');
const { timed } = require('./connection.js');
const { emptyLimits, emptyServer } = require('./new-report.js');
const { PLATFORM_FACTS, foreignKin, platformOf } = require('./platform.js');

/** @typedef {import('./connection.js').Connection} Connection */

const QUERY_MILLIS = 4000;
/**
 * The number of round trips measured; the first warms up and does not count.
 */
const ROUND_TRIPS = 9;

/**
 * @typedef {object} ServerReport
 * @property {string | null} version
 * @property {'primary' | 'standby' | null} role
 * @property {boolean | null} readOnly whether transactions are by default
 * @property {string | null} startedAt
 * @property {string | null} user
 * @property {boolean | null} superuser
 * @property {Record<string, string>} timeouts of the server that are set
 * @property {string | null} platform whose service it is, by what it has
 * @property {string | null} address by which the server knows itself
 * @property {boolean | null} forwarded whether the server sees another client
 *   than us: something in between passes the bytes on
 */

/**
 * @typedef {object} LimitsReport
 * @property {number | null} maxConnections
 * @property {number | null} reserved for superusers
 * @property {number | null} used by all databases of the server
 * @property {number | null} free for this user
 * @property {number | null} userLimit
 * @property {number | null} databaseLimit
 */

/**
 * @typedef {object} LatencyReport
 * @property {number | null} connectMillis TCP only
 * @property {number | null} loginMillis TCP, TLS and authentication
 * @property {number | null} roundTripMillis the median
 * @property {number | null} fastestMillis
 * @property {number | null} slowestMillis
 */

// Every user may read all of this. For a name that this version does not know
// the second argument of current_setting() gives null.
const FACTS = `select json_build_object(
  'recovery', pg_is_in_recovery(),
  'readOnly', current_setting('transaction_read_only'),
  'startedAt', pg_postmaster_start_time(),
  'user', current_user,
  'superuser', (select rolsuper from pg_roles where rolname = current_user),
  'userLimit', (select rolconnlimit from pg_roles where rolname = current_user),
  'databaseLimit', (select datconnlimit from pg_database
                     where datname = current_database()),
  'max', current_setting('max_connections')::int,
  'forSuperusers', current_setting('superuser_reserved_connections')::int,
  'reserved', coalesce(current_setting('reserved_connections', true), '0')::int,
  'used', (select sum(numbackends) from pg_stat_database),
  'serverAddress', host(inet_server_addr()),
  'serverPort', inet_server_port(),
  'clientAddress', host(inet_client_addr()),
  'clientPort', inet_client_port(),${PLATFORM_FACTS},
  'timeouts', json_build_object(
    'statement_timeout', current_setting('statement_timeout'),
    'lock_timeout', current_setting('lock_timeout'),
    'idle_in_transaction_session_timeout',
      current_setting('idle_in_transaction_session_timeout'),
    'idle_session_timeout', current_setting('idle_session_timeout', true),
    'transaction_timeout', current_setting('transaction_timeout', true)))`;

/**
 * Returns whether something passes the bytes on: a proxy in TCP mode, a load
 * balancer, a tunnel, NAT. On a Unix socket there is nothing to compare.
 * @param {any} facts
 * @param {Connection} connection
 */
function isForwarded({ clientAddress, clientPort }, { local }) {
  if (!clientAddress || local === null) {
    return null;
  }
  return clientAddress !== local.address || clientPort !== local.port;
}

/** @param {any} facts */
function addressOf({ serverAddress, serverPort }) {
  return serverAddress ? `${serverAddress}:${serverPort}` : null;
}

/** @param {number} limit -1 is none */
function limitOf(limit) {
  return limit >= 0 ? limit : null;
}

/**
 * @param {any} facts
 * @returns {LimitsReport}
 */
function limitsOf(facts) {
  const reserved = facts.forSuperusers + facts.reserved;
  const kept = facts.superuser ? 0 : reserved;
  return {
    maxConnections: facts.max,
    reserved,
    used: facts.used,
    free: Math.max(0, facts.max - kept - facts.used),
    userLimit: limitOf(facts.userLimit),
    databaseLimit: limitOf(facts.databaseLimit),
  };
}

/** @param {Record<string, string | null>} timeouts */
function timeoutsOf(timeouts) {
  /** @type {Record<string, string>} */
  const set = {};
  for (const [name, value] of Object.entries(timeouts)) {
    if (value !== null && value !== '0') {
      set[name] = value;
    }
  }
  return set;
}

/**
 * What can be said of a server that cannot be asked.
 * @param {string} platform
 * @param {Connection} connection
 * @returns {ServerReport}
 */
function kinReport(platform, { parameters }) {
  return {
    ...emptyServer(),
    version: parameters.get('server_version') ?? null,
    role: 'primary',
    user: parameters.get('session_authorization') ?? null,
    platform,
  };
}

/**
 * Queries the server's facts. Rejects for servers that are not PostgreSQL.
 * @param {Connection} connection
 * @param {string} host as it was given
 * @returns {Promise<{server: ServerReport, limits: LimitsReport}>}
 */
async function readServer(connection, host) {
  const kin = foreignKin(connection.parameters, host);
  if (kin !== null) {
    return { server: kinReport(kin, connection), limits: emptyLimits() };
  }
  const { rows } = await connection.query(FACTS, QUERY_MILLIS);
  const facts = JSON.parse(rows[0]?.[0] ?? '{}');
  return {
    server: {
      version: connection.parameters.get('server_version') ?? null,
      role: facts.recovery ? 'standby' : 'primary',
      readOnly: facts.readOnly === 'on',
      startedAt: facts.startedAt,
      user: facts.user,
      superuser: facts.superuser,
      timeouts: timeoutsOf(facts.timeouts),
      platform: platformOf(facts),
      address: addressOf(facts),
      forwarded: isForwarded(facts, connection),
    },
    limits: limitsOf(facts),
  };
}

/**
 * Measures round trips.
 * @param {Connection} connection
 * @param {LatencyReport} report
 */
async function measure(connection, report) {
  /** @type {number[]} */
  const times = [];
  for (let i = 0; i <= ROUND_TRIPS; i++) {
    const { millis } = await timed(() =>
      connection.query('select 1', QUERY_MILLIS),
    );
    times.push(millis);
  }
  const sorted = times.slice(1).sort((a, b) => a - b);
  report.roundTripMillis = rounded(sorted[sorted.length >> 1]);
  report.fastestMillis = rounded(sorted[0]);
  report.slowestMillis = rounded(sorted[sorted.length - 1]);
}

module.exports = { measure, readServer };
