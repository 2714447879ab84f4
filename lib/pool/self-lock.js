// SPDX-License-Identifier: MIT
'use strict';

// Self-locks: a call that waits for a connection which its own code holds. That
// cannot be proven without following every await, but there is a sign: all
// connections are leased, and their clients are idle while it waits.

const { internals } = require('./client.js');
const { LIMIT } = require('../protocol/operations.js');
const { nowMillis, startTimer } = require('../platform/clock.js');
const { warnOnce } = require('../platform/warn.js');

/** Work that ended just before the call does not count. In ms. */
const TOLERANCE = 20;

const TIMES_OUT = new Set(['HF_DEADLINE', 'HF_ACQUIRE_TIMEOUT']);

/** @type {WeakSet<import('./pool-core.js').PoolCore>} */
const watched = new WeakSet();

/**
 * Whether all connections are leased to clients that were idle for a while.
 * @param {import('./pool-core.js').PoolCore} core
 * @param {number} millis
 */
function allIdleFor(core, millis) {
  const lent = [...core.clients.leasedClients()];
  const began = nowMillis() - millis + TOLERANCE;
  return (
    lent.length >= core.max &&
    lent.every((client) => {
      const state = internals.stateOf(client);
      return state.pending === 0 && state.idleSince <= began;
    })
  );
}

/** @param {number} max */
function describe(max) {
  const all =
    max === 1
      ? 'the only connection is lent, and its client did nothing meanwhile'
      : `all ${max} connections are lent, and their clients did nothing ` +
        'meanwhile';
  return (
    `${all}. Called within a transaction, or while a client is held, use ` +
    'that client instead of the pool, or raise max'
  );
}

/**
 * Warns when a call without a limit seems to wait for its own connection.
 * @param {import('./pool-core.js').PoolCore} core
 */
function watchForLock(core) {
  if (core.clients.lent < core.max || watched.has(core)) {
    return;
  }
  watched.add(core);
  const timer = startTimer(() => {
    watched.delete(core);
    if (core.pool.waitingCount > 0 && allIdleFor(core, LIMIT.SELF_LOCK_MS)) {
      warnOnce(
        `a call has waited for ${LIMIT.SELF_LOCK_MS / 1000} s: ${describe(core.max)}, ` +
          'or set deadlineMillis',
        'HF_SELF_LOCK',
      );
    }
  }, LIMIT.SELF_LOCK_MS);
  timer.unref();
}

/**
 * Returns an explanation for a call that timed out, if it seems to have waited
 * for its own connection.
 * @param {import('./pool-core.js').PoolCore} core
 * @param {any} error
 * @returns {string} '' if not
 */
function selfLock(core, error) {
  if (!TIMES_OUT.has(error.code) || error.phase !== 'acquire') {
    return '';
  }
  return allIdleFor(core, error.elapsedMillis) ? `: ${describe(core.max)}` : '';
}

module.exports = { selfLock, watchForLock };
