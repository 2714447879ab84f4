// SPDX-License-Identifier: MIT
// Throw-away PostgreSQL clusters on free loopback ports.

const fs = require('node:fs');
const path = require('node:path');
const { postgresFolder, serverAccount } = require('./account.js');
const { makeCertificates } = require('./certificates.js');
const { clusterTemplate } = require('./cluster-template.js');
const { endDaemon, freePort, run, startDaemon, tail } = require('./daemon.js');
const { startElsewhere } = require('./elsewhere.js');
const { eventually } = require('./eventually.js');
const { makeFolder } = require('./run-folder.js');
const { runSql } = require('./run-sql.js');
const { makeUrl } = require('./url.js');

/** @typedef {'smart' | 'fast' | 'immediate' | 'kill'} StopMode */

/**
 * @typedef {object} PostgresOptions
 * @property {'trust' | 'scram-sha-256' | 'md5' | 'password'} [auth] over TCP;
 *   scram-sha-256 unless told otherwise. The unix socket is always trusted.
 * @property {boolean | {hosts?: string[]}} [tls] serve TLS, with a
 *   certificate for localhost and the loopback addresses, or for `hosts`
 * @property {boolean} [requireTls] refuse TCP connections without TLS
 * @property {Record<string, string | number | boolean>} [settings]
 * @property {number} [maxConnections]
 * @property {boolean} [durable] leave fsync and full_page_writes on
 * @property {string} [database] created when it isn't `postgres`
 * @property {string[]} [hba] lines put in front of pg_hba.conf
 */

/** @type {Record<StopMode, NodeJS.Signals>} */
const SIGNALS = {
  smart: 'SIGTERM',
  fast: 'SIGINT',
  immediate: 'SIGQUIT',
  kill: 'SIGKILL',
};

const START_TIMEOUT_MS = 30000;
const START_TRIES = 5;

/** @param {PostgresOptions} options @returns {Record<string, unknown>} */
function defaultSettings(options) {
  const quick = options.durable
    ? {}
    : { fsync: 'off', full_page_writes: 'off' };
  return {
    ...quick,
    listen_addresses: '127.0.0.1',
    max_connections: options.maxConnections ?? 60,
    shared_buffers: '16MB',
    max_wal_size: '256MB',
    autovacuum_naptime: '5min',
    log_min_messages: 'warning',
    log_min_error_statement: 'panic',
    ...options.settings,
  };
}

/** @param {Record<string, unknown>} settings */
function configText(settings) {
  const quote = (/** @type {unknown} */ value) =>
    `'${String(value).replaceAll("'", "''")}'`;
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${quote(value)}\n`)
    .join('');
}

/** @param {PostgresOptions} options */
function hbaText(options) {
  const auth = options.auth ?? 'scram-sha-256';
  const kind = options.requireTls ? 'hostssl' : 'host';
  return [
    ...(options.hba ?? []),
    'local all all trust',
    'local replication all trust',
    `${kind} all all 127.0.0.1/32 ${auth}`,
    `${kind} all all ::1/128 ${auth}`,
    '',
  ].join('\n');
}

/** A running cluster. Made by startPostgres(). */
class Server {
  #folder;
  /** @type {import('./daemon.js').Daemon | null} */
  #daemon = null;
  host = '127.0.0.1';
  port = 0;
  database = 'postgres';
  /** @type {string | undefined} */
  caFile;
  /** @type {string | undefined} PEM text */
  ca;

  /** @param {string} folder @param {{user: string, password: string}} login */
  constructor(folder, login) {
    this.#folder = folder;
    this.user = login.user;
    this.password = login.password;
    this.socketDir = folder;
    this.dataDir = path.join(folder, 'data');
    this.logFile = path.join(folder, 'postgres.log');
  }

  /** The postmaster's process id; 0 when stopped. */
  get pid() {
    return this.#daemon && !this.#daemon.ended ? this.#daemon.pid : 0;
  }

  get url() {
    return this.urlFor();
  }

  /**
   * A connection string with some parts changed.
   *
   * @param {import('./url.js').UrlParts} [parts]
   */
  urlFor(parts) {
    const { host, port, user, password, database } = this;
    return makeUrl({ host, port, user, password, database, ...parts });
  }

  /** Starts the cluster, on its port if it has one already. */
  async start() {
    if (this.pid !== 0) {
      throw new Error('the server is running already');
    }
    const chosen = this.port;
    for (let tries = 1; ; tries += 1) {
      this.port = chosen || (await freePort());
      try {
        await this.#startOnce();
        return;
      } catch (error) {
        // Another process can take the port before the server does; and after a
        // kill the old backends hold the shared memory for a moment.
        const text = String(error);
        const passing = /could not bind|shared memory block/.test(text);
        if (!passing || tries === START_TRIES) {
          throw error;
        }
      }
      await eventually(() => true, { interval: 100 });
    }
  }

  async #startOnce() {
    fs.writeFileSync(this.logFile, '');
    const daemon = startDaemon(
      path.join(postgresFolder(), 'postgres'),
      ['-D', this.dataDir, '-p', String(this.port), '-k', this.socketDir],
      this.logFile,
      this.#folder,
    );
    this.#daemon = daemon;
    await eventually(
      () => {
        return daemon.ended || this.#statusLine(daemon.pid) === 'ready';
      },
      { timeout: START_TIMEOUT_MS, interval: 5, what: 'start of PostgreSQL' },
    );
    if (daemon.ended) {
      throw new Error(`PostgreSQL did not start:\n${tail(this.logFile)}`);
    }
  }

  /** @param {number} pid what postmaster.pid says of the server's state */
  #statusLine(pid) {
    const file = path.join(this.dataDir, 'postmaster.pid');
    const lines = fs.readFileSync(file, 'utf8').split('\n');
    return Number(lines[0]) === pid ? (lines[7] ?? '').trim() : '';
  }

  /**
   * Stops the cluster and waits for its end; keeps its data.
   *
   * @param {StopMode} [mode]
   */
  async stop(mode = 'fast') {
    if (this.#daemon !== null && !this.#daemon.ended) {
      await endDaemon(this.#daemon, SIGNALS[mode]);
    }
    this.#daemon = null;
  }

  /** @param {StopMode} [mode] */
  async restart(mode = 'fast') {
    await this.stop(mode);
    await this.start();
  }

  /** Makes the postmaster read its configuration again. */
  async reload() {
    await this.psql('select pg_reload_conf()');
  }

  /** Stops the postmaster with SIGSTOP: it accepts, but answers nobody. */
  freeze() {
    process.kill(this.pid, 'SIGSTOP');
  }

  thaw() {
    process.kill(this.pid, 'SIGCONT');
  }

  /**
   * Runs SQL as the superuser over the unix socket. Columns are separated
   * by `|`, rows by newlines.
   *
   * @param {string} sql
   * @param {{database?: string}} [options]
   * @returns {Promise<string>}
   */
  psql(sql, options = {}) {
    const config = {
      host: this.socketDir,
      port: this.port,
      user: this.user,
      database: options.database ?? this.database,
      application_name: 'holdfast test support',
    };
    return runSql(config, sql);
  }

  /**
   * The client connections of the cluster, those of psql() left out.
   *
   * @param {string} [where] a condition on pg_stat_activity
   * @returns {Promise<Array<{pid: number, state: string, query: string,
   *   usename: string, datname: string, application_name: string}>>}
   */
  async backends(where = 'true') {
    const text = await this.psql(
      `select coalesce(json_agg(a order by a.backend_start), '[]')
         from pg_stat_activity a
        where backend_type = 'client backend' and pid <> pg_backend_pid()
          and application_name <> 'holdfast test support' and (${where})`,
    );
    return JSON.parse(text);
  }

  /**
   * Terminates backends: one by its process id, or those that meet a
   * condition on pg_stat_activity.
   *
   * @param {number | string} which
   * @returns {Promise<number>} how many
   */
  async terminate(which) {
    const where = typeof which === 'number' ? `pid = ${which}` : which;
    const text = await this.psql(
      `select count(pg_terminate_backend(pid)) from pg_stat_activity
        where backend_type = 'client backend' and pid <> pg_backend_pid()
          and application_name <> 'holdfast test support' and (${where})`,
    );
    return Number(text);
  }
}

/** @param {string} folder @param {PostgresOptions} options */
function makeTls(folder, options) {
  if (!options.tls) {
    return null;
  }
  return makeCertificates(folder, options.tls === true ? {} : options.tls);
}

/**
 * Starts a throw-away cluster. It ends with the process that started it.
 *
 * @param {PostgresOptions} [options]
 * @returns {Promise<Server>}
 */
async function startPostgres(options = {}) {
  if (process.env.HOLDFAST_TEST_ELSEWHERE !== undefined) {
    return await startElsewhere(options);
  }
  const template = await clusterTemplate();
  const folder = makeFolder('p');
  const server = new Server(folder, template);
  await run('cp', ['-a', '--reflink=auto', template.data, server.dataDir], {
    ...serverAccount(),
  });
  const tls = await makeTls(folder, options);
  /** @type {Record<string, unknown>} */
  const settings = defaultSettings(options);
  if (tls !== null) {
    server.ca = tls.ca;
    server.caFile = tls.caFile;
    settings.ssl = 'on';
    settings.ssl_cert_file = tls.certFile;
    settings.ssl_key_file = tls.keyFile;
    settings.ssl_ca_file = tls.caFile;
  }
  const config = path.join(server.dataDir, 'postgresql.conf');
  fs.appendFileSync(config, configText(settings));
  fs.writeFileSync(path.join(server.dataDir, 'pg_hba.conf'), hbaText(options));
  await server.start();
  if (options.database && options.database !== 'postgres') {
    const name = options.database.replaceAll('"', '""');
    await server.psql(`create database "${name}"`);
    server.database = options.database;
  }
  return server;
}

module.exports = { Server, startPostgres };
