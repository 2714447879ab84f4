// SPDX-License-Identifier: MIT
'use strict';

// The one way to a client with everything on it, for each path that makes one.

const { retryExtension } = require('./retry-extension.js');

/** @typedef {import('./retry-options.js').ExtensionOptions} ExtensionOptions */

/**
 * What was made of a client, so that asking again is free of surprises.
 * @type {WeakMap<object, {made: object, options: unknown}>}
 */
const known = new WeakMap();

/** @type {WeakSet<object>} */
const ours = new WeakSet();

/**
 * Returns a client that repeats what may be repeated; see retryExtension().
 * Asked again, also with what it returned, it returns the same client: layers
 * never pile up. Nothing is awaited, nothing connects.
 * @template {object} Client
 * @param {Client} client
 * @param {ExtensionOptions} [options]
 * @returns {Client}
 */
function createPrismaClientWithExtensions(client, options) {
  const extend = /** @type {any} */ (client)?.$extends;
  if (typeof extend !== 'function') {
    throw new TypeError(
      'createPrismaClientWithExtensions needs a PrismaClient: an object with ' +
        '$extends()',
    );
  }
  if (ours.has(client)) {
    return client;
  }
  const before = known.get(client);
  if (before !== undefined && before.options === options) {
    return /** @type {Client} */ (before.made);
  }
  const made = extend.call(client, retryExtension(options));
  known.set(client, { made, options });
  ours.add(made);
  return made;
}

module.exports = { createPrismaClientWithExtensions };
