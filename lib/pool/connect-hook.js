// SPDX-License-Identifier: MIT
'use strict';

// Hooks that prepare a new connection before it serves a call: onConnect as a
// function, then the listeners of 'connect', as in pg. They get a client of
// their own until they have settled and its statements have ended; a hook that
// fails closes the connection, and a call that waits for one gets its error.

const { FLAG, OP } = require('../protocol/operations.js');
const { internals } = require('./client.js');
const { warnOnce } = require('../platform/warn.js');

/** Held at load: tests may replace it later. */
const { setImmediate } = globalThis;

const GUARD =
  "the pool gives the client of onConnect and 'connect' back itself";

/** @typedef {import('./pool-core.js').PoolCore} PoolCore */
/** @typedef {import('./client.js').PoolClient} PoolClient */
/** @typedef {import('../engine/listener.js').Event} Event */

/**
 * Calls the hooks, in pg's order. All listeners are called, as by emit(), and
 * what they return is awaited.
 * @param {PoolCore} core
 * @param {PoolClient} client
 */
async function callHooks(core, client) {
  const { onConnect } = core.resolved;
  if (typeof onConnect === 'function') {
    await onConnect(client);
  }
  const { hookedBy } = core;
  const listeners = hookedBy.rawListeners('connect');
  // A listener that throws synchronously rejects for itself only.
  const call = async (/** @type {Function} */ listener) => {
    await listener.call(hookedBy, client);
  };
  await Promise.all(listeners.map(call));
}

/**
 * Waits until the client has no statements, and gets no more: a hook may go on
 * in a callback that it does not await.
 * @param {import('./lease-state.js').LeaseState} state
 */
async function idle(state) {
  let given = -1;
  while (given !== state.given || state.pending > 0) {
    given = state.given;
    await state.settle();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/**
 * @param {PoolCore} core
 * @param {PoolClient} client
 * @returns {Promise<{error: unknown} | undefined>} why it failed
 */
async function prepare(core, client) {
  try {
    await callHooks(core, client);
    await idle(internals.stateOf(client));
    return undefined;
  } catch (error) {
    return { error };
  }
}

/**
 * Gives the connection back, to be used or to be closed.
 * @param {PoolCore} core
 * @param {PoolClient} client
 * @param {Event} event
 * @param {{error: unknown} | undefined} failure
 */
function finish(core, client, event, failure) {
  const state = internals.stateOf(client);
  state.lease = 0;
  state.refusesSql = false;
  if (!core.clients.takeBack(event.lease)) {
    return; // the pool was ended meanwhile
  }
  core.port.drop();
  if (failure === undefined) {
    core.noteHookRun(state.types);
    core.port.add(OP.RELEASE, 0, event.lease, null, core.noticesFlag(client));
    return;
  }
  core.hookErrors.set(event.connection, failure.error);
  /** @type {import('../engine/waiters.js').Waiter} */
  const waiter = {
    index: 0,
    generation: 0,
    counted: false,
    onOk: (refused) => {
      core.hookErrors.delete(event.connection);
      if (refused === 0) {
        core.emitHookError(failure.error, client);
      }
    },
    onError: () => core.hookErrors.delete(event.connection),
  };
  core.port.add(OP.RELEASE, 0, event.lease, waiter, FLAG.FAILED);
}

/**
 * Prepares a new connection that was leased for it.
 * @param {PoolCore} core
 * @param {Event} event
 */
async function runHook(core, event) {
  const client = core.clients.of(event.connection);
  const state = internals.stateOf(client);
  internals.lend(client, {
    number: event.lease,
    connection: event.connection,
    processID: event.processID,
    pooled: event.pooled,
  });
  state.guarded = GUARD;
  state.refusesSql = event.pooled;
  core.clients.lend(event.lease, client);
  core.port.hold();
  const lost = new Promise((resolve) => {
    core.hookWaits.set(event.lease, () => resolve(undefined));
  });
  // When the connection is lost, the hook is not waited for.
  const failure = await Promise.race([prepare(core, client), lost]);
  const wasLost = !core.hookWaits.delete(event.lease);
  finish(core, client, event, wasLost ? undefined : failure);
}

/**
 * A listener was added to the pool: those of 'connect' prepare connections.
 * @param {PoolCore} core
 * @param {string | symbol} name of the event
 */
function noteHook(core, name) {
  if (name !== 'connect') {
    return;
  }
  core.useHook();
  if (core.isShared) {
    warnOnce(
      "a 'connect' listener on the pool of getPool() is only called for " +
        'connections that are opened from now on: others may have opened some ' +
        'already. Give the function to getPool() as onConnect',
      'HF_SHARED_LISTENER',
    );
  }
}

module.exports = { runHook, noteHook };
