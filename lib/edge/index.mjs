// SPDX-License-Identifier: MIT
import holdfast from './index.js';

// The same objects by name; a test compares the names with lib/index.js.
export const {
  Pool,
  Client,
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
  escapeIdentifier,
  escapeLiteral,
  versions,
} = holdfast;

export default holdfast;
