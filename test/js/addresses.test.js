// SPDX-License-Identifier: MIT
'use strict';

// Several hosts or addresses, of which some do not answer; and targets that do
// not answer at all beside others that do.

const assert = require('node:assert');
const net = require('node:net');
const { after, before, test } = require('node:test');

const { Pool } = require('../../lib/index.js');
const { startPostgres } = require('../support');
const { startBlackHole } = require('../support/black-hole.js');

/** @type {any} */
let server;
/** @type {any} */
let silent;
/** @type {any} */
let hole;
before(async () => {
  [server, silent, hole] = await Promise.all([
    startPostgres(),
    startSilent(),
    startBlackHole(),
  ]);
});
after(async () => {
  silent?.close();
  hole?.close();
  await server?.stop('immediate');
});

/** A listener that takes connections and says nothing. */
async function startSilent() {
  /** @type {Set<net.Socket>} */
  const sockets = new Set();
  const listener = net.createServer((socket) => {
    sockets.add(socket);
    state.count++;
    socket.on('error', () => {});
    socket.on('data', () => {});
  });
  const state = {
    count: 0,
    port: 0,
    close() {
      listener.close();
      for (const socket of sockets) {
        socket.destroy();
      }
    },
  };
  await new Promise((resolve) => {
    listener.listen(0, '127.0.0.1', () => resolve(undefined));
  });
  state.port = /** @type {net.AddressInfo} */ (listener.address()).port;
  return state;
}

/**
 * The server's URL with other hosts before its own.
 * @param {number[]} ports
 * @param {string} [query]
 */
function urlBehind(ports, query = '') {
  const url = new URL(server.url);
  const hosts = ports.map((port) => `127.0.0.1:${port}`);
  const login = `${url.username}${url.password ? `:${url.password}` : ''}`;
  hosts.push(`127.0.0.1:${url.port}`);
  return `postgresql://${login}@${hosts.join(',')}${url.pathname}${query}`;
}

/** @param {string} connectionString @param {object} [more] @returns {any} */
function open(connectionString, more) {
  return new Pool({ connectionString, logger: false, max: 4, ...more });
}

/** @param {any} pool */
async function one(pool) {
  const { rows } = await pool.query('select 1 as one');
  return rows[0].one;
}

test('a first host that does not answer is skipped, and later not tried again', async () => {
  const pool = open(urlBehind([silent.port]));
  assert.strictEqual(await one(pool), 1);
  const { count } = silent;
  assert.ok(count > 0);
  // The good address is remembered: these connections go there at once.
  await Promise.all(
    Array.from({ length: 4 }, () => pool.query('select pg_sleep(0.2)')),
  );
  assert.ok(pool.totalCount > 1);
  assert.strictEqual(silent.count, count);
  await pool.end();
});

test('a first host that drops every packet is skipped', async () => {
  const pool = open(urlBehind([hole.port]));
  assert.strictEqual(await one(pool), 1);
  await pool.end();
});

test('three hosts that do not answer do not prevent a connection to a fourth', async () => {
  const pool = open(urlBehind([hole.port, silent.port, 1]));
  assert.strictEqual(await one(pool), 1);
  await pool.end();
});

test('a host with the wrong role is skipped', async () => {
  const pool = open(urlBehind([silent.port], '?target_session_attrs=primary'));
  assert.strictEqual(await one(pool), 1);
  await pool.end();
  const none = open(urlBehind([], '?target_session_attrs=standby'), {
    deadlineMillis: 1000,
  });
  await assert.rejects(one(none));
  await none.end();
  const rather = open(urlBehind([1], '?target_session_attrs=prefer-standby'));
  assert.strictEqual(await one(rather), 1);
  await rather.end();
});

test('a single host gets the whole time for connecting', async () => {
  // It answers late, as a database that has to wake up first.
  const late = net.createServer((client) => {
    client.on('error', () => {});
    client.pause();
    setTimeout(() => {
      const up = net.connect(Number(new URL(server.url).port), '127.0.0.1');
      up.on('error', () => client.destroy());
      client.pipe(up);
      up.pipe(client);
    }, 2500);
  });
  await new Promise((resolve) => {
    late.listen(0, '127.0.0.1', () => resolve(undefined));
  });
  const { port } = /** @type {net.AddressInfo} */ (late.address());
  const url = new URL(server.url);
  url.port = String(port);
  const pool = open(url.href, {
    connectTimeoutMillis: 20_000,
    deadlineMillis: 30_000,
  });
  assert.strictEqual(await one(pool), 1);
  await pool.end();
  late.close();
});

test('pools of dead targets do not prevent another pool from connecting', async () => {
  const dead = new URL(server.url);
  dead.port = String(silent.port);
  const gone = new URL(server.url);
  gone.port = String(hole.port);
  const options = {
    connectTimeoutMillis: 20_000,
    deadlineMillis: 20_000,
    max: 10,
  };
  const blocked = [dead, gone, dead].map((url, n) =>
    open(`${url.href}?application_name=blocked${n}`, options),
  );
  const waiting = blocked.flatMap((pool) =>
    Array.from({ length: 10 }, () => pool.query('select 1').catch(() => {})),
  );
  const pool = open(server.url);
  assert.strictEqual(await one(pool), 1);
  await pool.end();
  await Promise.all(blocked.map((each) => each.end()));
  await Promise.all(waiting);
});
