// SPDX-License-Identifier: MIT
'use strict';

// The report of `doctor --json`. Its names are stable: docs/doctor.md.

const { versions } = require('../../lib/engine/versions.js');
const { emptyProduct } = require('./product.js');
const { shownDatabase, shownUrl } = require('./settings.js');
const { emptyTls } = require('./tls.js');

/** Increased when a name is removed or changes its meaning. */
const SCHEMA = 1;

/**
 * @typedef {object} DirectReport
 * @property {string} source
 * @property {string} url without secrets
 * @property {'the server' | 'a pooler' | 'nowhere' | 'another server'} leadsTo
 */

/**
 * @typedef {object} SettingsReport
 * @property {string | null} url without secrets
 * @property {string} source
 * @property {string[]} variables libpq's, of the environment
 * @property {string | null} user
 * @property {string | null} database
 * @property {boolean} password whether there is one
 * @property {string | null} sslmode
 * @property {number} max
 * @property {Record<string, string>} options of a pool that the URL sets
 * @property {DirectReport | null} direct
 */

/**
 * @typedef {object} PoolerReport
 * @property {import('./pooler.js').Mode | null} mode
 * @property {boolean | null} proxied
 * @property {string | null} evidence of the mode
 * @property {string | null} product
 * @property {string | null} productEvidence
 * @property {string | null} version
 * @property {string | null} toldMode by its admin console
 * @property {number | null} poolSize
 * @property {number | null} maxClients
 * @property {number | null} maxPreparedStatements
 * @property {import('./console.js').PoolReport[] | null} pools
 * @property {boolean | null} startupTimeouts
 * @property {import('./statements.js').Statements | null} namedStatements
 * @property {string | null} namedEvidence
 */

/**
 * @typedef {object} HoldfastReport
 * @property {number} queries that were right
 * @property {number | null} firstMillis the first, with connecting
 * @property {string | null} pooler what the pool takes it for
 * @property {string | null} error
 */

/**
 * @typedef {object} Report
 * @property {number} schema
 * @property {string} version of this package
 * @property {'ok' | 'warnings' | 'fails'} verdict
 * @property {number} exitCode
 * @property {boolean} works
 * @property {boolean} complete false when the time was not enough
 * @property {number} elapsedMillis
 * @property {SettingsReport} settings
 * @property {import('./network.js').HostReport[]} hosts
 * @property {string | null} address that was examined
 * @property {import('./tls.js').TlsReport} tls
 * @property {{method: import('./login.js').Method | null,
 *   mechanisms: string[], encrypted: boolean | null,
 *   channelBinding: import('./login.js').Binding}} authentication
 * @property {import('./server.js').ServerReport} server
 * @property {import('./server.js').LimitsReport} limits
 * @property {import('./server.js').LatencyReport} latency
 * @property {PoolerReport} pooler
 * @property {HoldfastReport} holdfast
 * @property {import('./explain.js').Finding[]} findings
 * @property {import('./symptoms.js').Symptom[]} symptoms
 * @property {import('./advice.js').Advice[]} advice
 * @property {import('./configuration.js').Configuration | null} configuration
 *   to paste
 */

const emptyServer = () => ({
  version: null,
  role: null,
  readOnly: null,
  startedAt: null,
  user: null,
  superuser: null,
  timeouts: {},
  platform: null,
  address: null,
  forwarded: null,
});

const emptyLimits = () => ({
  maxConnections: null,
  reserved: null,
  used: null,
  free: null,
  userLimit: null,
  databaseLimit: null,
});

const emptyLatency = () => ({
  connectMillis: null,
  loginMillis: null,
  roundTripMillis: null,
  fastestMillis: null,
  slowestMillis: null,
});

/** @returns {PoolerReport} */
const emptyPooler = () => ({
  mode: null,
  proxied: null,
  evidence: null,
  ...emptyProduct(),
  namedStatements: null,
  namedEvidence: null,
});

/**
 * @param {import('./settings.js').Settings | null} settings
 * @param {string} source where there are no settings
 * @returns {SettingsReport}
 */
function settingsReport(settings, source) {
  return {
    url: settings === null ? null : shownUrl(settings),
    source: settings?.source ?? source,
    variables: settings?.variables ?? [],
    user: settings?.user ?? null,
    database: settings === null ? null : shownDatabase(settings.database),
    password: Boolean(settings?.password),
    sslmode: settings?.sslmode ?? null,
    max: Number(settings?.values.max ?? 0),
    options: settings?.options ?? {},
    direct: null,
  };
}

/**
 * Returns an empty report.
 * @param {import('./settings.js').Settings | null} settings
 * @param {string} [source]
 * @returns {Report}
 */
function newReport(settings, source = 'argument') {
  return {
    schema: SCHEMA,
    version: versions.holdfast,
    verdict: 'fails',
    exitCode: 2,
    works: false,
    complete: true,
    elapsedMillis: 0,
    settings: settingsReport(settings, source),
    hosts: [],
    address: null,
    tls: emptyTls(settings?.sslmode ?? ''),
    authentication: {
      method: null,
      mechanisms: [],
      encrypted: null,
      channelBinding: null,
    },
    server: emptyServer(),
    limits: emptyLimits(),
    latency: emptyLatency(),
    pooler: emptyPooler(),
    holdfast: { queries: 0, firstMillis: null, pooler: null, error: null },
    findings: [],
    symptoms: [],
    advice: [],
    configuration: null,
  };
}

module.exports = { emptyLimits, emptyServer, newReport };
