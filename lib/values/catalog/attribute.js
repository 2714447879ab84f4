// SPDX-License-Identifier: MIT
'use strict';

// The text of a composite's attribute. It comes without its type, which another
// process may have altered since it was looked up.

const { unreadable } = require('../unreadable.js');

const INTEGER = /^-?\d+$/;
const NUMBER = /^-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Infinity|NaN)$/;

/** What the server writes for a type. @type {ReadonlyMap<number, RegExp>} */
const FORMS = new Map([
  [16, /^[tf]$/], // bool
  [20, INTEGER], // int8
  [21, INTEGER], // int2
  [23, INTEGER], // int4
  [26, INTEGER], // oid
  [700, NUMBER], // float4
  [701, NUMBER], // float8
  [1700, NUMBER], // numeric
]);

/**
 * Returns a parser that refuses a text which the type cannot have.
 * @param {number} oid
 * @param {import('../types/parsers.js').TypeParser} parse
 * @returns {import('../types/parsers.js').TypeParser}
 */
function attributeOf(oid, parse) {
  const form = FORMS.get(oid);
  if (form === undefined) {
    return parse;
  }
  return (text) => {
    if (!form.test(text)) {
      throw unreadable('an attribute has another type than it had');
    }
    return parse(text);
  };
}

module.exports = { attributeOf };
