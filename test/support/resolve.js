// SPDX-License-Identifier: MIT
// Options resolved as a pool resolves them, with an environment of its own.

const assert = require('node:assert');
const { inspect } = require('node:util');
const { resolveOptions } = require('../../lib/options/options.js');

/** A password that no error may show. */
const SECRET = 'canary-7f3a';

/**
 * @param {any} [config]
 * @param {Record<string, string>} [env]
 */
function resolve(config, env = {}) {
  const resolved = resolveOptions(config, { env });
  return {
    ...resolved,
    target: Object.fromEntries(resolved.target),
    engine: Object.fromEntries(resolved.engine),
    settings: Object.fromEntries(resolved.settings),
    password: resolved.password,
  };
}

/**
 * @param {any} config
 * @param {RegExp} message
 * @param {any} [kind]
 */
function refuses(config, message, kind = TypeError) {
  assert.throws(
    () => resolve(config),
    (/** @type {any} */ error) => {
      assert.ok(error instanceof kind, `${error}`);
      assert.match(error.message, message);
      assert.ok(!inspect(error).includes(SECRET), 'the secret is shown');
      return true;
    },
  );
}

module.exports = { SECRET, refuses, resolve };
