// SPDX-License-Identifier: MIT
// biome-ignore-all lint/suspicious/noExplicitAny: what is wrong on purpose
// What can be told from inside: run by node --test once it is compiled.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { getPool, Pool } from 'pg-holdfast';
import * as required from 'pg-holdfast/nest';
import {
  getHoldfastToken,
  HoldfastModule,
  type HoldfastOptionsFactory,
  HoldfastService,
  InjectHoldfast,
} from 'pg-holdfast/nest';

const URL = process.env.DATABASE_URL ?? '';
const AWAY = process.env.AWAY_URL ?? '';

type Imported = ReturnType<typeof HoldfastModule.forRoot>;

/** Starts an application without HTTP. */
async function start(...imports: Imported[]) {
  const built = await Test.createTestingModule({ imports }).compile();
  return await built.createNestApplication().init();
}

test('require and import give the same classes', async () => {
  const imported = await import('pg-holdfast/nest');
  assert.deepEqual(Object.keys(imported).sort(), Object.keys(required).sort());
  assert.deepEqual(imported.default, required.default);
  assert.equal(imported.HoldfastModule, HoldfastModule);
  assert.equal(imported.HoldfastService, HoldfastService);
});

test('applications share the pool, and the last one ends it', async () => {
  const one = await start(HoldfastModule.forRoot(URL));
  const two = await start(HoldfastModule.forRoot(URL));
  const first = one.get(HoldfastService);
  const second = two.get(HoldfastService);
  assert.notEqual(first.pool, second.pool);
  assert.ok(first.pool.totalCount > 0, 'it is warm');
  // Two handles on the same connections.
  const pid = 'select pg_backend_pid() as pid';
  const [{ pid: mine }] = (await first.query<{ pid: number }>(pid)).rows;
  const [{ pid: theirs }] = (await second.query<{ pid: number }>(pid)).rows;
  assert.equal(mine, theirs);
  await one.close();
  const { rows } = await second.query<{ n: number }>('select 1 as n');
  assert.equal(rows[0].n, 1);
  await two.close();
  assert.equal(second.pool.ended, true);
  await assert.rejects(second.query('select 1'), { code: 'HF_POOL_CLOSED' });
});

test('it starts again after it was closed', async () => {
  const app = await start(HoldfastModule.forRoot(URL));
  assert.equal((await app.get(HoldfastService).health()).status, 'up');
  await app.close();
});

test('the service has what the pool has', async () => {
  const app = await start(HoldfastModule.forRoot({ connectionString: URL }));
  const db = app.get(HoldfastService);
  const number = await db.transaction(async (client) => {
    const { rows } = await client.query('select 2 as n');
    return rows[0].n as number;
  });
  assert.equal(number, 2);
  const client = await db.connect();
  client.release();
  assert.ok(db.stats().queries > 0);
  assert.match(db.prometheus(), /holdfast/);
  await db.reset();
  assert.equal((await db.warmup()).ok, true);
  await db.suspend();
  assert.equal((await db.health()).status, 'degraded');
  await db.resume();
  assert.equal(await db.invalidate(), 0);
  await app.close();
});

test('a pool that was given stays its owner’s', async () => {
  const pool = new Pool({ connectionString: URL });
  const app = await start(HoldfastModule.forRoot({ pool }));
  assert.equal(app.get(HoldfastService).pool, pool);
  await app.close();
  assert.equal(pool.ending, false);
  await pool.end();
});

test('a pool that was ended by somebody else can be shut down', async () => {
  const app = await start(HoldfastModule.forRoot(URL));
  await app.get(HoldfastService).pool.end();
  await app.close();
});

@Injectable()
class Source implements HoldfastOptionsFactory {
  createHoldfastOptions() {
    return URL;
  }
}

@Module({ providers: [Source], exports: [Source] })
class SourceModule {}

@Injectable()
class User {
  constructor(@InjectHoldfast('b') readonly database: HoldfastService) {}
}

test('options can be injected in every way Nest knows', async () => {
  const ways = [
    { useClass: Source },
    { imports: [SourceModule], useExisting: Source },
    {
      imports: [SourceModule],
      inject: [Source],
      useFactory: (source: Source) => source.createHoldfastOptions(),
    },
  ];
  for (const way of ways) {
    const app = await start(HoldfastModule.forRootAsync(way));
    const { rows } = await app.get(HoldfastService).query('select 1 as n');
    assert.equal(rows[0].n, 1);
    await app.close();
  }
});

test('pools with names are told apart, and can be replaced', async () => {
  const imports = [
    HoldfastModule.forRoot({ connectionString: URL, isGlobal: true }),
    HoldfastModule.forRoot({
      name: 'b',
      connectionString: URL,
      shared: false,
      max: 1,
    }),
  ];
  const built = await Test.createTestingModule({
    imports,
    providers: [User],
  }).compile();
  const { database } = built.get(User);
  assert.equal(database.pool.options.max, 1);
  assert.notEqual(database.pool, built.get(HoldfastService).pool);
  await built.close();

  const stub = { query: () => Promise.resolve({ rows: [] }) };
  const replaced = await Test.createTestingModule({
    imports,
    providers: [User],
  })
    .overrideProvider(getHoldfastToken('b'))
    .useValue(stub)
    .compile();
  assert.equal(replaced.get(User).database, stub);
  await replaced.close();
});

test('failFast lets nothing start while the database is away', async () => {
  const options = { connectionString: AWAY, warmup: { failFast: true } };
  await assert.rejects(
    start(HoldfastModule.forRoot(options)),
    ({ code }: { code: string }) =>
      code === 'ECONNREFUSED' || code === 'HF_BREAKER_OPEN',
  );
  const patient = await start(
    HoldfastModule.forRoot({
      connectionString: AWAY,
      warmup: { timeoutMillis: 50 },
    }),
  );
  const health = await patient.get(HoldfastService).health();
  assert.equal(health.status, 'down');
  await patient.close();
});

test('wrong options are named', async () => {
  const wrong: [any, RegExp][] = [
    [{ connectionString: URL, conectionTimeout: 1 }, /conectionTimeout/],
    [{ connectionString: URL, warmup: 'yes' }, /warmup/],
    [{ connectionString: URL, shared: 1 }, /shared/],
    [{ connectionString: URL, shutdownMillis: '5s' }, /shutdownMillis/],
    [{ pool: {} }, /pool must be/],
    [{ pool: getPool(URL), max: 3 }, /max/],
  ];
  for (const [options, message] of wrong) {
    const module = HoldfastModule.forRootAsync({ useFactory: () => options });
    await assert.rejects(start(module), message);
  }
  const none = HoldfastModule.forRootAsync({ useFactory: () => null as any });
  await assert.rejects(start(none), /forRootAsync.*object or a URL/);
  const extras: [any, RegExp][] = [
    [{ name: '' }, /name/],
    [{ isGlobal: 1 }, /isGlobal/],
  ];
  for (const [options, message] of extras) {
    assert.throws(() => HoldfastModule.forRoot(options), message);
  }
  const asyncs: [any, RegExp][] = [
    [undefined, /must be an object/],
    [{}, /one of useFactory/],
    [{ useFactory() {}, useClass: Source }, /one of useFactory/],
    [{ useFactory() {}, injects: [] }, /unknown option injects/],
  ];
  for (const [options, message] of asyncs) {
    assert.throws(() => HoldfastModule.forRootAsync(options), message);
  }
  await getPool(URL).end();
});
