// SPDX-License-Identifier: MIT
'use strict';

const { startTimer, stopTimer } = require('../platform/clock.js');
const { readSettings } = require('./options.js');

/** @typedef {import('../pool/pool.js').Pool} Pool */

/** The methods of the pool that a service has. */
const DELEGATED = /** @type {const} */ ([
  'query',
  'batch',
  'stream',
  'transaction',
  'withSettings',
  'connect',
  'listen',
  'health',
  'warmup',
  'reset',
  'suspend',
  'resume',
  'stats',
  'prometheus',
  'invalidate',
  'clearPreparedStatements',
]);

/**
 * @param {import('./options.js').Settings} settings
 * @param {() => object} logger
 * @returns {Pool}
 */
function openPool({ config, shared }, logger) {
  const options = { ...config };
  if (options.logger === undefined && process.env.NODE_ENV !== 'test') {
    options.logger = logger();
  }
  if (!shared) {
    const { Pool } = require('../pool/pool.js');
    return new Pool(options);
  }
  // A handle of its own: ending it ends no other.
  const { openHandle } = require('../process/registry.js');
  return openHandle(options);
}

/** A pool that starts and ends with the application. */
class PoolService {
  #pool;
  #own;
  #warmup;
  #shutdownMillis;
  /** @type {ReturnType<typeof startTimer> | undefined} */
  #limit;
  /** @type {Promise<void> | null} */
  #release = null;

  /**
   * @param {import('./options.js').Settings} settings
   * @param {() => object} logger
   */
  constructor(settings, logger) {
    this.#own = settings.pool === undefined;
    this.#pool = settings.pool ?? openPool(settings, logger);
    this.#warmup = settings.warmup;
    this.#shutdownMillis = settings.shutdownMillis;
  }

  /** The pool itself. */
  get pool() {
    return this.#pool;
  }

  /** The template tag of the pool. */
  get sql() {
    return this.#pool.sql;
  }

  /** The application listens once this is done. */
  async onModuleInit() {
    if (this.#warmup === false) {
      return;
    }
    try {
      await this.#pool.warmup(this.#warmup);
    } catch (error) {
      // The application does not start, so that nothing will close it.
      await this.onApplicationShutdown();
      throw error;
    }
  }

  /** Requests in flight are answered next. They may take too long. */
  beforeApplicationShutdown() {
    if (this.#shutdownMillis !== undefined) {
      this.#limit = startTimer(() => {
        this.#release ??= this.#drain(0);
      }, this.#shutdownMillis);
    }
  }

  /**
   * By now the application has stopped listening, and requests in flight
   * have been answered: what is left may finish within drainMillis.
   */
  onApplicationShutdown() {
    stopTimer(this.#limit);
    this.#release ??= this.#drain();
    return this.#release;
  }

  /** @param {number} [millis] drainMillis where it is not given */
  async #drain(millis) {
    if (this.#own && !this.#pool.ending) {
      await this.#pool.drain(millis);
    }
  }
}

for (const name of DELEGATED) {
  Object.defineProperty(PoolService.prototype, name, {
    configurable: true,
    writable: true,
    /**
     * @this {PoolService}
     * @param {...any} values
     */
    value(...values) {
      return /** @type {any} */ (this.pool)[name](...values);
    },
  });
}

/**
 * Makes the class of the service, whose logger needs Nest.
 * @param {() => object} logger
 */
function makeService(logger) {
  return class HoldfastService extends PoolService {
    /**
     * @param {any} [options] of HoldfastModule.forRoot()
     * @param {string} [where] for messages
     */
    constructor(options = {}, where = 'HoldfastService') {
      super(readSettings(options, where), logger);
    }
  };
}

module.exports = { makeService };
