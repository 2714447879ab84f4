// SPDX-License-Identifier: MIT
'use strict';

// exactlyOnce: finds out what became of a COMMIT whose answer was lost. The
// queries are here; which comes next, when, and what the answers mean is
// decided by the core (native/core/features/fate.h).
//
// Before COMMIT is sent, the transaction queries its own identity: its id, the
// server's process, and the server and timeline that gave them. When the
// connection breaks in COMMIT, the same server is queried on a new connection.
// Another server, or another timeline, may have given the id to another
// transaction: then it stays ambiguous.

const native = require('../engine/native.js');
const { FATE, FATE_EVENT } = require('../protocol/policy.js');
const { nowMillis, startTimer } = require('../platform/clock.js');
const { internals } = require('./client.js');
const { SURE } = require('./lease-state.js');
const { isOurs, usageError } = require('../errors/errors.js');
const { SERVER, TEXT } = require('./identity.js');
const { until } = require('../platform/until.js');

/** @typedef {import('./client.js').PoolClient} PoolClient */
/** @typedef {import('./pool-core.js').PoolCore} PoolCore */
/** @typedef {import('./identity.js').Identity} Identity */

// Another server may find the id in its future, which is an error there.
const STATUS = `select server, timeline,
    case when server = $2::text and timeline = $3::text
      then pg_catalog.pg_xact_status($1::text::pg_catalog.xid8) end as status
  from (select ${SERVER}) as here`;

const STANDBYS = `select pg_catalog.current_setting(
    'synchronous_standby_names') as names`;

// WAL is replicated in order: when a standby has this record, it has what was
// committed before.
const MARK = `select pg_catalog.pg_logical_emit_message(true, 'holdfast', '')`;

// backend_xid has 32 bits, an xid8 64.
const TERMINATE = `select pg_catalog.pg_terminate_backend(pid)
  from pg_catalog.pg_stat_activity
  where pid = $1::text::int and backend_xid::text =
    ($2::text::numeric % 4294967296)::text`;

/**
 * Notes on an error why it stays ambiguous.
 * @param {any} error
 * @param {string} reason
 * @returns {any}
 */
function unresolved(error, reason) {
  if (!Object.isFrozen(error)) {
    error.reason = reason;
  }
  return error;
}

/**
 * @param {unknown} cause
 * @returns {Error}
 */
function rolledBack(cause) {
  return usageError(
    'HF_COMMIT_ROLLED_BACK',
    'the connection was lost during COMMIT; the server says that the ' +
      'transaction was rolled back',
    {
      outcome: 'rolled_back',
      unit: 'transaction',
      retryable: true,
      phase: 'commit',
      attempts: 1,
      reason: 'the server was queried: the transaction was rolled back',
      cause,
    },
  );
}

/**
 * Acquires a connection that was opened after the loss: an older one may lead
 * to a server that has been replaced.
 * @param {PoolCore} core
 * @param {number} newest the last connection begun before
 * @param {number} endsAt
 * @returns {Promise<PoolClient>}
 */
async function acquireNew(core, newest, endsAt) {
  for (;;) {
    const deadlineMillis = Math.max(1, endsAt - nowMillis());
    /** @type {PoolClient} */
    const client = await new Promise((resolve, reject) => {
      core.acquire({ deadlineMillis }, undefined, resolve, reject);
    });
    if (client.serial > newest) {
      return client;
    }
    internals.release(client, true);
  }
}

/**
 * @param {unknown} error
 * @returns {boolean} whether every further query would be refused
 */
function isRefusal(error) {
  return (
    isOurs(error) &&
    (error.outcome === 'permanent' || error.code === 'HF_POOL_CLOSED')
  );
}

/** Queries what the core wants to know, on connections of its own. */
class CommitInquiry {
  #core;
  #identity;
  /** The last connection that was opened before the loss. */
  #newest;
  #fate;
  /** @type {import('../engine/native.js').FateOrder} */
  #order;
  /** What made the last step fail. */
  #failure = '';
  /** @type {PoolClient | undefined} */
  #client = undefined;

  /**
   * @param {PoolCore} core
   * @param {Identity} identity
   * @param {number} endsAt the caller's deadline, 0 = none
   */
  constructor(core, identity, endsAt) {
    const { xid, server, timeline, waits } = identity;
    const who = /** @type {const} */ ([xid, server, timeline, waits]);
    const { fate, ...order } = native.fateBegin(...who, nowMillis(), endsAt);
    this.#core = core;
    this.#identity = identity;
    this.#newest = Number(core.pool.stats().connectsStarted);
    this.#fate = fate;
    this.#order = order;
  }

  /**
   * Queries until the outcome of the transaction is known, or known to be
   * unknowable.
   * @returns {Promise<number>} one of the last steps of FATE
   */
  async run() {
    while (this.#order.step < FATE.COMMITTED) {
      this.#failure = '';
      try {
        this.#report(...(await this.#follow(this.#order)));
      } catch (error) {
        this.#failure = `: ${error}`;
        this.#report(isRefusal(error) ? FATE_EVENT.REFUSED : FATE_EVENT.FAILED);
        this.#release(error);
      }
    }
    this.#release();
    return this.#order.step;
  }

  /** The caller no longer waits. @returns {number} the last step */
  abandon() {
    this.#failure = '';
    this.#report(FATE_EVENT.ABANDONED);
    return this.#order.step;
  }

  /** Why it cannot be known. */
  get reason() {
    return `${this.#order.reason}${this.#failure}`;
  }

  /**
   * @param {number} event
   * @param {(string | null)[]} texts
   */
  #report(event, ...texts) {
    const [first, second, third] = texts;
    const now = nowMillis();
    const { fateNext } = native;
    this.#order = fateNext(this.#fate, event, now, first, second, third);
  }

  /**
   * Takes the next step.
   * @param {import('../engine/native.js').FateOrder} order
   * @returns {Promise<[number, ...(string | null)[]]>} how it went
   */
  async #follow({ step, delayMillis, leftMillis }) {
    const { pid, server, timeline, waits, xid } = this.#identity;
    const endsAt = nowMillis() + leftMillis;
    switch (step) {
      case FATE.CONNECT:
        this.#client = await acquireNew(this.#core, this.#newest, endsAt);
        return [FATE_EVENT.CONNECTED];
      case FATE.ASK: {
        const row = await this.#ask(endsAt, STATUS, [xid, server, timeline]);
        return [FATE_EVENT.ANSWERED, row.server, row.timeline, row.status];
      }
      case FATE.PAUSE:
        await new Promise((resolve) => {
          startTimer(() => resolve(undefined), delayMillis);
        });
        return [FATE_EVENT.PAUSED];
      case FATE.TERMINATE:
        await this.#ask(endsAt, TERMINATE, [pid, xid]);
        return [FATE_EVENT.TERMINATED];
      case FATE.STANDBYS:
        return [FATE_EVENT.NAMED, (await this.#ask(endsAt, STANDBYS)).names];
      default:
        await this.#ask(endsAt, 'BEGIN');
        await this.#ask(endsAt, `SET LOCAL synchronous_commit = ${waits}`);
        await this.#ask(endsAt, MARK);
        await this.#ask(endsAt, 'COMMIT', undefined, true);
        return [FATE_EVENT.CONFIRMED];
    }
  }

  /**
   * @param {number} endsAt
   * @param {string} text
   * @param {unknown[]} [values]
   * @param {boolean} [isSure] as SURE
   * @returns {Promise<any>} its first row
   */
  async #ask(endsAt, text, values, isSure = false) {
    const client = /** @type {PoolClient} */ (this.#client);
    const { rows } = await internals.run(client, {
      text,
      values,
      types: TEXT,
      timeoutMillis: Math.max(1, endsAt - nowMillis()),
      [SURE]: isSure,
    });
    return rows[0];
  }

  /** @param {unknown} [error] */
  #release(error) {
    if (this.#client !== undefined) {
      internals.release(this.#client, error);
      this.#client = undefined;
    }
  }
}

/**
 * Finds out what became of a COMMIT that failed. Returns when it was done;
 * throws the caller's error when it was not, or stays unknown.
 * @param {PoolCore} core
 * @param {Identity | undefined} identity
 * @param {any} error of COMMIT
 * @param {import('../platform/until.js').Limits} limits of the caller
 * @returns {Promise<void>}
 */
async function settle(core, identity, error, limits) {
  const isLost = isOurs(error) && error.outcome === 'ambiguous';
  const hasGone = error.code === 'HF_ABORTED' || error.code === 'HF_DEADLINE';
  if (!isLost || hasGone || identity === undefined) {
    throw error;
  }
  const inquiry = new CommitInquiry(core, identity, limits.endsAt ?? 0);
  const last = await until(inquiry.run(), limits, () => error).catch(() =>
    inquiry.abandon(),
  );
  if (last === FATE.ROLLED_BACK) {
    throw rolledBack(error);
  }
  if (last !== FATE.COMMITTED) {
    throw unresolved(error, inquiry.reason);
  }
}

module.exports = { settle };
