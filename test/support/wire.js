// SPDX-License-Identifier: MIT
// Writes the messages of a PostgreSQL server.

/** @typedef {Array<string | Buffer | null>} Row */
/** @typedef {{name: string, oid?: number}} Column */

/** @param {number} value */
function int16(value) {
  const buffer = Buffer.alloc(2);
  buffer.writeUInt16BE(value & 0xffff);
  return buffer;
}

/** @param {number} value */
function int32(value) {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value | 0);
  return buffer;
}

/** @param {string} text */
function cstring(text) {
  return Buffer.from(`${text}\0`);
}

/**
 * A message of any type, with its length filled in.
 *
 * @param {string} type
 * @param {...(Buffer | string)} parts
 */
function message(type, ...parts) {
  const body = Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)),
  );
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

/** @param {Record<string, string>} fields by their letters: S V C M … */
function fieldList(fields) {
  const parts = Object.entries(fields).map(([k, v]) => cstring(k + v));
  return Buffer.concat([...parts, Buffer.from([0])]);
}

/** @param {Column[]} columns */
function columnList(columns) {
  const parts = columns.map(({ name, oid = 25 }) =>
    Buffer.concat([
      ...[cstring(name), int32(0), int16(0)],
      ...[int32(oid), int16(-1), int32(-1), int16(0)],
    ]),
  );
  return Buffer.concat([int16(columns.length), ...parts]);
}

/** @param {Row} row */
function cells(row) {
  const parts = row.map((cell) => {
    if (cell === null) {
      return int32(-1);
    }
    const bytes = Buffer.from(/** @type {string} */ (cell));
    return Buffer.concat([int32(bytes.length), bytes]);
  });
  return Buffer.concat([int16(row.length), ...parts]);
}

const copyBody = Buffer.concat([Buffer.from([0]), int16(1), int16(0)]);

const wire = {
  message,
  cstring,
  int16,
  int32,
  authOk: () => message('R', int32(0)),
  authPlain: () => message('R', int32(3)),
  parameterStatus: (/** @type {string} */ name, /** @type {string} */ value) =>
    message('S', cstring(name), cstring(value)),
  backendKeyData: (/** @type {number} */ pid, /** @type {number} */ key) =>
    message('K', int32(pid), int32(key)),
  ready: (status = 'I') => message('Z', status),
  rowDescription: (/** @type {Column[]} */ columns) =>
    message('T', columnList(columns)),
  dataRow: (/** @type {Row} */ row) => message('D', cells(row)),
  commandComplete: (/** @type {string} */ tag) => message('C', cstring(tag)),
  /** Without fields it is an error with neither code nor message. */
  errorResponse: (/** @type {Record<string, string>} */ fields = {}) =>
    message('E', fieldList(fields)),
  noticeResponse: (/** @type {Record<string, string>} */ fields) =>
    message('N', fieldList(fields)),
  notification: (
    /** @type {number} */ pid,
    /** @type {string} */ channel,
    /** @type {string} */ payload,
  ) => message('A', int32(pid), cstring(channel), cstring(payload)),
  parseComplete: () => message('1'),
  bindComplete: () => message('2'),
  closeComplete: () => message('3'),
  noData: () => message('n'),
  emptyQuery: () => message('I'),
  parameterDescription: (/** @type {number[]} */ oids = []) =>
    message('t', int16(oids.length), ...oids.map(int32)),
  copyInResponse: () => message('G', copyBody),
  copyOutResponse: () => message('H', copyBody),
  copyBothResponse: () => message('W', copyBody),
  copyData: (/** @type {Buffer | string} */ data) => message('d', data),
  copyDone: () => message('c'),
  /** The header of a message of that length; the caller sends its body. */
  header: (/** @type {string} */ type, /** @type {number} */ length) =>
    Buffer.concat([Buffer.from(type), int32(length)]),
};

module.exports = { wire };
