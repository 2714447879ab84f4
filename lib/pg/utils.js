// SPDX-License-Identifier: MIT
'use strict';

// pg/lib/utils: functions that libraries use without a connection.

const { Wire, encodeParam } = require('../values/params.js');
const { escapeIdentifier, escapeLiteral } = require('../values/quote.js');

/**
 * Returns what a value is sent as: its text, bytes in a Buffer, null for NULL.
 * @param {any} value
 * @returns {string | Buffer | null}
 */
function prepareValue(value) {
  const sent = encodeParam(value);
  if (!(sent instanceof Wire)) {
    return sent;
  }
  const { buffer, byteOffset = 0, byteLength } = value;
  return buffer === undefined
    ? Buffer.from(value)
    : Buffer.from(buffer, byteOffset, byteLength);
}

/**
 * Returns the arguments of query() as one object.
 * @param {any} config
 * @param {any} [values]
 * @param {any} [callback]
 * @returns {any}
 */
function normalizeQueryConfig(config, values, callback) {
  const object =
    typeof config === 'string'
      ? { text: config }
      : Object.create(
          Object.getPrototypeOf(config),
          Object.getOwnPropertyDescriptors(config),
        );
  if (values) {
    object[typeof values === 'function' ? 'callback' : 'values'] = values;
  }
  if (callback) {
    object.callback = callback;
  }
  return object;
}

module.exports = {
  prepareValue,
  normalizeQueryConfig,
  escapeIdentifier,
  escapeLiteral,
};
