// SPDX-License-Identifier: MIT
'use strict';

// A health indicator for @nestjs/terminus: up, degraded and down.

const { checkOptions } = require('../validate/keys.js');

/** @typedef {import('../pool/health-report.js').Health} Health */

const KNOWN = new Set(['timeoutMillis', 'service']);

/**
 * What terminus gives an indicator to answer with.
 * @typedef {object} Session
 * @property {(data: object) => object} up
 * @property {(data: object) => object} down
 * @property {(data: object) => object} [degraded] since terminus 12
 */

/** @type {Promise<any> | undefined} */
let loading;

/** @returns {Promise<any>} terminus, null where it cannot be found from here */
async function loadTerminus() {
  try {
    // @ts-ignore: an optional peer
    return require('@nestjs/terminus');
  } catch {
    // It is an ES module and Node.js cannot require it, or it is not installed.
  }
  try {
    // @ts-ignore: an optional peer
    return await import('@nestjs/terminus');
  } catch {
    return null;
  }
}

/** @param {string} key @returns {Session} */
function plainSession(key) {
  return {
    up: (data) => ({ [key]: { ...data, status: 'up' } }),
    down: (data) => ({ [key]: { ...data, status: 'down' } }),
  };
}

/** @param {string} key @returns {Promise<Session>} */
async function sessionFor(key) {
  loading ??= loadTerminus();
  const { HealthIndicatorService } = (await loading) ?? {};
  return HealthIndicatorService
    ? new HealthIndicatorService().check(key)
    : plainSession(key);
}

/**
 * @param {any} options
 * @returns {{service: any, rest: any}}
 */
function readOptions(options) {
  checkOptions(options, KNOWN, 'pingCheck()');
  const { service, ...rest } = options;
  if (service !== undefined && typeof service?.health !== 'function') {
    throw new TypeError('service must be a HoldfastService');
  }
  return { service, rest };
}

class HoldfastHealthIndicator {
  #service;

  /** @param {{health: (options?: any) => Promise<Health>}} service */
  constructor(service) {
    this.#service = service;
  }

  /**
   * Queries the database. Does not reject for its failures: they are the
   * result.
   * @param {string} [key]
   * @param {any} [options]
   */
  async pingCheck(key = 'database', options = {}) {
    const { service = this.#service, rest } = readOptions(options);
    const { status, ...data } = await service.health(rest);
    const session = await sessionFor(key);
    if (status === 'up') {
      return session.up(data);
    }
    const result = { message: data.reasons.join('; '), ...data };
    if (status === 'down') {
      return session.down(result);
    }
    // Terminus 11 leaves out what is neither up nor down. Queries work, so it
    // is up.
    return session.degraded
      ? session.degraded(result)
      : session.up({ degraded: true, ...result });
  }
}

module.exports = { HoldfastHealthIndicator };
