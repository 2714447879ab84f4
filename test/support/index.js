// SPDX-License-Identifier: MIT
// Servers, proxies and waiting for tests, benchmarks and the demo.

const { makeCertificates } = require('./certificates.js');
const { freePort, run } = require('./daemon.js');
const { eventually } = require('./eventually.js');
const { startFakeServer } = require('./fake-server.js');
const { findPgBouncer, startPgBouncer } = require('./pgbouncer.js');
const { startPostgres } = require('./postgres.js');
const { startProxy } = require('./proxy.js');
const { makeFolder } = require('./run-folder.js');
const { runSql } = require('./run-sql.js');
const { wire } = require('./wire.js');

module.exports = {
  eventually,
  findPgBouncer,
  freePort,
  makeCertificates,
  makeFolder,
  run,
  runSql,
  startFakeServer,
  startPgBouncer,
  startPostgres,
  startProxy,
  wire,
};
