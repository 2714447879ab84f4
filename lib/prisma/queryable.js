// SPDX-License-Identifier: MIT
'use strict';

// The common base of an adapter and its transactions: they run statements.

const { writeArguments } = require('./arguments.js');
const { columnsOf, prismaTypes } = require('./columns.js');
const { URGENT } = require('../pool/lease-state.js');
const { toPrisma } = require('./errors.js');
const { withTypes } = require('./typed-arguments.js');
const { isSeveral } = require('./script.js');

/** The OIDs below are the server's own types. */
const FIRST_USER_OID = 16384;

const NAME = 'pg-holdfast';

/**
 * Prisma's SqlQuery.
 * @typedef {object} SqlQuery
 * @property {string} sql
 * @property {unknown[]} args
 * @property {import('./arguments.js').ArgType[]} argTypes
 */

/**
 * Prisma's SqlResultSet.
 * @typedef {object} SqlResultSet
 * @property {string[]} columnNames
 * @property {number[]} columnTypes
 * @property {any[][]} rows
 */

/**
 * Runs statements: a pool or one of its clients.
 * @typedef {object} Runner
 * @property {(config: any) => Promise<any> | undefined} query
 */

/**
 * @param {unknown} error
 * @returns {never}
 */
function fail(error) {
  throw toPrisma(error);
}

/**
 * For several statements, the rows of the last and the number all have changed.
 * @param {any} results
 */
function joined(results) {
  if (!Array.isArray(results)) {
    return results;
  }
  const last = results[results.length - 1];
  const changed = results.filter(({ command }) => command !== 'SELECT');
  return {
    fields: last.fields,
    rows: last.rows,
    rowCount: changed.reduce((sum, { rowCount }) => sum + (rowCount ?? 0), 0),
  };
}

class Queryable {
  provider = /** @type {const} */ ('postgres');
  adapterName = NAME;
  /**
   * Whether a statement that failed because of types may be sent again with
   * types.
   */
  asksAgain = false;
  #runner;
  #parseUserType;

  /**
   * @param {Runner} runner
   * @param {import('./options.js').UserTypeParser | undefined} parseUserType
   */
  constructor(runner, parseUserType) {
    this.#runner = runner;
    this.#parseUserType = parseUserType;
  }

  /**
   * Runs a statement for its rows.
   * @param {SqlQuery} query
   * @returns {Promise<SqlResultSet>}
   */
  queryRaw(query) {
    const running = this.run(query);
    return this.#parseUserType === undefined
      ? running.then(toResultSet, fail)
      : running.then((result) => this.#parsed(result), fail);
  }

  /**
   * Runs a statement for the number of rows it changed.
   * @param {SqlQuery} query
   * @returns {Promise<number>}
   */
  executeRaw(query) {
    return this.run(query).then((result) => result.rowCount ?? 0, fail);
  }

  /**
   * @param {SqlQuery} query
   * @param {boolean} [urgent] whether it is a ROLLBACK that waits for nothing
   * @returns {Promise<any>}
   */
  run({ sql, args, argTypes }, urgent = false) {
    try {
      if (args.length === 0 && isSeveral(sql)) {
        // $executeRawUnsafe() of several: the simple protocol takes them.
        return /** @type {Promise<any>} */ (
          this.#runner.query({
            text: sql,
            rowMode: 'array',
            types: prismaTypes,
          })
        ).then(joined);
      }
      const values = writeArguments(args, argTypes);
      const running = this.#send(sql, values, urgent);
      if (!this.asksAgain || args.length === 0) {
        return running;
      }
      return running.catch((error) => {
        const again = withTypes({ sql, args, argTypes }, values, error);
        if (again === null) {
          throw error;
        }
        // When it fails twice, the first error is the better one.
        return this.#send(sql, again, urgent).catch(() => {
          throw error;
        });
      });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * @param {string} text
   * @param {unknown[]} values
   * @param {boolean} urgent
   * @returns {Promise<any>}
   */
  #send(text, values, urgent) {
    const running = this.#runner.query({
      text,
      values,
      rowMode: 'array',
      types: prismaTypes,
      queryMode: 'extended',
      [URGENT]: urgent,
    });
    return /** @type {Promise<any>} */ (running);
  }

  /**
   * Calls the user's function for values of types that are not built in.
   * @param {import('../values/results.js').Result} result
   * @returns {Promise<SqlResultSet>}
   */
  async #parsed(result) {
    const parse = /** @type {import('./options.js').UserTypeParser} */ (
      this.#parseUserType
    );
    for (const [i, field] of result.fields.entries()) {
      if (field.dataTypeID >= FIRST_USER_OID) {
        for (const row of result.rows) {
          row[i] = await parse(field.dataTypeID, row[i], this);
        }
      }
    }
    return toResultSet(result);
  }
}

/**
 * @param {import('../values/results.js').Result} result
 * @returns {SqlResultSet}
 */
function toResultSet(result) {
  const { columnNames, columnTypes } = columnsOf(result.fields);
  return { columnNames, columnTypes, rows: result.rows };
}

module.exports = { NAME, Queryable };
