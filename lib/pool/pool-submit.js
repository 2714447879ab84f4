// SPDX-License-Identifier: MIT
'use strict';

// Objects that speak pg's protocol, such as pg-cursor, given to query() of a
// pool: each has a client of its own until its end.

const { internals } = require('./client.js');
const { refusal } = require('../errors/errors.js');

const LEFT = 'it was destroyed before it had a connection: nothing was sent';

/** What is wrong is told to the object where no statement was begun. */
const NOT_SUBMITTED = Object.freeze({
  sync() {},
  once() {},
  removeListener() {},
});

/**
 * @param {any} query
 * @param {import('./client.js').PoolClient} client
 */
function submitOn(query, client) {
  // A stream may have been left while it waited for its connection.
  if (query.destroyed) {
    client.release();
    if (!query.closed) {
      query.handleError(refusal('HF_ABORTED', LEFT), NOT_SUBMITTED);
    }
    return;
  }
  try {
    internals.submit(client, query, () => client.release());
  } catch (error) {
    client.release();
    query.handleError(error, NOT_SUBMITTED);
  }
}

/**
 * Runs the object, and returns it. It is told of errors itself, also of those
 * of acquiring the client, as nobody awaits query() of these.
 * @param {{connect: () => any}} pool
 * @param {any} query
 * @param {any} callback of query(), for one without
 * @returns {any} the object
 */
function submitOnPool(pool, query, callback) {
  if (callback) {
    query.callback ||= callback;
  }
  pool.connect().then(
    (/** @type {any} */ client) => submitOn(query, client),
    (/** @type {unknown} */ error) => query.handleError(error, NOT_SUBMITTED),
  );
  return query;
}

module.exports = { submitOnPool };
