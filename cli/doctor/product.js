// SPDX-License-Identifier: MIT
'use strict';

// Which pooler it is, and its settings, where this user may query them. Names
// of hosts are hints; the answer to a start-up message with an unknown
// parameter is a fact, and needs no login.

const { Failure } = require('./failure.js');

/** @typedef {import('./context.js').Context} Context */

/**
 * @typedef {object} ProductReport
 * @property {string | null} product
 * @property {string | null} version told, or what its answers imply
 * @property {string | null} toldMode by its admin console
 * @property {number | null} poolSize by its admin console
 * @property {number | null} maxClients by its admin console
 * @property {number | null} maxPreparedStatements by its admin console
 * @property {boolean | null} startupTimeouts whether it takes
 *   statement_timeout in the start-up message, as pg sends it
 */

const KNOCK_MILLIS = 2000;
const CONSOLE_MILLIS = 2000;

/** Providers whose own pooler has such names. */
/** @type {[RegExp, string][]} */
const HOSTS = [
  [/\.pooler\.supabase\.(com|co)$/i, 'Supavisor (Supabase)'],
  [/-pooler\..*\.neon\.tech$/i, 'PgBouncer (Neon)'],
  [/\.proxy-[^.]+\.[^.]+\.rds\.amazonaws\.com$/i, 'RDS Proxy'],
  [/\.pooler\.|-pooler[.-]/i, 'a pooler, by its name'],
];

/** @param {string} host */
function productByHost(host) {
  return HOSTS.find(([pattern]) => pattern.test(host))?.[1] ?? null;
}

/**
 * @param {Context} context
 * @param {Record<string, string>} parameters
 */
async function knock(context, parameters) {
  try {
    return await context.knock(parameters, KNOCK_MILLIS);
  } catch {
    return null;
  }
}

/**
 * @param {{refusal: Failure | null} | null} answer
 * @returns {boolean}
 */
function refusesParameter(answer) {
  return /unsupported startup parameter/i.test(answer?.refusal?.message ?? '');
}

/**
 * @param {Context} context
 * @returns {Promise<ProductReport>}
 */
async function findProduct(context) {
  /** @type {ProductReport} */
  const report = {
    product: productByHost(context.route.host),
    version: null,
    toldMode: null,
    poolSize: null,
    maxClients: null,
    maxPreparedStatements: null,
    startupTimeouts: null,
  };
  // PostgreSQL accepts any name with a dot in it, PgBouncer refuses it by name.
  if (!refusesParameter(await knock(context, { 'holdfast.doctor': '1' }))) {
    return report;
  }
  report.product ??= 'PgBouncer';
  const protocol = await knock(context, { '_pq_.holdfast_doctor': '1' });
  if (protocol !== null) {
    report.version = protocol.negotiated ? '1.23 or newer' : 'before 1.23';
  }
  const timeout = await knock(context, { statement_timeout: '0' });
  report.startupTimeouts = timeout === null ? null : !refusesParameter(timeout);
  await readConsole(context, report);
  return report;
}

/**
 * Queries the admin console, which most users may not.
 * @param {Context} context
 * @param {ProductReport} report
 */
async function readConsole(context, report) {
  /** @type {import('./connection.js').Connection} */
  let connection;
  try {
    connection = await context.connect({
      database: 'pgbouncer',
      limit: CONSOLE_MILLIS,
    });
  } catch {
    return;
  }
  try {
    const version = await connection.query('SHOW VERSION', CONSOLE_MILLIS);
    const shown = /PgBouncer (\S+)/.exec(version.rows[0]?.[0] ?? '')?.[1];
    if (shown === undefined) {
      return;
    }
    report.version = shown;
    const config = await connection.query('SHOW CONFIG', CONSOLE_MILLIS);
    const values = new Map(
      config.rows.map((row) => /** @type {[string, string]} */ (row)),
    );
    readConfig(values, report);
    await readDatabase(connection, context.settings.database, report);
  } catch (error) {
    if (!(error instanceof Failure)) {
      throw error;
    }
  } finally {
    context.close(connection);
  }
}

/**
 * @param {Map<string, string>} values
 * @param {ProductReport} report
 */
function readConfig(values, report) {
  const number = (/** @type {string} */ name) =>
    values.has(name) ? Number(values.get(name)) : null;
  report.toldMode = values.get('pool_mode') ?? null;
  report.poolSize = number('default_pool_size');
  report.maxClients = number('max_client_conn');
  report.maxPreparedStatements = number('max_prepared_statements');
}

/**
 * A database may have its own mode and size. The columns differ between
 * versions: only the simple protocol names them.
 * @param {import('./connection.js').Connection} connection
 * @param {string} database
 * @param {ProductReport} report
 */
async function readDatabase(connection, database, report) {
  const { rows, columns } = await connection.query(
    'SHOW DATABASES',
    CONSOLE_MILLIS,
  );
  const row = rows.find(([name]) => name === database);
  if (row === undefined) {
    return;
  }
  const value = (/** @type {string} */ name) => row[columns.indexOf(name)];
  report.poolSize = Number(value('pool_size') ?? report.poolSize);
  report.toldMode = value('pool_mode') || report.toldMode;
}

module.exports = { findProduct };
