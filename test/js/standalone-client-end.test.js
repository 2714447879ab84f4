// SPDX-License-Identifier: MIT
'use strict';

// Where a Client's connection cannot be opened in time, or ends before its
// statements: what is told, and what is left.

const assert = require('node:assert');
const { once } = require('node:events');
const net = require('node:net');
const { finished } = require('node:stream/promises');
const { test } = require('node:test');

const holdfast = require('../../lib/index.js');
const { eventually } = require('../support');
const { failureOf, useServer } = require('../support/suite.js');

const server = useServer();

const pg = /** @type {any} */ (require('pg'));

test('end() lets what was asked for finish, where pg cuts it off', async () => {
  const client = new holdfast.Client(server.url);
  await client.connect();
  const slow = client.query('select pg_sleep(0.2)');
  const next = client.query('select 1 as n');
  await client.end();
  await slow;
  assert.deepStrictEqual((await next).rows, [{ n: 1 }]);
});

test('end() lets a COPY and a stream finish, within drainMillis', async () => {
  const client = new holdfast.Client(server.url);
  await client.connect();
  await client.query('create table copied (a int)');
  const rows = client.stream('select generate_series(1, 5000) as n');
  const copy = client.copyFrom('copy copied from stdin');
  const ending = client.end();
  copy.write('1\n');
  let count = 0;
  for await (const row of rows) {
    count += row.n > 0 ? 1 : 0;
  }
  copy.end('2\n');
  await finished(copy);
  await ending;
  assert.strictEqual(count, 5000);
  assert.strictEqual(copy.rowCount, 2);
  const cut = new holdfast.Client({
    connectionString: server.url,
    drainMillis: 50,
  });
  await cut.connect();
  const left = cut.copyFrom('copy copied from stdin');
  const failure = failureOf(finished(left));
  await cut.end();
  const { code, outcome } = await failure;
  assert.deepStrictEqual([code, outcome], ['HF_RELEASED', 'rolled_back']);
});

test('streams of a client that is not connected fail by their own', async () => {
  const client = new holdfast.Client(server.url);
  for (const open of [
    () => client.copyFrom('copy t from stdin'),
    () => client.copyTo('copy t to stdout'),
    () => client.stream('select 1'),
  ]) {
    const error = await failureOf(finished(open()));
    assert.strictEqual(error.code, 'HF_RELEASED');
    assert.match(error.message, /^await connect\(\) before /);
  }
  const error = await failureOf(client.copyFrom('t', ['a'], [[1]]));
  assert.strictEqual(error.outcome, 'not_executed');
});

test('end() waits no longer than drainMillis for it', async () => {
  const client = new holdfast.Client({
    connectionString: server.url,
    drainMillis: 50,
  });
  await client.connect();
  const cut = failureOf(client.query('select pg_sleep(60)'));
  await client.end();
  const { code, message, outcome } = await cut;
  assert.strictEqual(code, 'HF_RELEASED');
  assert.match(
    message,
    /^Connection terminated: end\(\) was called.*drainMillis/,
  );
  assert.strictEqual(outcome, 'ambiguous');
});

test('connect() is not repeated when the server breaks the login off', async () => {
  let connects = 0;
  const broken = net.createServer((socket) => {
    connects += 1;
    socket.on('error', () => {}).once('data', () => socket.destroy());
  });
  broken.listen(0, '127.0.0.1');
  await once(broken, 'listening');
  const { port } = /** @type {net.AddressInfo} */ (broken.address());
  const client = new holdfast.Client({
    connectionString: `postgresql://u@127.0.0.1:${port}/d?sslmode=disable`,
  });
  assert.strictEqual((await failureOf(client.connect())).code, 'ECONNRESET');
  assert.strictEqual(connects, 1);
  broken.close();
});

test('connect() without an answer in time says what pg says, of no pool', async () => {
  const silent = net.createServer();
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = /** @type {net.AddressInfo} */ (silent.address());
  for (const { Client } of [pg, holdfast]) {
    const client = new /** @type {any} */ (Client)({
      host: '127.0.0.1',
      port,
      user: 'u',
      connectionTimeoutMillis: 100,
    });
    const { message } = await failureOf(client.connect());
    assert.match(message, /^timeout expired/);
    assert.doesNotMatch(message, /max/);
  }
  silent.close();
});

test('a client whose parameters could not be read leaves no connection', async () => {
  const client = new holdfast.Client({
    connectionString: server.url,
    application_name: 'unread',
  });
  client.connection.on('parameterStatus', () => {
    throw new Error('no');
  });
  await failureOf(client.connect());
  await client.end();
  const left = `select count(*) from pg_stat_activity
    where application_name = 'unread'`;
  await eventually(async () => (await server.psql(left)) === '0');
});
