// SPDX-License-Identifier: MIT

const { createServer } = require('node:http');
const { createAdapter } = require('@socket.io/postgres-adapter');
const { Server } = require('socket.io');

/** Two servers, each with its pool, as on two machines. */
function makeServer(url, pg) {
  const pool = new pg.Pool({ connectionString: url });
  const errors = [];
  const adapter = createAdapter(pool, {
    errorHandler: (error) => errors.push(error.message),
    payloadThreshold: 1000,
  });
  const io = new Server(createServer(), { adapter });
  return { pool, errors, io };
}

/** Resolves once the two have heard of each other. */
async function meet(servers) {
  for (const { io } of servers) {
    while ((await io.of('/').adapter.serverCount()) < servers.length) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

module.exports = async ({ url, pg }) => {
  const admin = new pg.Pool({ connectionString: url });
  await admin.query(
    `create table socket_io_attachments (id bigserial unique,
       created_at timestamptz default now(), payload bytea)`,
  );
  const [one, two] = [makeServer(url, pg), makeServer(url, pg)];
  await meet([one, two]);
  const heard = [];
  const all = new Promise((resolve) => {
    two.io.on('news', (...given) => {
      heard.push(given);
      if (heard.length === 3) {
        resolve();
      }
    });
  });
  one.io.serverSideEmit('news', 'small', { a: [1] });
  // Above the threshold, and with bytes: by way of the table.
  one.io.serverSideEmit('news', 'x'.repeat(3000));
  one.io.serverSideEmit('news', Buffer.from([0, 1, 255]));
  await all;
  const { rows } = await admin.query(
    'select count(*)::int as n from socket_io_attachments',
  );
  for (const { io, pool } of [one, two]) {
    await io.close();
    await pool.end();
  }
  await admin.end();
  const lengths = heard.map(([given]) => given.length);
  return {
    lengths,
    heard: heard[0],
    kept: rows[0].n,
    errors: [one.errors, two.errors],
  };
};
