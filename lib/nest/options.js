// SPDX-License-Identifier: MIT
'use strict';

// The options of HoldfastModule: those of a pool, and a few of the module's.

const { checkKeysAs } = require('../validate/keys.js');
const { MILLIS_MAX, checkInteger } = require('../validate/values.js');

/**
 * @typedef {object} Settings
 * @property {any} config of the pool; undefined with `pool`
 * @property {any} pool one that exists already, or undefined
 * @property {boolean} shared whether it is the process-wide one
 * @property {any} warmup false, or the options of warmup()
 * @property {number | undefined} shutdownMillis
 */

const ASYNC_KEYS = new Set([
  'name',
  'isGlobal',
  'imports',
  'inject',
  'useFactory',
  'useClass',
  'useExisting',
]);
const WAYS = ['useFactory', 'useClass', 'useExisting'];

/** @param {any} value @returns {value is Record<string, any>} */
function isObject(value) {
  return typeof value === 'object' && value !== null;
}

/**
 * Separates the options of the module itself.
 * @param {any} options
 * @param {string} where for messages
 * @returns {{name: string | undefined, isGlobal: boolean, rest: any}}
 */
function readExtras(options, where) {
  if (!isObject(options) || options instanceof URL) {
    return { name: undefined, isGlobal: false, rest: options };
  }
  const { name, isGlobal = false, ...rest } = options;
  if (name !== undefined && (typeof name !== 'string' || name === '')) {
    throw new TypeError(`${where}: name must be a string that is not empty`);
  }
  if (typeof isGlobal !== 'boolean') {
    throw new TypeError(`${where}: isGlobal must be true or false`);
  }
  return { name, isGlobal, rest };
}

/**
 * @param {any} value
 * @param {string} where for messages
 * @returns {any} false, or the options of warmup()
 */
function readWarmup(value, where) {
  if (typeof value === 'boolean') {
    return value ? {} : false;
  }
  if (!isObject(value)) {
    throw new TypeError(`${where}: warmup must be true, false or options`);
  }
  return value;
}

/**
 * @param {any} options what forRoot() was given, or a factory returned
 * @param {string} where for messages
 * @returns {Settings}
 */
function readSettings(options, where) {
  if (typeof options === 'string' || options instanceof URL) {
    return readSettings({ connectionString: String(options) }, where);
  }
  if (!isObject(options)) {
    throw new TypeError(`${where}: the options must be an object or a URL`);
  }
  const {
    pool,
    shared = true,
    warmup = true,
    shutdownMillis,
    ...config
  } = options;
  if (typeof shared !== 'boolean') {
    throw new TypeError(`${where}: shared must be true or false`);
  }
  const rest = {
    pool,
    shared,
    warmup: readWarmup(warmup, where),
    shutdownMillis:
      shutdownMillis === undefined
        ? undefined
        : checkInteger(
            shutdownMillis,
            `${where}: shutdownMillis`,
            0,
            MILLIS_MAX,
          ),
  };
  if (pool === undefined) {
    return { config, ...rest };
  }
  if (typeof pool?.drain !== 'function' || typeof pool.health !== 'function') {
    throw new TypeError(`${where}: pool must be a Pool of pg-holdfast`);
  }
  // The module does not end a pool that was given to it.
  const [other] = Object.keys(
    shutdownMillis === undefined ? config : { shutdownMillis, ...config },
  );
  if (other !== undefined) {
    throw new TypeError(`${where}: pool and ${other} exclude each other`);
  }
  return { config: undefined, ...rest };
}

/**
 * @param {any} options of forRootAsync()
 * @returns {any} the same, once they are known to be right
 */
function checkAsync(options) {
  const where = 'HoldfastModule.forRootAsync()';
  if (!isObject(options)) {
    throw new TypeError(`${where}: the options must be an object`);
  }
  checkKeysAs(options, ASYNC_KEYS, `${where}: unknown option `);
  const ways = WAYS.filter((way) => options[way] !== undefined);
  if (ways.length !== 1) {
    throw new TypeError(`${where}: give one of ${WAYS.join(', ')}`);
  }
  return options;
}

module.exports = { checkAsync, readExtras, readSettings };
