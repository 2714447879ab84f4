// SPDX-License-Identifier: MIT
'use strict';

// Text parsers of the single values that are neither dates nor arrays.

const BACKSLASH = 92;

/**
 * Returns the server's text unchanged.
 * @param {string} text
 * @returns {string}
 */
function parseText(text) {
  return String(text);
}

/**
 * int8 and numeric stay text: a Number cannot hold them all.
 * @param {string} text
 * @returns {string}
 */
function parseExact(text) {
  return text;
}

/**
 * @param {string} text
 * @returns {boolean | null}
 */
function parseBool(text) {
  switch (text) {
    case 't':
    case 'true':
    case 'TRUE':
    case 'y':
    case 'yes':
    case 'on':
    case '1':
      return true;
    default:
      return text === null ? null : false;
  }
}

/**
 * @param {string} text
 * @returns {number}
 */
function parseInteger(text) {
  return parseInt(text, 10);
}

/**
 * @param {string} text
 * @returns {number}
 */
function parseReal(text) {
  return parseFloat(text);
}

/**
 * @param {string} text
 * @returns {unknown}
 */
function parseJson(text) {
  return JSON.parse(text);
}

/**
 * Parses both of the server's `bytea_output` formats.
 * @param {string} text
 * @returns {Buffer}
 */
function parseBytea(text) {
  if (text.startsWith('\\x')) {
    return Buffer.from(text.slice(2), 'hex');
  }
  return text.includes('\\')
    ? parseByteaEscape(text)
    : Buffer.from(text, 'latin1');
}

/**
 * `\\` is a backslash, `\ooo` a byte in octal, anything else is itself.
 * @param {string} text
 * @returns {Buffer}
 */
function parseByteaEscape(text) {
  const bytes = Buffer.allocUnsafe(text.length);
  let length = 0;
  for (let i = 0; i < text.length; ) {
    let byte = text.charCodeAt(i);
    if (byte !== BACKSLASH) {
      i += 1;
    } else if (text.charCodeAt(i + 1) === BACKSLASH) {
      i += 2;
    } else {
      byte = parseInt(text.slice(i + 1, i + 4), 8);
      i += 4;
    }
    bytes[length++] = byte;
  }
  return bytes.subarray(0, length);
}

/**
 * `(x,y)`
 * @param {string} text
 * @returns {{ x: number, y: number } | null}
 */
function parsePoint(text) {
  const comma = text.indexOf(',');
  if (text.charAt(0) !== '(' || comma < 0) {
    return null;
  }
  return {
    x: parseFloat(text.slice(1, comma)),
    y: parseFloat(text.slice(comma + 1)),
  };
}

/**
 * `<(x,y),radius>`
 * @param {string} text
 * @returns {{ x: number, y: number, radius: number } | null}
 */
function parseCircle(text) {
  const end = text.indexOf(')');
  const centre = text.startsWith('<(') ? parsePoint(text.slice(1, end)) : null;
  if (centre === null || text.charAt(end + 1) !== ',') {
    return null;
  }
  return { x: centre.x, y: centre.y, radius: parseFloat(text.slice(end + 2)) };
}

module.exports = {
  parseBool,
  parseBytea,
  parseCircle,
  parseExact,
  parseInteger,
  parseJson,
  parsePoint,
  parseReal,
  parseText,
};
