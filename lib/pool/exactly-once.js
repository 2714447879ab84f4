// SPDX-License-Identifier: MIT
'use strict';

// exactlyOnce: what became of a COMMIT whose answer was lost is found out.
//
// Before COMMIT leaves, the transaction's identity is learnt with its own
// statements: its id, the server's process, and which server, on which
// timeline, gave them. When the connection breaks in COMMIT, the same server
// is asked on a new connection. Another server, or another timeline, may have
// given the id to somebody else: then it stays ambiguous.

const { abortedError, readMillis } = require('./arguments.js');
const { nowMillis, startTimer, stopTimer } = require('../platform/clock.js');
const { internals } = require('./client.js');
const { SURE } = require('./lease-state.js');
const {
  boundedContext,
  callOutside,
  contextOf,
  currentContext,
} = require('../retry/context.js');
const { isOurs, usageError } = require('../errors/errors.js');
const { leaveSignal, watchSignal } = require('../platform/signals.js');

/** @typedef {import('./client.js').PoolClient} PoolClient */
/** @typedef {import('./pool-core.js').PoolCore} PoolCore */

/**
 * What names a transaction among all there ever were.
 * @typedef {object} Identity
 * @property {string | null} xid null = the transaction has written nothing
 * @property {string} pid
 * @property {string} waits its synchronous_commit
 * @property {string | undefined} server undefined = we may not know
 * @property {string | undefined} timeline
 */

/** How long the server is asked after the loss of a COMMIT. */
const ASK_MILLIS = 8000;
const PAUSE_MILLIS = 50;
/** A transaction that is still in progress may end by itself for so long. */
const PATIENCE_MILLIS = 100;

/** Parsers of the user's own must not touch what we read. */
const TEXT = Object.freeze({
  getTypeParser: () => (/** @type {string} */ value) => value,
});

const MAY_ASK = `select has_function_privilege(
    'pg_catalog.pg_control_system()', 'execute')::text as may`;

// pg_control_checkpoint() would lag a promotion by a checkpoint: the timeline
// is the one WAL is written on.
const SERVER = `(select system_identifier::text
    from pg_catalog.pg_control_system()) as server,
  substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8)
    as timeline`;

const WHO = `select pg_catalog.pg_current_xact_id_if_assigned()::text as xid,
  pg_catalog.pg_backend_pid()::text as pid,
  pg_catalog.current_setting('synchronous_commit') as waits`;

// Another server may find the id in its future, which is an error there.
const FATE = `select server, timeline,
    case when server = $2::text and timeline = $3::text
      then pg_catalog.pg_xact_status($1::text::pg_catalog.xid8) end as fate
  from (select ${SERVER}) as here`;

const STANDBYS = `select pg_catalog.current_setting(
    'synchronous_standby_names') as names`;

// What is written and committed later is replicated later: when a standby has
// this, it has what was committed before.
const MARK = `select pg_catalog.pg_logical_emit_message(true, 'holdfast', '')`;

/** CALL and DO that commit; VACUUM and its kin. */
const NEEDS_NO_TRANSACTION = new Set(['2D000', '25001']);

/** The values of synchronous_commit under which COMMIT waits for standbys. */
const WAITING = new Set(['on', 'remote_write', 'remote_apply']);

// backend_xid has 32 bits, an xid8 64.
const TERMINATE = `select pg_catalog.pg_terminate_backend(pid)
  from pg_catalog.pg_stat_activity
  where pid = $1::text::int and backend_xid::text =
    ($2::text::numeric % 4294967296)::text`;

/** @type {WeakMap<PoolCore, Promise<boolean>>} */
const permissions = new WeakMap();

/**
 * Asks whether the server tells this user which server it is. The question is
 * the pool's, whoever came first: no caller's helper rules it.
 * @param {PoolCore} core
 * @returns {Promise<boolean>}
 */
function askPermission(core) {
  let known = permissions.get(core);
  if (known === undefined) {
    /** @type {Promise<any>} */
    const asked = callOutside(
      () =>
        new Promise((resolve, reject) => {
          const config = { text: MAY_ASK, types: TEXT };
          core.query(config, undefined, resolve, reject);
        }),
    );
    known = asked.then(({ rows }) => rows[0].may === 'true');
    permissions.set(core, known);
    known.catch(() => permissions.delete(core));
  }
  return known;
}

/**
 * How long one caller waits for what is asked for all.
 * @typedef {object} Bounds
 * @property {number} until on the engine's clock, 0 = for ever
 * @property {AbortSignal[]} signals
 */

/**
 * @param {PoolCore} core
 * @param {{signal?: AbortSignal, deadlineMillis?: number}} options
 * @param {import('../retry/context.js').JoinedRun | undefined} run
 * @returns {Bounds}
 */
function boundsOf(core, { signal, deadlineMillis }, run) {
  const millis =
    deadlineMillis === undefined
      ? core.defaults.deadline
      : readMillis(deadlineMillis, 'deadlineMillis');
  const ends = [millis > 0 ? nowMillis() + millis : 0, run?.deadlineAt ?? 0];
  const until = Math.min(...ends.map((end) => end || Infinity));
  return {
    until: until === Infinity ? 0 : until,
    signals: [signal, run?.signal].filter((one) => one !== undefined),
  };
}

/**
 * Settles as a promise does, or earlier when the bounds are reached.
 * @template T
 * @param {Promise<T>} promise
 * @param {Bounds} bounds
 * @returns {Promise<T>}
 */
function within(promise, { until, signals }) {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      const signal = signals.find(({ aborted }) => aborted);
      stop();
      reject(abortedError(/** @type {AbortSignal} */ (signal)));
    };
    const timer =
      until > 0
        ? startTimer(
            () => reject(tooLate()),
            Math.max(1, Math.ceil(until - nowMillis())),
          )
        : undefined;
    const waiting = { handleEvent: onAbort };
    for (const signal of signals) {
      watchSignal(signal, waiting);
    }
    if (signals.some(({ aborted }) => aborted)) {
      onAbort();
    }
    promise.then(resolve, reject).finally(stop);

    function stop() {
      stopTimer(timer);
      for (const signal of signals) {
        leaveSignal(signal, waiting);
      }
    }
  });
}

function tooLate() {
  return usageError('HF_DEADLINE', undefined, {
    outcome: 'not_executed',
    retryable: false,
    phase: 'acquire',
    attempts: 0,
    reason: 'the server could not be asked in time who it is',
  });
}

/**
 * Returns whether the server tells this user which server it is. Asked once a
 * pool: a refusal inside the transaction would end it.
 * @param {PoolCore} core
 * @param {Bounds} bounds
 * @returns {Promise<boolean>}
 */
async function mayAsk(core, bounds) {
  for (;;) {
    try {
      return await within(askPermission(core), bounds);
    } catch (/** @type {any} */ error) {
      // The question may have been an earlier caller's, and end before us.
      const over = bounds.until > 0 && nowMillis() >= bounds.until - 1;
      if (error.code !== 'HF_DEADLINE' || over) {
        throw error;
      }
    }
  }
}

/**
 * Learns who a transaction is. Call it when all its statements were sent.
 * @param {PoolCore} core
 * @param {PoolClient} client
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<Identity>}
 */
async function learn(core, client, signal) {
  const text = (await askPermission(core)) ? `${WHO}, ${SERVER}` : WHO;
  const { rows } = await internals.run(client, { text, types: TEXT, signal });
  return rows[0];
}

/**
 * Says on an error why it stays ambiguous.
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
      reason: 'the server was asked, and says that it was rolled back',
      cause,
    },
  );
}

/** @param {number} millis @returns {Promise<void>} */
function pause(millis) {
  return new Promise((resolve) => {
    startTimer(resolve, millis);
  });
}

/**
 * Acquires a connection that was opened after the loss: an older one may lead
 * to a server that has been replaced.
 * @param {PoolCore} core
 * @param {number} newest the last connection begun before
 * @param {number} until
 * @returns {Promise<PoolClient>}
 */
async function acquireNew(core, newest, until) {
  for (;;) {
    const deadlineMillis = Math.max(1, until - nowMillis());
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
 * @param {PoolClient} client
 * @param {string} text
 * @param {unknown[]} values
 * @param {number} until
 * @returns {Promise<any>} its first row
 */
async function ask(client, text, values, until) {
  const timeoutMillis = Math.max(1, until - nowMillis());
  const config = { text, values, types: TEXT, timeoutMillis };
  return (await internals.run(client, config)).rows[0];
}

/**
 * Asks until the server knows. Returns 'committed', 'aborted', or why it is
 * not known.
 * @param {PoolClient} client
 * @param {Identity} identity
 * @param {number} until
 * @returns {Promise<string>}
 */
async function fateOf(client, identity, until) {
  const began = nowMillis();
  for (;;) {
    const { xid, server, timeline } = identity;
    const row = await ask(client, FATE, [xid, server, timeline], until);
    if (row.server !== server) {
      return 'another server answers now';
    }
    if (row.timeline !== timeline) {
      return 'the server was replaced by a standby';
    }
    if (row.fate !== 'in progress') {
      return row.fate ?? 'the server does not remember the transaction';
    }
    if (nowMillis() - began >= PATIENCE_MILLIS) {
      await ask(client, TERMINATE, [identity.pid, xid], until);
    }
    if (nowMillis() + PAUSE_MILLIS >= until) {
      return 'the transaction is still in progress';
    }
    await pause(PAUSE_MILLIS);
  }
}

/**
 * Waits until the standbys that COMMIT waits for have what was committed so
 * far: a COMMIT that writes is awaited. Returns 'committed', or why that is not
 * sure.
 * @param {PoolClient} client
 * @param {Identity} identity
 * @param {number} until
 * @returns {Promise<string>}
 */
async function confirm(client, { waits }, until) {
  if (!WAITING.has(waits)) {
    return 'committed';
  }
  const { names } = await ask(client, STANDBYS, [], until);
  if (names.trim() === '') {
    return 'committed';
  }
  const timeoutMillis = () => Math.max(1, until - nowMillis());
  /** @param {string} text */
  const run = (text) =>
    internals.run(client, {
      text,
      types: TEXT,
      timeoutMillis: timeoutMillis(),
      [SURE]: true,
    });
  try {
    await run('BEGIN');
    await run(`SET LOCAL synchronous_commit = ${waits}`);
    await run(MARK);
    await run('COMMIT');
    return 'committed';
  } catch (error) {
    return (
      'the server committed it, but its synchronous standbys did not confirm ' +
      `it: ${error}`
    );
  }
}

/**
 * @param {PoolCore} core
 * @param {Identity} identity
 * @param {number} newest
 * @param {number} end of the caller's deadline, 0 = none
 * @returns {Promise<string>}
 */
async function findOut(core, identity, newest, end) {
  const latest = nowMillis() + ASK_MILLIS;
  const until = end > 0 ? Math.min(latest, end) : latest;
  for (;;) {
    /** @type {PoolClient | undefined} */
    let client;
    /** @type {unknown} */
    let failure;
    try {
      client = await acquireNew(core, newest, until);
      const fate = await fateOf(client, identity, until);
      return fate === 'committed'
        ? await confirm(client, identity, until)
        : fate;
    } catch (error) {
      failure = error;
    } finally {
      if (client !== undefined) {
        internals.release(client, failure);
      }
    }
    const refused =
      isOurs(failure) &&
      (failure.outcome === 'permanent' || failure.code === 'HF_POOL_CLOSED');
    if (refused || nowMillis() + PAUSE_MILLIS >= until) {
      return `the server could not be asked: ${failure}`;
    }
    await pause(PAUSE_MILLIS);
  }
}

/**
 * Returns the number of the last connection a pool began to open.
 * @param {PoolCore} core
 * @returns {number}
 */
function newestOf(core) {
  const stats = core.pool.stats();
  return Number(stats.connectsStarted);
}

/**
 * Finds out what became of a COMMIT that failed. Returns when it was done;
 * throws what the caller is to hear when not, or when it stays unknown.
 * @param {PoolCore} core
 * @param {Identity | undefined} identity
 * @param {any} error of COMMIT
 * @param {Bounds} bounds of the caller
 * @returns {Promise<void>}
 */
async function settle(core, identity, error, bounds) {
  if (!isOurs(error) || error.outcome !== 'ambiguous' || !identity) {
    throw error;
  }
  if (error.code === 'HF_ABORTED' || error.code === 'HF_DEADLINE') {
    throw error; // the caller has gone
  }
  if (identity.xid === null) {
    throw unresolved(error, 'the transaction had written nothing so far');
  }
  if (identity.server === undefined) {
    throw unresolved(
      error,
      'exactlyOnce could not ask: this user may not call pg_control_system(), ' +
        'so that another server cannot be told from this one',
    );
  }
  const found = findOut(core, identity, newestOf(core), bounds.until);
  const fate = await within(found, bounds).catch(
    () => 'the caller had no time to wait for the answer',
  );
  if (fate === 'committed') {
    return;
  }
  throw fate === 'aborted' ? rolledBack(error) : unresolved(error, fate);
}

/**
 * Returns the retry options of a query's transaction: the pool's, as far as
 * the query has none of its own.
 * @param {PoolCore} core
 * @param {any} config
 */
function retryOf(core, { retry, deadlineMillis, signal, context }) {
  const { maxRetries, retryBaseMillis, retryCapMillis } = core.pool.options;
  const own = retry === false ? 0 : retry?.maxRetries;
  const given = contextOf(context) && context;
  const outer = contextOf(context) ?? contextOf(signal) ?? currentContext();
  const { deadline } = core.defaults;
  const bound = deadline > 0 ? boundedContext(deadline, outer) : undefined;
  return {
    maxRetries: own ?? maxRetries,
    baseMillis: retryBaseMillis,
    capMillis: retryCapMillis,
    deadlineMillis: deadlineMillis ?? 0,
    ...(signal && { signal }),
    context: (deadlineMillis === undefined && bound) || given,
  };
}

/**
 * Says why a statement that commits by itself, or stands in no transaction,
 * fails here.
 * @param {any} error
 * @returns {never}
 */
function explain(error) {
  if (isOurs(error) && NEEDS_NO_TRANSACTION.has(String(error.code))) {
    error.reason =
      'exactlyOnce runs the statement in a transaction of its own, which this ' +
      'one would have to end or cannot stand in: leave exactlyOnce out';
  }
  throw error;
}

/**
 * Runs a statement in a transaction of its own, exactly once.
 * @param {PoolCore} core
 * @param {any} config
 * @param {any} values
 * @returns {Promise<any>}
 */
function queryOnce(core, config, values) {
  const { runTransaction } = require('./transaction.js');
  const { exactlyOnce, retry, deadlineMillis, callback, context, ...rest } =
    config;
  const { signal, timeoutMillis = config.query_timeout } = config;
  const millis = readMillis(deadlineMillis, 'deadlineMillis');
  const endsAt = millis > 0 ? nowMillis() + millis : 0;
  const given = values == null ? rest : { ...rest, values };
  /** @param {any} client */
  const run = (client) => {
    const left = Math.max(1, endsAt - nowMillis());
    return client
      .query(endsAt > 0 ? { ...given, deadlineMillis: left } : given)
      .catch(explain);
  };
  const options = {
    exactlyOnce: true,
    retry: retryOf(core, { retry, deadlineMillis, signal, context }),
    signal,
    timeoutMillis,
    ...(deadlineMillis !== undefined && { deadlineMillis }),
  };
  return runTransaction(core, run, options, endsAt);
}

module.exports = { boundsOf, learn, mayAsk, queryOnce, settle };
