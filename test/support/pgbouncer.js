// SPDX-License-Identifier: MIT
// PgBouncer in front of a test server.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const {
  findProgram,
  giveToAccount,
  missing,
  pathFolders,
} = require('./account.js');
const { endDaemon, freePort, startDaemon, tail } = require('./daemon.js');
const { eventually } = require('./eventually.js');
const { makeFolder } = require('./run-folder.js');
const { runSql } = require('./run-sql.js');
const { makeUrl } = require('./url.js');

const START_TIMEOUT_MS = 15000;
const START_TRIES = 5;
const ADMIN = 'bouncer_admin';
const ADMIN_PASSWORD = 'bouncer admin';

/**
 * @typedef {object} PgBouncerOptions
 * @property {import('./postgres.js').Server} server
 * @property {'session' | 'transaction' | 'statement'} [poolMode]
 * @property {number} [poolSize]
 * @property {Record<string, string | number>} [settings]
 * @property {Array<{user: string, password: string}>} [users] further ones
 * @property {string} [version] a prefix, such as '1.18'; any by default
 */

/** @param {string} file */
function versionOf(file) {
  const text = execFileSync(file, ['--version'], { encoding: 'utf8' });
  return /PgBouncer (\S+)/.exec(text)?.[1] ?? '';
}

/**
 * Finds PgBouncer. HOLDFAST_TEST_PGBOUNCER lists more places to look in,
 * for builds of other versions.
 *
 * @param {string} [version]
 * @returns {{file: string, version: string} | null}
 */
function findPgBouncer(version = '') {
  // Only servers are started elsewhere: see elsewhere.js.
  if (process.env.HOLDFAST_TEST_ELSEWHERE !== undefined) {
    return null;
  }
  const more = (process.env.HOLDFAST_TEST_PGBOUNCER ?? '').split(':');
  for (const folder of [...more.filter(Boolean), ...pathFolders()]) {
    const file = findProgram('pgbouncer', [folder]);
    if (file !== null) {
      const found = versionOf(file);
      if (`${found}.`.startsWith(version && `${version}.`)) {
        return { file, version: found };
      }
    }
  }
  return null;
}

/** @param {string} text */
function quote(text) {
  return `"${text.replaceAll('"', '""')}"`;
}

/** A running PgBouncer. Made by startPgBouncer(). */
class PgBouncer {
  #options;
  #program;
  #folder;
  /** @type {import('./daemon.js').Daemon | null} */
  #daemon = null;
  host = '127.0.0.1';
  port = 0;

  /**
   * @param {PgBouncerOptions} options
   * @param {{file: string, version: string}} program
   * @param {string} folder
   */
  constructor(options, program, folder) {
    this.#options = options;
    this.#program = program.file;
    this.#folder = folder;
    this.version = program.version;
    this.user = options.server.user;
    this.password = options.server.password;
    this.database = options.server.database;
    this.logFile = path.join(folder, 'pgbouncer.log');
  }

  get pid() {
    return this.#daemon && !this.#daemon.ended ? this.#daemon.pid : 0;
  }

  get url() {
    return this.urlFor();
  }

  /** @param {import('./url.js').UrlParts} [parts] */
  urlFor(parts) {
    const { host, port, user, password, database } = this;
    return makeUrl({ host, port, user, password, database, ...parts });
  }

  #write() {
    const { server, poolMode, poolSize, settings, users } = this.#options;
    const file = (/** @type {string} */ name) => path.join(this.#folder, name);
    // Plain passwords: PgBouncer needs them to log in with SCRAM itself.
    const logins = [
      { user: server.user, password: server.password },
      { user: ADMIN, password: ADMIN_PASSWORD },
      ...(users ?? []),
    ];
    fs.writeFileSync(
      file('users.txt'),
      logins.map((u) => `${quote(u.user)} ${quote(u.password)}\n`).join(''),
    );
    const all = {
      listen_addr: this.host,
      listen_port: this.port,
      unix_socket_dir: '',
      auth_type: 'scram-sha-256',
      auth_file: file('users.txt'),
      admin_users: ADMIN,
      pidfile: file('pgbouncer.pid'),
      pool_mode: poolMode ?? 'transaction',
      default_pool_size: poolSize ?? 4,
      max_client_conn: 500,
      server_login_retry: 1,
      log_connections: 0,
      log_disconnections: 0,
      log_stats: 0,
      ...settings,
    };
    const lines = Object.entries(all).map(([k, v]) => `${k} = ${v}`);
    fs.writeFileSync(
      file('pgbouncer.ini'),
      `[databases]\n* = host=${server.host} port=${server.port}\n` +
        `[pgbouncer]\n${lines.join('\n')}\n`,
    );
    giveToAccount(file('users.txt'));
    giveToAccount(file('pgbouncer.ini'));
  }

  /** Starts it, on its port if it has one already. */
  async start() {
    if (this.pid !== 0) {
      throw new Error('PgBouncer is running already');
    }
    const chosen = this.port;
    for (let tries = 1; ; tries += 1) {
      this.port = chosen || (await freePort());
      this.#write();
      try {
        await this.#startOnce();
        return;
      } catch (error) {
        const taken = /in use|could not bind/i.test(String(error));
        if (!taken || tries === START_TRIES) {
          throw error;
        }
      }
    }
  }

  async #startOnce() {
    fs.writeFileSync(this.logFile, '');
    fs.rmSync(path.join(this.#folder, 'pgbouncer.pid'), { force: true });
    const daemon = startDaemon(
      this.#program,
      [path.join(this.#folder, 'pgbouncer.ini')],
      this.logFile,
      this.#folder,
    );
    this.#daemon = daemon;
    const up = () => fs.readFileSync(this.logFile, 'utf8').includes(' up: ');
    await eventually(() => daemon.ended || up(), {
      timeout: START_TIMEOUT_MS,
      interval: 5,
      what: 'start of PgBouncer',
    });
    if (daemon.ended) {
      throw new Error(`PgBouncer did not start:\n${tail(this.logFile)}`);
    }
  }

  /** @param {NodeJS.Signals} [signal] SIGINT lets transactions finish */
  async stop(signal = 'SIGTERM') {
    if (this.#daemon !== null && !this.#daemon.ended) {
      await endDaemon(this.#daemon, signal);
    }
    this.#daemon = null;
  }

  /** @param {'SIGINT' | 'SIGTERM' | 'SIGKILL'} [signal] */
  async restart(signal = 'SIGTERM') {
    await this.stop(signal);
    await this.start();
  }

  /** Stops the process with SIGSTOP: it accepts, but answers nobody. */
  freeze() {
    process.kill(this.pid, 'SIGSTOP');
  }

  thaw() {
    process.kill(this.pid, 'SIGCONT');
  }

  /**
   * Runs a command of the admin console; columns are separated by `|`.
   *
   * @param {string} sql
   * @returns {Promise<string>}
   */
  admin(sql) {
    const { host, port } = this;
    const login = { user: ADMIN, password: ADMIN_PASSWORD };
    return runSql({ host, port, ...login, database: 'pgbouncer' }, sql);
  }

  /** Waits for running transactions, then makes every new one wait. */
  pause() {
    return this.admin('PAUSE');
  }

  resume() {
    return this.admin('RESUME');
  }
}

/**
 * Starts PgBouncer in front of a server. Throws an error whose `missing` is
 * 'pgbouncer' when it is not installed (in that version).
 *
 * @param {PgBouncerOptions} options
 * @returns {Promise<PgBouncer>}
 */
async function startPgBouncer(options) {
  const program = findPgBouncer(options.version);
  if (program === null) {
    throw missing('pgbouncer');
  }
  const bouncer = new PgBouncer(options, program, makeFolder('b'));
  await bouncer.start();
  return bouncer;
}

module.exports = { PgBouncer, findPgBouncer, startPgBouncer };
