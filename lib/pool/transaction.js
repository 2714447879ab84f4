// SPDX-License-Identifier: MIT
'use strict';

// transaction(fn): BEGIN, fn, COMMIT or ROLLBACK, on a connection of its own.
//
// What fails before `fn` began left nothing behind and is repeated. `fn` itself
// is called again only on request, since it may do more than SQL: with the
// option `retry`, or by a withTransactionRetry() around.

const { checkKeys, readBoolean, readMillis } = require('./arguments.js');
const { internals } = require('./client.js');
const {
  boundedContext,
  contextOf,
  currentContext,
  enter,
  leave,
} = require('../retry/context.js');
const { usageError } = require('../errors/errors.js');
const { SURE } = require('./lease-state.js');
const { learn, settle } = require('./fate.js');
const { nowMillis, startTimer, stopTimer } = require('../platform/clock.js');
const { leaveSignal, watchSignal } = require('../platform/signals.js');
const { repeatWithin } = require('../retry/start.js');

/** @typedef {import('./client.js').PoolClient} PoolClient */
/** @typedef {import('./pool-core.js').PoolCore} PoolCore */

/**
 * @typedef {object} TransactionOptions
 * @property {'read uncommitted' | 'read committed' | 'repeatable read' |
 *   'serializable'} [isolationLevel] in any case, the server's default if none
 * @property {boolean} [readOnly]
 * @property {boolean} [deferrable]
 * @property {boolean | import('../retry/retry-options.js').RetryOptions} [retry]
 *   whether, and how, `fn` is called again
 * @property {AbortSignal} [signal]
 * @property {number} [deadlineMillis] for getting a connection and for
 *   repeating, and once more for COMMIT; what `fn` takes does not count
 * @property {number} [timeoutMillis] of BEGIN and of COMMIT, each
 * @property {boolean} [exactlyOnce]
 * @property {unknown} [context] what a retry helper gave its function
 */

/** How long a statement that was cut may take to say so. */
const STATEMENT_GRACE_MILLIS = 20;

const LEVELS = new Set([
  'READ UNCOMMITTED',
  'READ COMMITTED',
  'REPEATABLE READ',
  'SERIALIZABLE',
]);

const KNOWN = new Set([
  'isolationLevel',
  'readOnly',
  'deferrable',
  'retry',
  'signal',
  'deadlineMillis',
  'timeoutMillis',
  'exactlyOnce',
  'context',
]);

/**
 * @param {TransactionOptions} options
 * @returns {string}
 */
function beginText(options) {
  let text = 'BEGIN';
  if (options.isolationLevel !== undefined) {
    const level = String(options.isolationLevel)
      .toUpperCase()
      .replace(/[\s_-]+/g, ' ');
    if (!LEVELS.has(level)) {
      throw new TypeError(
        'isolationLevel must be read uncommitted, read committed, ' +
          'repeatable read or serializable',
      );
    }
    text += ` ISOLATION LEVEL ${level}`;
  }
  if (typeof options.readOnly === 'boolean') {
    text += options.readOnly ? ' READ ONLY' : ' READ WRITE';
  }
  if (typeof options.deferrable === 'boolean') {
    text += options.deferrable ? ' DEFERRABLE' : ' NOT DEFERRABLE';
  }
  return text;
}

/**
 * @param {unknown} fn
 * @param {any} options
 */
function check(fn, options) {
  if (typeof fn !== 'function') {
    throw new TypeError(
      'transaction() needs a function: write ' +
        'pool.transaction(async (client) => { … })',
    );
  }
  if (options === null || typeof options !== 'object') {
    throw new TypeError('the options of transaction() must be an object');
  }
  checkKeys(options, KNOWN, 'transaction()');
  for (const key of ['readOnly', 'deferrable', 'exactlyOnce']) {
    readBoolean(options[key], key);
  }
  readMillis(options.timeoutMillis, 'timeoutMillis');
  const { retry } = options;
  if (!['undefined', 'boolean'].includes(typeof retry)) {
    if (retry === null || typeof retry !== 'object') {
      throw new TypeError('retry must be true, false or an object');
    }
  }
}

/**
 * One attempt. Its failure is told apart: before `fn` began, or later.
 * @typedef {object} Attempt
 * @property {(client: PoolClient) => any} fn
 * @property {string} begin
 * @property {TransactionOptions} options
 * @property {import('../retry/context.js').JoinedRun} [run] the helper around
 * @property {number} endsAt when all of it has to be over; 0 = at no time
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
 * The same when the synchronous part of the helper's function may be over.
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
 * Acquires a connection and begins.
 * @param {PoolCore} core
 * @param {Attempt} attempt
 * @param {import('../retry/context.js').JoinedRun | undefined} run whose deadline and
 *   attempts rule
 * @returns {Promise<PoolClient>}
 */
async function begin(core, attempt, run) {
  const { signal } = attempt.options;
  // Whose log hears of repetitions, from the first failure on.
  run?.use(core.pool);
  const client = await acquireWithin(core, attempt.options, run);
  internals.guard(client, attempt.run, signal);
  try {
    const { readOnly, timeoutMillis } = attempt.options;
    const text = attempt.begin;
    await internals.run(client, { text, signal, readOnly, timeoutMillis });
  } catch (error) {
    internals.release(client, error);
    throw error;
  }
  return client;
}

/**
 * Ends a transaction that failed. The first error is what counts.
 * @param {PoolClient} client
 * @param {unknown} error
 */
async function rollBack(client, error) {
  const given = error instanceof Error ? error : undefined;
  const finished = internals.finish(client, { text: 'ROLLBACK' }, 0, given);
  // Without a connection, or with one that cannot be used, the server does it.
  await finished.catch(() => {});
}

/**
 * @param {number} one
 * @param {number} other
 * @returns {number} the earlier of two ends, of which 0 is none
 */
function earlier(one, other) {
  return one > 0 && other > 0 ? Math.min(one, other) : one || other;
}

/**
 * When the call around has to be over; 0 = at no time.
 * @param {Attempt} attempt
 * @returns {number}
 */
function callEndOf({ endsAt, run }) {
  return earlier(endsAt, endOf(run));
}

/**
 * Has the engine commit and give the connection back. It rolls back instead
 * when a statement that nobody awaited has failed, or the call is given up
 * before.
 * @param {PoolClient} client
 * @param {Attempt} attempt
 * @param {number} end of the call around
 * @param {number} within how long COMMIT may take once it is its turn
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
 * Returns when a helper's caller wants all to have ended, 0 = never. (A pool's
 * own deadline is for getting a connection.)
 * @param {import('../retry/context.js').JoinedRun | undefined} run
 * @returns {number}
 */
function endOf(run) {
  return run?.callerDeadline && !run.finished ? run.deadlineAt : 0;
}

/**
 * Throws where the transaction must not be committed any more.
 * @param {Attempt} attempt
 */
function refuseEnded(attempt) {
  const { options, run } = attempt;
  for (const signal of [options.signal, run?.signal]) {
    if (signal?.aborted) {
      throw ended('HF_ABORTED', signal.reason);
    }
  }
  const end = callEndOf(attempt);
  if (end > 0 && nowMillis() >= end) {
    throw ended('HF_DEADLINE');
  }
}

/**
 * Waits for `fn`, but not past an abort or the deadline of a helper around: it
 * may be waiting for something that is no statement.
 * @param {Attempt} attempt
 * @param {unknown} working
 * @returns {Promise<any>}
 */
function untilEnded({ options, run }, working) {
  const signals = [options.signal, run?.signal].filter(
    (signal) => signal !== undefined,
  );
  const end = endOf(run);
  if (signals.length === 0 && end === 0) {
    return /** @type {Promise<any>} */ (working);
  }
  return new Promise((resolve, reject) => {
    /** @type {ReturnType<typeof startTimer> | undefined} */
    let timer;
    const undo = () => {
      stopTimer(/** @type {any} */ (timer));
      for (const signal of signals) {
        leaveSignal(signal, waiting);
      }
    };
    const stop = (/** @type {unknown} */ error) => {
      undo();
      // A statement of its own that the end has cut says more: it is heard
      // first, if it comes in time.
      timer = startTimer(() => reject(error), STATEMENT_GRACE_MILLIS);
    };
    const waiting = {
      handleEvent: () => {
        const aborted = signals.find((signal) => signal.aborted);
        stop(ended('HF_ABORTED', aborted?.reason));
      },
    };
    for (const signal of signals) {
      watchSignal(signal, waiting);
    }
    if (end > 0) {
      const left = Math.max(0, end - nowMillis());
      timer = startTimer(() => stop(ended('HF_DEADLINE')), left);
    }
    Promise.resolve(working).finally(undo).then(resolve, reject);
  });
}

/**
 * Commits, and finds out what became of it when the answer is lost.
 * @param {PoolCore} core
 * @param {PoolClient} client
 * @param {Attempt} attempt
 * @param {import('./fate.js').Identity | undefined} identity
 */
async function commitOnce(core, client, attempt, identity) {
  const { options, run } = attempt;
  const end = callEndOf(attempt);
  // A deadline of transaction() does not count what `fn` takes: COMMIT may take
  // as long once more.
  const within = readMillis(options.deadlineMillis, 'deadlineMillis');
  const until = earlier(end, within > 0 ? nowMillis() + within : 0);
  try {
    await commit(client, attempt, end, within);
  } catch (/** @type {any} */ error) {
    if (error.code === 'HF_COMMIT_ROLLED_BACK') {
      throw internals.failure(client) ?? error;
    }
    await settle(core, identity, error, {
      until,
      signals: [options.signal, run?.signal].filter((one) => one !== undefined),
    });
    run?.note('write');
  }
}

/**
 * Throws where the transaction must not be committed any more.
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
 * Returns a context by which one deadline bounds all attempts: the waiting and
 * the repeating, never `fn`.
 * @param {PoolCore} core
 * @param {TransactionOptions} options
 * @param {import('../retry/retry-options.js').RetryOptions} [helper]
 * @returns {object | undefined}
 */
function boundOf(core, { deadlineMillis, context, signal }, helper) {
  const millis =
    deadlineMillis === undefined
      ? core.defaults.deadline
      : readMillis(deadlineMillis, 'deadlineMillis');
  const around = [helper?.context, helper?.signal, context, signal];
  const outer = around.map(contextOf).find((run) => run !== undefined);
  return boundedContext(millis, outer ?? currentContext());
}

/**
 * Returns the options of the helper that calls `fn` again.
 * @param {PoolCore} core
 * @param {TransactionOptions} options
 * @returns {import('../retry/retry-options.js').RetryOptions}
 */
function helperOf(core, options) {
  const given = typeof options.retry === 'object' ? options.retry : {};
  const { context, signal = options.signal } = given;
  const bound = boundOf(core, options, given);
  // A platform's context says when all has to end.
  const isPlatforms = context !== undefined && contextOf(context) === undefined;
  return {
    deadlineMillis: 0,
    ...given,
    signal,
    ...(bound && !isPlatforms && { context: bound }),
  };
}

/**
 * Makes one attempt that repeats only what failed before `fn` began.
 * @param {PoolCore} core
 * @param {Attempt} attempt
 * @returns {Promise<any>}
 */
async function runCareful(core, attempt) {
  const { maxRetries, retryBaseMillis, retryCapMillis } = core.pool.options;
  const bound = boundOf(core, attempt.options);
  const client = await repeatWithin(
    () => begin(core, attempt, currentContext()),
    {
      maxRetries,
      baseMillis: retryBaseMillis,
      capMillis: retryCapMillis,
      deadlineMillis: 0,
      ...(bound && { context: bound }),
    },
  );
  return runWithin(core, client, attempt);
}

/**
 * @param {PoolCore} core
 * @param {Attempt} attempt
 * @returns {Promise<any>}
 */
async function runOnce(core, attempt) {
  return runWithin(core, await begin(core, attempt, attempt.run), attempt);
}

/**
 * @param {PoolCore} core
 * @param {Attempt} attempt
 * @returns {Promise<any>}
 */
function runAll(core, attempt) {
  const { retry } = attempt.options;
  if (retry) {
    return repeatWithin(
      () => runOnce(core, { ...attempt, run: currentContext() }),
      helperOf(core, attempt.options),
    );
  }
  // A helper around repeats the whole; without, we see to the beginning.
  return retry === false || attempt.run !== undefined
    ? runOnce(core, attempt)
    : runCareful(core, attempt);
}

/**
 * @param {PoolCore} core
 * @param {(client: PoolClient) => any} fn
 * @param {TransactionOptions} [options]
 * @param {number} [endsAt] when all of it has to be over; 0 = at no time
 * @returns {Promise<any>}
 */
async function runTransaction(core, fn, options = {}, endsAt = 0) {
  check(fn, options);
  core.refuseAfterEnd();
  const run = contextOf(options.context) ?? currentContext();
  const begin = beginText(options);
  run?.note('begun');
  try {
    return await runAll(core, { fn, begin, options, run, endsAt });
  } finally {
    run?.note('ended');
  }
}

module.exports = { runTransaction };
