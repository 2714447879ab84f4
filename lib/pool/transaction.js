// SPDX-License-Identifier: MIT
'use strict';

// transaction(fn): BEGIN, fn, COMMIT or ROLLBACK, and how often that is tried.
//
// What fails before `fn` is called leaves nothing behind and is retried. `fn`
// itself is called again only on request, since it may do more than SQL: by the
// option `retry`, or by a withTransactionRetry() around.

const { readMillis } = require('./arguments.js');
const { readCallSettings } = require('./call-settings.js');
const { isOurs } = require('../errors/errors.js');
const {
  boundedContext,
  contextOf,
  currentContext,
} = require('../retry/context.js');
const { repeatWithin } = require('../retry/start.js');
const { begin, runSingle, runWithin } = require('./transaction-attempt.js');
const { beginText, checkTransaction } = require('./transaction-options.js');

/** @typedef {import('./client.js').PoolClient} PoolClient */
/** @typedef {import('./pool-core.js').PoolCore} PoolCore */
/** @typedef {import('./transaction-attempt.js').Attempt} Attempt */
/** @typedef {import('./transaction-options.js').TransactionOptions
 *  } TransactionOptions */

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
  // A platform's context has the deadline of everything.
  const isPlatforms = context !== undefined && contextOf(context) === undefined;
  return {
    deadlineMillis: 0,
    ...given,
    signal,
    ...(bound && !isPlatforms && { context: bound }),
  };
}

/**
 * Makes one attempt that retries only what failed before `fn` was called.
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
  if (attempt.items !== null) {
    return runSingle(core, attempt, attempt.items);
  }
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
  // A helper around retries the whole; without one, BEGIN is retried.
  return retry === false || attempt.run !== undefined
    ? runOnce(core, attempt)
    : runCareful(core, attempt);
}

/**
 * A helper's deadline or an abort has come while a single statement was being
 * cancelled or rolled back. It will not be committed: each attempt asks for
 * both at the moment at which it sends COMMIT.
 * @param {any} error
 * @returns {any}
 */
function asRolledBack(error) {
  if (isOurs(error) && error.outcome === 'ambiguous') {
    error.outcome = 'rolled_back';
    error.unit = 'transaction';
    error.reason = 'COMMIT was not sent';
  }
  return error;
}

/**
 * @param {PoolCore} core
 * @param {(client: PoolClient) => any} fn
 * @param {TransactionOptions} [options]
 * @param {number} [endsAt] when all of it has to end; 0 = at no time
 * @param {import('./batch.js').Item[] | null} [items] the statements, where
 *   they are known and `fn` is not called: it returns their results
 * @returns {Promise<any>}
 */
async function runTransaction(
  core,
  fn,
  options = {},
  endsAt = 0,
  items = null,
) {
  checkTransaction(fn, options);
  core.refuseAfterEnd();
  const run = contextOf(options.context) ?? currentContext();
  const settings = readCallSettings(options.settings);
  const text = beginText(options);
  const progress = { committing: false };
  const own = { fn, items, begin: text, options, settings };
  run?.note('begun');
  try {
    return await runAll(core, { ...own, run, endsAt, progress });
  } catch (error) {
    throw items === null || progress.committing ? error : asRolledBack(error);
  } finally {
    run?.note('ended');
  }
}

module.exports = { runTransaction };
