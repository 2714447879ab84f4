// SPDX-License-Identifier: MIT
'use strict';

// The servers of one run: a throw-away PostgreSQL with a PgBouncer in front,
// or, with DATABASE_URL, the caller's own, which is then left in peace.

const POOLER_CONNECTIONS = 8;

/**
 * @typedef {object} Servers
 * @property {string} url where the load goes
 * @property {string} adminUrl where the demo itself goes
 * @property {boolean} own whether we started them, and may break them
 * @property {{restart: (signal: string) => Promise<unknown>} | null} pooler
 * @property {string[]} notes what the reader should know about them
 * @property {() => Promise<void>} stop
 */

/** @returns {Promise<Servers>} */
async function startServers() {
  const given = process.env.DATABASE_URL;
  if (given) {
    return {
      url: given,
      adminUrl: given,
      own: false,
      pooler: null,
      notes: [
        'Using DATABASE_URL. Nothing is killed or restarted there, so this ' +
          'run shows the load alone.',
      ],
      stop: () => Promise.resolve(),
    };
  }
  return await startOwn();
}

/** @returns {Promise<Servers>} */
async function startOwn() {
  // Loaded here: with DATABASE_URL nothing of it is needed.
  const { startPostgres, startPgBouncer } = require('../test/support');
  const server = await startPostgres({});
  let pooler = null;
  const notes = [];
  try {
    pooler = await startPgBouncer({
      server,
      poolMode: 'transaction',
      poolSize: POOLER_CONNECTIONS,
    });
    notes.push(
      `PostgreSQL on port ${server.port}, PgBouncer in transaction mode on ` +
        `port ${pooler.port} with ${POOLER_CONNECTIONS} server connections.`,
    );
  } catch (error) {
    if (/** @type {any} */ (error).missing !== 'pgbouncer') {
      await server.stop();
      throw error;
    }
    notes.push(
      `PostgreSQL on port ${server.port}. PgBouncer is not installed and ` +
        'could not be, so this run goes directly to the server.',
    );
  }
  return {
    url: pooler?.url ?? server.url,
    adminUrl: server.url,
    own: true,
    pooler,
    notes,
    async stop() {
      await pooler?.stop();
      await server.stop();
    },
  };
}

module.exports = { startServers };
