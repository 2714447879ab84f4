// SPDX-License-Identifier: MIT
'use strict';

// The messages of PostgreSQL's protocol that the doctor sends and reads. It
// does not use libpq, in order to see every answer.

const { Failure } = require('./failure.js');

const PROTOCOL = 196608; // 3.0
const SSL_REQUEST = 80877103;
/**
 * No answer to the doctor is nearly as long; those of other protocols seem to
 * be.
 */
const LONGEST = 1 << 24;
const HEADER = 5;

/** @param {number} value */
function int32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** @param {number} value */
function int16(value) {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

/** @param {string} text */
function cstring(text) {
  return Buffer.from(`${text}\0`);
}

/** @param {string} type @param {...Buffer} parts */
function message(type, ...parts) {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

/** @param {Record<string, string>} parameters */
function startup(parameters) {
  const pairs = Object.entries(parameters).flatMap(([name, value]) => [
    cstring(name),
    cstring(value),
  ]);
  const body = Buffer.concat([int32(PROTOCOL), ...pairs, Buffer.from([0])]);
  return Buffer.concat([int32(body.length + 4), body]);
}

const sslRequest = () => Buffer.concat([int32(8), int32(SSL_REQUEST)]);
const terminate = () => message('X');
const sync = () => message('S');

/** @param {string} sql */
const query = (sql) => message('Q', cstring(sql));
/** @param {string} text */
const password = (text) => message('p', cstring(text));
/** @param {string} name @param {string} sql */
const parse = (name, sql) =>
  message('P', cstring(name), cstring(sql), int16(0));
/** @param {string} name of the statement */
const bind = (name) =>
  message('B', cstring(''), cstring(name), int16(0), int16(0), int16(0));
const execute = () => message('E', cstring(''), int32(0));
/** @param {string} name of the statement */
const close = (name) => message('C', Buffer.from('S'), cstring(name));

/** @param {string} mechanism @param {string} first */
function saslInitial(mechanism, first) {
  const bytes = Buffer.from(first);
  return message('p', cstring(mechanism), int32(bytes.length), bytes);
}

/** @param {string} text */
const saslResponse = (text) => message('p', Buffer.from(text));

/**
 * @typedef {object} Frame
 * @property {string} type
 * @property {Buffer} body
 */

/** Splits incoming data into messages. */
class FrameReader {
  /** @type {Buffer} */
  #bytes = Buffer.alloc(0);

  /** @param {Buffer} chunk */
  push(chunk) {
    this.#bytes =
      this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
  }

  /** @returns {Frame | null} the next whole message */
  next() {
    const bytes = this.#bytes;
    if (bytes.length < HEADER) {
      return null;
    }
    const length = bytes.readInt32BE(1);
    if (length < 4 || length > LONGEST) {
      throw new Failure('protocol', 'what answers there is no PostgreSQL');
    }
    if (bytes.length < length + 1) {
      return null;
    }
    this.#bytes = bytes.subarray(length + 1);
    const type = String.fromCharCode(bytes[0]);
    return { type, body: bytes.subarray(HEADER, length + 1) };
  }
}

/**
 * @param {Buffer} body
 * @param {number} from
 * @returns {[text: string, next: number]}
 */
function readString(body, from) {
  const end = body.indexOf(0, from);
  const stop = end < 0 ? body.length : end;
  return [body.toString('utf8', from, stop), stop + 1];
}

/**
 * @param {Buffer} body of an ErrorResponse or a NoticeResponse
 * @returns {Record<string, string>} by letter
 */
function readFields(body) {
  /** @type {Record<string, string>} */
  const fields = {};
  let at = 0;
  while (at < body.length && body[at] !== 0) {
    const letter = String.fromCharCode(body[at]);
    const [text, next] = readString(body, at + 1);
    fields[letter] = text;
    at = next;
  }
  return fields;
}

/** @param {Buffer} body of a DataRow @returns {(string | null)[]} */
function readRow(body) {
  const count = body.readInt16BE(0);
  /** @type {(string | null)[]} */
  const row = [];
  let at = 2;
  for (let i = 0; i < count; i++) {
    const length = body.readInt32BE(at);
    at += 4;
    row.push(length < 0 ? null : body.toString('utf8', at, at + length));
    at += Math.max(length, 0);
  }
  return row;
}

/** What follows each name in a RowDescription. */
const COLUMN_BYTES = 18;

/** @param {Buffer} body of a RowDescription @returns {string[]} */
function readColumns(body) {
  /** @type {string[]} */
  const names = [];
  let at = 2;
  for (let i = body.readInt16BE(0); i > 0; i--) {
    const [name, next] = readString(body, at);
    names.push(name);
    at = next + COLUMN_BYTES;
  }
  return names;
}

module.exports = {
  FrameReader,
  bind,
  close,
  execute,
  parse,
  password,
  query,
  readColumns,
  readFields,
  readRow,
  readString,
  saslInitial,
  saslResponse,
  sslRequest,
  startup,
  sync,
  terminate,
};
