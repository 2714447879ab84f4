// SPDX-License-Identifier: MIT
'use strict';

// What an adapter and its transactions have in common: they run statements.

const { writeArguments } = require('./arguments.js');
const { columnsOf, prismaTypes } = require('./columns.js');
const { URGENT } = require('../pool/lease-state.js');
const { toPrisma } = require('./errors.js');

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

class Queryable {
  provider = /** @type {const} */ ('postgres');
  adapterName = NAME;
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
      const running = this.#runner.query({
        text: sql,
        values: writeArguments(args, argTypes),
        rowMode: 'array',
        types: prismaTypes,
        // Several statements in one text are executeScript()'s affair.
        queryMode: 'extended',
        [URGENT]: urgent,
      });
      return /** @type {Promise<any>} */ (running);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Has the user's function read the values of types that are not built in.
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
