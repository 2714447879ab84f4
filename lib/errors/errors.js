// SPDX-License-Identifier: MIT
'use strict';

// Our errors, and how they are made from messages of the engine.

const { getSystemErrorName, getSystemErrorMap } = require('node:util');

const { ERROR_AT, INT_AT } = require('../protocol/messages.js');
const { FACT, SPEAKER, STATUS } = require('../protocol/policy.js');
const classes = require('./error-classes.js');

const {
  DatabaseError,
  HoldfastError,
  OUTCOMES,
  PHASES,
  UNITS,
  judge,
  severityNumber,
  statuses,
  systemNumber,
} = classes;

/** @typedef {import('./error-classes.js').Outcome} Outcome */
/** @typedef {import('./error-classes.js').Unit} Unit */
/** @typedef {import('./error-classes.js').Phase} Phase */
/** @typedef {import('./error-classes.js').Details} Details */

/** node's number for a name that could not be resolved. */
const EAI_NONAME = -3008;
const EAI_AGAIN = -3001;

/** pg's message for a lost connection. */
const TERMINATED = 'Connection terminated unexpectedly';

/** The code of a lost connection without an error of the system. */
const LOST = 'ECONNRESET';

/**
 * Statuses of calls that got no connection in time.
 * @type {number[]}
 */
const WAITED_IN_VAIN = [
  STATUS.ACQUIRE_TIMEOUT,
  STATUS.BREAKER_OPEN,
  STATUS.DEADLINE,
];

/**
 * Statuses of connections that could not be opened.
 * @type {number[]}
 */
const NOT_CONNECTED = [
  STATUS.AUTH_ERROR,
  STATUS.CONNECT_TIMEOUT,
  STATUS.NAME_ERROR,
  STATUS.TLS_ERROR,
];

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
 * Returns an error like Node's for a socket or a name: tools recognise
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
  // Node's and pg's own words come first: people search for them.
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
  const refused = status === STATUS.AUTH_ERROR && fields.C !== undefined;
  if (status === STATUS.SERVER_ERROR || refused) {
    return databaseError(fields, length, details);
  }
  if (status === STATUS.SOCKET_ERROR || status === STATUS.NAME_ERROR) {
    const nameError = status === STATUS.NAME_ERROR;
    return systemError(fields, -Math.abs(errno), nameError, details);
  }
  const known = { ...details, sqlState: fields.C };
  if (fields.C !== undefined && known.cause === undefined) {
    // Our code replaces the server's: a cancelled statement.
    known.cause = databaseError(fields, length, details);
    return new HoldfastError(row.code, row.text + (suffix ?? ''), known);
  }
  return new HoldfastError(
    row.code,
    (fields.M ?? row.text) + (suffix ?? ''),
    known,
  );
}

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
  const chunks = int(INT_AT.CHUNKS);
  const text = chunks > 0 ? strings[firstString] : undefined;
  const status = int(ERROR_AT.STATUS);
  /** @type {Details} */
  const details = {
    outcome: OUTCOMES[int(ERROR_AT.OUTCOME)] ?? 'ambiguous',
    retryable: int(ERROR_AT.RETRYABLE) !== 0,
    unit: UNITS[int(ERROR_AT.UNIT)],
    phase: PHASES[int(ERROR_AT.PHASE)] ?? 'unknown',
    attempts: int(ERROR_AT.ATTEMPTS),
    elapsedMillis: int(ERROR_AT.ELAPSED_MS),
  };
  const causeStatus = int(ERROR_AT.CAUSE_STATUS);
  if (chunks > 1 || causeStatus !== 0) {
    const cause = chunks > 1 ? strings[firstString + 1] : undefined;
    details.cause = build(causeStatus, int(ERROR_AT.CAUSE_ERRNO), cause, {
      outcome: details.outcome,
      retryable: details.retryable,
      phase: details.phase,
    });
  }
  const waited =
    status === STATUS.ACQUIRE_TIMEOUT ||
    (status === STATUS.DEADLINE && details.phase === 'acquire');
  const counts =
    ` (total ${int(ERROR_AT.TOTAL)}, busy ${int(ERROR_AT.BUSY)}, ` +
    `idle ${int(ERROR_AT.IDLE)}, waiting ${int(ERROR_AT.WAITING)}, ` +
    `lent ${int(ERROR_AT.LEASED)})`;
  const error = build(
    status,
    int(ERROR_AT.ERRNO),
    text,
    details,
    waited ? counts : undefined,
  );
  if (details.cause !== undefined && waitsInVain(status)) {
    addConnectCause(error, /** @type {any} */ (details.cause), causeStatus);
  }
  const statement = int(ERROR_AT.STATEMENT);
  if (statement > 0) {
    Object.assign(error, { batchIndex: statement - 1 });
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
  return WAITED_IN_VAIN.includes(status);
}

/**
 * Adds to an error's message why no connection could be opened.
 * @param {Error} error
 * @param {any} cause
 * @param {number} causeStatus
 */
function addConnectCause(error, cause, causeStatus) {
  const fatal = cause.severity === 'FATAL';
  const connecting =
    cause.syscall === 'connect' || NOT_CONNECTED.includes(causeStatus);
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
  const facts = new Int32Array(FACT.COUNT);
  facts[FACT.PHASE] = PHASES.indexOf(details.phase ?? 'unknown');
  facts[FACT.STATUS] = status;
  facts[FACT.SEVERITY] = severityNumber(fields.V ?? fields.S);
  facts[FACT.SPEAKER] =
    fields.V === undefined ? SPEAKER.UNKNOWN : SPEAKER.SERVER;
  facts[FACT.IN_TRANSACTION] = details.unit === 'transaction' ? 1 : 0;
  return judge(facts, fields).reason;
}

module.exports = {
  ...classes,
  databaseError,
  errorFromMessage,
  readFields,
};
