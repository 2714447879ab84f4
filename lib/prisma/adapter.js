// SPDX-License-Identifier: MIT
'use strict';

// The adapter that PrismaClient is given, on a pool of ours.

const { readMillis } = require('../validate/values.js');
const { coreOf } = require('../observe/live.js');
const { toPrisma } = require('./errors.js');
const { readOptions, readPool } = require('./options.js');
const { NAME, Queryable } = require('./queryable.js');
const { runScript } = require('./script.js');
const { startTransaction } = require('./transaction.js');

/** @typedef {import('../pool/pool.js').Pool} Pool */
/** @typedef {import('./options.js').Options} Options */

/**
 * Returns the schema that the pool's own options name, the first on the path.
 * @param {Pool} pool
 * @returns {string | undefined}
 */
function schemaOf(pool) {
  /** @type {readonly (readonly [string, string])[]} */
  const settings = coreOf(pool)?.resolved.settings ?? [];
  const path = settings.find(([name]) => name === 'search_path')?.[1] ?? '';
  const quoted = /^"((?:""|[^"])*)"$/.exec(path)?.[1];
  return quoted?.replaceAll('""', '"');
}

/** One connected client's adapter. */
class Adapter extends Queryable {
  #poolOf;
  #options;

  /**
   * @param {() => Pool} poolOf
   * @param {Options} options
   */
  constructor(poolOf, options) {
    const runner = { query: (/** @type {any} */ q) => poolOf().query(q) };
    super(runner, options.userDefinedTypeParser);
    // It left nothing behind: it was a transaction of its own.
    this.asksAgain = true;
    this.#poolOf = poolOf;
    this.#options = options;
  }

  /** Requested each time: the previous one may have been ended. */
  get #pool() {
    return this.#poolOf();
  }

  /**
   * @param {string} [isolationLevel]
   * @returns {Promise<import('./transaction.js').Transaction>}
   */
  startTransaction(isolationLevel) {
    const { userDefinedTypeParser, maxWait } = this.#options;
    return startTransaction(
      this.#pool,
      isolationLevel,
      userDefinedTypeParser,
      readMillis(maxWait, 'maxWait'),
    );
  }

  /**
   * Runs statements, separated by semicolons: in one transaction, unless they
   * say otherwise or some of them run in none.
   * @param {string} script
   */
  async executeScript(script) {
    try {
      await runScript(this.#pool, script);
    } catch (error) {
      throw toPrisma(error);
    }
  }

  getConnectionInfo() {
    const { schema } = this.#options;
    return {
      schemaName: schema ?? schemaOf(this.#pool),
      supportsRelationJoins: true,
    };
  }

  /** The pool is shared, so it stays open unless the options say otherwise. */
  async dispose() {
    const pool = this.#pool;
    if (this.#options.disposeExternalPool === true && !pool.ending) {
      await pool.end();
    }
  }

  /** @returns {Pool} */
  underlyingDriver() {
    return this.#pool;
  }
}

class PrismaHoldfast {
  provider = /** @type {const} */ ('postgres');
  adapterName = NAME;
  #open;
  #options;

  /**
   * Does not connect. Throws a TypeError for invalid options.
   * @param {Pool | string | object} [pool] one of ours, or a connection string
   *   or options for getPool()
   * @param {Options} [options]
   */
  constructor(pool, options) {
    this.#options = readOptions(options);
    this.#open = readPool(pool);
  }

  /** @returns {Promise<Adapter>} */
  connect() {
    return new Promise((resolve) => {
      const poolOf = this.#open();
      poolOf(); // what is wrong with the options rejects here
      resolve(new Adapter(poolOf, this.#options));
    });
  }
}

module.exports = { PrismaHoldfast };
