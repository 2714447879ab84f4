// SPDX-License-Identifier: MIT
// Servers that are away and connections that break, under Prisma on our
// adapter: each gives one of Prisma's codes, and the right outcome.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { classify } from 'pg-holdfast';
import { failure, oursOn, pooledUrl, url } from './common.js';

const { TEST_SUPPORT } = process.env;
const { eventually, startProxy } = createRequire(import.meta.url)(TEST_SUPPORT);

const QUICK = { deadlineMillis: 700, maxRetries: 0 };
const admin = oursOn();

/** @type {any} */
let proxy;

before(async () => {
  const { hostname, port } = new URL(url);
  proxy = await startProxy({ host: hostname, port: Number(port) });
});
after(() => proxy.close());
beforeEach(async () => {
  await proxy.reset();
  await admin.$executeRaw`TRUNCATE "Tag" CASCADE`;
});

/** @param {string} text @param {Record<string, string>} parts */
function changed(text, parts) {
  return Object.assign(new URL(text), parts).href;
}

/** Begins a call now: Prisma waits until its result is awaited. */
function begin(promise) {
  return promise.then((value) => value);
}

/** What a model query and a raw query fail with. */
async function failuresOn(config) {
  const fresh = () => oursOn({ ...QUICK, ...config });
  return {
    model: await failure(fresh().tag.findMany()),
    raw: await failure(fresh().$queryRaw`SELECT 1`),
  };
}

/** Checks the codes and kind, and that nothing ran. */
function checkAway({ model, raw }, code, kind, outcome = 'not_executed') {
  assert.equal(model.code, code, model.message);
  assert.equal(model.name, 'PrismaClientKnownRequestError');
  for (const error of [model, raw]) {
    assert.equal(classify(error).outcome, outcome, error.message);
    const { driverAdapterError } = error.meta;
    assert.equal(driverAdapterError.outcome, outcome);
    if (kind !== undefined) {
      assert.equal(driverAdapterError.cause.kind, kind);
    }
  }
  assert.equal(raw.code, kind === undefined ? code : 'P2010');
}

test('a server that is down is P1001 with its address', async () => {
  const port = String(await freePort());
  const failures = await failuresOn({
    connectionString: changed(url, { port }),
  });
  checkAway(failures, 'P1001', 'DatabaseNotReachable');
  assert.match(failures.model.message, new RegExp(`127.0.0.1:${port}`));
});

test('so it is by a name with two addresses', async () => {
  const port = String(await freePort());
  const failures = await failuresOn({
    connectionString: changed(url, { hostname: 'localhost', port }),
  });
  checkAway(failures, 'P1001', 'DatabaseNotReachable');
});

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('a name nobody knows is P1001', async () => {
  const connectionString = changed(url, { hostname: 'nowhere.invalid' });
  checkAway(
    await failuresOn({ connectionString }),
    'P1001',
    'DatabaseNotReachable',
    'permanent',
  );
});

test('a server that answers nothing is P1001', async () => {
  proxy.pause();
  const connectionString = proxy.urlFor(url);
  checkAway(
    await failuresOn({ connectionString, connectTimeoutMillis: 200 }),
    'P1001',
    'DatabaseNotReachable',
  );
});

for (const how of ['rst', 'fin']) {
  test(`a server that hangs up at once (${how}) is P1001`, async () => {
    proxy.onMessage(() => how);
    const connectionString = proxy.urlFor(url);
    checkAway(
      await failuresOn({ connectionString }),
      'P1001',
      'DatabaseNotReachable',
    );
  });
}

test('a wrong password is P1000', async () => {
  const connectionString = changed(url, { password: 'wrong' });
  const failures = await failuresOn({ connectionString });
  checkAway(failures, 'P1000', 'AuthenticationFailed', 'permanent');
  assert.match(failures.model.message, /`holdfast`/);
});

test('a database that is not there is P1003', async () => {
  const connectionString = changed(url, { pathname: '/nowhere' });
  const failures = await failuresOn({ connectionString });
  checkAway(failures, 'P1003', 'DatabaseDoesNotExist', 'permanent');
  assert.match(failures.model.message, /`nowhere`/);
});

test('PgBouncer says both under one code, and they are told apart', async () => {
  const password = await failuresOn({
    connectionString: changed(pooledUrl, { password: 'wrong' }),
  });
  checkAway(password, 'P1000', 'AuthenticationFailed', 'permanent');
  const database = await failuresOn({
    connectionString: changed(pooledUrl, { pathname: '/nowhere' }),
    deadlineMillis: 5000, // PgBouncer takes a while to report it
  });
  checkAway(database, 'P1003', 'DatabaseDoesNotExist', 'permanent');
});

test('TLS that the server does not have is P1011', async () => {
  const failures = await failuresOn({ ssl: { rejectUnauthorized: false } });
  checkAway(failures, 'P1011', 'TlsConnectionError', 'permanent');
});

test('a full server is P2037', async () => {
  await admin.$executeRawUnsafe('DROP ROLE IF EXISTS narrow');
  await admin.$executeRawUnsafe('CREATE ROLE narrow LOGIN CONNECTION LIMIT 0');
  await admin.$executeRawUnsafe("ALTER ROLE narrow PASSWORD 'narrow'");
  const connectionString = changed(url, {
    username: 'narrow',
    password: 'narrow',
  });
  checkAway(
    await failuresOn({ connectionString }),
    'P2037',
    'TooManyConnections',
  );
});

test('a pool that is busy is P2024, in transactions too', async () => {
  const client = oursOn({ ...QUICK, max: 1 });
  const busy = begin(client.$queryRaw`SELECT 1 FROM pg_sleep(4)`);
  const model = await failure(client.tag.findMany());
  const raw = await failure(client.$queryRaw`SELECT 1`);
  checkAway({ model, raw }, 'P2024');
  assert.match(model.message, /total 1, busy 1|deadline/);
  const options = { maxWait: 5000 };
  const tx = await failure(client.$transaction(() => {}, options));
  assert.equal(tx.code, 'P2024');
  assert.equal(classify(tx).outcome, 'not_executed');
  await busy;
});

test('a statement that takes too long is P1008', async () => {
  const client = oursOn({ ...QUICK, query_timeout: 100 });
  const error = await failure(
    client.$transaction(async (tx) => {
      await tx.$executeRaw`INSERT INTO "Tag" VALUES ('x')`;
      await tx.$queryRaw`SELECT 1 FROM pg_sleep(5)`;
    }),
  );
  assert.equal(error.code, 'P2010');
  assert.equal(error.meta.driverAdapterError.cause.kind, 'SocketTimeout');
  assert.equal(classify(error).outcome, 'rolled_back');
});

/** Terminates the backend that runs a statement with this mark. */
function terminate(mark) {
  return eventually(async () => {
    const [{ n }] = await admin.$queryRaw`
      SELECT count(pg_terminate_backend(pid))::int AS n FROM pg_stat_activity
      WHERE query LIKE '%' || ${mark} || '%' AND pid <> pg_backend_pid()
        AND wait_event = 'PgSleep'`;
    return n > 0;
  });
}

test('a backend that is ended in a write is 57P01, rolled back', async () => {
  const client = oursOn(QUICK);
  const writing = failure(
    client.$executeRaw`INSERT INTO "Tag" SELECT 'mark one' FROM pg_sleep(5)`,
  );
  await terminate('mark one');
  const error = await writing;
  assert.equal(error.code, 'P2010');
  assert.equal(error.meta.driverAdapterError.cause.originalCode, '57P01');
  assert.equal(classify(error).outcome, 'rolled_back');
});

test('a transaction that idles too long says so, rolled back', async () => {
  const client = oursOn(QUICK);
  const error = await failure(
    client.$transaction(async (tx) => {
      const [{ pid }] = await tx.$queryRaw`SELECT pg_backend_pid() AS pid`;
      await tx.tag.create({ data: { name: 'idle' } });
      await tx.$executeRaw`SET LOCAL idle_in_transaction_session_timeout = 20`;
      await eventually(async () => {
        const [{ n }] = await admin.$queryRaw`
          SELECT count(*)::int AS n FROM pg_stat_activity WHERE pid = ${pid}`;
        return n === 0;
      });
      await tx.tag.count();
    }),
  );
  assert.match(error.code, /^P(1017|2039)$/);
  assert.equal(classify(error).outcome, 'rolled_back');
  assert.equal(await admin.tag.count(), 0);
});

test('a server that restarts is waited for', async () => {
  const client = oursOn({ connectionString: proxy.urlFor(url) });
  await client.tag.count();
  await proxy.refuse(true);
  proxy.killAll('rst');
  const waiting = begin(client.tag.create({ data: { name: 'after' } }));
  const read = begin(client.tag.findMany());
  await eventually(() => true);
  await proxy.refuse(false);
  assert.equal((await waiting).name, 'after');
  assert.ok(Array.isArray(await read));
});

test('a read whose backend is ended is repeated', async () => {
  const client = oursOn();
  await client.tag.create({ data: { name: 'kept' } });
  await admin.$executeRawUnsafe(
    'CREATE OR REPLACE VIEW slow AS SELECT name FROM "Tag", pg_sleep(0.3)',
  );
  const reading = begin(client.$queryRaw`SELECT name AS mark_two FROM slow`);
  await terminate('mark_two');
  assert.deepEqual(await reading, [{ mark_two: 'kept' }]);
});

test('reads of models whose answer is lost are repeated', async () => {
  const client = oursOn({ connectionString: proxy.urlFor(url) });
  await client.tag.create({ data: { name: 'kept' } });
  const reads = {
    findMany: () => client.tag.findMany({ where: { name: { contains: 'k' } } }),
    findUnique: () => client.tag.findUnique({ where: { name: 'kept' } }),
    count: () => client.tag.count(),
    groupBy: () => client.tag.groupBy({ by: ['name'], _count: true }),
    'a join': () =>
      client.tag.findMany({
        relationLoadStrategy: 'join',
        include: { posts: { include: { author: true } } },
      }),
  };
  for (const [name, read] of Object.entries(reads)) {
    proxy.onMessage(null);
    const expected = await read();
    let cuts = 1;
    proxy.onMessage(({ direction, type }) => {
      const cut = direction === 'down' && type === 'C' && cuts > 0;
      cuts -= cut ? 1 : 0;
      return cut ? 'rst' : 'pass';
    });
    assert.deepEqual(await read(), expected, name);
    assert.equal(cuts, 0, name);
  }
});

for (const when of ['between statements', 'before COMMIT']) {
  test(`a transaction whose backend is ended ${when} says so`, async () => {
    const client = oursOn(QUICK);
    const error = await failure(
      client.$transaction(async (tx) => {
        await tx.tag.create({ data: { name: 'lost' } });
        const [{ pid }] = await tx.$queryRaw`SELECT pg_backend_pid() AS pid`;
        await admin.$queryRaw`SELECT pg_terminate_backend(${pid})`;
        if (when === 'between statements') {
          await tx.tag.count();
        }
      }),
    );
    assert.match(error.code, /^P(1017|2039)$/, error.message);
    const { driverAdapterError = error } = error.meta ?? {};
    assert.equal(driverAdapterError.name, 'DriverAdapterError');
    // A COMMIT sent before the loss was noticed may have been done.
    const honest =
      when === 'before COMMIT' ? ['rolled_back', 'ambiguous'] : ['rolled_back'];
    assert.ok(honest.includes(classify(error).outcome), error.stack);
    assert.equal(classify(error).unit, 'transaction');
    assert.equal(await admin.tag.count(), 0);
  });
}

test('a BEGIN whose answer is lost is sent again', async () => {
  const client = oursOn({ connectionString: proxy.urlFor(url) });
  const writes = {
    batch: (name) =>
      client.$transaction([
        client.tag.create({ data: { name } }),
        client.tag.count(),
      ]),
    interactive: (name) =>
      client.$transaction((tx) => tx.tag.create({ data: { name } })),
  };
  for (const [name, write] of Object.entries(writes)) {
    await client.tag.count();
    let begun = 0;
    proxy.onMessage(({ direction, type, payload }) => {
      const begins =
        direction === 'down' && type === 'C' && /BEGIN/.test(payload);
      begun += begins ? 1 : 0;
      return begins && begun === 1 ? 'rst' : 'pass';
    });
    await write(name);
    assert.equal(begun, 2, name);
    proxy.onMessage(null);
    assert.equal(await admin.tag.count({ where: { name } }), 1);
  }
});

for (const how of ['rst', 'fin']) {
  test(`a connection lost (${how}) in a write is P1017, ambiguous`, async () => {
    const client = oursOn({ ...QUICK, connectionString: proxy.urlFor(url) });
    await client.tag.count();
    proxy.onMessage(({ direction, type }) =>
      direction === 'down' && type === 'C' ? how : 'pass',
    );
    const error = await failure(client.tag.create({ data: { name: 'x' } }));
    assert.equal(error.code, 'P1017');
    assert.equal(error.meta.driverAdapterError.cause.kind, 'ConnectionClosed');
    assert.equal(error.meta.driverAdapterError.outcome, 'ambiguous');
    assert.equal(classify(error).outcome, 'ambiguous');
  });

  test(`a COMMIT whose answer is lost (${how}) is ambiguous`, async () => {
    const client = oursOn({ ...QUICK, connectionString: proxy.urlFor(url) });
    const run = (name, work) =>
      failure(
        work === undefined
          ? client.$transaction([
              client.tag.create({ data: { name } }),
              client.tag.count(),
            ])
          : client.$transaction(async (tx) => {
              await tx.tag.create({ data: { name } });
            }),
      );
    const cut = () => {
      // The server commits; the client never hears of it.
      proxy.onMessage(({ direction, type, payload }) =>
        direction === 'down' && type === 'C' && /COMMIT/.test(payload)
          ? how
          : 'pass',
      );
    };
    for (const [name, work] of [['batch'], ['interactive', true]]) {
      proxy.onMessage(null);
      await client.tag.count();
      cut();
      const error = await run(name, work);
      assert.equal(error.code, 'P1017', error.stack);
      assert.equal(classify(error).outcome, 'ambiguous');
      const { driverAdapterError = error } = error.meta ?? {};
      assert.equal(driverAdapterError.name, 'DriverAdapterError');
      assert.equal(driverAdapterError.outcome, 'ambiguous');
      assert.equal(driverAdapterError.cause.originalCode, 'HF_OUTCOME_UNKNOWN');
      assert.equal(await admin.tag.count({ where: { name } }), 1);
    }
  });
}
