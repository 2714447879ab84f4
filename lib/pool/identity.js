// SPDX-License-Identifier: MIT
'use strict';

// exactlyOnce: what a transaction says of itself before COMMIT is sent: its id,
// the server's process, and the server and timeline that gave them. By it the
// transaction is asked for when the answer to COMMIT is lost (fate.js).

const { BATCH, Batch } = require('./batch.js');
const { internals } = require('./client.js');
const { runInEngine } = require('./once.js');

/** @typedef {import('./client.js').PoolClient} PoolClient */
/** @typedef {import('./pool-core.js').PoolCore} PoolCore */

/**
 * What identifies a transaction among all there ever were.
 * @typedef {object} Identity
 * @property {string | null} xid null = the transaction has written nothing
 * @property {string} pid
 * @property {string} started when its server was started
 * @property {string} waits its synchronous_commit
 * @property {string | undefined} server undefined = not permitted to know
 * @property {string | undefined} timeline
 */

/** Results are not to go through the user's parsers. */
const TEXT = Object.freeze({
  getTypeParser: () => (/** @type {string} */ value) => value,
});

const MAY_ASK = `select pg_catalog.has_function_privilege(
    'pg_catalog.pg_control_system()', 'execute')::text as may`;

// pg_control_checkpoint() would lag a promotion by a checkpoint: the timeline
// is the one WAL is written on.
// A server's process that has given ids keeps its system and its timeline: a
// standby gives none before it is promoted, and a primary that is to follow
// another has to be started again.
const SERVER = `(select system_identifier::text
    from pg_catalog.pg_control_system()) as server,
  substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8)
    as timeline`;

const WHO = `select pg_catalog.pg_current_xact_id_if_assigned()::text as xid,
  pg_catalog.pg_backend_pid()::text as pid,
  pg_catalog.current_setting('synchronous_commit') as waits,
  pg_catalog.pg_postmaster_start_time()::text as started`;

/** @type {import('./batch.js').Item} */
const WHO_ITEM = { text: WHO, values: null, types: TEXT, rowAsArray: false };

/** As many servers as a pool may meet, by and by. */
const SERVERS_MAX = 16;

/**
 * What is known of a pool's servers, by when they were started.
 * @type {WeakMap<PoolCore, Map<string, Pick<Identity, 'server' | 'timeline'>>>}
 */
const servers = new WeakMap();

/**
 * @param {PoolCore} core
 * @param {Identity} identity of a transaction, with its server
 */
function remember(core, { xid, started, server, timeline }) {
  if (xid === null) {
    return; // it may be a standby still
  }
  const known = servers.get(core) ?? new Map();
  servers.set(core, known);
  if (known.size >= SERVERS_MAX) {
    known.clear();
  }
  known.set(started, { server, timeline });
}

/**
 * Adds to a transaction's identity which server it is on. Whether this user may
 * query that is asked first: a refusal would abort the transaction.
 * @param {PoolCore} core
 * @param {PoolClient} client
 * @param {Identity} who
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<Identity>}
 */
async function locate(core, client, who, signal) {
  const known = servers.get(core)?.get(who.started);
  if (known !== undefined) {
    return { ...who, ...known };
  }
  const ask = { types: TEXT, signal };
  const may = await internals.run(client, { ...ask, text: MAY_ASK });
  if (may.rows[0].may !== 'true') {
    return who;
  }
  const text = `select ${SERVER}`;
  const { rows } = await internals.run(client, { ...ask, text });
  const identity = { ...who, ...rows[0] };
  remember(core, identity);
  return identity;
}

/**
 * Queries a transaction's identity, after all its statements were sent.
 * @param {PoolCore} core
 * @param {PoolClient} client
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<Identity>}
 */
async function learn(core, client, signal) {
  const config = { text: WHO, types: TEXT, signal };
  const { rows } = await internals.run(client, config);
  return locate(core, client, rows[0], signal);
}

/**
 * Returns what the engine compares a transaction's last column with; null where
 * no server is known yet.
 * @param {PoolCore} core
 * @returns {string | null}
 */
function knownServers(core) {
  const known = servers.get(core);
  return known === undefined ? null : [...known.keys()].join('\n');
}

/**
 * Runs statements whose transaction is committed if its server is known.
 * @param {PoolCore} core
 * @param {import('./transaction-attempt.js').Attempt} attempt
 * @param {import('./batch.js').Item[]} items
 * @param {string} known by knownServers()
 * @param {number} left ms until its deadline, 0 = it has none
 * @returns {Promise<{results: any[], identity?: Identity, error?: any}>} with an
 *   identity and an error where it was COMMIT that failed
 */
async function runIdentified(core, attempt, items, known, left) {
  const batch = new Batch([...items, WHO_ITEM], attempt.begin, known);
  const ran = await runInEngine(core, attempt, batch, left);
  const { error } = ran;
  const about = ran.results[items.length];
  const results = ran.results.slice(0, items.length);
  if (error === undefined || about === undefined) {
    return { results, error };
  }
  const [who] = about.rows;
  const server = servers.get(core)?.get(who.started);
  return { results, error, identity: { ...who, ...server } };
}

/**
 * Begins a transaction, runs its statements, and queries its identity, in one
 * flight.
 * @param {PoolCore} core
 * @param {PoolClient} client
 * @param {import('./batch.js').Item[]} items
 * @param {string} begin BEGIN
 * @param {any} config limits of the flight
 * @returns {Promise<{results: any[], identity: Identity}>}
 */
async function runAndLearn(core, client, items, begin, config) {
  const batch = new Batch([...items, WHO_ITEM], begin);
  const given = { ...config, text: items[0].text, [BATCH]: batch };
  const all = await internals.run(client, given);
  const [who] = all[items.length].rows;
  const identity = await locate(core, client, who, config.signal);
  return { results: all.slice(0, items.length), identity };
}

module.exports = {
  SERVER,
  TEXT,
  knownServers,
  learn,
  runAndLearn,
  runIdentified,
};
