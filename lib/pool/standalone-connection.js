// SPDX-License-Identifier: MIT
'use strict';

// The connection of a Client: from connect(), over its statements, to its end.

const { usageError } = require('../errors/errors.js');
const { nowMillis } = require('../platform/clock.js');
const { until } = require('../platform/until.js');
const { internals } = require('./client.js');

/** @typedef {import('./client.js').PoolClient} PoolClient */
/** @typedef {import('./standalone-client.js').Client} Client */

/** Values that libraries read from `connection`'s event 'parameterStatus'. */
const PARAMETERS = `select name as "parameterName", setting as "parameterValue"
  from pg_settings where name in ('server_version', 'server_encoding',
    'client_encoding', 'standard_conforming_strings', 'DateStyle', 'TimeZone',
    'integer_datetimes', 'application_name')`;

/**
 * @typedef {object} State
 * @property {import('./pool.js').Pool} pool
 * @property {PoolClient | null} lease while it is connected
 * @property {import('../values/types.js').TypeOverrides} types its parsers
 * @property {[number | string, any, any][]} parsers those set before it was connected
 * @property {Promise<Client> | null} opening
 * @property {((error?: unknown) => void)[]} queue what was asked for before it
 *   was connected
 * @property {number} pending statements that have not settled
 * @property {Promise<void> | null} ending
 * @property {Promise<void> | null} closing
 */

/**
 * @param {string} text as pg says it, which is what people look for
 * @returns {Error}
 */
function notQueryable(text) {
  return usageError('HF_RELEASED', text, {
    outcome: 'not_executed',
    retryable: false,
  });
}

/**
 * Returns the error of connect(). Of a pool's, the sentence for its time limit
 * speaks of connections that others have.
 * @param {any} error
 * @returns {any}
 */
function connectError(error) {
  return error?.code !== 'HF_ACQUIRE_TIMEOUT'
    ? error
    : usageError(
        'HF_ACQUIRE_TIMEOUT',
        'timeout expired: the server did not take the connection within ' +
          'connectionTimeoutMillis',
        { cause: error },
      );
}

/**
 * Returns the error of a statement that end() cut off.
 * @param {Client} client
 * @param {any} error
 * @returns {any}
 */
function statementError(client, error) {
  return !client._ending || error?.code !== 'HF_RELEASED'
    ? error
    : usageError(
        'HF_RELEASED',
        'Connection terminated: end() was called, and the statement was not ' +
          'finished within drainMillis',
        { outcome: error.outcome, retryable: false, cause: error },
      );
}

/**
 * @param {Client} client
 * @param {State} state
 * @returns {Promise<Client>}
 */
async function open(client, state) {
  client._connecting = true;
  try {
    const lease = await state.pool.connect({ retry: false });
    adopt(client, state, lease);
    await tellParameters(client, lease);
  } catch (thrown) {
    const error = connectError(thrown);
    client._connecting = false;
    client._queryable = false;
    settleQueue(state, error);
    void closeNow(state);
    throw error;
  }
  client._connecting = false;
  client._connected = true;
  settleQueue(state);
  // As in pg, whoever awaits connect() comes first.
  process.nextTick(() => client.emit('connect'));
  return client;
}

/**
 * @param {Client} client
 * @param {State} state
 * @param {PoolClient} lease
 */
function adopt(client, state, lease) {
  state.lease = lease;
  client.processID = lease.processID;
  for (const [oid, format, parser] of state.parsers.splice(0)) {
    lease.setTypeParser(oid, format, parser);
  }
  lease.on('error', (error) => {
    client._queryable = false;
    client.emit('error', error);
  });
  lease.on('end', () => {
    // After end() that is what later statements are told.
    client._queryable = client._ending;
    client._ended = true;
    // What is lost keeps no process alive, and nobody has to call end().
    void closeNow(state);
    client.connection.emit('end');
    client.emit('end');
  });
  for (const name of ['notification', 'notice']) {
    lease.on(name, (value) => client.emit(name, value));
  }
}

/**
 * Tells `connection`'s listeners what the server reported at its start.
 * @param {Client} client
 * @param {PoolClient} lease
 */
async function tellParameters(client, lease) {
  if (client.connection.listenerCount('parameterStatus') > 0) {
    const { rows } = await lease.query(PARAMETERS);
    for (const row of rows) {
      client.connection.emit('parameterStatus', row);
    }
  }
}

/** @param {State} state @param {unknown} [error] why they cannot be run */
function settleQueue(state, error) {
  for (const go of state.queue.splice(0)) {
    go(error);
  }
}

/**
 * @param {Client} client
 * @param {State} state
 * @param {any} config
 * @param {any} values
 * @param {(value: any) => void} resolve
 * @param {(error: any) => void} reject
 */
function run(client, state, config, values, resolve, reject) {
  if (!client._queryable) {
    throw notQueryable(
      'Client has encountered a connection error and is not queryable',
    );
  }
  if (client._ending) {
    throw notQueryable('Client was closed and is not queryable');
  }
  state.pending += 1;
  const settled = () => {
    state.pending -= 1;
    if (state.pending === 0) {
      client.emit('drain');
    }
  };
  const go = (/** @type {unknown} */ error) => {
    if (error !== undefined) {
      state.pending -= 1;
      reject(error);
      return;
    }
    const lease = /** @type {PoolClient} */ (state.lease);
    // Not through a promise: it answers in the turn that pg does.
    const onAnswer = (
      /** @type {any} */ failure,
      /** @type {any} */ result,
    ) => {
      if (failure) {
        reject(statementError(client, failure));
      } else {
        resolve(result);
      }
      process.nextTick(settled);
    };
    lease.query(withoutCallback(config), values, onAnswer);
  };
  if (client._connected) {
    go(undefined);
  } else {
    state.queue.push(go);
  }
}

/**
 * Runs an object that speaks pg's protocol. What is wrong it is told itself.
 * @param {Client} client
 * @param {State} state
 * @param {any} query
 * @param {any} values
 * @param {any} callback
 * @returns {any} the object
 */
function submit(client, state, query, values, callback) {
  const fail = (/** @type {unknown} */ error) =>
    process.nextTick(() => query.handleError(error, client.connection));
  const go = (/** @type {unknown} */ error) => {
    if (error === undefined) {
      /** @type {any} */ (state.lease).query(query, values, callback);
    } else {
      fail(error);
    }
  };
  if (!client._queryable || client._ending) {
    fail(notQueryable('Client was closed and is not queryable'));
  } else if (client._connected) {
    go(undefined);
  } else {
    state.queue.push(go);
  }
  return query;
}

/** @param {any} config */
function withoutCallback(config) {
  return typeof config === 'object' && config.callback
    ? { ...config, callback: undefined }
    : config;
}

/**
 * @param {State} state
 * @param {Promise<Client>} opening
 */
async function finishAndClose(state, opening) {
  await opening.catch(() => {});
  if (state.lease !== null) {
    const endsAt = nowMillis() + state.pool.options.drainMillis;
    await until(internals.idle(state.lease), { endsAt }, () => null).catch(
      () => {}, // what is under way still is cut off
    );
  }
  await closeNow(state);
}

/**
 * Closes the connection, if there is one, and the pool.
 * @param {State} state
 * @returns {Promise<void>} never rejects
 */
function closeNow(state) {
  if (state.closing === null) {
    state.lease?.release(true);
    state.closing = /** @type {Promise<void>} */ (state.pool.end());
  }
  return state.closing;
}

module.exports = {
  finishAndClose,
  notQueryable,
  open,
  run,
  settleQueue,
  submit,
};
