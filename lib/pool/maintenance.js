// SPDX-License-Identifier: MIT
'use strict';

// Operations on a pool as a whole: warm-up, health, reset, suspension, and the
// deallocation of prepared statements.

const { namedTypeOfPool } = require('./named-type.js');
const { FLAG, OP } = require('../protocol/operations.js');
const { refusal } = require('../errors/errors.js');
const { checkOptions } = require('../validate/keys.js');
const { checkBoolean } = require('../validate/values.js');
const { HealthCheck } = require('./health.js');
const { logOf } = require('../observe/log.js');
const { Warmup } = require('./warmup.js');

const CLEAR_ADVICE =
  'behind a transaction pooler the statements of server connections belong ' +
  'to whoever prepared them, and Holdfast gives none a name there: there is ' +
  'nothing to clear. {force: true} sends DEALLOCATE ALL all the same';

const CLEAR_KEYS = new Set(['force']);

/**
 * @param {any} options
 * @returns {number} flags
 */
function readClearOptions(options = {}) {
  checkOptions(options, CLEAR_KEYS, 'clearPreparedStatements()');
  const { force = false } = options;
  return checkBoolean(force, 'force') ? FLAG.FORCE : 0;
}

class Maintenance {
  #core;
  #pool;
  #warmup;
  #health;

  /**
   * @param {import('./pool-core.js').PoolCore} core
   * @param {import('./pool.js').Pool} pool
   */
  constructor(core, pool) {
    this.#core = core;
    this.#pool = pool;
    this.#warmup = new Warmup(core, pool);
    this.#health = new HealthCheck(core, pool, this.#warmup);
  }

  /** @param {string} name as the catalogue has it */
  type(name) {
    return namedTypeOfPool(this.#core, name);
  }

  /**
   * @param {any} options
   * @returns {Promise<import('../pool/warmup.js').WarmupResult>}
   */
  warmup(options) {
    return this.#warmup.run(options);
  }

  /**
   * @param {any} options
   * @returns {Promise<import('../pool/health-report.js').Health>}
   */
  health(options) {
    return this.#health.check(options);
  }

  /** @returns {Promise<void>} */
  async reset() {
    await this.#command(OP.RESET);
    logOf(this.#pool).info(
      { event: 'reset.begun' },
      'Every connection is replaced as soon as it is free',
    );
  }

  /** @returns {Promise<void>} */
  async suspend() {
    await this.#command(OP.SUSPEND);
    logOf(this.#pool).info(
      { event: 'suspend' },
      'Pool suspended: calls wait for resume()',
    );
  }

  /** @returns {Promise<void>} */
  async resume() {
    await this.#command(OP.RESUME);
    logOf(this.#pool).info({ event: 'resume' }, 'Pool resumed');
  }

  /**
   * @param {any} options
   * @returns {Promise<{connections: number}>}
   */
  async clearPreparedStatements(options) {
    const flags = readClearOptions(options);
    let connections = 0;
    try {
      connections = await this.#command(OP.DEALLOCATE, { flags });
    } catch (error) {
      const { code } = /** @type {any} */ (error);
      throw code === 'HF_SESSION_REQUIRED'
        ? refusal(code, CLEAR_ADVICE)
        : error;
    }
    logOf(this.#pool).info(
      { event: 'reset.statements', connections },
      `Prepared statements cleared on ${connections} connections`,
    );
    return { connections };
  }

  /**
   * @param {number} kind
   * @param {{flags?: number}} [given]
   * @returns {Promise<any>}
   */
  #command(kind, given) {
    return new Promise((resolve, reject) => {
      this.#core.refuseAfterEnd();
      this.#core.command(kind, resolve, reject, given);
    });
  }
}

module.exports = { Maintenance };
