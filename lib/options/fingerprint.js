// SPDX-License-Identifier: MIT
'use strict';

// Fingerprints of secrets: equal for equal texts, different in every process,
// and they do not reveal the text.

const { lazy } = require('../errors/errors.js');

const native = lazy(() => require('../engine/native.js'));

/** Without a binary there is only this environment. */
const ownKey = lazy(() => require('node:crypto').randomBytes(16));

/**
 * @param {string} text
 * @returns {string}
 */
function fingerprint(text) {
  let mark;
  try {
    mark = native().fingerprint;
  } catch {
    const { createHmac } = require('node:crypto');
    return createHmac('sha256', ownKey()).update(text).digest('hex');
  }
  return mark(text);
}

module.exports = { fingerprint };
