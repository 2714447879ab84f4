// SPDX-License-Identifier: MIT
'use strict';

// query() of a pool, and of a handle on it whose statements have settings.

const { argumentError } = require('../validate/argument-error.js');
const { callWith } = require('../engine/callbacks.js');
const { refuseFunction } = require('./arguments.js');
const { runBatch } = require('./batch.js');
const { mergeSettings, readCallSettings } = require('./call-settings.js');
const { copyFrom, copyTo, streamRows } = require('./pool-streams.js');
const { submitOnPool } = require('./pool-submit.js');
const { Query, runOnPool } = require('./query-object.js');
const { sqlOf } = require('./sql-template.js');

/** @typedef {import('./call-settings.js').CallSettings} CallSettings */

/**
 * What a handle needs of its pool.
 * @typedef {object} PoolState
 * @property {import('./pool.js').Pool} pool
 * @property {import('./pool-core.js').PoolCore} core
 * @property {import('./cache-notify.js').CacheInvalidator | undefined
 *   } invalidator
 */

/** As a pool's state: see pool.js. */
const STATE = Symbol('holdfast.settings');

/**
 * @param {any} handle
 * @returns {PoolState & {settings: CallSettings | null}}
 */
function stateOf(handle) {
  return handle[STATE];
}

/**
 * An object that runs itself: pg's Query, or one that speaks pg's protocol.
 * @param {any} handle
 * @param {any} object
 * @param {any} values
 * @param {any} callback
 * @returns {any}
 */
function runObject(handle, object, values, callback) {
  const onDone = typeof values === 'function' ? values : callback;
  return object instanceof Query
    ? runOnPool(handle, object, onDone)
    : submitOnPool(handle, object, onDone);
}

/**
 * @param {PoolState} state
 * @param {any} config
 * @param {any} values
 * @param {any} callback
 * @param {CallSettings | null} settings
 * @returns {Promise<any> | undefined}
 */
function queryWith({ core, invalidator }, config, values, callback, settings) {
  if (typeof config === 'function') {
    return refuseFunction(config);
  }
  const valuesGiven = typeof values !== 'function';
  const onDone = valuesGiven ? callback || config?.callback : values;
  return callWith(onDone, 'HoldfastQuery', (resolve, reject) => {
    const given = valuesGiven ? values : undefined;
    invalidator?.begin(config);
    core.query(config, given, resolve, reject, settings);
  });
}

/**
 * Returns options with the handle's settings. What is wrong with them is left
 * as it is, for the pool to refuse.
 * @param {any} handle
 * @param {any} options
 * @returns {any}
 */
function optionsOf(handle, options) {
  if (typeof (options ?? {}) !== 'object') {
    return options;
  }
  try {
    const inner = readCallSettings(options?.settings);
    const settings = mergeSettings(stateOf(handle).settings, inner);
    return { ...options, settings };
  } catch {
    return options;
  }
}

/** A pool's statements, with settings that each of them has. */
class PoolWithSettings {
  /**
   * @param {PoolState} state
   * @param {CallSettings | null} settings
   */
  constructor(state, settings) {
    Object.defineProperty(this, STATE, { value: { ...state, settings } });
  }

  /**
   * @param {any} config
   * @param {any} [values]
   * @param {any} [callback]
   * @returns {Promise<any> | undefined}
   */
  query(config, values, callback) {
    if (typeof config?.submit === 'function') {
      return runObject(this, config, values, callback);
    }
    const state = stateOf(this);
    return queryWith(state, config, values, callback, state.settings);
  }

  /**
   * @param {any} list
   * @param {any} [options]
   * @returns {Promise<any[]>}
   */
  batch(list, options) {
    return runBatch(this, list, options);
  }

  /**
   * @param {any} config
   * @param {any} [values]
   * @param {any} [options]
   */
  stream(config, values, options) {
    const { core, settings } = stateOf(this);
    return streamRows(core, [config, values, options], settings);
  }

  /**
   * @param {string} text
   * @param {any} [options]
   */
  copyTo(text, options) {
    const { core, settings } = stateOf(this);
    return copyTo(core, [text, options], settings);
  }

  /** @param {any[]} given */
  copyFrom(...given) {
    const { core, settings } = stateOf(this);
    return copyFrom(core, given, settings);
  }

  /** A template tag. */
  get sql() {
    return sqlOf(this);
  }

  /**
   * @param {any} [options]
   * @param {any} [callback]
   * @returns {Promise<any> | undefined}
   */
  connect(options, callback) {
    const { pool } = stateOf(this);
    return typeof options === 'function'
      ? pool.connect(optionsOf(this, null), options)
      : pool.connect(optionsOf(this, options), callback);
  }

  /**
   * @template T
   * @param {(client: import('./client.js').PoolClient) => T | PromiseLike<T>}
   *   fn
   * @param {import('./transaction.js').TransactionOptions} [options]
   * @returns {Promise<T>}
   */
  transaction(fn, options) {
    return stateOf(this).pool.transaction(fn, optionsOf(this, options));
  }

  /**
   * Returns a handle with further settings, which win.
   * @param {object} settings
   * @returns {PoolWithSettings}
   */
  withSettings(settings) {
    const state = stateOf(this);
    return withSettings(state, state.settings, settings);
  }
}

/**
 * Throws what is wrong with the settings.
 * @param {PoolState} state
 * @param {CallSettings | null} outer
 * @param {unknown} given
 * @returns {PoolWithSettings}
 */
function withSettings(state, outer, given) {
  if (given === undefined || given === null) {
    throw argumentError('withSettings() needs an object of names and values');
  }
  const settings = mergeSettings(outer, readCallSettings(given));
  return new PoolWithSettings(state, settings);
}

module.exports = { PoolWithSettings, queryWith, runObject, withSettings };
