// SPDX-License-Identifier: MIT

// The servers of one run: a throw-away PostgreSQL behind a PgBouncer, or, with
// DATABASE_URL, the caller's own, in which case nothing is broken.

const POOLER_CONNECTIONS = 8;

/**
 * @typedef {object} Servers
 * @property {string} url where the load goes
 * @property {string} adminUrl where the demo itself goes
 * @property {boolean} own whether we started them, and may break them
 * @property {{restart: (cut: boolean) => Promise<unknown>} | null} pooler
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

/** From 1.23 on SIGTERM makes PgBouncer wait until all clients have left. */
const PATIENT_MINOR = 23;

/**
 * With `cut`, breaks running transactions; otherwise lets them end first.
 * @param {import('../test/support/pgbouncer.js').PgBouncer} pooler
 */
function restartable(pooler) {
  const [major, minor] = pooler.version.split('.').map(Number);
  const patient = major > 1 || (major === 1 && minor >= PATIENT_MINOR);
  const cutting = patient ? 'SIGKILL' : 'SIGTERM';
  return {
    restart: (/** @type {boolean} */ cut) =>
      pooler.restart(cut ? cutting : 'SIGINT'),
  };
}

/** @returns {Promise<Servers>} */
async function startOwn() {
  // Loaded only here: with DATABASE_URL none of it is needed.
  const { startPostgres, startPgBouncer } = require('../test/support');
  const server = await startPostgres({});
  let pooler = null;
  const notes = [];
  try {
    pooler = await startPgBouncer({
      server,
      poolMode: 'transaction',
      poolSize: POOLER_CONNECTIONS,
      // A SCRAM login costs PgBouncer milliseconds, and pg logs in again after
      // every 42P05: that alone would keep the pooler busy, for both loads.
      settings: { auth_type: 'md5' },
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
    pooler: pooler && restartable(pooler),
    notes,
    async stop() {
      await pooler?.stop();
      await server.stop();
    },
  };
}

module.exports = { startServers };
