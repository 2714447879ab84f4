// SPDX-License-Identifier: MIT
'use strict';

// The public face. Nothing is loaded before it is used: requiring this file
// costs little, and connects to nothing.

const loaders = {
  Pool: () => require('./pool.js').Pool,
  getPool: () => require('./registry.js').getPool,
  warmup: () => require('./shared-pools.js').warmup,
  healthCheck: () => require('./shared-pools.js').healthCheck,
  resetDatabaseConnections: () =>
    require('./shared-pools.js').resetDatabaseConnections,
  clearPreparedStatements: () =>
    require('./shared-pools.js').clearPreparedStatements,
  installShutdownHooks: () => require('./shutdown.js').installShutdownHooks,
  retryQuery: () => require('./retry.js').retryQuery,
  withDatabaseRetry: () => require('./retry.js').withDatabaseRetry,
  withTransactionRetry: () => require('./retry.js').withTransactionRetry,
  withPrismaRetry: () => require('./retry.js').withPrismaRetry,
  classify: () => require('./retry.js').classify,
  presets: () => require('./retry.js').presets,
  prometheusText: () => require('./prometheus.js').prometheusText,
  enableOpenTelemetry: () => require('./opentelemetry.js').enableOpenTelemetry,
  HoldfastError: () => require('./errors.js').HoldfastError,
  DatabaseError: () => require('./errors.js').DatabaseError,
  types: () => require('./types.js'),
  escapeIdentifier: () => require('./quote.js').escapeIdentifier,
  escapeLiteral: () => require('./quote.js').escapeLiteral,
  versions: () => require('./versions.js').versions,
};

/** @type {Record<string, unknown>} */
const holdfast = {};

for (const [name, load] of Object.entries(loaders)) {
  Object.defineProperty(holdfast, name, {
    enumerable: true,
    configurable: true,
    get() {
      const value = load();
      Object.defineProperty(holdfast, name, { value, enumerable: true });
      return value;
    },
  });
}
Object.defineProperty(holdfast, 'default', { value: holdfast });

module.exports = holdfast;
