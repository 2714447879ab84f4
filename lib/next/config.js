// SPDX-License-Identifier: MIT
'use strict';

// withHoldfast(): excludes our packages from bundles. A bundler can neither
// read the addon nor copy it, and with a copy of our modules in each bundle
// each would have pools of its own.

/** Our package and those of its binaries; a test compares with native.js. */
const PACKAGES = Object.freeze([
  'pg-holdfast',
  'pg-holdfast-linux-x64',
  'pg-holdfast-linux-arm64',
  'pg-holdfast-linux-x64-musl',
  'pg-holdfast-linux-arm64-musl',
  'pg-holdfast-win32-x64',
]);

/** @typedef {Record<string, any>} Config */

/**
 * @param {unknown} config
 * @param {string} what
 * @returns {Config}
 */
function checkConfig(config, what) {
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) {
    return config;
  }
  const got = config === null ? 'null' : typeof config;
  throw new TypeError(
    `${what} must be an object, not ${Array.isArray(config) ? 'a list' : got}`,
  );
}

/**
 * @param {Config} config
 * @returns {Config} a copy
 */
function extend(config) {
  const given = config.serverExternalPackages ?? [];
  if (!Array.isArray(given)) {
    throw new TypeError('serverExternalPackages must be a list of names');
  }
  const serverExternalPackages = [...new Set([...given, ...PACKAGES])];
  return { ...config, serverExternalPackages };
}

/** @param {any} value */
function isPromise(value) {
  return typeof value?.then === 'function';
}

/**
 * Returns a configuration of Next.js with our packages excluded; for a
 * function, one that does the same with its result.
 * @param {any} [config]
 * @returns {any}
 */
function withHoldfast(config = {}) {
  if (typeof config === 'function') {
    const what = 'what the configuration function returns';
    /** @param {unknown} made */
    const finish = (made) => extend(checkConfig(made, what));
    return (/** @type {unknown[]} */ ...values) => {
      const made = config(...values);
      return isPromise(made) ? made.then(finish) : finish(made);
    };
  }
  if (isPromise(config)) {
    throw new TypeError(
      'withHoldfast() takes a configuration, not a promise of one: ' +
        'withHoldfast(await …), or an async function',
    );
  }
  return extend(checkConfig(config, 'the configuration of Next.js'));
}

module.exports = { PACKAGES, withHoldfast };
