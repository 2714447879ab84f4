// SPDX-License-Identifier: MIT
'use strict';

// A transaction of Prisma's. Prisma itself sends COMMIT and ROLLBACK, as
// statements like any other, and then says that the transaction is over; the
// engine knows a COMMIT when it sees one and says honestly how it ended.

const { coreOf } = require('../observe/live.js');
const { ISOLATION_LEVELS } = require('../pool/transaction-options.js');
const { escapeIdentifier } = require('../values/quote.js');
const { withTransactionRetry } = require('../retry/retry.js');
const { DriverAdapterError, toPrisma } = require('./errors.js');
const { Queryable } = require('./queryable.js');

/** @typedef {import('../pool/client.js').PoolClient} PoolClient */

const OPTIONS = Object.freeze({ usePhantomQuery: false });

/** What Prisma itself sends at the end. */
const ENDS = new Set(['COMMIT', 'ROLLBACK']);

/** The answer to a ROLLBACK of what never began. */
const NOTHING = Object.freeze({ rows: [], fields: [], rowCount: 0 });

/**
 * A connection, and how its transaction begins; a connection that is lost at
 * that is replaced.
 * @typedef {object} Holder
 * @property {PoolClient | undefined} client
 * @property {() => Promise<void>} begin
 */

class Transaction extends Queryable {
  options = OPTIONS;
  #holder;
  #open = true;
  /** @type {Promise<void> | undefined} */
  #begun = undefined;
  /** @type {unknown} */
  #failure = undefined;

  /**
   * @param {Holder} holder
   * @param {import('./options.js').UserTypeParser | undefined} parseUserType
   */
  constructor(holder, parseUserType) {
    const runner = {
      query: (/** @type {any} */ config) =>
        /** @type {PoolClient} */ (holder.client).query(config),
    };
    super(runner, parseUserType);
    this.#holder = holder;
  }

  /**
   * Begins, unless Prisma has given it up by now: it does not tell an adapter
   * that nobody waits any more (`maxWait`), but rolls back what comes too late.
   */
  beginSoon() {
    setImmediate(() => {
      if (this.#open) {
        this.#begin().catch(() => {}); // the first statement tells
      }
    });
  }

  /** @returns {Promise<void>} */
  #begin() {
    this.#begun ??= this.#holder.begin();
    return this.#begun;
  }

  /**
   * @param {import('./queryable.js').SqlQuery} query
   * @returns {Promise<any>}
   */
  async run(query) {
    if (this.#begun === undefined && query.sql === 'ROLLBACK') {
      await this.#release();
      return NOTHING;
    }
    try {
      await this.#begin();
    } catch (error) {
      this.#open = false;
      throw error;
    }
    return this.#runWithin(query);
  }

  /**
   * @param {import('./queryable.js').SqlQuery} query
   * @returns {Promise<any>}
   */
  #runWithin(query) {
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
  async #release() {
    if (!this.#open) {
      return;
    }
    this.#open = false;
    await this.#begun?.catch(() => {});
    // An error has the connection looked at; a sound one is kept.
    this.#holder.client?.release(this.#failure);
    this.#holder.client = undefined;
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
  if (!ISOLATION_LEVELS.has(String(level))) {
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
 * @param {number} millis to wait at most, 0 = the pool's deadline
 * @returns {Promise<PoolClient>}
 */
function acquire(pool, millis) {
  const core = coreOf(pool);
  const options = millis > 0 ? { deadlineMillis: millis } : undefined;
  return core === undefined
    ? pool.connect(options)
    : new Promise((resolve, reject) => {
        core.acquire(options, undefined, resolve, reject);
      });
}

/**
 * @param {Holder} holder
 * @param {() => Promise<PoolClient>} acquireOne
 * @param {string} text
 */
async function beginOnce(holder, acquireOne, text) {
  holder.client ??= await acquireOne();
  try {
    await holder.client.query({ text });
  } catch (error) {
    holder.client.release(error);
    holder.client = undefined;
    throw error;
  }
}

/**
 * Gets a connection for a transaction, which begins as soon as it is known that
 * somebody still wants it, the level in the same statement. Nothing was done
 * yet when that fails, so it is tried again as long as that is useful.
 * @param {any} pool
 * @param {string | undefined} level
 * @param {import('./options.js').UserTypeParser | undefined} parseUserType
 * @param {number} [maxWait] how long Prisma waits for it, as far as is known
 * @returns {Promise<Transaction>}
 */
async function startTransaction(pool, level, parseUserType, maxWait = 0) {
  const text = beginText(level);
  const acquireOne = () => acquire(pool, maxWait);
  const bound = maxWait > 0 ? { deadlineMillis: maxWait } : {};
  try {
    /** @type {Holder} */
    const holder = {
      client: await withTransactionRetry(acquireOne, bound),
      begin: () =>
        withTransactionRetry(() => beginOnce(holder, acquireOne, text)),
    };
    const transaction = new Transaction(holder, parseUserType);
    transaction.beginSoon();
    return transaction;
  } catch (error) {
    throw toPrisma(error);
  }
}

module.exports = { Transaction, startTransaction };
