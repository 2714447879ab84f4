// SPDX-License-Identifier: MIT
'use strict';

// Which parser reads which OID, unless another is set.

const { parseArray, parseIntegers } = require('./array.js');
const { parseDate } = require('./dates.js');
const { parseInterval } = require('./interval.js');
const {
  parseBool,
  parseBytea,
  parseCircle,
  parseExact,
  parseInteger,
  parseJson,
  parsePoint,
  parseReal,
  parseText,
} = require('./scalars.js');

/** @typedef {(text: string) => any} TypeParser */

/**
 * @param {TypeParser} parseElement
 * @param {(text: string, parseElement: TypeParser) => unknown[]} [parse]
 * @returns {TypeParser}
 */
function arrayOf(parseElement, parse = parseArray) {
  return (text) => (text ? parse(text, parseElement) : null);
}

const bools = arrayOf(parseBool);
const byteas = arrayOf(parseBytea);
const dates = arrayOf(parseDate);
const integers = arrayOf(parseInteger, parseIntegers);
const intervals = arrayOf(parseInterval);
const jsons = arrayOf(parseJson);
const points = arrayOf(parsePoint);
const reals = arrayOf(parseReal);
const texts = arrayOf(parseExact);

/** @type {ReadonlyMap<number, TypeParser>} */
const builtinParsers = new Map([
  [16, parseBool], // bool
  [17, parseBytea], // bytea
  [20, parseExact], // int8
  [21, parseInteger], // int2
  [23, parseInteger], // int4
  [26, parseInteger], // oid
  [114, parseJson], // json
  [199, jsons], // json[]
  [600, parsePoint], // point
  [651, texts], // cidr[]
  [700, parseReal], // float4
  [701, parseReal], // float8
  [718, parseCircle], // circle
  [791, texts], // money[]
  [1000, bools], // bool[]
  [1001, byteas], // bytea[]
  [1005, integers], // int2[]
  [1007, integers], // int4[]
  [1008, texts], // regproc[]
  [1009, texts], // text[]
  [1014, texts], // bpchar[]
  [1015, texts], // varchar[]
  [1016, texts], // int8[]
  [1017, points], // point[]
  [1021, reals], // float4[]
  [1022, reals], // float8[]
  [1028, integers], // oid[]
  [1040, texts], // macaddr[]
  [1041, texts], // inet[]
  [1082, parseDate], // date
  [1114, parseDate], // timestamp
  [1115, dates], // timestamp[]
  [1182, dates], // date[]
  [1183, texts], // time[]
  [1184, parseDate], // timestamptz
  [1185, dates], // timestamptz[]
  [1186, parseInterval], // interval
  [1187, intervals], // interval[]
  [1231, reals], // numeric[]: numbers, though a single numeric is text
  [1270, texts], // timetz[]
  [2951, texts], // uuid[]
  [3802, parseJson], // jsonb
  [3807, jsons], // jsonb[]
  [3907, texts], // numrange[]
]);

module.exports = { builtinParsers, parseText };
