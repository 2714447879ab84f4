// SPDX-License-Identifier: MIT
'use strict';

// What the steps of an examination share: the settings, the address, the time
// limit, and all open connections, so that they are closed.

const { Connection } = require('./connection.js');
const { Failure } = require('./failure.js');
const { Login } = require('./login.js');
const { openSecure } = require('./tls.js');

/** @typedef {import('./connection.js').Route} Route */
/** @typedef {import('./settings.js').Settings} Settings */

const LOGIN_MILLIS = 6000;

/** As in libpq: what is tried next where the server refuses. */
/** @type {Record<string, string[]>} */
const WAYS = { allow: ['disable', 'require'], prefer: ['prefer', 'disable'] };

class Context {
  /** @type {Set<Connection>} */
  #open = new Set();

  /**
   * @param {Settings} settings
   * @param {import('./deadline.js').Deadline} deadline
   * @param {Route} route
   */
  constructor(settings, deadline, route) {
    this.settings = settings;
    this.deadline = deadline;
    this.route = route;
  }

  /**
   * Opens a connection and logs in.
   * @param {{database?: string, limit?: number,
   *   watch?: (login: Login, encrypted: boolean) => void}} [options] `watch`
   *   sees the login before it begins
   * @returns {Promise<Connection>}
   */
  async connect(options = {}) {
    const mode = this.settings.sslmode;
    const [first, second] = WAYS[mode] ?? [mode];
    try {
      return await this.#connectAs(first, options);
    } catch (error) {
      // Class 28000 is pg_hba.conf: with or without encryption matters there.
      const refused = error instanceof Failure && error.code === '28000';
      if (second === undefined || !refused) {
        throw error;
      }
      return await this.#connectAs(second, options);
    }
  }

  /**
   * @param {string} sslmode
   * @param {{database?: string, limit?: number,
   *   watch?: (login: Login, encrypted: boolean) => void}} options
   */
  async #connectAs(sslmode, options) {
    const settings = { ...this.settings, sslmode };
    const { socket, ...tls } = await openSecure(
      this.route,
      settings,
      this.deadline,
    );
    const connection = new Connection(socket, this.deadline);
    this.#open.add(connection);
    const { database } = options;
    const login = new Login(settings, tls, database ? { database } : {});
    options.watch?.(login, tls.encrypted);
    try {
      await connection.login(login, options.limit ?? LOGIN_MILLIS);
      return connection;
    } catch (error) {
      this.close(connection);
      throw error;
    }
  }

  /**
   * Sends a start-up message with more parameters and looks at the first
   * answer: nothing is logged in.
   * @param {Record<string, string>} parameters
   * @param {number} limit
   * @returns {Promise<{refusal: Failure | null, negotiated: boolean}>}
   */
  async knock(parameters, limit) {
    const opened = await openSecure(this.route, this.settings, this.deadline);
    const { socket, encrypted } = opened;
    const connection = new Connection(socket, this.deadline);
    this.#open.add(connection);
    try {
      const login = new Login(this.settings, { encrypted }, parameters);
      const refusal = await connection.knock(login, limit);
      return { refusal, negotiated: login.negotiated };
    } finally {
      this.close(connection);
    }
  }

  /** @param {Connection} connection */
  close(connection) {
    connection.close();
    this.#open.delete(connection);
  }

  closeAll() {
    for (const connection of this.#open) {
      this.close(connection);
    }
  }
}

module.exports = { Context };
