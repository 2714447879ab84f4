// SPDX-License-Identifier: MIT
'use strict';

// The public face. Nothing is loaded before it is used: requiring this file
// costs little, and connects to nothing.

const { lazyExports } = require('./platform/lazy-exports.js');

const holdfast = lazyExports({
  Pool: () => require('./pool/pool.js').Pool,
  Client: () => require('./pool/pool.js').Client,
  Query: () => require('./pool/query-object.js').Query,
  Result: () => require('./pg/result.js'),
  Connection: () => require('./pool/connection.js').Connection,
  inheritFrom: () => require('./pool/inherit-from.js').inheritFrom,
  getPool: () => require('./process/registry.js').getPool,
  warmup: () => require('./process/shared-pools.js').warmup,
  healthCheck: () => require('./process/shared-pools.js').healthCheck,
  resetDatabaseConnections: () =>
    require('./process/shared-pools.js').resetDatabaseConnections,
  clearPreparedStatements: () =>
    require('./process/shared-pools.js').clearPreparedStatements,
  installShutdownHooks: () =>
    require('./process/shutdown.js').installShutdownHooks,
  retryQuery: () => require('./retry/retry.js').retryQuery,
  withDatabaseRetry: () => require('./retry/retry.js').withDatabaseRetry,
  withTransactionRetry: () => require('./retry/retry.js').withTransactionRetry,
  withPrismaRetry: () => require('./retry/retry.js').withPrismaRetry,
  classify: () => require('./retry/retry.js').classify,
  presets: () => require('./retry/retry.js').presets,
  retryStats: () => require('./retry/retry.js').retryStats,
  prometheusText: () => require('./observe/prometheus.js').prometheusText,
  enableOpenTelemetry: () =>
    require('./observe/opentelemetry.js').enableOpenTelemetry,
  HoldfastError: () => require('./errors/errors.js').HoldfastError,
  DatabaseError: () => require('./errors/errors.js').DatabaseError,
  types: () => require('./values/types.js'),
  TypeOverrides: () => require('./values/types.js').TypeOverrides,
  defaults: () => require('./values/defaults.js').defaults,
  escapeIdentifier: () => require('./values/quote.js').escapeIdentifier,
  escapeLiteral: () => require('./values/quote.js').escapeLiteral,
  utils: () => require('./pg/utils.js'),
  native: () => null,
  versions: () => require('./engine/versions.js').versions,
});
// Here, and not in lazyExports(): tools that read the types look for it.
Object.defineProperty(holdfast, 'default', { value: holdfast });

module.exports = holdfast;
