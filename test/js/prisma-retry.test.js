// SPDX-License-Identifier: MIT
'use strict';

// retryExtension() without Prisma: a stand-in calls it as Prisma's client
// does, and errors are those that were recorded of real ones.

const assert = require('node:assert');
const { beforeEach, test } = require('node:test');

const native = require('#core').native();
const { HoldfastError } = require('../../lib/errors/errors.js');
const {
  createPrismaClientWithExtensions,
  retryExtension,
  withPrismaRetry,
  withTransactionRetry,
} = require('../../lib/prisma/index.js');
const { classify } = require('../../lib/retry/retry.js');
const { errors } = require('../fixtures/prisma-errors.json');
const { groups } = require('../fixtures/prisma-outcomes.json');
const { revive } = require('../fixtures/revive.js');
const { FakeClient } = require('./prisma-retry.client.js');

/** Delays too short to wait for. */
const QUICK = Object.freeze({ baseMillis: 0, capMillis: 0 });
const CALLS_FOR_A_TEST = 200;

const READS = ['findUnique', 'findFirst', 'findMany', 'count', 'groupBy'];
const WRITES = ['create', 'update', 'upsert', 'deleteMany', 'createMany'];

/** @param {TemplateStringsArray} strings @param {unknown[]} values */
function sql(strings, ...values) {
  return { strings, values, sql: strings.join('?'), text: strings.join('$') };
}

/**
 * A client whose work fails so often, then succeeds.
 * @param {any} error or a function that makes one
 * @param {any} [options]
 * @param {number} [times]
 */
function failingClient(error, options, times = 1) {
  let left = times;
  const client = new FakeClient(() => {
    if (left > 0) {
      left -= 1;
      throw typeof error === 'function' ? error() : error;
    }
    return 'done';
  });
  return client.$extends(retryExtension({ ...QUICK, ...options }));
}

/** The server never saw it. */
function unreached() {
  return Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), {
    code: 'ECONNREFUSED',
    syscall: 'connect',
    errno: -111,
  });
}

/** Nobody knows what became of it. */
function lost() {
  return new Error('Connection terminated unexpectedly');
}

beforeEach(() => {
  for (let i = 0; i < CALLS_FOR_A_TEST; i++) {
    native.retryCountCall(); // the budget is a tenth of the calls
  }
});

for (const { row, entries, outcome, retryable } of groups) {
  if (outcome !== undefined) {
    test(`${row}: a read is repeated when useful, a write when undone`, async () => {
      const undone = outcome === 'not_executed' || outcome === 'rolled_back';
      for (const [number] of entries) {
        const recorded = errors[Number(number)].error;
        for (const [operation, again] of /** @type {const} */ ([
          ['findMany', retryable],
          ['create', retryable && undone],
        ])) {
          const client = failingClient(revive(recorded));
          const run = client.run('Account', operation);
          if (again) {
            assert.strictEqual(await run, 'done', `${number} ${operation}`);
          } else {
            await assert.rejects(run, undefined, `${number} ${operation}`);
          }
          assert.strictEqual(client.calls, again ? 2 : 1, `${number}`);
        }
      }
    });
  }
}

test('every reading operation is repeated after an ambiguous loss', async () => {
  for (const operation of READS) {
    const client = failingClient(lost);
    assert.strictEqual(await client.run('Account', operation), 'done');
  }
});

test('no writing operation is repeated after an ambiguous loss', async () => {
  for (const operation of [...WRITES, 'somethingNew']) {
    const client = failingClient(lost);
    await assert.rejects(client.run('Account', operation), /terminated/);
    assert.strictEqual(client.calls, 1, operation);
  }
});

test('a raw query is retried only when its text only reads', async () => {
  /** @type {[string, unknown, number][]} */
  const cases = [
    ['$queryRaw', sql`select * from a where id = ${1}`, 2],
    ['$queryRaw', sql`select id from a for update`, 1],
    ['$queryRaw', sql`insert into a values (${1}) returning id`, 1],
    ['$queryRaw', sql`select charge_card(${1})`, 1],
    ['$queryRawUnsafe', ['select count(*) from a where b = $1', 1], 2],
    ['$queryRawUnsafe', ['select nextval($1)', 'a'], 1],
    ['$queryRawTyped', { sql: 'select 1 as one', values: [] }, 2],
    ['$queryRawTyped', { sql: 'delete from a', values: [] }, 1],
    ['$executeRaw', sql`select 1`, 1],
    ['$executeRawUnsafe', ['update a set b = 1'], 1],
    ['$queryRaw', undefined, 1],
    ['$runCommandRaw', {}, 1],
  ];
  for (const [operation, args, calls] of cases) {
    const client = failingClient(lost);
    await client.run(undefined, operation, args).catch(() => {});
    assert.strictEqual(client.calls, calls, `${operation} ${args}`);
  }
});

test('a raw write is repeated when nothing ran, unless it may commit midway', async () => {
  /** @type {[string, unknown, number][]} */
  const cases = [
    ['$executeRaw', sql`update a set b = ${1}`, 2],
    ['$queryRaw', sql`insert into a values (1) returning id`, 2],
    ['$executeRawUnsafe', ['call settle()'], 1],
    ['$executeRawUnsafe', ['insert into a values (1); commit'], 1],
  ];
  for (const [operation, args, calls] of cases) {
    const client = failingClient(unreached);
    await client.run(undefined, operation, args).catch(() => {});
    assert.strictEqual(client.calls, calls, `${operation} ${args}`);
  }
});

test('what is declared idempotent is repeated after a loss', async () => {
  /** @type {any[]} */
  const asked = [];
  const idempotent = (/** @type {any} */ operation) => {
    asked.push(operation);
    return operation.operation === 'upsert';
  };
  const client = failingClient(lost, { idempotent });
  const args = { where: { id: 1 } };
  assert.strictEqual(await client.run('Account', 'upsert', args), 'done');
  assert.deepStrictEqual(asked, [
    { model: 'Account', operation: 'upsert', args },
  ]);
  const other = failingClient(lost, { idempotent });
  await assert.rejects(other.run('Account', 'create'), /terminated/);
});

test('an idempotent that throws or answers vaguely means no', async () => {
  for (const idempotent of [
    () => 1,
    () => Promise.resolve(true),
    () => {
      throw new Error('mine');
    },
  ]) {
    const client = failingClient(lost, { idempotent });
    await assert.rejects(client.run('Account', 'create'), /terminated/);
    assert.strictEqual(client.calls, 1);
  }
});

test('nothing in a transaction is repeated by itself', async () => {
  for (const transaction of [
    { kind: 'itx', id: 'a' },
    { kind: 'batch', id: 1, index: 0 },
  ]) {
    const client = failingClient(unreached);
    const run = client.run('Account', 'findMany', {}, transaction);
    await assert.rejects(run, { code: 'ECONNREFUSED' });
    assert.strictEqual(client.calls, 1);
  }
});

test('where transactions cannot be recognised nothing is repeated', async () => {
  const { $allOperations } = retryExtension(QUICK).query;
  let calls = 0;
  const query = () => {
    calls += 1;
    return Promise.reject(unreached());
  };
  const call = { model: 'Account', operation: 'findMany', args: {}, query };
  await assert.rejects($allOperations(call), { code: 'ECONNREFUSED' });
  assert.strictEqual(calls, 1);
});

test('withTransactionRetry repeats the transaction around', async () => {
  const client = failingClient(unreached);
  const value = await withTransactionRetry(async () => {
    await client.run('Account', 'create', {}, { kind: 'itx', id: 'a' });
    return client.run('Account', 'update', {}, { kind: 'itx', id: 'a' });
  }, QUICK);
  assert.strictEqual(value, 'done');
  assert.strictEqual(client.calls, 3);
});

test('helpers and extensions around each other cost one budget', async () => {
  const layered = failingClient(unreached, {}, 99)
    .$extends(retryExtension(QUICK))
    .$extends(retryExtension(QUICK));
  await assert.rejects(
    withPrismaRetry(
      () => withPrismaRetry(() => layered.run('Account', 'findMany'), QUICK),
      QUICK,
    ),
    { code: 'ECONNREFUSED' },
  );
  assert.strictEqual(layered.calls, 3);
});

test('with joinAsync the helper around decides', async () => {
  const client = failingClient(unreached, {}, 99);
  await assert.rejects(
    withPrismaRetry(() => client.run('Account', 'findMany'), {
      ...QUICK,
      maxRetries: 1,
      joinAsync: true,
    }),
  );
  assert.strictEqual(client.calls, 2);
});

test('with joinAsync a write that was made is not made again', async () => {
  let fails = false;
  let writes = 0;
  const client = new FakeClient(() => {
    if (fails) {
      throw unreached();
    }
    writes += 1;
  }).$extends(retryExtension({ ...QUICK, maxRetries: 0 }));
  const error = await withPrismaRetry(
    async () => {
      fails = false;
      await client.run('Account', 'create');
      fails = true;
      await client.run('Account', 'findMany');
    },
    { ...QUICK, joinAsync: true },
  ).then(assert.fail, (caught) => caught);
  assert.strictEqual(writes, 1);
  assert.strictEqual(classify(error).reason, 'partial');
});

test('what our engine repeated already is not repeated again', async () => {
  const ours = new HoldfastError('ECONNRESET', 'read ECONNRESET', {
    outcome: 'not_executed',
    retryable: true,
    attempts: 3,
  });
  const cause = { kind: 'ConnectionClosed', originalError: ours };
  const driverAdapterError = Object.assign(new Error('closed'), { cause });
  const error = Object.assign(new Error('Server has closed the connection.'), {
    name: 'PrismaClientKnownRequestError',
    code: 'P1017',
    meta: { driverAdapterError },
  });
  const client = failingClient(error);
  await assert.rejects(client.run('Account', 'findMany'), { code: 'P1017' });
  assert.strictEqual(client.calls, 1);
});

test('onRetry gets model and operation, and may throw', async () => {
  /** @type {any[]} */
  const events = [];
  const client = failingClient(unreached, {
    onRetry: (/** @type {any} */ event) => {
      events.push(event);
      throw new Error('mine');
    },
  });
  await client.run('PurchaseOrder', 'findUnique');
  assert.strictEqual(events.length, 1);
  const { name, model, operation, attempt, outcome } = events[0];
  assert.deepStrictEqual(
    { name, model, operation, attempt, outcome },
    {
      name: 'purchaseOrder.findUnique',
      model: 'PurchaseOrder',
      operation: 'findUnique',
      attempt: 1,
      outcome: 'not_executed',
    },
  );
});

test('options that are wrong are refused by name, at once', () => {
  /** @type {[any, RegExp][]} */
  const cases = [
    [null, /must be an object/],
    [{ maxRetry: 1 }, /unknown option .* maxRetry.*maxRetries/],
    [{ maxRetries: -1 }, /maxRetries/],
    [{ idempotent: true }, /idempotent must be a function/],
    [{ context: {} }, /context is for one call/],
    [{ joinAsync: true }, /joinAsync is for one call/],
    [{ preset: 'slow' }, /preset/],
  ];
  for (const [options, message] of cases) {
    assert.throws(() => retryExtension(options), message);
  }
});

test('presets and counts are those of the retry helpers', async () => {
  const client = failingClient(unreached, { maxAttempts: 2 }, 99);
  await assert.rejects(client.run('Account', 'findMany'));
  assert.strictEqual(client.calls, 2);
  retryExtension({ preset: 'serverless' });
});

test('a client is extended once, however often it is asked for', () => {
  const client = new FakeClient(() => 1);
  const made = createPrismaClientWithExtensions(client);
  assert.notStrictEqual(made, client);
  assert.strictEqual(made.extensions.length, 1);
  assert.strictEqual(createPrismaClientWithExtensions(client), made);
  assert.strictEqual(createPrismaClientWithExtensions(made), made);
  const other = createPrismaClientWithExtensions(client, { maxRetries: 1 });
  assert.notStrictEqual(other, made);
});

test('a value that is not a client is refused', () => {
  for (const value of [undefined, null, {}, 'prisma']) {
    assert.throws(
      () => createPrismaClientWithExtensions(/** @type {any} */ (value)),
      /needs a PrismaClient/,
    );
  }
});

test('every export is there by name and by default, in types and at run time', async () => {
  const { readFileSync } = require('node:fs');
  const folder = `${__dirname}/../../lib/prisma`;
  const required = require('../../lib/prisma/index.js');
  const imported = await import('../../lib/prisma/index.mjs');
  const names = Object.keys(required).sort();
  assert.deepStrictEqual(
    Object.keys(imported).sort(),
    [...names, 'default'].sort(),
  );
  assert.strictEqual(imported.default, required);
  const types = readFileSync(`${folder}/index.d.ts`, 'utf8');
  const typed = [...types.matchAll(/^ {2}(\w+): typeof \1;$/gm)];
  assert.deepStrictEqual(typed.map(([, name]) => name).sort(), names);
});

test('the modules of the retry extension load no pool', () => {
  const { spawnSync } = require('node:child_process');
  const script = `
    require('./lib/prisma').createPrismaClientWithExtensions({
      $extends: (extension) => ({ extension }),
    });
    const pools = Object.keys(require.cache).filter((file) =>
      /lib.(pool|port|registry)[.]js$/.test(file));
    process.exit(pools.length);`;
  const { status } = spawnSync(process.execPath, ['-e', script], {
    cwd: `${__dirname}/../..`,
  });
  assert.strictEqual(status, 0);
});
