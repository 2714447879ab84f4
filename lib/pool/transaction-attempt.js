// SPDX-License-Identifier: MIT
'use strict';

// One attempt of transaction(): BEGIN, `fn`, COMMIT or ROLLBACK, on a
// connection of its own.

const { readMillis } = require('./arguments.js');
const { internals } = require('./client.js');
const { enter, leave } = require('../retry/context.js');
const { usageError } = require('../errors/errors.js');
const { SURE } = require('./lease-state.js');
const { settle } = require('./fate.js');
const {
  knownServers,
  learn,
  runAndLearn,
  runIdentified,
} = require('./identity.js');
const { earlier, nowMillis } = require('../platform/clock.js');
const { LIMIT } = require('../protocol/operations.js');
const { until } = require('../platform/until.js');

/** @typedef {import('./client.js').PoolClient} PoolClient */
/** @typedef {import('./pool-core.js').PoolCore} PoolCore */
/** @typedef {import('./transaction-options.js').TransactionOptions
 *  } TransactionOptions */

/**
 * One attempt.
 * @typedef {object} Attempt
 * @property {(client: PoolClient) => any} fn
 * @property {import('./batch.js').Item[] | null} items instead of `fn`
 * @property {string} begin
 * @property {TransactionOptions} options
 * @property {import('./call-settings.js').CallSettings | null} settings
 * @property {import('../retry/context.js').JoinedRun} [run] the helper around
 * @property {number} endsAt when all of it has to end; 0 = at no time
 * @property {{committing: boolean}} progress of all attempts
 */

/**
 * @param {PoolCore} core
 * @param {TransactionOptions} options
 * @returns {Promise<PoolClient>}
 */
function acquire(core, options) {
  const { signal, deadlineMillis, context } = options;
  return new Promise((resolve, reject) => {
    const retry = options.retry === false ? false : undefined;
    const given = { signal, deadlineMillis, context, retry };
    core.acquire(given, undefined, resolve, reject);
  });
}

/**
 * The same after an await in the helper's function.
 * @param {PoolCore} core
 * @param {TransactionOptions} options
 * @param {import('../retry/context.js').JoinedRun | undefined} run
 * @returns {Promise<PoolClient>}
 */
function acquireWithin(core, options, run) {
  if (run === undefined) {
    return acquire(core, options);
  }
  const before = enter(run);
  try {
    // The context it was given is the run's, or one around it.
    return acquire(core, { ...options, context: undefined });
  } finally {
    leave(before);
  }
}

/**
 * Acquires a connection for an attempt.
 * @param {PoolCore} core
 * @param {Attempt} attempt
 * @param {import('../retry/context.js').JoinedRun | undefined} run whose
 *   deadline and attempts rule
 * @returns {Promise<PoolClient>}
 */
async function lend(core, attempt, run) {
  // Its log gets retries from the first failure on.
  run?.use(core.pool);
  const client = await acquireWithin(core, attempt.options, run);
  internals.guard(client, attempt.run, attempt.options.signal);
  internals.stateOf(client).settings = attempt.settings;
  return client;
}

/**
 * Acquires a connection and begins.
 * @param {PoolCore} core
 * @param {Attempt} attempt
 * @param {import('../retry/context.js').JoinedRun | undefined} run whose
 *   deadline and attempts rule
 * @returns {Promise<PoolClient>}
 */
async function begin(core, attempt, run) {
  const client = await lend(core, attempt, run);
  try {
    const { readOnly, signal, timeoutMillis } = attempt.options;
    const text = attempt.begin;
    await internals.run(client, { text, signal, readOnly, timeoutMillis });
  } catch (error) {
    internals.release(client, error);
    throw error;
  }
  return client;
}

/**
 * Ends a transaction that failed. The first error counts.
 * @param {PoolClient} client
 * @param {unknown} error
 */
async function rollBack(client, error) {
  const given = error instanceof Error ? error : undefined;
  const finished = internals.finish(client, { text: 'ROLLBACK' }, 0, given);
  // Where it cannot be sent, the server rolls back.
  await finished.catch(() => {});
}

/**
 * Returns when the call around has to end; 0 = at no time.
 * @param {Attempt} attempt
 * @returns {number}
 */
function callEndOf({ endsAt, run }) {
  return earlier(endsAt, endOf(run));
}

/**
 * Makes the engine commit and release the connection. It rolls back instead
 * when a statement that was not awaited has failed, or the call ends before.
 * @param {PoolClient} client
 * @param {Attempt} attempt
 * @param {number} end of the call around
 * @param {number} within how long COMMIT may take once it is sent
 * @returns {Promise<any>}
 */
function commit(client, { run, options }, end, within) {
  const { signal, timeoutMillis, exactlyOnce } = options;
  const left = Math.max(1, Math.ceil(end - nowMillis()));
  const config = {
    text: 'COMMIT',
    signal,
    timeoutMillis,
    ...(end > 0 && { deadlineMillis: left }),
    [SURE]: exactlyOnce === true,
  };
  const before = run && enter(run);
  try {
    return internals.finish(client, config, within);
  } finally {
    if (run !== undefined) {
      leave(before);
    }
  }
}

/**
 * @param {'HF_ABORTED' | 'HF_DEADLINE'} code
 * @param {unknown} [cause]
 */
function ended(code, cause) {
  return usageError(code, undefined, {
    outcome: 'rolled_back',
    unit: 'transaction',
    retryable: false,
    cause,
  });
}

/**
 * Returns when a helper's deadline ends everything, 0 = never. (A pool's own
 * deadline is for getting a connection.)
 * @param {import('../retry/context.js').JoinedRun | undefined} run
 * @returns {number}
 */
function endOf(run) {
  return run?.callerDeadline && !run.finished ? run.deadlineAt : 0;
}

/**
 * @param {Attempt} attempt
 * @returns {AbortSignal[]} by which it can be aborted
 */
function signalsOf({ options, run }) {
  return [options.signal, run?.signal].flatMap((signal) => signal ?? []);
}

/**
 * Throws where the transaction must not be committed.
 * @param {Attempt} attempt
 */
function refuseEnded(attempt) {
  const aborted = signalsOf(attempt).find((signal) => signal.aborted);
  if (aborted !== undefined) {
    throw ended('HF_ABORTED', aborted.reason);
  }
  const end = callEndOf(attempt);
  if (end > 0 && nowMillis() >= end) {
    throw ended('HF_DEADLINE');
  }
}

/**
 * Waits for `fn` until an abort or the deadline of a helper around: it may be
 * waiting for something other than a statement.
 * @param {Attempt} attempt
 * @param {unknown} working
 * @returns {Promise<any>}
 */
function untilEnded(attempt, working) {
  const limits = {
    endsAt: endOf(attempt.run),
    signals: signalsOf(attempt),
    // A statement of `fn` that was cut short has the better error.
    graceMillis: LIMIT.STATEMENT_GRACE_MS,
  };
  return until(working, limits, (aborted) =>
    aborted === undefined
      ? ended('HF_DEADLINE')
      : ended('HF_ABORTED', aborted.reason),
  );
}

/**
 * Commits, and finds out what became of it when the answer is lost.
 * @param {PoolCore} core
 * @param {PoolClient} client
 * @param {Attempt} attempt
 * @param {import('./identity.js').Identity | undefined} identity
 */
async function commitOnce(core, client, attempt, identity) {
  const { options, run } = attempt;
  const end = callEndOf(attempt);
  // A deadline of transaction() does not count what `fn` takes: COMMIT may take
  // as long once more.
  const within = readMillis(options.deadlineMillis, 'deadlineMillis');
  const endsAt = earlier(end, within > 0 ? nowMillis() + within : 0);
  attempt.progress.committing = true;
  try {
    await commit(client, attempt, end, within);
  } catch (/** @type {any} */ error) {
    if (error.code === 'HF_COMMIT_ROLLED_BACK') {
      throw internals.failure(client) ?? error;
    }
    const signals = signalsOf(attempt);
    await settle(core, identity, error, { endsAt, signals });
    run?.note('write');
  }
}

/**
 * Throws where the transaction must not be committed.
 * @param {PoolClient} client
 * @param {Attempt} attempt
 */
function refuseFailed(client, attempt) {
  if (client.getTransactionStatus() === 'E') {
    throw internals.failure(client);
  }
  refuseEnded(attempt);
}

/**
 * Runs `fn` in a transaction that has begun.
 * @param {PoolCore} core
 * @param {PoolClient} client
 * @param {Attempt} attempt
 * @returns {Promise<any>}
 */
async function runWithin(core, client, attempt) {
  const { fn, options } = attempt;
  /** @type {any} */
  let value;
  /** @type {import('./fate.js').Identity | undefined} */
  let identity;
  try {
    value = await untilEnded(attempt, fn(client));
    internals.close(client, 'the transaction is over: await every statement');
    if (options.exactlyOnce) {
      await internals.settle(client);
    }
    refuseFailed(client, attempt);
    if (options.exactlyOnce) {
      identity = await learn(core, client, options.signal);
    }
  } catch (error) {
    internals.close(client, 'the transaction is over: it was rolled back');
    await rollBack(client, error);
    throw error;
  }
  await commitOnce(core, client, attempt, identity);
  return value;
}

/**
 * Ends an attempt whose statement failed.
 * @param {PoolClient} client
 * @param {unknown} error
 */
async function giveUp(client, error) {
  internals.close(client, 'the transaction is over: it was rolled back');
  const { pending, status } = internals.stateOf(client);
  if (status === 'I' && pending === 0) {
    internals.release(client, error); // nothing was begun, or nothing is left
  } else {
    await rollBack(client, error);
  }
}

/**
 * Runs statements with exactlyOnce: BEGIN, they and the identity of the
 * transaction go in one flight. COMMIT is sent when their answers have
 * come, so that its fate can be found out.
 * @param {PoolCore} core
 * @param {Attempt} attempt
 * @param {import('./batch.js').Item[]} items
 * @returns {Promise<any[]>} their results
 */
async function runSingle(core, attempt, items) {
  const known = knownServers(core);
  if (known === null) {
    return runAndAsk(core, attempt, items);
  }
  const { endsAt, progress, run } = attempt;
  const left = endsAt > 0 ? Math.max(1, Math.ceil(endsAt - nowMillis())) : 0;
  progress.committing = true; // where the engine says nothing else
  const done = await runIdentified(core, attempt, items, known, left);
  const { results, identity, error } = done;
  if (error !== undefined) {
    if (identity === undefined) {
      progress.committing = false;
      throw error;
    }
    if (
      error.code === 'HF_COMMIT_ROLLED_BACK' &&
      identity.server === undefined
    ) {
      progress.committing = false;
      return runAndAsk(core, attempt, items); // the server was started again
    }
    const limits = { endsAt: callEndOf(attempt), signals: signalsOf(attempt) };
    await settle(core, identity, error, limits);
  }
  run?.note('write');
  return results;
}

/**
 * The same where the server has to be asked more than once.
 * @param {PoolCore} core
 * @param {Attempt} attempt
 * @param {import('./batch.js').Item[]} items
 * @returns {Promise<any[]>} their results
 */
async function runAndAsk(core, attempt, items) {
  const { begin: text, endsAt, options } = attempt;
  const { signal, timeoutMillis } = options;
  const client = await lend(core, attempt, attempt.run);
  /** @type {Awaited<ReturnType<typeof runAndLearn>>} */
  let done;
  try {
    const left = Math.max(1, Math.ceil(endsAt - nowMillis()));
    const limits = { signal, timeoutMillis };
    const doing = runAndLearn(core, client, items, text, {
      ...limits,
      ...(endsAt > 0 && { deadlineMillis: left }),
    });
    done = await untilEnded(attempt, doing);
    refuseFailed(client, attempt);
  } catch (error) {
    await giveUp(client, error);
    throw error;
  }
  internals.close(client, 'the transaction is over: await every statement');
  await commitOnce(core, client, attempt, done.identity);
  return done.results;
}

module.exports = { begin, runSingle, runWithin };
