// SPDX-License-Identifier: MIT
'use strict';

// Which of Prisma's kinds an error is, and what goes with the kind.

const { constraintOf, nameIn, uniqueOf } = require('./error-parts.js');

/**
 * Prisma's MappedError; each kind has fields of its own.
 * @typedef {{kind: string, originalCode?: string, originalMessage?: string} &
 *   Record<string, unknown>} Mapped
 */
/** @typedef {Record<string, any>} Source an error of ours */
/** @typedef {Record<string, unknown> & {kind: string}} Kind */

/**
 * @param {Source} error
 * @returns {Kind}
 */
function foreignKey(error) {
  return {
    kind: 'ForeignKeyConstraintViolation',
    constraint: constraintOf(error),
  };
}

/** @returns {Kind} */
function writeConflict() {
  return { kind: 'TransactionWriteConflict' };
}

/**
 * Of every SQLSTATE that has a kind; messages are read only for a name.
 * @type {Record<string, (error: Source) => Kind>}
 */
const BY_STATE = {
  22001: (error) => ({ kind: 'LengthMismatch', column: error.column }),
  22003: (error) => ({ kind: 'ValueOutOfRange', cause: error.message }),
  '22P02': (error) => ({ kind: 'InvalidInputValue', message: error.message }),
  23001: (error) => ({
    kind: 'RestrictViolation',
    constraint: constraintOf(error),
  }),
  23502: (error) => ({
    kind: 'NullConstraintViolation',
    constraint: error.column ? { fields: [error.column] } : undefined,
  }),
  23503: foreignKey,
  23505: (error) => ({ kind: 'UniqueConstraintViolation', ...uniqueOf(error) }),
  28000: (error) => ({
    kind: 'DatabaseAccessDenied',
    db: nameIn(error.message, /database "(.*?)"/),
  }),
  '28P01': (error) => ({
    kind: 'AuthenticationFailed',
    user: nameIn(error.message, /user "(.*)"/),
  }),
  '3D000': (error) => ({
    kind: 'DatabaseDoesNotExist',
    db: nameIn(error.message, /database "(.*)"/),
  }),
  40001: writeConflict,
  '40P01': writeConflict,
  '42P01': (error) => ({
    kind: 'TableDoesNotExist',
    table: nameIn(error.message, /"(.*)"/),
  }),
  '42P04': (error) => ({
    kind: 'DatabaseAlreadyExists',
    db: nameIn(error.message, /database "(.*)"/),
  }),
  42703: (error) => ({
    kind: 'ColumnNotFound',
    column: nameIn(error.message, /^column (.+?)(?: of relation .*)? does not/),
  }),
  53300: (error) => ({ kind: 'TooManyConnections', cause: error.message }),
};

/**
 * What PgBouncer says under 08P01, its only code.
 * @type {readonly (readonly [RegExp, (error: Source) => Kind])[]}
 */
const POOLER_WORDS = [
  [
    /^no such database|^database .* does not exist/,
    (error) => ({
      kind: 'DatabaseDoesNotExist',
      db: nameIn(error.message, /database:? "?(.*?)"?(?: does not exist)?$/),
    }),
  ],
  [
    /authentication failed|no such user/,
    () => ({ kind: 'AuthenticationFailed' }),
  ],
  [
    /no more connections allowed|client connections exceeded/,
    (error) => ({ kind: 'TooManyConnections', cause: error.message }),
  ],
];

/**
 * @param {Source} error
 * @returns {Kind}
 */
function unreachable(error) {
  const { address, port } = error.address ? error : (error.cause ?? {});
  return { kind: 'DatabaseNotReachable', host: address, port };
}

/** @returns {Kind} */
function closed() {
  return { kind: 'ConnectionClosed' };
}

/**
 * @param {Source} error
 * @returns {Kind}
 */
function general(error) {
  return {
    kind: 'postgres',
    code: error.sqlState ?? error.code ?? 'N/A',
    severity: error.severity ?? 'ERROR',
    message: error.message,
    detail: error.detail,
    column: error.column,
    hint: error.hint,
  };
}

/** By our own codes; null: the pool had no connection to give. */
/** @type {Record<string, (error: Source) => Kind | null>} */
const BY_CODE = {
  HF_ACQUIRE_TIMEOUT: waitedFor,
  HF_AUTH: () => ({ kind: 'AuthenticationFailed' }),
  HF_BREAKER_OPEN: causeOrUnreachable,
  HF_COMMIT_ROLLED_BACK: (error) => ({ ...general(error), code: '25P02' }),
  HF_CONNECT_TIMEOUT: unreachable,
  HF_DEADLINE: (error) =>
    error.phase === 'await' ? { kind: 'SocketTimeout' } : waitedFor(error),
  HF_OUTCOME_UNKNOWN: closed,
  HF_PARAM_INVALID: (error) => ({
    kind: 'InvalidInputValue',
    message: error.message,
  }),
  HF_POOL_CLOSED: closed,
  HF_PROTOCOL: unreachable,
  HF_QUERY_TIMEOUT: () => ({ kind: 'SocketTimeout' }),
  HF_QUEUE_FULL: () => null,
  HF_RELEASED: (error) => ({
    kind: 'TransactionAlreadyClosed',
    cause: error.message,
  }),
  HF_ROLLED_BACK: (error) => ({
    kind: 'TransactionAlreadyClosed',
    cause: error.message,
  }),
  HF_SILENT: closed,
  HF_TLS: (error) => ({ kind: 'TlsConnectionError', reason: error.message }),
};

/** Codes of calls whose `cause` is the failure during which they waited. */
const WAITED_IN_VAIN = new Set([
  'HF_ACQUIRE_TIMEOUT',
  'HF_BREAKER_OPEN',
  'HF_DEADLINE',
]);

/**
 * No connection was available in time: because none could be opened, or because
 * all were busy.
 * @param {Source} error
 * @returns {Kind | null}
 */
function waitedFor(error) {
  return error.cause === undefined ? null : causeOrUnreachable(error);
}

/**
 * @param {Source} error
 * @returns {Kind | null}
 */
function causeOrUnreachable(error) {
  const { cause } = error;
  // Of a socket it does not matter how it failed: there was no connection.
  return cause === undefined || cause.syscall !== undefined
    ? unreachable(cause ?? error)
    : kindOf(cause);
}

/**
 * @param {Source} error of the server's
 * @param {string} state
 * @returns {Kind}
 */
function kindOfState(error, state) {
  const words =
    state === '08P01'
      ? POOLER_WORDS.find(([pattern]) => pattern.test(error.message))?.[1]
      : undefined;
  return (words ?? BY_STATE[state] ?? general)(error);
}

/**
 * @param {Source} error
 * @returns {Kind | null}
 */
function kindOf(error) {
  const { code, sqlState, syscall } = error;
  const byCode = Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined;
  if (byCode !== undefined) {
    return byCode(error);
  }
  if (sqlState !== undefined) {
    return kindOfState(error, sqlState);
  }
  if (code === 'ENOTFOUND' || error.phase === 'connect') {
    return unreachable(error);
  }
  return syscall === undefined ? general(error) : closed();
}

/**
 * Returns the error that counts: for a wait that timed out, the failure that it
 * waited out.
 * @param {Source} error
 * @returns {Source}
 */
function failureIn(error) {
  const { cause, code, phase } = error;
  const waited = WAITED_IN_VAIN.has(code) && phase !== 'await';
  return waited && cause !== undefined ? cause : error;
}

/**
 * Returns the cause of a driver adapter's error; null where Prisma has a code
 * but no kind: the pool had no connection to give in time.
 * @param {Source} error of ours
 * @returns {Mapped | null}
 */
function mapError(error) {
  const kind = kindOf(error);
  if (kind === null) {
    return null;
  }
  const failure = failureIn(error);
  return {
    originalCode: failure.sqlState ?? failure.code,
    originalMessage:
      failure === error
        ? error.message
        : `${error.message}: ${failure.message}`,
    ...kind,
  };
}

module.exports = { mapError };
