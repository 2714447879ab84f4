// SPDX-License-Identifier: MIT
'use strict';

// Explains failures, and what to do next. By SQLSTATE where there is one;
// PgBouncer has only 08P01, so there by its messages.

/** @typedef {import('./failure.js').Failure} Failure */
/** @typedef {import('./settings.js').Settings} Settings */

/**
 * @typedef {object} Finding
 * @property {string} id stable, for scripts
 * @property {'hint' | 'warning' | 'failure'} level
 * @property {string} text
 * @property {string} next what to do
 */

/** @param {string} id @param {string} text @param {string} next */
function failed(id, text, next) {
  return /** @type {Finding} */ ({ id, level: 'failure', text, next });
}

/**
 * How an error of the other side is recognised and explained.
 * @typedef {object} Row
 * @property {string} [code] SQLSTATE
 * @property {RegExp} [says]
 * @property {string} id
 * @property {string} text
 * @property {string} next
 */

/** @type {Row[]} */
const SERVER = [
  {
    says: /max_client_conn|Max client connections reached|max_db_client_connections/i,
    id: 'pooler-full',
    text: 'the pooler has as many clients as it takes',
    next:
      'lower max (connection_limit) in each process, or raise ' +
      'max_client_conn of the pooler; one pool per process (getPool()) is ' +
      'the first thing to look at',
  },
  {
    code: '53300',
    says: /too many clients already|remaining connection slots/i,
    id: 'server-full',
    text: 'the server has no connection left',
    next:
      'look who has them (select usename, application_name, state, count(*) ' +
      'from pg_stat_activity group by 1, 2, 3), lower max in each process, ' +
      'or put a pooler in front',
  },
  {
    says: /no such database/i,
    id: 'unknown-database',
    text: 'the pooler does not know this database',
    next:
      'check the name after the last / of the URL; PgBouncer knows those ' +
      'listed under [databases]',
  },
  {
    code: '3D000',
    id: 'unknown-database',
    text: 'there is no such database on this server',
    next:
      'check the name after the last / of the URL (psql -l lists them), or ' +
      'create it',
  },
  {
    says: /database .* does not exist/i,
    id: 'unknown-database',
    text: 'there is no such database on the server behind the pooler',
    next: 'check the name after the last / of the URL',
  },
  {
    code: '28P01',
    id: 'wrong-password',
    text: 'the server refuses the password (or the user)',
    next:
      'copy the password again; characters such as / ? # @ : % must be ' +
      'percent-encoded in a URL',
  },
  {
    says: /(SASL|password) authentication failed|no such user|wrong password/i,
    id: 'wrong-password',
    text: 'the pooler refuses the password (or the user)',
    next:
      'copy the password again, percent-encoded (/ ? # @ : %); PgBouncer ' +
      'knows the users of its auth_file or auth_query. Its code is 08P01, ' +
      'as for a passing trouble: retrying cannot help',
  },
  {
    says: /Tenant or user not found/i,
    id: 'unknown-tenant',
    text: 'the pooler does not know this project or user',
    next:
      'with Supabase the user is postgres.<project>, and the host that of ' +
      "the project's region: copy both from its dashboard",
  },
  {
    says: /role .* does not exist/i,
    id: 'refused',
    text: 'there is no such user on this server',
    next: 'check the name before the : of the URL (psql -c \\du lists them)',
  },
  {
    code: '28000',
    id: 'refused',
    text: 'the server does not let this user in from here',
    next:
      "look at the server's message: pg_hba.conf decides by user, database, " +
      'address and encryption ("no encryption": set sslmode=require)',
  },
  {
    code: '57P03',
    id: 'starting',
    text: 'the server is starting, stopping, or recovering',
    next: 'wait, and try again; Holdfast waits by itself, up to the deadline',
  },
  {
    says: /query_wait_timeout/i,
    id: 'pooler-starved',
    text: 'the pooler had no server connection free in time',
    next:
      'long transactions hold them all: look for idle in transaction in ' +
      'pg_stat_activity, then at pool_size',
  },
  {
    says: /server login (has been failing|failed)|server_login_retry/i,
    id: 'pooler-no-server',
    text: 'the pooler cannot log in at the server behind it',
    next: "the server is down, or the pooler's own login is wrong: see its log",
  },
  {
    says: /shutting down|terminating connection due to admin/i,
    id: 'shutting-down',
    text: 'the pooler or server is shutting down',
    next: 'try again in a moment',
  },
  {
    says: /unsupported startup parameter/i,
    id: 'startup-parameter',
    text: 'the pooler refuses a start-up parameter',
    next:
      'take the one named out of the URL (options=…), or list it in ' +
      'ignore_startup_parameters of PgBouncer',
  },
  {
    code: '42501',
    id: 'no-privilege',
    text: 'the user may not connect to this database',
    next: 'grant connect on database … to …',
  },
];

/** @type {Record<string, [id: string, text: string, next: string]>} */
const SYSTEM = {
  ENOTFOUND: [
    'unknown-host',
    'there is no such host',
    'check its spelling; inside containers and private networks: that the ' +
      'name server there knows it',
  ],
  EAI_AGAIN: [
    'no-name-server',
    'the name server does not answer',
    'check the network of this machine (a container without network?)',
  ],
  ECONNREFUSED: [
    'refused-port',
    'the machine is there, but nothing listens on that port',
    'check the port (5432 PostgreSQL, 6432 PgBouncer, 6543 Supabase), that ' +
      'the server runs, and its listen_addresses',
  ],
  ENOENT: [
    'no-socket',
    'there is no such socket',
    'check the folder (unix_socket_directories of the server) and the port',
  ],
  EACCES: [
    'no-permission',
    'this account may not use the socket',
    'run as another account, or connect by TCP',
  ],
  EHOSTUNREACH: [
    'unreachable',
    'there is no way to that address',
    'check VPN, routing and firewall',
  ],
  ENETUNREACH: [
    'unreachable',
    'this machine has no network of that kind',
    'an IPv6 address needs IPv6 here: use the IPv4 name (Supabase: the ' +
      'pooler) or the add-on for IPv4',
  ],
  ETIMEDOUT: [
    'silent-host',
    'nothing answers at that address',
    'a firewall, a security group or an allow list drops what comes from ' +
      'here: let this address in; check host and port',
  ],
};

/** @type {Record<string, [id: string, text: string, next: string]>} */
const TLS = {
  'not-offered': [
    'tls-missing',
    'sslmode demands TLS, and the server does not offer it',
    'turn on ssl in postgresql.conf (PgBouncer: client_tls_sslmode), or, on ' +
      'a network you trust, sslmode=disable',
  ],
  CERT_HAS_EXPIRED: [
    'tls-expired',
    "the server's certificate has expired",
    'renew it on the server (then reload); do not turn the check off',
  ],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    'tls-host',
    "the server's certificate is for other names",
    'connect by one of its names, or have one made for this host',
  ],
  file: [
    'tls-file',
    'a file that the settings name cannot be read',
    'check its path; in a container, that it was copied there',
  ],
};

/** @type {[id: string, text: string, next: string]} */
const UNTRUSTED = [
  'tls-untrusted',
  "the server's certificate is signed by nobody known here",
  'give its authority: sslrootcert=<file> in the URL, or ssl: {ca: text}',
];

/** @type {Record<string, [id: string, text: string, next: string]>} */
const AUTH = {
  'no-password': [
    'no-password',
    'the server asks for a password, and none is given',
    'put it into the URL (user:password@host), or set PGPASSWORD',
  ],
  method: [
    'login-method',
    'the server wants a kind of login that is not supported here',
    'give this user scram-sha-256 in pg_hba.conf',
  ],
  'channel-binding': [
    'channel-binding',
    'channel binding is required and cannot be had',
    'use channel_binding=prefer; a pooler that ends TLS cannot pass it on',
  ],
  'server-signature': [
    'other-server',
    'the server could not prove that it knows the password',
    'make sure that it is yours: host, port, certificate',
  ],
  iterations: [
    'login-method',
    'the server demands an absurd amount of work for the login',
    'make sure that it is yours: host, port, certificate',
  ],
};

/**
 * @param {Failure} failure
 * @returns {Finding}
 */
function explainServer(failure) {
  const { message, code } = failure;
  const row = SERVER.find(
    (known) =>
      (known.code !== undefined && known.code === code) ||
      known.says?.test(message),
  );
  const said = `${code ? `${code}: ` : ''}${message}`;
  return row === undefined
    ? failed('server-error', `the server answered: ${said}`, 'see its log')
    : failed(row.id, `${row.text} (${said})`, row.next);
}

/**
 * @param {Failure} failure
 * @returns {Finding}
 */
function explainSilence(failure) {
  if (failure.during === 'the TCP connection') {
    return failed(...SYSTEM.ETIMEDOUT);
  }
  if (failure.during === 'the name look-up') {
    return failed(...SYSTEM.EAI_AGAIN);
  }
  return failed(
    'silent-server',
    `the connection is there, but ${failure.during ?? 'an answer'} does not ` +
      `come (${failure.message})`,
    'the server hangs (frozen, out of memory, swapping), or a load balancer ' +
      'accepts for a server that is gone: look at the machine itself',
  );
}

/**
 * Returns what a failure means and what to do about it.
 * @param {Failure} failure
 * @returns {Finding}
 */
function explain(failure) {
  const code = failure.code ?? '';
  switch (failure.kind) {
    case 'server':
      return explainServer(failure);
    case 'silent':
      return explainSilence(failure);
    case 'tls':
      return Object.hasOwn(TLS, code)
        ? failed(...TLS[code])
        : explainTls(failure);
    case 'auth':
      return failed(...(AUTH[code] ?? AUTH.method));
    case 'protocol':
      return failed(
        'not-postgresql',
        failure.message,
        'check the port: something else listens there',
      );
    case 'closed':
      return failed(
        'closed',
        `the other side hung up (${failure.message})`,
        'see the log of the server; a load balancer without a server behind ' +
          'it does so, too',
      );
    case 'system':
      return Object.hasOwn(SYSTEM, code)
        ? failed(...SYSTEM[code])
        : failed('network', failure.message, 'check the network');
  }
}

/** @param {Failure} failure @returns {Finding} */
function explainTls(failure) {
  const { code = '', message } = failure;
  if (/SELF_SIGNED|UNABLE_TO|ISSUER|LEAF/.test(code)) {
    const [id, text, next] = UNTRUSTED;
    return failed(id, `${text} (${code})`, next);
  }
  return failed(
    'tls-handshake',
    message,
    'see the log of the server: version of TLS, client certificate',
  );
}

module.exports = { explain };
