// SPDX-License-Identifier: MIT
'use strict';

// Large uploads through a proxy that resets them at a random moment. Prints
// what came of the calls, by code; a crash prints nothing.

const net = require('node:net');
const { Pool } = require('../..');

const [, , url = '', calls = '1', tls = 'disable'] = process.argv;
const MEGABYTE = 1024 * 1024;
const AFTER_BYTES = 200_000;
const WITHIN_MS = 6;

const target = new URL(url);
const { hostname, port } = target;

const proxy = net.createServer((client) => {
  const server = net.connect(Number(port), hostname);
  let seen = 0;
  let doomed = false;
  client.on('data', (bytes) => {
    seen += bytes.length;
    if (seen > AFTER_BYTES && !doomed) {
      doomed = true;
      setTimeout(() => client.resetAndDestroy(), Math.random() * WITHIN_MS);
    }
    if (!server.write(bytes)) {
      client.pause();
      server.once('drain', () => client.resume());
    }
  });
  server.on('data', (bytes) => client.write(bytes));
  client.on('close', () => server.destroy());
  server.on('close', () => client.destroy());
  client.on('error', () => {});
  server.on('error', () => {});
});

async function main() {
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  target.port = String(/** @type {net.AddressInfo} */ (proxy.address()).port);
  target.searchParams.set('sslmode', tls);
  const pool = new Pool({
    connectionString: String(target),
    max: 1,
    deadlineMillis: 0,
    retry: false,
  });
  pool.on('error', () => {});
  const value = 'x'.repeat(10 * MEGABYTE);
  /** @type {Record<string, number>} */
  const codes = {};
  for (let i = 0; i < Number(calls); i++) {
    const result = await pool
      .query('insert into big values (length($1::text))', [value])
      .then(() => 'ok')
      .catch((/** @type {any} */ error) => `${error.code} ${error.outcome}`);
    codes[result] = (codes[result] ?? 0) + 1;
  }
  await pool.end();
  proxy.close();
  console.log(JSON.stringify(codes));
}

main();
