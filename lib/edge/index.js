// SPDX-License-Identifier: MIT
'use strict';

// The entry point in edge runtimes and browsers, by "exports" in package.json:
// the helpers run on WebAssembly; what needs the pool rejects and says where
// there is one. The names are those of lib/index.js.

const { version } = require('../../package.json');
const { DatabaseError, HoldfastError } = require('../errors/error-classes.js');
const { escapeIdentifier, escapeLiteral } = require('../values/quote.js');
const retry = require('../retry/retry.js');
const { poolHere } = require('../engine/no-pool.js');

/** @returns {Promise<never>} */
function refuse() {
  return Promise.reject(poolHere());
}

/**
 * It can be constructed, as modules do at the top level; its methods reject.
 */
class Pool {
  options = Object.freeze({});
  totalCount = 0;
  idleCount = 0;
  waitingCount = 0;
  expiredCount = 0;
  ended = false;
  ending = false;

  end() {
    this.ending = true;
    this.ended = true;
    return Promise.resolve();
  }

  emit() {
    return false;
  }

  prometheus() {
    return '';
  }

  /** @returns {never} */
  stats() {
    throw poolHere();
  }

  /** A handle is made at the top level of a module, too. */
  withSettings() {
    return this;
  }

  /** @returns {never} */
  stream() {
    throw poolHere();
  }

  /** @returns {never} */
  copyTo() {
    throw poolHere();
  }

  /** @returns {never} */
  copyFrom() {
    throw poolHere();
  }

  [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    return this.end();
  }
}

/** As Pool: it can be constructed, and its methods reject. */
class Client {
  processID = null;

  end() {
    return Promise.resolve();
  }

  emit() {
    return false;
  }
}

const ASKING =
  'query batch sql type connect transaction warmup health reset suspend resume ' +
  'listen drain ' +
  'invalidate clearPreparedStatements';
const LISTENING =
  'on once off addListener prependListener removeListener ' +
  'removeAllListeners setMaxListeners';
for (const name of ASKING.split(' ')) {
  Object.defineProperty(Pool.prototype, name, { value: refuse });
}
/** @this {unknown} */
function same() {
  return this;
}
for (const name of LISTENING.split(' ')) {
  Object.defineProperty(Pool.prototype, name, { value: same });
  Object.defineProperty(Client.prototype, name, { value: same });
}
for (const name of ['query', 'connect']) {
  Object.defineProperty(Client.prototype, name, { value: refuse });
}
Object.defineProperty(Pool.prototype, 'Client', { value: Client });

/** pg's other classes: nothing here makes one. */
class Query {}
class Result {}
class Connection {}
class TypeOverrides {}

/** @type {Pool | undefined} */
let shared;

function getPool() {
  shared ??= new Pool();
  return shared;
}

function enableOpenTelemetry() {
  throw poolHere();
}

module.exports = {
  ...retry,
  Pool,
  Client,
  Query,
  Result,
  Connection,
  inheritFrom: () => {},
  getPool,
  warmup: refuse,
  healthCheck: refuse,
  resetDatabaseConnections: refuse,
  clearPreparedStatements: refuse,
  installShutdownHooks: () => () => {},
  prometheusText: () => '',
  enableOpenTelemetry,
  HoldfastError,
  DatabaseError,
  types: Object.freeze({}),
  TypeOverrides,
  defaults: {},
  escapeIdentifier,
  escapeLiteral,
  utils: Object.freeze({ escapeIdentifier, escapeLiteral }),
  native: null,
  versions: Object.freeze({ holdfast: version }),
};
