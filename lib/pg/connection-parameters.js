// SPDX-License-Identifier: MIT
'use strict';

// pg/lib/connection-parameters: what a configuration comes to.

const { resolveOptions } = require('../options/options.js');

/** What says that TLS is wanted or not; else whoever connects decides. */
const SAYS_TLS = /[?&\s]ssl(?:mode)?\s*=/;

class ConnectionParameters {
  /** @param {any} [config] of a Client, or a connection string */
  constructor(config) {
    const { public: known } = resolveOptions(config ?? {}, {
      nowhere: 'localhost',
    });
    const { user, database, port, host, application_name } =
      /** @type {Record<string, any>} */ (known);
    this.user = user;
    this.database = database;
    this.port = port;
    this.host = host;
    this.application_name = application_name;
    const saysTls =
      config?.ssl !== undefined ||
      process.env.PGSSLMODE ||
      SAYS_TLS.test(String(known.connectionString ?? ''));
    this.ssl = saysTls ? known.ssl : undefined;
    /** Not shown when it is printed. @type {any} */
    this.password;
    hide(this, 'password', known.password ?? null);
    // Not among the options of a client, which this may be given as.
    /** @type {boolean} */
    this.isDomainSocket;
    hide(this, 'isDomainSocket', String(host).startsWith('/'));
  }
}

/** @param {object} object @param {string} name @param {unknown} value */
function hide(object, name, value) {
  Object.defineProperty(object, name, {
    configurable: true,
    writable: true,
    value,
  });
}

module.exports = ConnectionParameters;
