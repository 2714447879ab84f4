// SPDX-License-Identifier: MIT
'use strict';

// A transaction of Prisma's. Prisma itself sends COMMIT and ROLLBACK, as
// statements like any other, and then says that the transaction is over; the
// engine knows a COMMIT when it sees one and says honestly how it ended.

const { coreOf } = require('../observe/live.js');
const { escapeIdentifier } = require('../values/quote.js');
const { withTransactionRetry } = require('../retry/retry.js');
const { DriverAdapterError, toPrisma } = require('./errors.js');
const { Queryable } = require('./queryable.js');

/** @typedef {import('../pool/client.js').PoolClient} PoolClient */

const LEVELS = new Set([
  'READ UNCOMMITTED',
  'READ COMMITTED',
  'REPEATABLE READ',
  'SERIALIZABLE',
]);

const OPTIONS = Object.freeze({ usePhantomQuery: false });

/** What Prisma itself sends at the end. */
const ENDS = new Set(['COMMIT', 'ROLLBACK']);

class Transaction extends Queryable {
  options = OPTIONS;
  #client;
  #open = true;
  /** @type {unknown} */
  #failure = undefined;

  /**
   * @param {PoolClient} client
   * @param {import('./options.js').UserTypeParser | undefined} parseUserType
   */
  constructor(client, parseUserType) {
    super(client, parseUserType);
    this.#client = client;
  }

  /**
   * @param {import('./queryable.js').SqlQuery} query
   * @returns {Promise<any>}
   */
  run(query) {
    // What still runs when Prisma gives a transaction up is not waited for.
    const urgent = query.sql === 'ROLLBACK';
    return super.run(query, urgent).catch((error) => {
      this.#failure ??= error;
      if (ENDS.has(query.sql)) {
        // Prisma 6 then forgets to say that the transaction is over.
        this.#release();
      }
      throw error;
    });
  }

  /** COMMIT was sent and answered. */
  commit() {
    return this.#release();
  }

  /** ROLLBACK was sent, or COMMIT failed. */
  rollback() {
    return this.#release();
  }

  /** @param {string} name */
  async createSavepoint(name) {
    await this.#execute(`SAVEPOINT ${escapeIdentifier(name)}`);
  }

  /** @param {string} name */
  async rollbackToSavepoint(name) {
    await this.#execute(`ROLLBACK TO SAVEPOINT ${escapeIdentifier(name)}`);
  }

  /** @param {string} name */
  async releaseSavepoint(name) {
    await this.#execute(`RELEASE SAVEPOINT ${escapeIdentifier(name)}`);
  }

  /** @param {string} sql */
  async #execute(sql) {
    await this.executeRaw({ sql, args: [], argTypes: [] });
  }

  /**
   * Once: Prisma may end a transaction twice when its start was late.
   * @returns {Promise<void>}
   */
  #release() {
    if (this.#open) {
      this.#open = false;
      // An error has the connection looked at; a sound one is kept.
      this.#client.release(this.#failure);
    }
    return Promise.resolve();
  }
}

/**
 * @param {unknown} level
 * @returns {string}
 */
function beginText(level) {
  if (level === undefined || level === null) {
    return 'BEGIN';
  }
  if (!LEVELS.has(String(level))) {
    throw new DriverAdapterError({
      kind: 'InvalidIsolationLevel',
      level: String(level),
    });
  }
  return `BEGIN ISOLATION LEVEL ${level}`;
}

/**
 * Acquires a connection. The stack of the call, which connect() keeps for its
 * warnings, would show Prisma and nothing else; taking it is not cheap.
 * @param {any} pool
 * @returns {Promise<PoolClient>}
 */
function acquire(pool) {
  const core = coreOf(pool);
  return core === undefined
    ? pool.connect()
    : new Promise((resolve, reject) => {
        core.acquire(undefined, undefined, resolve, reject);
      });
}

/**
 * @param {any} pool
 * @param {string} text
 * @returns {Promise<PoolClient>}
 */
async function beginOnce(pool, text) {
  const client = await acquire(pool);
  try {
    await client.query({ text });
  } catch (error) {
    client.release(error);
    throw error;
  }
  return client;
}

/**
 * Begins a transaction, the level in the same statement. Nothing was done yet
 * when that fails, so it is tried again as long as that is useful.
 * @param {any} pool
 * @param {string | undefined} level
 * @param {import('./options.js').UserTypeParser | undefined} parseUserType
 * @returns {Promise<Transaction>}
 */
async function startTransaction(pool, level, parseUserType) {
  const text = beginText(level);
  try {
    const client = await withTransactionRetry(() => beginOnce(pool, text));
    return new Transaction(client, parseUserType);
  } catch (error) {
    throw toPrisma(error);
  }
}

module.exports = { Transaction, startTransaction };
