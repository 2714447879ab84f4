// SPDX-License-Identifier: MIT
'use strict';

// Our errors as Prisma's client expects them. It recognises an adapter's error
// by its name and takes the code from `cause.kind`.
//
// What the pool also knows, above all the outcome, stays on the error:
// `outcome` and related properties, and the pool's own error behind it, where
// lib/retry/evidence.js finds it under any wrapper of Prisma's.

const { assignDetails, isOurs } = require('../errors/error-classes.js');
const { mapError } = require('./error-kinds.js');

/** @typedef {import('../errors/error-classes.js').HoldfastError} HoldfastError */
/** @typedef {import('./error-kinds.js').Mapped} Mapped */

/** Properties of the pool's errors that Prisma's do not have. */
const TOLD = Object.freeze([
  'outcome',
  'retryable',
  'unit',
  'phase',
  'attempts',
  'reason',
]);

/**
 * Prisma's code of each kind. The client gives it to most errors itself, but
 * not to those of COMMIT, ROLLBACK and savepoints: they reach the caller as
 * they are.
 * @type {Readonly<Record<string, string>>}
 */
const CODES = Object.freeze({
  AuthenticationFailed: 'P1000',
  DatabaseNotReachable: 'P1001',
  DatabaseDoesNotExist: 'P1003',
  SocketTimeout: 'P1008',
  DatabaseAlreadyExists: 'P1009',
  DatabaseAccessDenied: 'P1010',
  TlsConnectionError: 'P1011',
  ConnectionClosed: 'P1017',
  TransactionAlreadyClosed: 'P1018',
  LengthMismatch: 'P2000',
  UniqueConstraintViolation: 'P2002',
  ForeignKeyConstraintViolation: 'P2003',
  RestrictViolation: 'P2003',
  InvalidInputValue: 'P2007',
  NullConstraintViolation: 'P2011',
  ValueOutOfRange: 'P2020',
  TableDoesNotExist: 'P2021',
  ColumnNotFound: 'P2022',
  TransactionWriteConflict: 'P2034',
  TooManyConnections: 'P2037',
  postgres: 'P2039',
});

/**
 * Defines a property that is not enumerable: users print and log these errors,
 * which should show each fact once.
 * @param {object} target
 * @param {string} key
 * @param {unknown} value
 */
function hide(target, key, value) {
  Object.defineProperty(target, key, {
    value,
    configurable: true,
    writable: true,
  });
}

/** The error that Prisma's client expects of an adapter. */
class DriverAdapterError extends Error {
  /** @type {Mapped} */
  cause;

  /**
   * @param {Mapped} mapped
   * @param {HoldfastError} [error] the pool's own
   */
  constructor(mapped, error) {
    super(mapped.originalMessage ?? mapped.kind);
    this.cause = mapped;
    // A client that does not know the kind puts the cause into a message.
    hide(mapped, 'toString', () => this.message);
    if (error !== undefined) {
      assignDetails(this, error, TOLD);
      hide(mapped, 'originalError', error);
    }
    hide(this, 'code', CODES[mapped.kind]);
    hide(this, 'meta', { driverAdapterError: this });
  }
}

Object.defineProperty(DriverAdapterError.prototype, 'name', {
  value: 'DriverAdapterError',
  writable: true,
  configurable: true,
});

/**
 * The pool had no connection to give in time. Prisma's code for that has no
 * kind, so this does not go by the name of an adapter's error; the client
 * hands such errors on with their code.
 */
class PoolTimeoutError extends Error {
  code = 'P2024';

  /** @param {HoldfastError} error */
  constructor(error) {
    super(
      'Timed out fetching a new connection from the connection pool: ' +
        error.message,
      { cause: error },
    );
    assignDetails(this, error, TOLD);
    hide(this, 'meta', { driverAdapterError: this });
  }
}

Object.defineProperty(PoolTimeoutError.prototype, 'name', {
  value: 'PoolTimeoutError',
  writable: true,
  configurable: true,
});

/**
 * Returns what to throw for an error of the pool's. Others, such as a
 * TypeError, are passed on.
 * @param {unknown} error
 * @returns {unknown}
 */
function toPrisma(error) {
  if (!isOurs(error)) {
    return error;
  }
  const mapped = mapError(error);
  return mapped === null
    ? new PoolTimeoutError(error)
    : new DriverAdapterError(mapped, error);
}

module.exports = { DriverAdapterError, PoolTimeoutError, toPrisma };
