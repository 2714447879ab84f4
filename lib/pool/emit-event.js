// SPDX-License-Identifier: MIT
'use strict';

// Emits the engine's events on pools and clients, named as in pg.

const {
  connectionError,
  noticeOf,
  notificationOf,
} = require('../engine/events.js');
const { EVENT } = require('../protocol/messages.js');
const { readFields } = require('../errors/errors.js');
const { internals } = require('./client.js');
const { runHook } = require('./connect-hook.js');
const { warnOnce } = require('../platform/warn.js');

/** Held at load: tests may replace it later. */
const { setImmediate } = globalThis;

/** @typedef {import('../engine/listener.js').Event} Event */
/** @typedef {import('./clients.js').Clients} Clients */

/**
 * Emits an event of the engine on a pool or its clients.
 * @param {import('./pool-core.js').PoolCore} core
 * @param {Event} event
 */
function emitEvent(core, event) {
  const { pool, clients } = core;
  switch (event.kind) {
    case EVENT.CONNECT:
      internals.name(clients.of(event.connection), event.processID);
      if (event.lease !== 0) {
        void runHook(core, event); // never rejects
      }
      break;
    case EVENT.REMOVE:
      emitRemove(core, event.connection);
      break;
    case EVENT.WARNING:
      warnOnce(readFields(event.texts[0]).M ?? '', 'HF_ENGINE');
      break;
    case EVENT.ERROR:
      emitIdleError(pool, clients, event);
      break;
    case EVENT.LOST:
      onLost(core, event);
      break;
    case EVENT.RESUMED:
      core.listener?.onResumed(event.texts[0]);
      break;
    default:
      if (event.kind === EVENT.NOTIFY && core.listener !== undefined) {
        core.listener.onNotification(notificationOf(event));
      } else {
        emitOnClients(clients, event);
      }
  }
}

/**
 * @param {import('./pool-core.js').PoolCore} core
 * @param {number} serial of the connection
 */
function emitRemove({ pool, clients, losing }, serial) {
  const client = clients.of(serial);
  clients.remove(serial);
  const lost = losing.get(serial);
  losing.delete(serial);
  if (lost === undefined) {
    client.emit('end');
  } else {
    // After 'error', which comes after the statements' own errors.
    setImmediate(() => {
      lost.emit('end');
      if (client !== lost) {
        client.emit('end');
      }
    });
  }
  pool.emit('remove', client);
}

/**
 * @param {import('./pool.js').Pool} pool
 * @param {Clients} clients
 * @param {Event} event
 */
function emitIdleError(pool, clients, event) {
  const client = clients.of(event.connection);
  const error = connectionError(event.texts[0] ?? '');
  // Without a listener, emit() would end the process.
  if (client.listenerCount('error') > 0) {
    client.emit('error', error);
  }
  if (pool.listenerCount('error') > 0) {
    Object.defineProperty(error, 'client', {
      value: client,
      configurable: true,
      writable: true,
    });
    pool.emit('error', error, client);
  }
}

/**
 * The clients of an event: the lease's, and the connection's own, which is
 * another one in transaction().
 * @param {Clients} clients
 * @param {Event} event
 * @returns {Set<import('./client.js').PoolClient>}
 */
function clientsOf(clients, event) {
  const found = new Set();
  for (const client of [
    clients.leased(event.lease),
    clients.find(event.connection),
  ]) {
    if (client !== undefined) {
      found.add(client);
    }
  }
  return found;
}

/**
 * @param {Clients} clients
 * @param {Event} event
 */
function emitOnClients(clients, event) {
  for (const client of clientsOf(clients, event)) {
    if (event.kind === EVENT.NOTICE) {
      client.emit('notice', noticeOf(event.texts[0] ?? ''));
    } else if (event.kind === EVENT.NOTIFY) {
      client.emit('notification', notificationOf(event));
    }
  }
}

/**
 * A leased connection was lost. Its statements reject first, as in pg:
 * the client does when their promises have settled.
 * @param {import('./pool-core.js').PoolCore} core
 * @param {Event} event
 */
function onLost({ clients, hookWaits, losing }, event) {
  hookWaits.get(event.lease)?.();
  hookWaits.delete(event.lease);
  const client = clients.leased(event.lease) ?? clients.find(event.connection);
  if (client === undefined) {
    return;
  }
  losing.set(event.connection, client);
  setImmediate(() => {
    // Without a listener, emit() would end the process.
    if (client.listenerCount('error') > 0) {
      client.emit('error', connectionError(event.texts[0] ?? ''));
    }
  });
}

module.exports = { emitEvent };
