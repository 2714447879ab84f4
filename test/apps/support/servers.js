// SPDX-License-Identifier: MIT
// What every application is tested on: PostgreSQL behind PgBouncer in
// transaction mode with few connections, and a direct connection for the test
// itself.

const { after } = require('node:test');
const { Client } = require('pg');
const { startPgBouncer, startPostgres } = require('../../support/index.js');

const POOLER_CONNECTIONS = 4;

/** From 1.23 on SIGTERM makes PgBouncer wait until all clients have left. */
const PATIENT_MINOR = 23;

/**
 * @typedef {object} PooledOptions
 * @property {number} [poolSize] the pooler's connections
 * @property {Record<string, string | number>} [pooler] settings of PgBouncer
 * @property {Record<string, string | number | boolean>} [server] settings of
 *   PostgreSQL
 * @property {string} [schema] SQL to run at first
 */

/** @type {Set<Pooled>} */
const running = new Set();

// This file is loaded at the top of a test file, so this runs after all of its
// tests.
after(() => Promise.all([...running].map((pooled) => pooled.stop())));

/** @param {string} version of PgBouncer */
function cuttingSignal(version) {
  const [major, minor] = version.split('.').map(Number);
  const patient = major > 1 || (major === 1 && minor >= PATIENT_MINOR);
  return patient ? 'SIGKILL' : 'SIGTERM';
}

/** @param {string} url */
async function connectAdmin(url) {
  const admin = new Client({
    connectionString: url,
    application_name: 'test-admin',
  });
  admin.on('error', () => {});
  await admin.connect();
  return admin;
}

/** PostgreSQL with PgBouncer in front. Made by startPooled(). */
class Pooled {
  /**
   * When the pooler was away: from, and until, in ms of Date.now().
   * @type {{from: number, until: number}[]}
   */
  outages = [];

  /**
   * @param {import('../../support/postgres.js').Server} server
   * @param {import('../../support/pgbouncer.js').PgBouncer} pooler
   * @param {Client} admin
   */
  constructor(server, pooler, admin) {
    this.server = server;
    this.pooler = pooler;
    this.admin = admin;
    running.add(this);
  }

  /** The address for applications. */
  get url() {
    return this.pooler.url;
  }

  /** The address that bypasses the pooler. */
  get directUrl() {
    return this.server.url;
  }

  /** Stops the pooler. @param {boolean} [cut] breaks what runs */
  async stopPooler(cut = true) {
    this.outages.push({ from: Date.now(), until: Infinity });
    const signal = cut ? cuttingSignal(this.pooler.version) : 'SIGINT';
    await this.pooler.stop(signal);
  }

  async startPooler() {
    await this.pooler.start();
    this.outages[this.outages.length - 1].until = Date.now();
  }

  /** @param {boolean} cut breaks what runs; else transactions may end */
  async restart(cut) {
    await this.stopPooler(cut);
    await this.startPooler();
  }

  /** @param {'fast' | 'immediate'} [mode] */
  async restartServer(mode = 'fast') {
    await this.server.restart(mode);
    this.admin = await connectAdmin(this.server.url);
  }

  /**
   * How often each number is in a table with a column `number`.
   *
   * @param {string} table
   * @returns {Promise<Map<number, number>>}
   */
  async rowsOf(table) {
    const { rows } = await this.admin.query(
      `select number, count(*) as times from ${table} group by number`,
    );
    return new Map(
      rows.map(({ number, times }) => [Number(number), Number(times)]),
    );
  }

  async stop() {
    if (!running.delete(this)) {
      return;
    }
    await this.admin.end();
    await this.pooler.stop('SIGKILL');
    await this.server.stop('immediate');
  }
}

/**
 * @param {PooledOptions} [options]
 * @returns {Promise<Pooled>}
 */
async function startPooled(options = {}) {
  const server = await startPostgres({ settings: options.server });
  const pooler = await startPgBouncer({
    server,
    poolMode: 'transaction',
    poolSize: options.poolSize ?? POOLER_CONNECTIONS,
    settings: options.pooler,
  });
  const admin = await connectAdmin(server.url);
  if (options.schema) {
    await admin.query(options.schema);
  }
  return new Pooled(server, pooler, admin);
}

module.exports = { Pooled, startPooled };
