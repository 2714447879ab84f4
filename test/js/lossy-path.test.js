// SPDX-License-Identifier: MIT
'use strict';

// A proxy that tells the server's own process number and drops what arrives
// while an answer is due: answers are told apart by their order alone, so
// nothing may be sent early there.

const assert = require('node:assert');
const net = require('node:net');
const { after, test } = require('node:test');

const { Pool } = require('../..');
const { eventually } = require('../support');
const { before, useServer } = require('../support/suite.js');

const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

const pg = useServer();
/** @type {net.Server} */
let proxy;
let url = '';
let dropped = 0;

before(async () => {
  proxy = net.createServer((client) => {
    const server = net.connect(pg.port, '127.0.0.1');
    let ready = false; // the login is over
    let due = false;
    client.on('data', (bytes) => {
      if (ready && due) {
        dropped += 1;
        return;
      }
      due = ready;
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      if (bytes.subarray(-READY.length).equals(READY)) {
        ready = true;
        due = false;
      }
      client.write(bytes);
    });
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
    client.on('error', () => {});
    server.on('error', () => {});
  });
  await new Promise((resolve) =>
    proxy.listen(0, '127.0.0.1', () => resolve(undefined)),
  );
  const target = new URL(pg.url);
  target.port = String(/** @type {net.AddressInfo} */ (proxy.address()).port);
  url = String(target);
});

after(() => {
  proxy?.close();
});

/** @param {Pool} pool */
async function askForty(pool) {
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, i) =>
      pool.query('select $1::int as n', [i]),
    ),
  );
  assert.deepStrictEqual(
    answers.map(({ rows }) => rows[0].n),
    Array.from({ length: 40 }, (_, i) => i),
  );
}

test('no answer goes to another caller where early statements are lost', async () => {
  /** @type {string[]} */
  const warnings = [];
  const onWarning = (/** @type {Error} */ { message }) => {
    warnings.push(message);
  };
  process.on('warning', onWarning);
  const pool = new Pool({ connectionString: url, max: 2 });
  // On a busy machine a proof may come too late to show anything.
  for (let round = 0; round < 100 && dropped === 0; round++) {
    await askForty(pool);
  }
  for (let round = 0; round < 5; round++) {
    await askForty(pool);
  }
  // Only our own proof was lost on the way.
  assert.strictEqual(dropped, 1);
  await eventually(() => warnings.some((text) => /loses stat/.test(text)));
  process.off('warning', onWarning);
  await pool.end();
});

test('connections are shared where the proof holds', async () => {
  const pool = new Pool({ connectionString: pg.url, max: 1 });
  for (let round = 0; round < 100 && pool.stats().shared === 0; round++) {
    await askForty(pool);
  }
  assert.ok(pool.stats().shared > 0);
  await pool.end();
});
