// SPDX-License-Identifier: MIT
import holdfast from './index.js';

// The same objects by name; a test compares the names with lib/index.js.
export const {
  Pool,
  Client,
  Query,
  Result,
  Connection,
  inheritFrom,
  getPool,
  warmup,
  healthCheck,
  resetDatabaseConnections,
  clearPreparedStatements,
  installShutdownHooks,
  retryQuery,
  withDatabaseRetry,
  withTransactionRetry,
  withPrismaRetry,
  classify,
  presets,
  retryStats,
  prometheusText,
  enableOpenTelemetry,
  HoldfastError,
  DatabaseError,
  types,
  TypeOverrides,
  defaults,
  escapeIdentifier,
  escapeLiteral,
  utils,
  native,
  versions,
} = holdfast;

export default holdfast;
