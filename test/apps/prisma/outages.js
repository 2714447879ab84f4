// SPDX-License-Identifier: MIT
// A server that restarts, crashes, starts up or has an unknown certificate, and
// a pooler that is full, under Prisma on our adapter.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, beforeEach, test } from 'node:test';
import { classify } from 'pg-holdfast';
import { closers, failure, oursOn, theirsOn } from './common.js';

const { TEST_SUPPORT } = process.env;
const require = createRequire(import.meta.url);
const { eventually, startPgBouncer, startPostgres, startProxy, wire } =
  require(TEST_SUPPORT);

/** No retries: the error is that of the only attempt. */
const ONCE = { deadlineMillis: 1500, maxRetries: 0 };
/** Long enough for a crash and the server's recovery. */
const PATIENT = { deadlineMillis: 60_000 };

const SLOW = `
  CREATE FUNCTION slow_tag() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_sleep(20); RETURN new; END $$;
  CREATE TRIGGER slow_tag BEFORE INSERT ON "Tag" FOR EACH ROW
    WHEN (new.name LIKE 'slow%') EXECUTE FUNCTION slow_tag();
  CREATE VIEW slow_read AS SELECT 1 AS one FROM pg_sleep(2);`;

/** @type {any} */
let server;
/** @type {any} */
let pooler;

before(async () => {
  server = await startPostgres({ tls: true });
  await server.psql(readFileSync('schema.sql', 'utf8') + SLOW);
  pooler = await startPgBouncer({
    server,
    poolSize: 1,
    settings: { query_wait_timeout: 1 },
  });
});
beforeEach(() => server.psql('TRUNCATE "Tag", "Post" CASCADE'));
// After the clients, which common.js ends.
closers.push(() => pooler.stop('SIGKILL'));
after(async () => {
  await pooler.stop('SIGKILL');
  await server.stop('immediate');
});

const ours = (config = {}) =>
  oursOn({ connectionString: server.url, ...config });
const theirs = (config = {}) =>
  theirsOn({ connectionString: server.url, ...config });

/** Begins a call now: Prisma waits until its result is awaited. */
function begin(promise) {
  return promise.then((value) => value);
}

const cause = (error) => error.meta.driverAdapterError.cause;
const asleep = () => server.backends("wait_event = 'PgSleep'");
const sleeps = () => eventually(async () => (await asleep()).length > 0);

/** The names in the table, read without the drivers under test. */
async function names() {
  return (await server.psql('SELECT name FROM "Tag"')).split('\n').sort();
}

/** As on adapter-pg: its code for a model's query, and P2010. */
async function checkAsTheirs(openOurs, other, code, outcome) {
  const model = await failure(openOurs().tag.findMany());
  assert.equal(model.code, code, model.message);
  assert.equal((await failure(other.tag.findMany())).code, code);
  const raw = await failure(openOurs().$queryRaw`SELECT 1`);
  assert.equal(raw.code, 'P2010');
  for (const error of [model, raw]) {
    assert.equal(classify(error).outcome, outcome, error.message);
  }
  return { ...cause(model), rawLine: raw.message.split('\n').at(-1) };
}

test('a certificate of an authority nobody knows is P1011', async () => {
  const strict = { ssl: { rejectUnauthorized: true } };
  const { kind, reason } = await checkAsTheirs(
    () => ours({ ...ONCE, ...strict }),
    theirs(strict),
    'P1011',
    'permanent',
  );
  assert.equal(kind, 'TlsConnectionError');
  assert.match(reason, /certificate/);
  const trusted = ours({ ssl: { ca: server.ca } });
  assert.equal(await trusted.tag.count(), 0);
});

test('a pooler that has no connection in time says so', async () => {
  const through = { connectionString: pooler.url };
  const [first, holder, patient] = [ONCE, PATIENT, PATIENT].map((policy) =>
    ours({
      ...through,
      ...policy,
      max: 1,
      maxRetries: policy === ONCE ? 0 : 9,
    }),
  );
  const other = theirs({ ...through, max: 1 });
  for (const client of [first, holder, patient, other]) {
    assert.equal(await client.tag.count(), 0);
  }
  const held = failure(
    holder.$transaction((tx) => tx.tag.create({ data: { name: 'slow' } }), {
      timeout: 60_000,
    }),
  );
  await sleeps();
  const waiting = begin(patient.tag.count());
  const { originalCode, message, rawLine } = await checkAsTheirs(
    () => first,
    other,
    'P2039',
    'not_executed',
  );
  assert.equal(originalCode, '08P01');
  assert.match(message, /query_wait_timeout/);
  assert.match(rawLine, /query_wait_timeout/);
  await server.terminate("wait_event = 'PgSleep'");
  assert.equal(classify(await held).outcome, 'rolled_back');
  // With the usual policy the call waits its turn.
  assert.equal(await waiting, 0);
});

test('a server that is starting is 57P03, and is waited for', async () => {
  const proxy = await startProxy(server);
  closers.push(() => proxy.close());
  const starting = wire.errorResponse({
    S: 'FATAL',
    V: 'FATAL',
    C: '57P03',
    M: 'the database system is starting up',
  });
  proxy.onMessage(({ direction, type }) =>
    direction === 'down' && type === 'R' ? starting : 'pass',
  );
  const connectionString = proxy.urlFor(server.url);
  const { originalCode, rawLine } = await checkAsTheirs(
    () => ours({ ...ONCE, connectionString }),
    theirs({ connectionString }),
    'P2039',
    'not_executed',
  );
  assert.equal(originalCode, '57P03');
  assert.match(rawLine, /`57P03`.*is starting up/);
  const client = ours({ ...PATIENT, connectionString });
  const waiting = begin(client.tag.create({ data: { name: 'later' } }));
  await eventually(() => proxy.connectionCount > 6);
  proxy.onMessage(null);
  assert.equal((await waiting).name, 'later');
});

test('a plan whose result changed is made again', async () => {
  const client = ours({ max: 1 });
  const all = () => client.$queryRawUnsafe('SELECT * FROM "Tag"');
  await client.tag.create({ data: { name: 'a' } });
  for (let i = 0; i < 4; i++) {
    assert.deepEqual(await all(), [{ name: 'a' }]);
  }
  const count = 'SELECT count(*)::int AS n FROM pg_prepared_statements';
  const [{ n }] = await client.$queryRawUnsafe(count);
  assert.ok(n > 0, 'nothing was prepared');
  await server.psql('ALTER TABLE "Tag" ADD COLUMN more int DEFAULT 7');
  assert.deepEqual(await all(), [{ name: 'a', more: 7 }]);
  await server.psql('ALTER TABLE "Tag" DROP COLUMN more');
  assert.deepEqual(await all(), [{ name: 'a' }]);
  // Nor is a name that the server has lost an error.
  for (let i = 0; i < 4; i++) {
    await all();
  }
  await client.$executeRawUnsafe('DEALLOCATE ALL');
  assert.deepEqual(await all(), [{ name: 'a' }]);
});

test('a connection that died idle is noticed before its use', async () => {
  const client = ours({ max: 1, maxRetries: 0 });
  for (const name of ['one', 'two', 'three']) {
    await client.tag.create({ data: { name } });
    await server.terminate("state = 'idle' AND application_name = ''");
  }
  assert.deepEqual(await names(), ['one', 'three', 'two']);
});

/** A statement that runs for long, and writes a tag when it is done. */
const WRITES = {
  'a batch': (c) =>
    c.$transaction([
      c.user.count(),
      c.tag.create({ data: { name: 'slow' } }),
      c.tag.create({ data: { name: 'never' } }),
    ]),
  'a nested write': (c) =>
    c.user.create({
      data: {
        email: 'nested',
        posts: {
          create: { title: 't', tags: { create: [{ name: 'slow' }] } },
        },
      },
    }),
  'an interactive transaction': (c) =>
    c.$transaction(async (tx) => {
      await tx.tag.create({ data: { name: 'before' } });
      await tx.tag.create({ data: { name: 'slow' } });
    }),
};

for (const [what, write] of Object.entries(WRITES)) {
  test(`${what} whose backend is ended is 57P01, rolled back`, async () => {
    const writing = failure(write(ours({ maxRetries: 0 })));
    await sleeps();
    await server.terminate("wait_event = 'PgSleep'");
    const error = await writing;
    assert.equal(error.code, 'P2039', error.message);
    assert.equal(cause(error).originalCode, '57P01');
    const { outcome, unit } = classify(error);
    assert.deepEqual([outcome, unit], ['rolled_back', 'transaction']);
    assert.deepEqual(await names(), ['']);
  });
}

/** Kills a backend that no test uses, with SIGKILL. */
async function crash() {
  const [{ pid }] = await server.backends("application_name = 'victim'");
  process.kill(pid, 'SIGKILL');
}

test('a crash of the server leaves a lone write in doubt', async () => {
  const victim = ours({ application_name: 'victim', max: 1 });
  await victim.$queryRaw`SELECT 1`;
  const alone = ours(ONCE);
  const lone = failure(alone.tag.create({ data: { name: 'slow alone' } }));
  const whole = failure(WRITES['an interactive transaction'](ours(ONCE)));
  const reader = ours(PATIENT);
  const reading = begin(reader.$queryRaw`SELECT one FROM slow_read`);
  await eventually(async () => (await asleep()).length === 3);
  await crash();
  const inDoubt = await lone;
  assert.match(inDoubt.code, /^P(1017|2039)$/);
  assert.equal(classify(inDoubt).outcome, 'ambiguous', inDoubt.message);
  const undone = await whole;
  assert.match(undone.code, /^P(1017|2039)$/);
  assert.equal(classify(undone).outcome, 'rolled_back', undone.message);
  // The read is repeated once the server has recovered.
  assert.deepEqual(await reading, [{ one: 1 }]);
  assert.deepEqual(await names(), ['']);
});

for (const mode of ['fast', 'immediate']) {
  test(`a restart (${mode}) loses and doubles nothing`, async () => {
    const client = ours({ ...PATIENT, max: 4 });
    /** @type {Map<string, string>} outcome by name */
    const told = new Map();
    let restarted = false;
    let reads = 0;
    const caller = async (index) => {
      for (let i = 0; !restarted || i < 10; i++) {
        const name = `${index}.${i}`;
        const outcome = await client.tag.create({ data: { name } }).then(
          () => 'done',
          (error) => {
            assert.match(error.code, /^P\d{4}$/, error.message);
            return classify(error).outcome;
          },
        );
        told.set(name, outcome);
        await client.tag.findFirst({ where: { name } });
        reads += 1;
      }
    };
    const callers = [1, 2, 3, 4, 5, 6].map(caller);
    await eventually(() => told.size > 50);
    await server.restart(mode);
    restarted = true;
    await Promise.all(callers);
    const there = new Set(await names());
    const count = (outcome) =>
      [...told.values()].filter((value) => value === outcome).length;
    for (const [name, outcome] of told) {
      assert.ok(
        outcome === 'ambiguous' || there.has(name) === (outcome === 'done'),
      );
    }
    // Only what was in flight when a server vanished is in doubt.
    assert.ok(count('ambiguous') <= 4, JSON.stringify([...told]));
    assert.equal(count('done') + count('ambiguous'), told.size);
    assert.equal(reads, told.size);
  });
}
