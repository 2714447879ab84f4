// SPDX-License-Identifier: MIT
'use strict';

// Keys that libraries hand through to Pool or Client along with pg's, because
// they pass on the object of their own options. They have no effect here. A
// key is listed only when the library's source hands it through, so that an
// unknown key stays an error.

/** @type {Record<string, string>} key → the library whose option it is */
const WRAPPER_KEYS = Object.freeze({
  pg: '@fastify/postgres',
  native: '@fastify/postgres',
  dialect: '@keyv/postgres',
  iterationLimit: '@keyv/postgres',
  keySize: '@keyv/postgres',
  table: '@keyv/postgres',
  uri: '@keyv/postgres',
  useUnloggedTable: '@keyv/postgres',
  archiveCompletedAfterSeconds: 'pg-boss',
  archiveFailedAfterSeconds: 'pg-boss',
  archiveFailedInterval: 'pg-boss',
  archiveFailedSeconds: 'pg-boss',
  archiveInterval: 'pg-boss',
  archiveSeconds: 'pg-boss',
  clockMonitorIntervalMinutes: 'pg-boss',
  clockMonitorIntervalSeconds: 'pg-boss',
  cronMonitorIntervalSeconds: 'pg-boss',
  cronWorkerIntervalSeconds: 'pg-boss',
  deleteAfter: 'pg-boss',
  deleteAfterDays: 'pg-boss',
  deleteAfterHours: 'pg-boss',
  deleteAfterMinutes: 'pg-boss',
  deleteAfterSeconds: 'pg-boss',
  expireIn: 'pg-boss',
  expireInDefault: 'pg-boss',
  expireInHours: 'pg-boss',
  expireInMinutes: 'pg-boss',
  expireInSeconds: 'pg-boss',
  keepUntil: 'pg-boss',
  keepUntilDefault: 'pg-boss',
  maintenanceIntervalMinutes: 'pg-boss',
  maintenanceIntervalSeconds: 'pg-boss',
  migrate: 'pg-boss',
  monitorStateIntervalMinutes: 'pg-boss',
  monitorStateIntervalSeconds: 'pg-boss',
  newJobCheckInterval: 'pg-boss',
  newJobCheckIntervalSeconds: 'pg-boss',
  onComplete: 'pg-boss',
  pollingInterval: 'pg-boss',
  pollingIntervalSeconds: 'pg-boss',
  retentionDays: 'pg-boss',
  retentionHours: 'pg-boss',
  retentionMinutes: 'pg-boss',
  retentionSeconds: 'pg-boss',
  retryBackoff: 'pg-boss',
  retryBackoffDefault: 'pg-boss',
  retryDelay: 'pg-boss',
  retryDelayDefault: 'pg-boss',
  retryLimit: 'pg-boss',
  retryLimitDefault: 'pg-boss',
  schedule: 'pg-boss',
  supervise: 'pg-boss',
  uuid: 'pg-boss',
  queryMode: 'slonik',
});

module.exports = { WRAPPER_KEYS };
