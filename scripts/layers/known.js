// SPDX-License-Identifier: MIT
// Arrows that are wrong and still there: they close a circle or go up. The
// list only gets shorter: one that is in no circle any more must leave it.
'use strict';

/** By #include. @type {Record<'core' | 'net', string[]>} */
const INCLUDES = {
  core: [
  ],
  net: [
    'conn/arrival -> conn/conn',
    'conn/cancel -> conn/conn',
    'conn/cancel -> engine/netpool',
    'conn/conn -> engine/call',
    'conn/conn -> engine/netpool',
    'conn/conn_read -> engine/netpool',
    'conn/conn_read -> engine/port',
    'conn/conn_result -> engine/call',
    'conn/conn_result -> engine/netpool',
    'conn/conn_result -> engine/port',
    'conn/conn_send -> engine/netpool',
    'conn/prepared_renewal -> engine/call',
    'conn/prepared_renewal -> engine/netpool',
    'conn/read_only -> engine/netpool',
    'engine/call -> engine/netpool',
    'engine/call -> engine/port',
    'engine/connect_slot -> engine/netpool',
    'engine/connect_slot -> engine/port',
    'engine/engine -> engine/netpool',
    'engine/engine -> engine/port',
    'engine/netpool -> engine/port',
    'engine/netpool -> engine/query_cache',
    'engine/ops -> engine/port',
    'engine/ops -> engine/query_cache',
    'engine/port -> engine/query_cache',
    'engine/query_cache -> engine/query_cache_internal',
  ],
};

/** By require() and import. */
const REQUIRES = [
  'lib/engine/native.js -> lib/host.js',
  'lib/pool/exactly-once.js -> lib/pool/transaction.js',
  'lib/pool/maintenance.js -> lib/health/health.js',
  'lib/pool/maintenance.js -> lib/health/warmup.js',
  'lib/pool/session.js -> lib/pool/pool.js',
];

module.exports = { INCLUDES, REQUIRES };
