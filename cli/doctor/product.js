// SPDX-License-Identifier: MIT
'use strict';

// Which pooler it is. A pooler answers a few things itself instead of passing
// them on, each in words of its own: start-up messages that no server would
// refuse like this, a database that nobody has, a statement of its own. The
// name of the host is only a hint, for those whose answers say nothing.

const { readConsole } = require('./console.js');
const { Failure } = require('./failure.js');

/** @typedef {import('./context.js').Context} Context */

/**
 * @typedef {object} ProductReport
 * @property {string | null} product
 * @property {string | null} productEvidence what it was recognised by
 * @property {string | null} version told, or what its answers imply
 * @property {string | null} toldMode by its admin console
 * @property {number | null} poolSize by its admin console
 * @property {number | null} maxClients by its admin console
 * @property {number | null} maxPreparedStatements by its admin console
 * @property {import('./console.js').PoolReport[] | null} pools by its admin
 *   console: those of our database
 * @property {boolean | null} startupTimeouts whether it takes
 *   statement_timeout in the start-up message, as pg sends it
 */

const KNOCK_MILLIS = 2000;
const LOGIN_MILLIS = 3000;
/** Longer ones would only blur the report. */
const QUOTED = 90;

/** Nobody has a user or a database of this name. */
const NOBODY = 'holdfast_doctor';

/** Providers whose own pooler has such names. */
/** @type {[RegExp, string][]} */
const HOSTS = [
  [/\.pooler\.supabase\.(com|co)$/i, 'Supavisor (Supabase)'],
  [/-pooler\..*\.neon\.tech$/i, 'PgBouncer (Neon)'],
  [/\.neon\.tech$/i, "Neon's proxy"],
  [/\.proxy-[^.]+\.[^.]+\.rds\.amazonaws\.com$/i, 'RDS Proxy'],
  [/\.pooler\.|-pooler[.-]/i, 'a pooler, by its name'],
];

/**
 * Refusals that only one product words like this. Taken from the sources of
 * PgBouncer, Supavisor, Neon, PgCat and Odyssey, and from AWS' documentation.
 * @type {[RegExp, string][]}
 */
const REFUSALS = [
  [/unsupported startup parameter/i, 'PgBouncer'],
  [/\bRDS proxy\b/i, 'RDS Proxy'],
  [/inferred from SNI|Endpoint ID is not specified/i, "Neon's proxy"],
  [/requested endpoint could not be found/i, "Neon's proxy"],
  [/Tenant or user not found|tenant\/user \S+ not found/i, 'Supavisor'],
  [/no tenant identifier provided/i, 'Supavisor'],
  [/^odyssey: |^route for '.*' is not found/i, 'Odyssey'],
  [/^No pool configured for database/i, 'PgCat'],
];

/**
 * Start-up messages that some pooler refuses before the login. PostgreSQL
 * takes any parameter with a dot in it, and looks at users and `options` only
 * later.
 * @type {Record<string, string>[]}
 */
const KNOCKS = [
  { 'holdfast.doctor': '1' },
  { options: 'endpoint=holdfast-doctor' },
  { user: NOBODY },
];

/** @param {string} host */
function productByHost(host) {
  return HOSTS.find(([pattern]) => pattern.test(host))?.[1] ?? null;
}

/** @param {string | undefined} message */
function productByRefusal(message) {
  const found = REFUSALS.find(([says]) => says.test(message ?? ''));
  return found === undefined
    ? null
    : { product: found[1], said: String(message) };
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

/** @param {{refusal: Failure | null} | null} answer */
function refusesParameter(answer) {
  return /unsupported startup parameter/i.test(answer?.refusal?.message ?? '');
}

/**
 * Logs in to a database that does not exist, for poolers that ask for the
 * password first.
 * @param {Context} context
 */
async function refusedLogin(context) {
  try {
    const connection = await context.connect({
      database: NOBODY,
      limit: LOGIN_MILLIS,
    });
    context.close(connection);
    return undefined;
  } catch (error) {
    return error instanceof Failure ? error.message : undefined;
  }
}

/**
 * PgCat answers this statement itself. For a server it is a syntax error.
 * @param {Context} context
 */
async function answersAsPgCat(context) {
  /** @type {import('./connection.js').Connection | undefined} */
  let connection;
  try {
    connection = await context.connect({ limit: LOGIN_MILLIS });
    const { columns } = await connection.query(
      'SHOW SERVER ROLE',
      LOGIN_MILLIS,
    );
    return columns[0] === 'server role';
  } catch {
    return false;
  } finally {
    if (connection !== undefined) {
      context.close(connection);
    }
  }
}

/**
 * Tries what gives a pooler away until one thing does.
 * @param {Context} context
 * @returns {Promise<{product: string, said: string} | null>}
 */
async function findByAnswer(context) {
  for (const parameters of KNOCKS) {
    const answer = await knock(context, parameters);
    const found = productByRefusal(answer?.refusal?.message);
    if (found !== null) {
      return found;
    }
  }
  const found = productByRefusal(await refusedLogin(context));
  if (found !== null) {
    return found;
  }
  return (await answersAsPgCat(context))
    ? { product: 'PgCat', said: 'SHOW SERVER ROLE is answered' }
    : null;
}

/**
 * The provider's name for it is more telling where both are of one product.
 * @param {string | null} byHost
 * @param {{product: string, said: string} | null} answer
 * @returns {Pick<ProductReport, 'product' | 'productEvidence'>}
 */
function named(byHost, answer) {
  if (answer === null) {
    const productEvidence = byHost === null ? null : 'the name of the host';
    return { product: byHost, productEvidence };
  }
  const { product, said } = answer;
  // Neon's proxy stands in front of Neon's PgBouncer.
  const isSame = byHost?.startsWith(product) || byHost?.includes('Neon');
  return {
    product: isSame ? byHost : product,
    productEvidence: `it says: ${said.slice(0, QUOTED)}`,
  };
}

/**
 * What its start-up shows of PgBouncer.
 * @param {Context} context
 * @param {ProductReport} report
 */
async function examineStartup(context, report) {
  const protocol = await knock(context, { '_pq_.holdfast_doctor': '1' });
  if (protocol !== null) {
    report.version = protocol.negotiated ? '1.23 or newer' : 'before 1.23';
  }
  const timeout = await knock(context, { statement_timeout: '0' });
  report.startupTimeouts = timeout === null ? null : !refusesParameter(timeout);
}

/** @returns {ProductReport} */
function emptyProduct() {
  return {
    product: null,
    productEvidence: null,
    version: null,
    toldMode: null,
    poolSize: null,
    maxClients: null,
    maxPreparedStatements: null,
    pools: null,
    startupTimeouts: null,
  };
}

/**
 * @param {Context} context
 * @param {ProductReport | null} known of an earlier examination: then only the
 *   console is read again, so that watching does not fill logs with refusals
 * @returns {Promise<ProductReport>}
 */
async function findProduct(context, known) {
  const report = { ...emptyProduct(), ...known };
  if (known === null) {
    const answer = await findByAnswer(context);
    Object.assign(report, named(productByHost(context.route.host), answer));
    if (answer?.product === 'PgBouncer') {
      await examineStartup(context, report);
    } else if (answer?.product === 'RDS Proxy') {
      report.startupTimeouts = false;
    }
  }
  await readConsole(context, report);
  return report;
}

module.exports = { emptyProduct, findProduct };
