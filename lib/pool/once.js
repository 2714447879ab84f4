// SPDX-License-Identifier: MIT
'use strict';

// exactlyOnce for one statement: the engine acquires a connection, runs BEGIN,
// the statement and the query for the identity, and sends COMMIT once that has
// come (native/core/features/once.h). JavaScript hears of it at the end.

const { readCall } = require('./arguments.js');
const { BATCH, enterBatch } = require('./batch.js');
const { Call } = require('./call.js');
const { enter, leave } = require('../retry/context.js');

/** @typedef {import('./pool-core.js').PoolCore} PoolCore */
/** @typedef {import('./transaction-attempt.js').Attempt} Attempt */

/**
 * How it went.
 * @typedef {object} Ran
 * @property {any[]} results of the statement, of the query for the identity,
 *   and of COMMIT; none where the statement failed
 * @property {any} [error] what failed; with results it was COMMIT
 */

/**
 * Reads the call's limits, as one inside the attempt's run.
 * @param {PoolCore} core
 * @param {Call} call
 * @param {any} config
 * @param {Attempt} attempt
 */
function readWithin(core, call, config, { run }) {
  const before = run && enter(run);
  try {
    readCall(call, config, undefined, core.names);
  } finally {
    if (run !== undefined) {
      leave(before);
    }
  }
  call.run?.use(core.pool);
  // The attempt notes what it has written: a COMMIT whose answer is lost is
  // asked for first.
  call.run = undefined;
}

/**
 * @param {PoolCore} core
 * @param {Attempt} attempt
 * @param {import('./batch.js').Batch} batch
 * @param {number} left ms until its deadline, 0 = it has none
 * @returns {Promise<Ran>} rejected by what is wrong with the arguments
 */
function runInEngine(core, attempt, batch, left) {
  const { options, run, settings } = attempt;
  const { signal, timeoutMillis, context } = options;
  const { defaults } = core;
  return new Promise((resolve) => {
    const call = new Call(
      core,
      core.types,
      (results) => resolve({ results }),
      (error) => resolve({ results: call.partial, error }),
    );
    call.settings = settings;
    call.deadline = defaults.deadline;
    call.acquire = defaults.acquire;
    call.timeout = defaults.timeout;
    call.flags = defaults.flags;
    const config = {
      text: batch.items[0].text,
      signal,
      timeoutMillis,
      ...(run === undefined && { context }),
      ...(left > 0 && { deadlineMillis: left }),
      [BATCH]: batch,
    };
    readWithin(core, call, config, attempt);
    enterBatch(call, config);
    core.once(call);
  });
}

module.exports = { runInEngine };
