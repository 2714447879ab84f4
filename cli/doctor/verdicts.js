// SPDX-License-Identifier: MIT
'use strict';

// Findings although the connection works (or before it failed): the network,
// TLS, the login, the server, latency and limits.

const { isKin } = require('./platform.js');
const { isLocalHost, needsTls } = require('./tls.js');

/** @typedef {import('./explain.js').Finding} Finding */
/** @typedef {import('./new-report.js').Report} Report */
/** @typedef {import('./settings.js').Settings} Settings */

const SOON_DAYS = 21;
/** From here on the server is in another zone, or another region. */
const FAR_MILLIS = 3;
const VERY_FAR_MILLIS = 20;
/** Above this part of its connections a server is nearly full. */
const FULL = 0.85;

/**
 * @typedef {[there: unknown, level: Finding['level'], id: string,
 *   text: () => string, next: string]} Rule
 */

/** @param {Rule[]} rules @returns {Finding[]} */
function apply(rules) {
  return rules
    .filter(([there]) => there)
    .map(([, level, id, text, next]) => ({ id, level, text: text(), next }));
}

/** @param {Settings} settings */
function isRemote(settings) {
  return !settings.hosts.every(({ name }) => isLocalHost(name));
}

/** @param {Settings} settings */
function settingsFindings({ database }) {
  return apply([
    [
      database.includes('@'),
      'warning',
      'url-encoding',
      () =>
        'the name of the database has an @ in it (and is not shown): as if ' +
        'the password had a / that is not encoded',
      'write a / in the password as %2F, an @ as %40',
    ],
  ]);
}

/** @param {Report} report */
function networkFindings(report) {
  const addresses = report.hosts.flatMap((host) => host.addresses);
  const dead = addresses.filter(({ reachable }) => !reachable);
  const alive = addresses.length - dead.length;
  return apply([
    [
      alive > 0 && dead.length > 0,
      'warning',
      'dead-address',
      () =>
        `${dead.length} of ${addresses.length} addresses cannot be reached: ` +
        dead.map(({ address }) => address).join(', '),
      'connections that try those first lose time: take them out of the name, ' +
        'or give hostaddr',
    ],
  ]);
}

/** @param {Report} report @param {Settings} settings */
function encryptionFindings({ tls }, settings) {
  const remote = isRemote(settings);
  const mode = tls.sslmode;
  return apply([
    [
      remote && tls.offered === false && !needsTls(mode),
      'warning',
      'plain',
      () => 'nothing is encrypted: the server does not offer TLS',
      'turn on ssl at the server, then sslmode=verify-full here',
    ],
    [
      remote && tls.offered === true && mode === 'disable',
      'warning',
      'plain',
      () => 'nothing is encrypted, although the server offers TLS',
      'sslmode=verify-full, or at least sslmode=require',
    ],
    [
      remote && tls.offered === true && (mode === 'prefer' || mode === 'allow'),
      'warning',
      'tls-prefer',
      () => 'TLS is not insisted on: who is in between can strip it',
      'sslmode=verify-full, or at least sslmode=require',
    ],
    [
      remote && tls.offered === true && mode === 'require',
      'hint',
      'tls-unchecked',
      () => 'encrypted, but nobody checks who the server is',
      tls.trusted && tls.hostMatches
        ? 'sslmode=verify-full works here as it is'
        : 'sslmode=verify-full, with sslrootcert=<the file of its authority>',
    ],
    [
      tls.error !== null && !needsTls(mode) && mode !== 'disable',
      'warning',
      'tls-handshake',
      () => `TLS is offered and fails: ${tls.error}`,
      'see the log of the server',
    ],
  ]);
}

/** @param {Report} report @param {Settings} settings */
function certificateFindings({ tls }, settings) {
  const mode = tls.sslmode;
  const certificate = tls.chain[0];
  const days = certificate?.daysLeft ?? Number.POSITIVE_INFINITY;
  const used = needsTls(mode) || mode === 'prefer';
  return apply([
    [
      // Where it is checked, the login has already failed because of it.
      used && !mode.startsWith('verify') && days < 0,
      'warning',
      'tls-expired',
      () =>
        `the server's certificate expired on ${certificate.validTo.slice(0, 10)}`,
      'renew it; with sslmode=verify-full nothing would connect',
    ],
    [
      used && days >= 0 && days < SOON_DAYS && isRemote(settings),
      'warning',
      'tls-expires',
      () => `the server's certificate expires in ${days} days`,
      'renew it on the server, then reload',
    ],
  ]);
}

/** @param {Report} report @param {Settings} settings */
function loginFindings(report, settings) {
  const { method, encrypted } = report.authentication;
  const remote = isRemote(settings);
  return apply([
    [
      remote && method === 'password' && encrypted === false,
      'warning',
      'password-plain',
      () => 'the password crosses the network readable by anybody',
      'scram-sha-256 in pg_hba.conf, and TLS',
    ],
    [
      method === 'md5',
      'hint',
      'md5',
      () => 'the login is md5, which PostgreSQL 18 warns of and will drop',
      'password_encryption = scram-sha-256, then set the password again',
    ],
    [
      remote && method === 'none',
      'warning',
      'trust',
      () => 'the server asks for no password',
      'unless it checks a client certificate, anybody who reaches it is in: ' +
        'scram-sha-256 in pg_hba.conf',
    ],
  ]);
}

/** @param {Report} report @param {Settings} settings */
function serverFindings(report, settings) {
  const { server, limits } = report;
  const major = Number.parseInt(server.version ?? '', 10);
  const standby = server.role === 'standby';
  return apply([
    [
      standby && settings.targetSessionAttrs === 'any',
      'warning',
      'standby',
      () => 'this is a standby: every write fails with 25006',
      'for writes use the primary: list both hosts, with ' +
        'target_session_attrs=read-write',
    ],
    [
      !standby && server.readOnly,
      'warning',
      'read-only',
      () => 'transactions are read-only by default: writes fail with 25006',
      'look at default_transaction_read_only of server, database and user',
    ],
    [
      major < 14 && !isKin(server.platform),
      'warning',
      'old-server',
      () => `PostgreSQL ${server.version} gets no more corrections`,
      'upgrade it',
    ],
    [
      server.superuser && isRemote(settings),
      'hint',
      'superuser',
      () => `${server.user} is a superuser`,
      'an application wants a role that owns its tables and nothing else',
    ],
    [
      isNearlyFull(limits),
      'warning',
      'nearly-full',
      () =>
        `${limits.used} of ${limits.maxConnections} connections of the ` +
        'server are in use',
      'lower max in each process, or put a pooler in front; at the limit new ' +
        'connections fail with 53300',
    ],
  ]);
}

/** @param {import('./server.js').LimitsReport} limits */
function isNearlyFull({ maxConnections, used, free }) {
  return (
    maxConnections !== null &&
    used !== null &&
    (used / maxConnections > FULL || free === 0)
  );
}

/** @param {Report} report @param {Settings} settings */
function distanceFindings(report, settings) {
  const millis = report.latency.roundTripMillis ?? 0;
  const remote = isRemote(settings);
  return apply([
    [
      remote && millis >= VERY_FAR_MILLIS,
      'warning',
      'far',
      () =>
        `the server is far: ${millis} ms for each round trip, so a request ` +
        `of 10 queries spends ${Math.round(10 * millis)} ms waiting`,
      'run the application in the region of the database',
    ],
    [
      remote && millis >= FAR_MILLIS && millis < VERY_FAR_MILLIS,
      'hint',
      'apart',
      () => `${millis} ms for each round trip: another zone, or another region`,
      'put application and database next to each other where you can',
    ],
  ]);
}

/**
 * @param {Report} report
 * @param {Settings} settings
 * @returns {Finding[]}
 */
function verdicts(report, settings) {
  return [
    ...networkFindings(report),
    ...settingsFindings(settings),
    ...encryptionFindings(report, settings),
    ...certificateFindings(report, settings),
    ...loginFindings(report, settings),
    ...serverFindings(report, settings),
    ...distanceFindings(report, settings),
  ];
}

module.exports = { isRemote, verdicts };
