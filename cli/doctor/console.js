// SPDX-License-Identifier: MIT
'use strict';

// The admin console of a pooler, which most users may not enter: version,
// mode, sizes, and who waits. PgCat's and Odyssey's answer like PgBouncer's,
// with fewer columns or more, so that columns are found by name.

const { Failure } = require('./failure.js');

/** @typedef {import('./connection.js').Answer} Answer */
/** @typedef {import('./connection.js').Connection} Connection */
/** @typedef {import('./context.js').Context} Context */
/** @typedef {import('./product.js').ProductReport} ProductReport */

/**
 * One pool of a pooler: a database and a user.
 * @typedef {object} PoolReport
 * @property {string} user
 * @property {string | null} mode
 * @property {number | null} clientsActive that have a server connection
 * @property {number | null} clientsWaiting for one
 * @property {number | null} serversActive
 * @property {number | null} serversIdle
 * @property {number | null} waitMillis of the client that waits longest
 */

const LIMIT_MILLIS = 2000;
const MILLIS = 1000;

/** What to log in to, by product. @type {Record<string, string>} */
const DATABASES = {
  PgBouncer: 'pgbouncer',
  PgCat: 'pgcat',
  Odyssey: 'console',
};

/** @param {Answer} answer @returns {Record<string, string | null>[]} */
function named({ columns, rows }) {
  return rows.map((row) =>
    Object.fromEntries(columns.map((name, i) => [name, row[i]])),
  );
}

/** @param {string | null | undefined} text */
function numberOf(text) {
  return text === null || text === undefined || text === ''
    ? null
    : Number(text);
}

/**
 * Asks the console, and returns nothing where it does not know the command.
 * @param {Connection} connection
 * @param {string} command
 */
async function ask(connection, command) {
  try {
    return named(await connection.query(command, LIMIT_MILLIS));
  } catch (error) {
    if (error instanceof Failure && error.kind === 'server') {
      return [];
    }
    throw error;
  }
}

/**
 * @param {Record<string, string | null>[]} rows of SHOW CONFIG
 * @param {ProductReport} report
 */
function readConfig(rows, report) {
  const values = new Map(rows.map(({ key, value }) => [key, value]));
  report.toldMode = values.get('pool_mode') ?? null;
  report.poolSize = numberOf(values.get('default_pool_size'));
  report.maxClients = numberOf(values.get('max_client_conn'));
  report.maxPreparedStatements = numberOf(
    values.get('max_prepared_statements'),
  );
}

/**
 * A database may have its own mode and size.
 * @param {Record<string, string | null>[]} rows of SHOW DATABASES
 * @param {string} database
 * @param {ProductReport} report
 */
function readDatabase(rows, database, report) {
  const row = rows.find(({ name }) => name === database);
  if (row !== undefined) {
    report.poolSize = numberOf(row.pool_size) ?? report.poolSize;
    report.toldMode = row.pool_mode || report.toldMode;
  }
}

/**
 * @param {Record<string, string | null>} row of SHOW POOLS
 * @returns {PoolReport}
 */
function poolOf(row) {
  const seconds = numberOf(row.maxwait);
  const micros = numberOf(row.maxwait_us) ?? 0;
  return {
    user: row.user ?? '',
    mode: row.pool_mode ?? null,
    clientsActive: numberOf(row.cl_active),
    clientsWaiting: numberOf(row.cl_waiting),
    serversActive: numberOf(row.sv_active),
    serversIdle: numberOf(row.sv_idle),
    waitMillis:
      seconds === null ? null : seconds * MILLIS + Math.round(micros / MILLIS),
  };
}

/**
 * @param {Connection} connection
 * @param {string} database
 * @param {ProductReport} report
 */
async function fill(connection, database, report) {
  const [shown] = await ask(connection, 'SHOW VERSION');
  const text = shown?.version ?? '';
  const version = /^(?:PgBouncer|PgCat|odyssey) v?(\S+)/i.exec(text)?.[1];
  if (version === undefined) {
    return;
  }
  report.version = version;
  readConfig(await ask(connection, 'SHOW CONFIG'), report);
  readDatabase(await ask(connection, 'SHOW DATABASES'), database, report);
  const pools = await ask(connection, 'SHOW POOLS');
  const ours = pools.filter((row) => row.database === database);
  report.pools = ours.map(poolOf);
  report.toldMode ??= report.pools[0]?.mode ?? null;
}

/**
 * Reads the console into the report, where this user may enter it.
 * @param {Context} context
 * @param {ProductReport} report
 */
async function readConsole(context, report) {
  const database = DATABASES[report.product?.split(' ')[0] ?? ''];
  if (database === undefined) {
    return;
  }
  /** @type {Connection} */
  let connection;
  try {
    connection = await context.connect({ database, limit: LIMIT_MILLIS });
  } catch {
    return;
  }
  try {
    await fill(connection, context.settings.database, report);
  } catch (error) {
    if (!(error instanceof Failure)) {
      throw error;
    }
  } finally {
    context.close(connection);
  }
}

module.exports = { readConsole };
