// SPDX-License-Identifier: MIT
'use strict';

// The error of pools in an edge runtime or a browser.

const { HoldfastError } = require('../errors/error-classes.js');

/**
 * @param {string} sentence
 * @param {unknown} [cause]
 * @returns {Error} with code HF_NO_BINARY
 */
function noPool(sentence, cause) {
  return new HoldfastError('HF_NO_BINARY', `pg-holdfast: ${sentence}`, {
    outcome: 'permanent',
    reason: 'there is no pool on this platform',
    cause,
  });
}

/** @returns {string} what this seems to be */
function platform() {
  const { EdgeRuntime, navigator } = /** @type {any} */ (globalThis);
  if (EdgeRuntime !== undefined) {
    return 'an edge runtime';
  }
  return navigator?.userAgent === 'Cloudflare-Workers'
    ? 'Cloudflare Workers'
    : 'a browser or an edge runtime';
}

/** @returns {Error} */
function poolHere() {
  return noPool(
    `${platform()} cannot load the pool, which is a native addon: run this ` +
      "code on Node.js (in Next.js: export const runtime = 'nodejs'); the " +
      'retry helpers and classify() work here',
  );
}

module.exports = { noPool, poolHere };
