// SPDX-License-Identifier: MIT
'use strict';

// Our errors, and how one is made of what the engine delivers.

const { getSystemErrorName, getSystemErrorMap } = require('node:util');

const classes = require('./error-classes.js');

const {
  DatabaseError,
  HoldfastError,
  OUTCOMES,
  PHASES,
  UNITS,
  judge,
  severityNumber,
  statusNumber,
  statuses,
  systemNumber,
} = classes;

/** @typedef {import('./error-classes.js').Outcome} Outcome */
/** @typedef {import('./error-classes.js').Unit} Unit */
/** @typedef {import('./error-classes.js').Phase} Phase */
/** @typedef {import('./error-classes.js').Details} Details */

/**
 * Indices into an error message of the engine, relative to its beginning.
 * They are those of enum HF_INT_* and HF_ERROR_* in native/include/holdfast.h.
 */
const INT = Object.freeze({
  CHUNKS: 5,
  STATUS: 6,
  OUTCOME: 7,
  RETRYABLE: 8,
  UNIT: 9,
  PHASE: 10,
  ATTEMPTS: 11,
  ELAPSED: 12,
  ERRNO: 13,
  TOTAL: 14,
  BUSY: 15,
  IDLE: 16,
  WAITING: 17,
  CAUSE_STATUS: 18,
  CAUSE_ERRNO: 19,
  LEASED: 22,
});

/** node's number for a name that could not be resolved. */
const EAI_NONAME = -3008;
const EAI_AGAIN = -3001;

/** What pg says of a connection that was lost. */
const TERMINATED = 'Connection terminated unexpectedly';

/** What the loss of a connection is called when the system named nothing. */
const LOST = 'ECONNRESET';

/** The letters of an ErrorResponse, and pg's names for them. */
const FIELDS = Object.freeze({
  detail: 'D',
  hint: 'H',
  position: 'P',
  internalPosition: 'p',
  internalQuery: 'q',
  where: 'W',
  schema: 's',
  table: 't',
  column: 'c',
  dataType: 'd',
  constraint: 'n',
  file: 'F',
  line: 'L',
  routine: 'R',
});

/**
 * Reads records of a letter, a text and a NUL. The first of a letter counts.
 * @param {string | undefined} text
 * @returns {Record<string, string | undefined>}
 */
function readFields(text) {
  /** @type {Record<string, string | undefined>} */
  const fields = Object.create(null);
  let at = 0;
  while (text !== undefined && at < text.length) {
    const end = text.indexOf('\0', at);
    const stop = end < 0 ? text.length : end;
    const letter = text[at];
    if (fields[letter] === undefined) {
      fields[letter] = text.slice(at + 1, stop);
    }
    at = stop + 1;
  }
  return fields;
}

/**
 * Returns an error of the server's fields.
 * @param {Record<string, string | undefined>} fields
 * @param {number} length
 * @param {Details} [details]
 * @returns {InstanceType<typeof DatabaseError>}
 */
function databaseError(fields, length, details) {
  const error = new DatabaseError(
    fields.C,
    fields.M ?? 'no error message available',
    details,
  );
  const target = /** @type {Record<string, unknown>} */ (
    /** @type {unknown} */ (error)
  );
  error.length = length;
  error.severity = fields.S ?? fields.V;
  for (const [name, letter] of Object.entries(FIELDS)) {
    target[name] = fields[letter];
  }
  target.sqlState = fields.C;
  return error;
}

/**
 * Returns node's name of a system error, ECONNRESET where there is none.
 * @param {number} errno negative, or 0
 * @returns {string}
 */
function systemName(errno) {
  return errno < 0 && getSystemErrorMap().has(errno)
    ? getSystemErrorName(errno)
    : LOST;
}

/**
 * Returns node's name of a failed look-up.
 * @param {number} errno 0 where the name certainly does not exist
 */
function nameOf(errno) {
  return errno === 0 ? 'ENOTFOUND' : 'EAI_AGAIN';
}

/**
 * Returns an error shaped like node's for a socket or a name: tools tell
 * connection failures by code, errno and syscall.
 * @param {Record<string, string | undefined>} fields
 * @param {number} errno negative, or 0
 * @param {boolean} nameError
 * @param {Details} details
 * @returns {InstanceType<typeof HoldfastError>}
 */
function systemError(fields, errno, nameError, details) {
  const code = nameError ? nameOf(errno) : systemName(errno);
  const connecting = details.phase === 'connect';
  const syscall =
    fields.y ?? (nameError ? 'getaddrinfo' : connecting ? 'connect' : 'read');
  const port = fields.o === undefined ? undefined : Number(fields.o);
  const nameNumber = errno === 0 ? EAI_NONAME : EAI_AGAIN;
  // Node's and pg's own words come first: they are what people look for.
  const words =
    connecting || nameError
      ? `${syscall} ${code}${where(fields.a, port)}`
      : TERMINATED;
  return new HoldfastError(
    code,
    fields.M === undefined ? words : `${words}: ${fields.M}`,
    {
      ...details,
      errno: nameError ? nameNumber : errno || systemNumber(code),
      syscall,
      address: fields.a,
      port: Number.isInteger(port) ? port : undefined,
    },
  );
}

/**
 * @param {string | undefined} address
 * @param {number | undefined} port
 * @returns {string}
 */
function where(address, port) {
  if (address === undefined) {
    return '';
  }
  return port === undefined || address.startsWith('/')
    ? ` ${address}`
    : ` ${address}:${port}`;
}

/**
 * Returns the error for one status and its fields.
 * @param {number} status
 * @param {number} errno
 * @param {string | undefined} text
 * @param {Details} details
 * @param {string} [suffix]
 * @returns {InstanceType<typeof HoldfastError>}
 */
function build(status, errno, text, details, suffix) {
  const fields = readFields(text);
  const row = statuses()[status] ?? { code: '', text: 'unknown status' };
  const length = text?.length ?? 0;
  const refused = status === AUTH_ERROR() && fields.C !== undefined;
  if (status === SERVER_ERROR() || refused) {
    return databaseError(fields, length, details);
  }
  if (status === SOCKET_ERROR() || row.code === 'ENOTFOUND') {
    const nameError = row.code === 'ENOTFOUND';
    return systemError(fields, -Math.abs(errno), nameError, details);
  }
  const told = { ...details, sqlState: fields.C };
  if (fields.C !== undefined && told.cause === undefined) {
    // Our code stands for what the server said: a cancelled statement.
    told.cause = databaseError(fields, length, details);
    return new HoldfastError(row.code, row.text + (suffix ?? ''), told);
  }
  return new HoldfastError(
    row.code,
    (fields.M ?? row.text) + (suffix ?? ''),
    told,
  );
}

// These three have no code of their own in the table: their order is fixed in
// enum hf_status, and a test compares it.
const SERVER_ERROR = () => 2;
const SOCKET_ERROR = () => 3;
const AUTH_ERROR = () => statusNumber('HF_AUTH');

/**
 * Returns the error that a message of the engine describes.
 * @param {Int32Array} ints
 * @param {number} offset of the message in ints
 * @param {string[]} strings
 * @param {number} firstString of the message's in strings
 * @returns {InstanceType<typeof HoldfastError>}
 */
function errorFromMessage(ints, offset, strings, firstString) {
  /** @param {number} index */
  const int = (index) => ints[offset + index];
  const chunks = int(INT.CHUNKS);
  const text = chunks > 0 ? strings[firstString] : undefined;
  const status = int(INT.STATUS);
  /** @type {Details} */
  const details = {
    outcome: OUTCOMES[int(INT.OUTCOME)] ?? 'ambiguous',
    retryable: int(INT.RETRYABLE) !== 0,
    unit: UNITS[int(INT.UNIT)],
    phase: PHASES[int(INT.PHASE)] ?? 'unknown',
    attempts: int(INT.ATTEMPTS),
    elapsedMillis: int(INT.ELAPSED),
  };
  const causeStatus = int(INT.CAUSE_STATUS);
  if (chunks > 1 || causeStatus !== 0) {
    const cause = chunks > 1 ? strings[firstString + 1] : undefined;
    details.cause = build(causeStatus, int(INT.CAUSE_ERRNO), cause, {
      outcome: details.outcome,
      retryable: details.retryable,
      phase: details.phase,
    });
  }
  const waited =
    status === statusNumber('HF_ACQUIRE_TIMEOUT') ||
    (status === statusNumber('HF_DEADLINE') && details.phase === 'acquire');
  const counts =
    ` (total ${int(INT.TOTAL)}, busy ${int(INT.BUSY)}, ` +
    `idle ${int(INT.IDLE)}, waiting ${int(INT.WAITING)}, ` +
    `lent ${int(INT.LEASED)})`;
  const error = build(
    status,
    int(INT.ERRNO),
    text,
    details,
    waited ? counts : undefined,
  );
  if (details.cause !== undefined && waitsInVain(status)) {
    tellConnect(error, /** @type {any} */ (details.cause), causeStatus);
  }
  const fields = readFields(text);
  error.reason = fields.b ?? reasonOf(status, details, fields);
  if (fields.b !== undefined) {
    error.message += ` (not repeated: ${fields.b}; retryBudget: false lifts this limit)`;
  }
  return error;
}

/**
 * Whether a call was refused because no connection came in time.
 * @param {number} status
 * @returns {boolean}
 */
function waitsInVain(status) {
  return ['HF_DEADLINE', 'HF_BREAKER_OPEN', 'HF_ACQUIRE_TIMEOUT'].includes(
    statuses()[status]?.code,
  );
}

/**
 * Says in an error's message why no connection could be made.
 * @param {Error} error
 * @param {any} cause
 * @param {number} causeStatus
 */
function tellConnect(error, cause, causeStatus) {
  const code = statuses()[causeStatus]?.code;
  const fatal = cause.severity === 'FATAL';
  const connecting =
    cause.syscall === 'connect' ||
    ['ENOTFOUND', 'HF_CONNECT_TIMEOUT', 'HF_TLS', 'HF_AUTH'].includes(code);
  if (fatal || connecting) {
    error.message += `: ${cause.message}`;
  }
}

/**
 * @param {number} status
 * @param {Details} details
 * @param {Record<string, string | undefined>} fields
 * @returns {string}
 */
function reasonOf(status, details, fields) {
  const facts = new Int32Array(9);
  facts[0] = PHASES.indexOf(details.phase ?? 'unknown');
  facts[1] = status;
  facts[2] = severityNumber(fields.V ?? fields.S);
  facts[3] = fields.V === undefined ? 0 : 1;
  facts[4] = details.unit === 'transaction' ? 1 : 0;
  return judge(facts, fields).reason;
}

module.exports = {
  ...classes,
  databaseError,
  errorFromMessage,
  readFields,
};
