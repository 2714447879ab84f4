// SPDX-License-Identifier: MIT
'use strict';

// A database that is being resumed refuses logins with 28000, and says so.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { Pool } = require('../..');
const { startFakeServer, wire } = require('../support/index.js');

/** @param {string} message @param {number} refusals */
function startWaking(message, refusals) {
  let left = refusals;
  return startFakeServer({
    greet(/** @type {any} */ connection) {
      if (left > 0) {
        left -= 1;
        const fields = { S: 'FATAL', V: 'FATAL', C: '28000', M: message };
        connection.send(wire.errorResponse(fields));
        connection.cut('fin');
      } else {
        connection.accept();
      }
    },
  });
}

for (const message of [
  'the database is resuming, try again',
  'database "app" is waking up',
  'the instance is paused and is being started',
]) {
  test(`a call waits while a login is refused with 28000: ${message}`, async () => {
    const server = await startWaking(message, 3);
    const pool = new Pool({
      connectionString: server.url,
      deadlineMillis: 60_000,
      connectTimeoutMillis: 40_000,
      logger: false,
    });
    await pool.query('select 1');
    await pool.end();
    await server.close();
  });
}

for (const message of [
  'no pg_hba.conf entry for host "::1", user "resume", database "starting"',
  'role "waking" is not permitted to log in',
  'Peer authentication failed for user "retry"',
]) {
  test(`28000 stays permanent where PostgreSQL says it: ${message}`, async () => {
    const server = await startWaking(message, 99);
    const pool = new Pool({ connectionString: server.url, logger: false });
    await assert.rejects(pool.query('select 1'), {
      code: '28000',
      outcome: 'permanent',
    });
    await pool.end();
    await server.close();
  });
}
