// SPDX-License-Identifier: MIT
'use strict';

// The engine's events as those of pools and clients, named as in pg.

const {
  EVENT,
  connectionError,
  noticeOf,
  notificationOf,
} = require('../engine/events.js');
const { readFields } = require('../errors/errors.js');
const { warnOnce } = require('../warn.js');

/** @typedef {import('../engine/listener.js').Event} Event */
/** @typedef {import('./clients.js').Clients} Clients */

/**
 * Tells the listeners of a pool and of its clients.
 * @param {import('./pool.js').Pool} pool
 * @param {Clients} clients
 * @param {Event} event
 */
function emitEvent(pool, clients, event) {
  switch (event.kind) {
    case EVENT.CONNECT:
      pool.emit('connect', clients.of(event.connection));
      break;
    case EVENT.REMOVE:
      emitRemove(pool, clients, event.connection);
      break;
    case EVENT.WARNING:
      warnOnce(readFields(event.texts[0]).M ?? '', 'HF_ENGINE');
      break;
    case EVENT.ERROR:
      emitIdleError(pool, clients, event);
      break;
    default:
      emitOnClient(clients, event);
  }
}

/**
 * @param {import('./pool.js').Pool} pool
 * @param {Clients} clients
 * @param {number} serial of the connection
 */
function emitRemove(pool, clients, serial) {
  const client = clients.of(serial);
  clients.remove(serial);
  client.emit('end');
  pool.emit('remove', client);
}

/**
 * @param {import('./pool.js').Pool} pool
 * @param {Clients} clients
 * @param {Event} event
 */
function emitIdleError(pool, clients, event) {
  // Without a listener, emit() would end the process.
  if (pool.listenerCount('error') > 0) {
    const error = connectionError(event.texts[0] ?? '');
    const client = clients.of(event.connection);
    Object.defineProperty(error, 'client', {
      value: client,
      configurable: true,
      writable: true,
    });
    pool.emit('error', error, client);
  }
}

/**
 * @param {Clients} clients
 * @param {Event} event
 */
function emitOnClient(clients, event) {
  const client = clients.leased(event.lease) ?? clients.find(event.connection);
  if (client === undefined) {
    return;
  }
  if (event.kind === EVENT.NOTICE) {
    client.emit('notice', noticeOf(event.texts[0] ?? ''));
  } else if (event.kind === EVENT.NOTIFY) {
    client.emit('notification', notificationOf(event));
  } else if (event.kind === EVENT.LOST && client.listenerCount('error') > 0) {
    client.emit('error', connectionError(event.texts[0] ?? ''));
  }
}

module.exports = { emitEvent };
