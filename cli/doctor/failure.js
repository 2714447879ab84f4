// SPDX-License-Identifier: MIT
'use strict';

/**
 * Kinds of failures:
 * - `silent`: nothing came within the limit
 * - `closed`: the connection ended, or was cut
 * - `system`: the system said so, `code` is its name (ECONNREFUSED …)
 * - `server`: the other side answered with an error, see `fields`
 * - `protocol`: what answers is no PostgreSQL
 * - `tls`: TLS was needed and could not be had
 * - `auth`: a login that this side will not, or cannot, go on with
 * @typedef {'silent' | 'closed' | 'system' | 'server' | 'protocol' | 'tls' |
 *   'auth'} FailureKind
 */

/**
 * @typedef {object} Detail
 * @property {string} [code]
 * @property {string} [during] what was waited for
 * @property {Record<string, string>} [fields] of an ErrorResponse, by letter
 */

/** A step that failed, with enough to explain it. */
class Failure extends Error {
  /**
   * @param {FailureKind} kind
   * @param {string} message
   * @param {Detail} [detail]
   */
  constructor(kind, message, detail = {}) {
    super(message);
    this.name = 'Failure';
    this.kind = kind;
    this.code = detail.code;
    this.during = detail.during;
    this.fields = detail.fields ?? {};
  }
}

/**
 * @param {unknown} error
 * @param {string} during
 * @returns {Failure}
 */
function asFailure(error, during) {
  if (error instanceof Failure) {
    return error;
  }
  const { code, message } = /** @type {any} */ (error ?? {});
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    return new Failure('closed', `the connection was cut (${code})`, {
      code,
      during,
    });
  }
  return new Failure('system', String(message ?? error), {
    code: code === undefined ? undefined : String(code),
    during,
  });
}

module.exports = { Failure, asFailure };
