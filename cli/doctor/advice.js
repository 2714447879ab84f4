// SPDX-License-Identifier: MIT
'use strict';

// The recommended configuration for this URL, setting by setting, with the
// reason. `ok` means that it is already set.

const { isRemote } = require('./verdicts.js');

/** @typedef {import('./new-report.js').Report} Report */
/** @typedef {import('./explain.js').Finding} Finding */
/** @typedef {import('./settings.js').Settings} Settings */

/**
 * @typedef {object} Advice
 * @property {string} setting an option, a parameter or a variable
 * @property {string | number | null} value null: leave it out
 * @property {string} reason
 * @property {boolean} ok whether it is so already
 */

const DEFAULT_MAX = 10;
/** Deployments overlap, and there is always an open psql. */
const PROCESSES = 4;

/** @param {Report} report */
function shares({ pooler }) {
  return pooler.mode === 'transaction' || pooler.mode === 'statement';
}

/** @param {Report} report @param {Settings} settings @returns {Advice} */
function adviseMax(report, settings) {
  const { pooler, limits } = report;
  const now = Number(settings.values.max);
  const { value, reason } = shares(report)
    ? maxBehindPooler(pooler.poolSize)
    : maxDirect(limits, pooler);
  const ok = now === value || (now < value && now > 1);
  return { setting: 'max', value, reason, ok };
}

/** @param {number | null} poolSize */
function maxBehindPooler(poolSize) {
  if (poolSize !== null && poolSize < DEFAULT_MAX) {
    return {
      value: Math.max(2, poolSize),
      reason: `the pooler has ${poolSize} server connections: more only wait there`,
    };
  }
  return {
    value: DEFAULT_MAX,
    reason:
      'connections to the pooler are cheap; more than its pool_size only ' +
      'wait there instead of here',
  };
}

/**
 * @param {import('./server.js').LimitsReport} limits
 * @param {import('./new-report.js').PoolerReport} pooler
 */
function maxDirect({ free, userLimit, databaseLimit }, { mode, poolSize }) {
  const all = [free, userLimit, databaseLimit, poolSize];
  const room = Math.min(...all.filter((limit) => limit !== null));
  if (!Number.isFinite(room)) {
    return { value: DEFAULT_MAX, reason: 'the default' };
  }
  const value = Math.max(
    1,
    Math.min(DEFAULT_MAX, Math.floor(room / PROCESSES)),
  );
  const what =
    mode === 'direct' ? 'direct' : `${mode} mode: each takes one of the server`;
  return {
    value,
    reason:
      `${what}; there is room for ${room} connections, and ${PROCESSES} ` +
      'processes (deploys overlap) should fit into it',
  };
}

/** @param {Report} report @param {Settings} settings @returns {Advice} */
function advisePooler(report, settings) {
  const now = settings.values.pooler;
  const { mode, proxied } = report.pooler;
  const right =
    now === 'auto' ||
    (now === 'transaction' && (shares(report) || mode === 'unknown')) ||
    (now === 'none' && !proxied);
  const found = proxied ? 'a proxy, and names nothing' : 'a direct connection';
  if (mode === 'session') {
    return {
      setting: 'pooler',
      value: 'session',
      reason:
        "'auto' is careful with any proxy; this says that a connection keeps " +
        'its server, so that names, listen() and sessions work',
      ok: now === 'session',
    };
  }
  return {
    setting: 'pooler',
    value: 'auto',
    reason: `finds out by itself: here ${found}`,
    ok: right,
  };
}

/** @param {Report} report @param {Settings} settings @returns {Advice} */
function adviseTls({ tls }, settings) {
  const mode = settings.sslmode;
  if (!isRemote(settings)) {
    const reason = 'on this machine: nobody in between';
    return { setting: 'sslmode', value: mode, reason, ok: true };
  }
  const asIs = tls.trusted === true && tls.hostMatches === true;
  if (tls.offered === false) {
    const reason = 'once the server offers TLS, which it does not now';
    return { setting: 'sslmode', value: 'verify-full', reason, ok: false };
  }
  return {
    setting: 'sslmode',
    value: 'verify-full',
    reason: asIs
      ? 'its certificate is one that Node trusts, for this name'
      : 'with sslrootcert=<file of the authority>; only it keeps others out',
    ok: mode === 'verify-full',
  };
}

/** @param {Report} report @param {Settings} settings @returns {Advice[]} */
function adviseDirect(report, { direct }) {
  if (!shares(report)) {
    return [];
  }
  return [
    {
      setting: 'DIRECT_URL',
      value: 'postgresql://…the server itself, not the pooler…',
      reason:
        'listen(), connect({session: true}), migrations and pg_dump need a ' +
        'session, which this pooler does not give',
      ok: direct !== undefined,
    },
  ];
}

/** @param {Report} report @param {Settings} settings @returns {Advice[]} */
function adviseIdle(report, { values }) {
  const text = report.server.timeouts.idle_session_timeout;
  const millis = millisOf(text);
  // The pooler manages shared sessions of the server.
  if (millis === null || shares(report)) {
    return [];
  }
  const value = Math.max(1000, Math.floor(millis / 2));
  const now = Number(values.idleTimeoutMillis);
  return [
    {
      setting: 'idleTimeoutMillis',
      value,
      reason: `the server ends idle sessions after ${text}`,
      ok: now > 0 && now <= value,
    },
  ];
}

/** @type {Record<string, number>} */
const UNITS = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** @param {string | undefined} text as current_setting() writes it */
function millisOf(text) {
  const match = /^(\d+)(ms|s|min|h|d)$/.exec(text ?? '');
  return match === null ? null : Number(match[1]) * UNITS[match[2]];
}

/** @param {Report} report @param {Settings} settings @returns {Advice[]} */
function adviceOf(report, settings) {
  return [
    advisePooler(report, settings),
    adviseMax(report, settings),
    adviseTls(report, settings),
    ...adviseDirect(report, settings),
    ...adviseIdle(report, settings),
  ];
}

/**
 * @typedef {[there: boolean, level: Finding['level'], id: string,
 *   text: string, next: string]} Rule
 */

/** @param {Report} report @param {Settings} settings @returns {Rule[]} */
function optionRules(report, settings) {
  const { mode, proxied } = report.pooler;
  const now = String(settings.values.pooler);
  const what = proxied ? 'session mode' : 'the server itself';
  return [
    [
      shares(report) && (now === 'none' || now === 'session'),
      'warning',
      'pooler-option',
      `pooler is set to '${now}': statements get names, which this pooler ` +
        'mixes up: 42P05 comes back',
      "leave pooler out ('auto'), or set it to 'transaction'",
    ],
    [
      now === 'transaction' && (!proxied || mode === 'session'),
      'warning',
      'pooler-option',
      `pgbouncer=true (pooler: 'transaction') is set, but this is ${what}: ` +
        'statements are not prepared, sessions refused',
      'take pgbouncer=true out of the URL',
    ],
    [
      settings.values.max === 1,
      'warning',
      'one-connection',
      'max (connection_limit) is 1: every call waits for the one before',
      'leave it out, or give 5; one process needs more than one',
    ],
  ];
}

/** From here on it is no moment that passes. */
const WAITS_MILLIS = 1000;

/** @param {Report} report @returns {Rule[]} */
function waitRules({ pooler }) {
  const pools = pooler.pools ?? [];
  const waiting = pools.reduce(
    (sum, one) => sum + (one.clientsWaiting ?? 0),
    0,
  );
  const longest = Math.max(0, ...pools.map((one) => one.waitMillis ?? 0));
  const who = waiting === 1 ? '1 client waits' : `${waiting} clients wait`;
  return [
    [
      waiting > 0,
      longest >= WAITS_MILLIS ? 'warning' : 'hint',
      'pooler-waiting',
      `${who} for a server connection, for up to ${longest} ms`,
      'shorten transactions (who holds one: select pid, state, query from ' +
        "pg_stat_activity where state like 'idle in transaction%'), or raise " +
        'pool_size of the pooler',
    ],
  ];
}

/** @param {Report} report @param {Settings} settings @returns {Rule[]} */
function modeRules(report, settings) {
  const { mode, evidence } = report.pooler;
  return [
    [
      mode === 'statement',
      'warning',
      'statement-mode',
      'statement mode: no transactions at all, BEGIN ends the connection',
      'pool_mode = transaction in PgBouncer',
    ],
    [
      mode === 'unknown',
      'warning',
      'unknown-mode',
      `the mode of the pooler could not be found: ${evidence}`,
      'run it again when the pooler is less busy',
    ],
    [
      shares(report) && settings.direct === undefined,
      'hint',
      'no-direct-url',
      'DIRECT_URL is not set: listen() and sessions are refused here',
      'set it to the server itself, if you need them',
    ],
  ];
}

/**
 * Returns findings about the pooler.
 * @param {Report} report
 * @param {Settings} settings
 * @returns {Finding[]}
 */
function poolerFindings(report, settings) {
  return [
    ...optionRules(report, settings),
    ...modeRules(report, settings),
    ...waitRules(report),
  ]
    .filter(([there]) => there)
    .map(([, level, id, text, next]) => ({ id, level, text, next }));
}

module.exports = { adviceOf, poolerFindings };
