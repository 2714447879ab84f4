// SPDX-License-Identifier: MIT
'use strict';

// An extension of Prisma's client that retries operations. It works with any
// driver adapter: the outcome of an operation is judged by its error.
//
// Prisma calls it with a microtask between the caller and here, so a helper
// around an operation is seen only with joinAsync. Otherwise the mark on the
// error keeps attempts from multiplying.

const { currentContext } = require('../retry/context.js');
const { logOf } = require('../observe/log.js');
const { isFirst } = require('../platform/package-instance.js');
const { setMark } = require('../retry/classify.js');
const { findOurs } = require('../retry/evidence.js');
const { withDatabaseRetry } = require('../retry/retry.js');
const { warnOnce } = require('../platform/warn.js');
const { kindOf, nameOf } = require('./operations.js');
const { readExtensionOptions } = require('./retry-options.js');

/** @typedef {import('./retry-options.js').ExtensionOptions} ExtensionOptions */

/**
 * What Prisma calls an extension with.
 * @typedef {object} Call
 * @property {string} [model]
 * @property {string} operation
 * @property {any} args
 * @property {(args: any) => PromiseLike<any>} query
 * @property {{transaction?: unknown}} [__internalParams]
 */

/**
 * Operations that an extension of ours handles: a second one on the same client
 * would multiply attempts.
 * @type {WeakSet<object>}
 */
const taken = new WeakSet();

/**
 * Returns whether an operation is in no transaction, and not already handled.
 * @param {Call} call
 * @returns {boolean}
 */
function standsAlone({ __internalParams: internal }) {
  if (typeof internal !== 'object' || internal === null) {
    warnOnce(
      'this version of Prisma does not tell what runs in a transaction, so ' +
        'retryExtension() repeats nothing',
      'HF_PRISMA_VERSION',
    );
    return false;
  }
  return internal.transaction === undefined && !taken.has(internal);
}

/** @param {Call} call @returns {boolean} */
function isInteractive({ __internalParams: internal }) {
  return /** @type {any} */ (internal?.transaction)?.kind === 'itx';
}

/**
 * A read that our adapter's connection lost: the engine retries it where the
 * server prevents writes, which cannot be done up here. When it gives up, that
 * is final.
 * @param {any} error
 * @returns {never}
 */
function leave(error) {
  if (findOurs(error)?.outcome === 'ambiguous') {
    setMark(error, 'repeated');
  }
  throw error;
}

class Repeater {
  #retry;
  #isIdempotent;
  #connected = false;

  /** @param {ExtensionOptions} [options] */
  constructor(options) {
    const { retry, isIdempotent } = readExtensionOptions(options);
    this.#retry = retry;
    this.#isIdempotent = isIdempotent;
  }

  /**
   * @param {Call} call
   * @returns {Promise<any>}
   */
  async run(call) {
    const { model, operation, args } = call;
    const kind = kindOf(model, operation, args);
    const outer = currentContext();
    const result = standsAlone(call)
      ? await this.#repeat(call, kind)
      : await call.query(args);
    // What an interactive transaction wrote is not there before its COMMIT.
    if (kind !== 'read' && !isInteractive(call)) {
      outer?.note('write');
    }
    this.#logConnected();
    return result;
  }

  /**
   * @param {Call} call
   * @param {import('./operations.js').Kind} kind
   */
  #repeat({ model, operation, args, query, __internalParams }, kind) {
    const idempotent =
      kind === 'read' || this.#isIdempotent({ model, operation, args });
    if (kind === 'unknown' && !idempotent) {
      return query(args);
    }
    taken.add(/** @type {object} */ (__internalParams));
    const name = nameOf(model, operation);
    const { onRetry } = this.#retry;
    const run =
      kind === 'read'
        ? async () => {
            try {
              return await query(args);
            } catch (error) {
              return leave(error);
            }
          }
        : query;
    return withDatabaseRetry(() => run(args), {
      ...this.#retry,
      idempotent,
      name: `[EXTENSION] ${name}`,
      onRetry:
        onRetry && ((event) => onRetry({ ...event, name, model, operation })),
    });
  }

  #logConnected() {
    if (!this.#connected) {
      this.#connected = true;
      // Modules that are loaded again are no news.
      if (!isFirst('prisma.connected')) {
        return;
      }
      logOf().info(
        { event: 'prisma.connected' },
        'Prisma connected successfully',
      );
    }
  }
}

/**
 * Returns an extension for `prisma.$extends()`. Reads are repeated after any
 * failure of the connection, writes only when nothing of them is left; what is
 * part of a transaction never is, which is for withTransactionRetry() around
 * `prisma.$transaction()`. Throws a TypeError for a wrong option.
 * @param {ExtensionOptions} [options]
 */
function retryExtension(options) {
  const repeater = new Repeater(options);
  return {
    name: 'pg-holdfast',
    query: {
      /** @param {Call} call */
      $allOperations: (call) => repeater.run(call),
    },
  };
}

module.exports = { retryExtension };
