// SPDX-License-Identifier: MIT
// Stand-ins for poolers that cannot run here. Each answers what its own source
// or documentation says that it answers itself; everything else goes to a real
// PgBouncer, so that modes are measured on real answers. None of them is the
// product.

const net = require('node:net');
const { startFakeServer } = require('./fake-server.js');
const { wire } = require('./wire.js');

/** @typedef {import('./fake-server.js').FakeConnection} FakeConnection */
/** @typedef {import('./fake-server.js').Reply} Reply */
/** @typedef {Record<string, string>} Parameters of the start-up message */

/**
 * @typedef {object} Product
 * @property {(start: Parameters) => Record<string, string> | undefined} [refuse]
 *   the error for a start-up message, before any login
 * @property {string} [console] the database of its admin console
 * @property {Record<string, Reply>} [shows] what its console answers
 * @property {Record<string, Reply>} [own] statements it answers to everybody
 */

/** @param {string} code @param {string} message */
const fatal = (code, message) => ({
  S: 'FATAL',
  V: 'FATAL',
  C: code,
  M: message,
});

/** @param {Record<string, string>[]} rows @returns {Reply} */
function table(rows) {
  const names = Object.keys(rows[0]);
  return {
    columns: names.map((name) => ({ name })),
    rows: rows.map((row) => names.map((name) => row[name])),
    tag: 'SHOW',
  };
}

/** The names of the doctor's own that nobody has. */
const isNobody = (/** @type {string} */ name) => name === 'holdfast_doctor';

/** @type {Record<string, Product>} */
const PRODUCTS = {
  // lib/supavisor/errors/tenant_or_user_not_found_error.ex, error.ex: XX000.
  Supavisor: {
    refuse: ({ user }) =>
      isNobody(user)
        ? fatal('XX000', `(ENOTFOUND) tenant/user ${user}.ref not found`)
        : undefined,
  },
  // The same before error codes were added to its messages.
  'Supavisor 1': {
    refuse: ({ user }) =>
      isNobody(user) ? fatal('XX000', 'Tenant or user not found') : undefined,
  },
  // proxy/src/auth/credentials.rs: InconsistentProjectNames.
  Neon: {
    refuse: ({ options }) =>
      options?.includes('endpoint=')
        ? fatal(
            '08006',
            "Inconsistent project name inferred from SNI ('ep-a-b-123') and " +
              "project option ('holdfast-doctor').",
          )
        : undefined,
  },
  // "Troubleshooting RDS Proxy" in Amazon's user guide; the words for an
  // option are those that its users quote (Permify issue 1340).
  'RDS Proxy': {
    refuse: (start) => {
      const name = Object.keys(start).find((one) => one.includes('.'));
      return name === undefined
        ? undefined
        : fatal(
            '0A000',
            'Feature not supported: RDS Proxy currently doesn’t support the ' +
              `option ${name}.`,
          );
    },
  },
  // src/client.rs, src/query_router.rs, src/admin.rs, src/stats/pool.rs.
  PgCat: {
    console: 'pgcat',
    own: { 'SHOW SERVER ROLE': table([{ 'server role': 'any' }]) },
    shows: {
      'SHOW VERSION': table([{ version: 'PgCat 1.2.0' }]),
      'SHOW CONFIG': table([
        { key: 'host', value: '0.0.0.0', default: '-', changeable: 'no' },
      ]),
      'SHOW DATABASES': table([
        { name: 'postgres', pool_size: '9', pool_mode: 'transaction' },
      ]),
      'SHOW POOLS': table([
        {
          ...{ database: 'postgres', user: 'app', pool_mode: 'transaction' },
          ...{ cl_idle: '0', cl_active: '3', cl_waiting: '2' },
          ...{ cl_cancel_req: '0', sv_active: '3', sv_idle: '1' },
          ...{ sv_used: '0', sv_tested: '0', sv_login: '0' },
          ...{ maxwait: '1', maxwait_us: '500000' },
        },
      ]),
    },
  },
  // sources/frontend.c: OD_ROUTER_ERROR_NOT_FOUND; sources/console.c.
  Odyssey: {
    refuse: ({ user, database }) =>
      isNobody(database)
        ? fatal(
            '3D000',
            `odyssey: c7b5b9c1cd52d: route for '${database}.${user}' is not found`,
          )
        : undefined,
    console: 'console',
    shows: {
      'SHOW VERSION': table([
        { version: 'odyssey 1.4.0 Release, compiled by gcc' },
      ]),
      'SHOW POOLS': table([
        {
          ...{
            database: 'postgres',
            user: 'app',
            cl_active: '1',
            cl_waiting: '0',
          },
          ...{ sv_active: '0', sv_idle: '1', sv_used: '0', sv_tested: '0' },
          ...{ sv_login: '0', maxwait: '0', maxwait_us: '0' },
          ...{ pool_mode: 'transaction' },
        },
      ]),
    },
  },
};

/**
 * Answers a console's statements by itself.
 * @param {FakeConnection} connection
 * @param {Record<string, Reply>} shows
 */
async function serveConsole(connection, shows) {
  connection.accept();
  for (;;) {
    const unit = await connection.unit();
    if (unit.kind === 'end') {
      return;
    }
    const error = fatal('58000', 'Unsupported SHOW query');
    connection.reply(unit, shows[unit.sql.toUpperCase()] ?? { error });
  }
}

/** @param {Parameters} parameters the only ones that PgBouncer gets to see */
function startup({ user, database, client_encoding = 'UTF8' }) {
  const all = { user, database, client_encoding };
  const body = Object.entries(all).map((pair) => `${pair.join('\0')}\0`);
  const bytes = Buffer.from(`${body.join('')}\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(bytes.length + 8, 0);
  head.writeInt32BE(196608, 4);
  return Buffer.concat([head, bytes]);
}

/**
 * Passes messages on to the real one, but for the product's own statements.
 * @param {FakeConnection} connection
 * @param {{host: string, port: number}} target
 * @param {Record<string, Reply>} own
 */
async function forward(connection, target, own) {
  const upstream = net.connect(target.port, target.host);
  upstream.on('data', (chunk) => connection.send(chunk));
  upstream.on('error', () => connection.cut());
  upstream.on('close', () => connection.cut());
  upstream.write(startup(connection.parameters));
  for (;;) {
    const frame = await connection.message();
    if (frame === null) {
      upstream.end();
      return;
    }
    const sql = frame.payload.toString('utf8').replace(/\0$/, '').toUpperCase();
    const reply = frame.type === 'Q' ? own[sql] : undefined;
    if (reply === undefined) {
      upstream.write(frame.data);
    } else {
      const { columns = [], rows = [] } = reply;
      connection.send(
        wire.rowDescription(columns),
        ...rows.map(wire.dataRow),
        wire.commandComplete('SHOW'),
        wire.ready(),
      );
    }
  }
}

/**
 * Starts a stand-in.
 *
 * @param {string} name a key of PRODUCTS
 * @param {import('./pgbouncer.js').PgBouncer} bouncer behind it
 */
async function startPoolerFixture(name, bouncer) {
  const product = PRODUCTS[name];
  const { refuse = () => undefined, own = {}, shows = {} } = product;
  /** @type {Parameters[]} */
  const starts = [];
  const server = await startFakeServer({
    greet: async (connection) => {
      const { parameters } = connection;
      starts.push(parameters);
      const error = refuse(parameters);
      if (error !== undefined) {
        connection.send(wire.errorResponse(error));
        connection.cut();
      } else if (parameters.database === product.console) {
        await serveConsole(connection, shows);
      } else {
        await forward(connection, bouncer, own);
      }
    },
    script: () => {},
  });
  return {
    starts,
    url: bouncer.urlFor({ host: server.host, port: server.port }),
    close: () => server.close(),
  };
}

module.exports = { PRODUCTS, startPoolerFixture };
