// SPDX-License-Identifier: MIT
'use strict';

// query() with exactlyOnce: a statement in a transaction of its own, whose
// outcome is found out when COMMIT fails (fate.js).

const { argumentError } = require('../validate/argument-error.js');
const { readMillis } = require('./arguments.js');
const { BATCH, readItem } = require('./batch.js');
const { mergeSettings, readCallSettings } = require('./call-settings.js');
const { nowMillis } = require('../platform/clock.js');
const {
  boundedContext,
  contextOf,
  currentContext,
} = require('../retry/context.js');
const { isOurs } = require('../errors/errors.js');
const { runTransaction } = require('./transaction.js');

/** @typedef {import('./pool-core.js').PoolCore} PoolCore */

/** CALL and DO that commit; VACUUM and the like. */
const NEEDS_NO_TRANSACTION = new Set(['2D000', '25001']);

/** What may be several statements, or the end of a transaction. */
const DIVIDES =
  /;\s*\S|^\s*(?:begin|start|commit|end|rollback|abort|savepoint|release|prepare)\b/i;

/** What makes a statement more than its text and its values. */
const ALONE = [
  'readOnly',
  'idempotent',
  'name',
  'queryMode',
  'cache',
  'int8',
  'json',
  'dates',
];

/**
 * Returns the statements, if they certainly end no transaction: then they can
 * be sent with BEGIN. (Of a batch the engine sees to that.)
 * @param {any} config
 * @returns {import('./batch.js').Item[] | null}
 */
function itemsOf(config) {
  const { text, values, types, rowMode } = config;
  const batch = config[BATCH];
  if (batch !== undefined) {
    const wrong = ALONE.find((key) => config[key]);
    if (wrong !== undefined) {
      throw argumentError(`${wrong} is not for a batch with exactlyOnce`);
    }
    return batch.items;
  }
  const isPlain =
    typeof text === 'string' &&
    !DIVIDES.test(text) &&
    ALONE.every((key) => (config[key] ?? undefined) === undefined);
  return isPlain ? [readItem({ text, values, types, rowMode })] : null;
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
 * Explains why a statement that commits by itself, or cannot run in a
 * transaction, fails here.
 * @param {any} error
 * @returns {never}
 */
function explain(error) {
  if (isOurs(error) && NEEDS_NO_TRANSACTION.has(String(error.code))) {
    error.reason =
      'exactlyOnce runs the statement in a transaction of its own, but this ' +
      'one ends transactions, or cannot run in one: leave exactlyOnce out';
  }
  throw error;
}

/**
 * Runs a statement, or a batch, in a transaction of its own, exactly once.
 * @param {PoolCore} core
 * @param {any} config
 * @param {any} values
 * @param {import('./call-settings.js').CallSettings | null} around
 * @returns {Promise<any>}
 */
function queryOnce(core, config, values, around) {
  const { retry, deadlineMillis, context } = config;
  const { exactlyOnce, callback, settings: inner, ...rest } = config;
  for (const key of ['retry', 'deadlineMillis', 'context']) {
    delete rest[key];
  }
  const settings = mergeSettings(around, readCallSettings(inner));
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
    ...(settings && { settings }),
    ...(deadlineMillis !== undefined && { deadlineMillis }),
  };
  const items = itemsOf(given);
  const done = runTransaction(core, run, options, endsAt, items);
  if (items === null) {
    return done;
  }
  const isBatch = config[BATCH] !== undefined;
  return done.then(
    (results) => (isBatch ? results : results[0]),
    (error) => explain(error),
  );
}

module.exports = { queryOnce };
