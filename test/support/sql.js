// SPDX-License-Identifier: MIT
// What the tests of templates share.

const assert = require('node:assert');

/** Values that an attacker might enter. */
const ATTACKS = [
  "'; drop table item; --",
  "' or '1'='1",
  "\\'; drop table item; --",
  '"; drop table item; --',
  '$$; drop table item; $$',
  '*/ drop table item; /*',
  '1); drop table item; --',
  '$1',
  `\${x}`,
  '\u0001',
  'ʼ; drop table item; --',
];

/**
 * @param {() => unknown} fn
 * @param {RegExp} message
 * @param {string} [code]
 */
function refuses(fn, message, code = 'HF_TEMPLATE_INVALID') {
  assert.throws(fn, (/** @type {any} */ error) => {
    assert.strictEqual(error.code, code, error.message);
    assert.match(error.message, message);
    assert.strictEqual(error.outcome, 'permanent');
    return true;
  });
}

module.exports = { ATTACKS, refuses };
