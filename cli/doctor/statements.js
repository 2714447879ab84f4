// SPDX-License-Identifier: MIT
'use strict';

// What becomes of a named prepared statement. Behind a pooler a name left on a
// server connection is seen by its next user, so the probe prepares, looks and
// deallocates before one Sync: all on one server connection, and the name is
// gone before another client gets it.

const { randomBytes } = require('node:crypto');

const { Failure } = require('./failure.js');
const wire = require('./wire.js');

/**
 * - `session`: the name lives in our own session, as on a direct connection
 * - `tracked`: the pooler gives it a name of its own and brings it along
 * - `unsafe`: the name goes to a server connection that others get, too
 * - `refused`: named statements fail
 * @typedef {'session' | 'tracked' | 'unsafe' | 'refused' |
 *   'unknown'} Statements
 */

const LIMIT_MILLIS = 3000;
/** Always the same, so that nothing grows where the pooler remembers it. */
const TEXT = "select 'pg-holdfast doctor'::text";
const LOOK = `select name from pg_prepared_statements
 where statement = '${TEXT.replaceAll("'", "''")}'`;

/**
 * Who sees a name that the server has unchanged.
 * @type {Record<import('./pooler.js').Mode, Statements>}
 */
const WHOSE = {
  direct: 'session',
  session: 'session',
  transaction: 'unsafe',
  statement: 'unsafe',
  unknown: 'unknown',
};

/**
 * Prepares a named statement, reads its name on the server and closes it.
 * @param {import('./connection.js').Connection} connection
 * @returns {Promise<{ours: string, names: string[]}>}
 */
async function nameOnServer(connection) {
  const ours = `hf_doctor_${randomBytes(6).toString('hex')}`;
  const unit = Buffer.concat([
    ...[wire.parse(ours, TEXT), wire.bind(ours), wire.execute()],
    ...[wire.parse('', LOOK), wire.bind(''), wire.execute()],
    ...[wire.close(ours), wire.sync()],
  ]);
  const { rows } = await connection.ask(unit, LIMIT_MILLIS);
  // The first row is the named statement's own answer.
  return { ours, names: rows.slice(1).map(([name]) => String(name)) };
}

/**
 * @param {import('./context.js').Context} context
 * @param {import('./pooler.js').Mode} mode
 * @returns {Promise<{namedStatements: Statements, evidence: string}>}
 */
async function findStatements(context, mode) {
  const connection = await context.connect();
  try {
    const { ours, names } = await nameOnServer(connection);
    const renamed = names.find((name) => name !== ours);
    if (names.includes(ours)) {
      return {
        namedStatements: WHOSE[mode],
        evidence: 'the server has the statement under the name we gave it',
      };
    }
    return {
      namedStatements: renamed === undefined ? 'unknown' : 'tracked',
      evidence:
        renamed === undefined
          ? 'the statement ran, but the server does not list it'
          : `the server has it as ${renamed.slice(0, 40)}`,
    };
  } catch (error) {
    if (error instanceof Failure && error.kind === 'server') {
      const evidence = `${error.code}: ${error.message}`;
      return { namedStatements: 'refused', evidence };
    }
    throw error;
  } finally {
    context.close(connection);
  }
}

module.exports = { findStatements };
