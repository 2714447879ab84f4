// SPDX-License-Identifier: MIT
'use strict';

// readOnly on statements within transactions, and through poolers that make
// several transactions of one flight.

const assert = require('node:assert/strict');
const { after, beforeEach, describe, test } = require('node:test');
const { Pool } = require('../..');
const {
  findPgBouncer,
  startPgBouncer,
  startProxy,
  wire,
} = require('../support/index.js');
const { before, useServer } = require('../support/suite.js');

const server = useServer();
/** @type {any} */
let pool;

before(async () => {
  await server.psql('create table kept (n int)');
  pool = new Pool({ connectionString: server.url, max: 2, logger: false });
});

beforeEach(() => server.psql('truncate kept'));

after(async () => {
  await pool.end();
});

async function rows() {
  return Number(await server.psql('select count(*) from kept'));
}

/** The same statements for every way to the server. */
/** @param {() => any} poolOf */
function transactions(poolOf) {
  const write = { text: 'insert into kept values (1)', readOnly: true };

  test('a write under readOnly is refused within a transaction', async () => {
    const client = await poolOf().connect();
    await client.query('begin');
    await assert.rejects(client.query(write), {
      code: '25006',
      outcome: 'permanent',
      retryable: false,
    });
    await client.query('commit');
    client.release();
    assert.equal(await rows(), 0);
  });

  test('a transaction stays writable around statements under readOnly', async () => {
    const client = await poolOf().connect();
    await client.query('begin');
    await client.query('insert into kept values (1)');
    const read = { text: 'select count(*)::int as n from kept' };
    const { rows: seen } = await client.query({ ...read, readOnly: true });
    assert.equal(seen[0].n, 1);
    assert.equal(client.getTransactionStatus(), 'T');
    await client.query('insert into kept values (2)');
    await assert.rejects(client.query(write), { code: '25006' });
    assert.equal(client.getTransactionStatus(), 'T');
    await client.query('insert into kept values ($1)', [3]);
    await client.query('commit');
    client.release();
    assert.equal(await rows(), 3);
  });

  test('savepoints of the user stand beside it', async () => {
    const client = await poolOf().connect();
    await client.query('begin');
    await client.query('insert into kept values (1)');
    await client.query('savepoint mine');
    await client.query('insert into kept values (2)');
    await client.query({ text: 'select 1', readOnly: true });
    await assert.rejects(client.query(write), { code: '25006' });
    await client.query('rollback to savepoint mine');
    await client.query('commit');
    client.release();
    assert.equal(await rows(), 1);
  });

  test('in a failed transaction it fails as any other statement', async () => {
    const client = await poolOf().connect();
    await client.query('begin');
    await assert.rejects(client.query('select 1 / 0'), { code: '22012' });
    await assert.rejects(client.query({ text: 'select 1', readOnly: true }), {
      code: '25P02',
    });
    assert.equal(client.getTransactionStatus(), 'E');
    await client.query('rollback');
    client.release();
  });

  test('outside a transaction nothing is left open', async () => {
    const client = await poolOf().connect();
    await assert.rejects(client.query(write), { code: '25006' });
    assert.equal(client.getTransactionStatus(), 'I');
    const { rows: seen } = await client.query({
      text: 'select $1::int as n',
      values: [5],
      readOnly: true,
    });
    assert.deepEqual(seen, [{ n: 5 }]);
    assert.equal(client.getTransactionStatus(), 'I');
    await client.query('insert into kept values (1)');
    client.release();
    await assert.rejects(poolOf().query(write), { code: '25006' });
    await poolOf().query('insert into kept values (2)');
    assert.equal(await rows(), 2);
  });

  test('transaction() with readOnly refuses writes, and not to be repeated', async () => {
    let calls = 0;
    await assert.rejects(
      poolOf().transaction(
        (/** @type {any} */ client) => {
          calls += 1;
          return client.query('insert into kept values (1)');
        },
        { readOnly: true, retry: true },
      ),
      { code: '25006', retryable: false },
    );
    assert.equal(calls, 1);
    assert.equal(await rows(), 0);
  });
}

describe('directly', () => transactions(() => pool));

const noPgBouncer = findPgBouncer() === null && 'PgBouncer is not installed';

describe('through PgBouncer', { skip: noPgBouncer }, () => {
  /** @type {any} */
  let bouncer;
  /** @type {any} */
  let pooled;

  before(async () => {
    bouncer = await startPgBouncer({ server, poolMode: 'transaction' });
    pooled = new Pool({
      connectionString: bouncer.url,
      max: 2,
      logger: false,
      statement_timeout: 5000,
    });
  });

  after(async () => {
    await pooled?.end();
    await bouncer?.stop();
  });

  transactions(() => pooled);
});

/** Puts a Sync behind every Execute, and hides what answers it. */
/** @param {any} proxy */
function breakFlights(proxy) {
  /** @type {WeakMap<any, boolean[]>} whether each Sync is ours */
  const syncs = new WeakMap();
  proxy.onMessage((/** @type {any} */ message) => {
    const { direction, type, payload, connection } = message;
    const ours = syncs.get(connection) ?? [];
    syncs.set(connection, ours);
    if (direction === 'up' && type === 'E') {
      ours.push(true);
      return Buffer.concat([wire.message('E', payload), wire.message('S')]);
    }
    if (direction === 'up' && (type === 'S' || type === 'Q')) {
      ours.push(false);
    }
    if (direction === 'down' && type === 'Z' && ours.shift() === true) {
      return 'drop';
    }
    return 'pass';
  });
}

test('a pooler that breaks a flight lets no write through readOnly', async () => {
  const proxy = await startProxy(server);
  const broken = new Pool({
    connectionString: proxy.urlFor(server.url),
    max: 1,
    logger: false,
    retry: false,
  });
  await broken.query('select 1');
  breakFlights(proxy);
  await assert.rejects(
    broken.query({ text: 'insert into kept values (1)', readOnly: true }),
  );
  const { rows: seen } = await broken.query({
    text: 'select 7 as n',
    readOnly: true,
  });
  assert.deepEqual(seen, [{ n: 7 }]);
  assert.equal(await rows(), 0);
  await broken.end();
  await proxy.close();
});

/**
 * The statements that a call sends, in the order they leave in.
 * @param {any} proxy
 * @param {() => Promise<unknown>} call
 */
async function textsOf(proxy, call) {
  /** @type {string[]} */
  const texts = [];
  proxy.onMessage((/** @type {any} */ { direction, type, payload }) => {
    if (direction === 'up' && type === 'P') {
      const [, text] = payload.toString('utf8').split('\0');
      texts.push(text);
    }
    return 'pass';
  });
  await call();
  proxy.onMessage(null);
  return texts;
}

test('where the settings proved that a flight is one transaction, readOnly needs no BEGIN', {
  skip: noPgBouncer,
}, async () => {
  const bouncer = await startPgBouncer({ server, poolMode: 'transaction' });
  const proxy = await startProxy({ port: bouncer.port });
  const url = proxy.urlFor(bouncer.url);
  const read = { text: 'select 7 as n', readOnly: true };
  const options = { connectionString: url, max: 1, logger: false };
  const proven = new Pool({ ...options, statement_timeout: 5000 });
  const unproven = new Pool(options);
  await proven.query('select 1');
  await unproven.query('select 1');
  const texts = await textsOf(proxy, () => proven.query(read));
  assert.equal(texts.at(-1), 'select 7 as n');
  assert.ok(texts.some((text) => text.includes('transaction_read_only')));
  assert.ok(!texts.includes('begin read only'), texts.join('; '));
  const others = await textsOf(proxy, () => unproven.query(read));
  assert.deepEqual(others, ['begin read only', 'select 7 as n', 'commit']);
  await assert.rejects(
    proven.query({ text: 'insert into kept values (1)', readOnly: true }),
    { code: '25006' },
  );
  assert.equal(await rows(), 0);
  await proven.end();
  await unproven.end();
  await proxy.close();
  await bouncer.stop();
});
