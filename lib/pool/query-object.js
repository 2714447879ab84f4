// SPDX-License-Identifier: MIT
'use strict';

// pg's Query: a statement as an emitter of its rows. The engine gives whole
// results, so its rows are told of when all of them are there.

const { EventEmitter } = require('node:events');

const { callWith, rethrowLater } = require('../engine/callbacks.js');

class Query extends EventEmitter {
  /**
   * @param {any} config SQL text, or an object with `text`
   * @param {any} [values]
   * @param {any} [callback]
   */
  constructor(config, values, callback) {
    super();
    const given = typeof config === 'string' ? { text: config } : config;
    const valuesGiven = values && typeof values !== 'function';
    /** @type {string} */
    this.text = given.text;
    /** @type {any} */
    this.values = valuesGiven ? values : given.values;
    /** @type {string | undefined} */
    this.name = given.name;
    this.types = given.types;
    this.rowMode = given.rowMode;
    this.queryMode = given.queryMode;
    this.query_timeout = given.query_timeout;
    /** @type {any} */
    this.callback =
      (typeof values === 'function' ? values : callback) || given.callback;
  }

  /**
   * Declared because pg has it. query() of ours knows these objects.
   * @returns {never}
   */
  submit() {
    throw new TypeError('give a Query to query() of a client or a pool');
  }
}

/**
 * Emits the rows of a result. As in pg, rows that a listener gets are kept in
 * the result for a callback only.
 * @param {Query} query
 * @param {any} result
 */
function emitRows(query, result) {
  if (query.listenerCount('row') === 0) {
    return;
  }
  const { rows } = result;
  if (!query.callback) {
    result.rows = [];
  }
  for (const row of rows) {
    query.emit('row', row, result);
  }
}

/**
 * Tells of a Query's end: its rows, then 'end'; or 'error'.
 * @param {Query} query
 * @param {any} error
 * @param {any} result one, or several in an array
 */
function tell(query, error, result) {
  const { callback } = query;
  if (error) {
    if (callback) {
      callback(error);
    } else {
      query.emit('error', error);
    }
    return;
  }
  for (const one of [result].flat()) {
    emitRows(query, one);
  }
  try {
    callback?.(null, result);
  } catch (thrown) {
    rethrowLater(thrown);
  }
  query.emit('end', result);
}

/**
 * Runs a Query, and returns it as pg does.
 * @param {Query} query
 * @param {any} callback of query(), for one without
 * @param {(config: any, callback: (error: any, result?: any) => void) => void}
 *   run
 * @returns {Query}
 */
function runQuery(query, callback, run) {
  query.callback ||= callback;
  const { text, values, name, types, rowMode, queryMode } = query;
  const { query_timeout } = query;
  const config = { text, values, name, types, rowMode, queryMode };
  run({ ...config, query_timeout }, (error, result) =>
    tell(query, error, result),
  );
  return query;
}

/**
 * The same on a pool. As in pg, it gives a promise.
 * @param {{query: (config: any, callback: any) => any}} pool
 * @param {Query} query
 * @param {any} callback
 * @returns {Promise<any> | undefined}
 */
function runOnPool(pool, query, callback) {
  return callWith(callback, 'HoldfastQuery', (resolve, reject) => {
    const onDone = (/** @type {any} */ error, /** @type {any} */ result) =>
      error ? reject(error) : resolve(result);
    runQuery(query, onDone, (given, tell) => pool.query(given, tell));
  });
}

module.exports = { Query, runOnPool, runQuery };
