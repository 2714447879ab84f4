// SPDX-License-Identifier: MIT

const { setTimeout: delay } = require('node:timers/promises');

/**
 * Calls `fn` until it returns something truthy, and returns that. An error
 * of `fn` counts as "not yet"; the last one becomes the cause.
 *
 * @template T
 * @param {() => T | Promise<T>} fn
 * @param {{timeout?: number, interval?: number, what?: string}} [options]
 * @returns {Promise<T>}
 */
async function eventually(fn, options = {}) {
  const { timeout = 10000, interval = 20, what = 'condition' } = options;
  const end = Date.now() + timeout;
  /** @type {unknown} */
  let last;
  for (;;) {
    try {
      const value = await fn();
      if (value) {
        return value;
      }
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) {
      throw new Error(`${what} not met within ${timeout} ms`, { cause: last });
    }
    await delay(interval);
  }
}

module.exports = { eventually };
