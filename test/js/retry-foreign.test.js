// SPDX-License-Identifier: MIT
'use strict';

// The helpers around drivers that are not ours: what these say of names of
// prepared statements, of servers that are away, and of lost reads.

process.env.NODE_ENV = 'test'; // no lines of the log

const assert = require('node:assert');
const { test } = require('node:test');

const { errors } = require('../fixtures/prisma-errors.json');
const { revive } = require('../fixtures/revive.js');
const { classify } = require('../../lib/retry/retry.js');
const {
  retryQuery,
  withDatabaseRetry,
  withPrismaRetry,
  withTransactionRetry,
} = require('../../lib/retry/retry.js');

/** @param {string} message @param {object} fields */
function made(message, fields) {
  return Object.assign(new Error(message), fields);
}

const TAKEN = 'prepared statement "s0" already exists';
const GONE = 'prepared statement "s0" does not exist';
const OTHER =
  'bind message supplies 3 parameters, but prepared statement "s0" requires 1';

/**
 * What Prisma 7 throws for what its adapter mapped.
 * @param {string} code @param {string} originalCode @param {string} said
 */
function prisma7(code, originalCode, said) {
  const cause = {
    kind: 'postgres',
    originalCode,
    originalMessage: said,
    code: originalCode,
    severity: 'ERROR',
    message: said,
  };
  return made(
    `\nInvalid \`prisma.user.findMany()\` invocation:\n\n\n` +
      `Raw query failed. Code: \`${originalCode}\`. Message: \`${said}\``,
    {
      name: 'PrismaClientKnownRequestError',
      code,
      meta: { driverAdapterError: { name: 'DriverAdapterError', cause } },
    },
  );
}

/** @param {string} code @param {string} said */
function prisma6(code, said) {
  const quoted = said.replaceAll('"', '\\"');
  return made(
    '\nInvalid `prisma.user.findMany()` invocation:\n\n\nError occurred ' +
      'during query execution:\nConnectorError(ConnectorError { ' +
      'user_facing_error: None, kind: QueryError(PostgresError { code: ' +
      `"${code}", message: "${quoted}", severity: "ERROR", detail: None, ` +
      'column: None, hint: None }), transient: false })',
    { name: 'PrismaClientUnknownRequestError' },
  );
}

/** @type {Record<string, () => any>} */
const SHAPES = {
  'pg, 42P05': () =>
    made(TAKEN, {
      name: 'error',
      severity: 'ERROR',
      code: '42P05',
      file: 'prepare.c',
      routine: 'StorePreparedStatement',
    }),
  'pg, 26000': () => made(GONE, { severity: 'ERROR', code: '26000' }),
  'pg, 08P01': () =>
    made(OTHER, {
      severity: 'ERROR',
      code: '08P01',
      routine: 'exec_bind_message',
    }),
  'pg, a stale plan': () =>
    made('cached plan must not change result type', {
      severity: 'ERROR',
      code: '0A000',
      routine: 'RevalidateCachedQuery',
    }),
  'postgres.js, 42P05': () =>
    made(TAKEN, {
      name: 'PostgresError',
      severity_local: 'ERROR',
      severity: 'ERROR',
      code: '42P05',
      query: 'insert into t values ($1)',
    }),
  'Prisma 6, 42P05': () => prisma6('42P05', TAKEN),
  'Prisma 6, 26000': () => prisma6('26000', GONE),
  'Prisma 6, 08P01': () => prisma6('08P01', OTHER),
  'Prisma 6, raw': () =>
    made('Raw query failed. Code: `08P01`. Message: `ERROR: see the server`', {
      code: 'P2010',
      meta: { code: '08P01', message: OTHER },
    }),
  'Prisma 7, 42P05': () => prisma7('P2010', '42P05', TAKEN),
  'Prisma 7, 26000': () => prisma7('P2039', '26000', GONE),
  'Prisma 7, 08P01': () => prisma7('P2010', '08P01', OTHER),
  'a DriverAdapterError': () =>
    made('postgres', {
      name: 'DriverAdapterError',
      cause: {
        kind: 'postgres',
        originalCode: '08P01',
        originalMessage: OTHER,
      },
    }),
  'Drizzle, 42P05': () =>
    made('Failed query: select 1\nparams: ', {
      query: 'select 1',
      params: [],
      cause: made(TAKEN, { severity: 'ERROR', code: '42P05' }),
    }),
  'the text alone': () => new Error(TAKEN),
  'nothing but text': () => TAKEN,
};

/**
 * Calls a helper around what fails `times` times and counts.
 * @param {any} helper @param {() => any} make @param {number} times
 * @param {any} [options]
 */
async function run(helper, make, times, options) {
  /** @type {number[]} */
  const delays = [];
  let calls = 0;
  const given = {
    ...options,
    onRetry: (/** @type {any} */ event) => delays.push(event.delayMillis),
  };
  /** @type {any} */
  let error;
  const value = await helper(() => {
    calls += 1;
    return calls > times ? Promise.resolve(calls) : Promise.reject(make());
  }, given).catch((/** @type {any} */ e) => {
    error = e;
  });
  return { value, error, calls, delays };
}

const LINEAR = [100, 200, 300];

test('a name that is taken or gone goes again after 100, 200 and 300 ms', async () => {
  const all = Object.entries(SHAPES).map(async ([shape, make]) => {
    const { value, calls, delays } = await run(retryQuery, make, 3);
    assert.strictEqual(value, 4, shape);
    assert.strictEqual(calls, 4, shape);
    assert.deepStrictEqual(delays, LINEAR, shape);
    const { outcome, retryable } = classify(make());
    assert.strictEqual(outcome, 'rolled_back', shape);
    assert.strictEqual(retryable, true, shape);
  });
  await Promise.all(all);
});

test('every helper, preset and count is followed for every shape', async () => {
  /** @type {[any, number, number[]?][]} */
  const asked = [
    [{ preset: 'linear' }, 3, LINEAR],
    [{ preset: 'fast' }, 1, [20]],
    [{ preset: 'serverless' }, 2, [500, 1000]],
    [{ maxRetries: 0 }, 0],
    [{ maxRetries: 5, baseMillis: 1 }, 5],
    [{ maxAttempts: 5, baseMillis: 1, jitter: 'none' }, 4, [1, 2, 4, 8]],
    [{ baseMillis: 1, jitter: 'none', growth: 'linear' }, 3, [1, 2, 3]],
    [{ preset: 'linear', maxRetries: 4 }, 4, [...LINEAR, 300]],
  ];
  const helpers = [
    retryQuery,
    withDatabaseRetry,
    withTransactionRetry,
    withPrismaRetry,
  ];
  const all = Object.entries(SHAPES).flatMap(([shape, make], i) =>
    asked.map(async ([options, count, expected]) => {
      const helper = helpers[i % helpers.length];
      const what = `${shape}, ${JSON.stringify(options)}`;
      const { calls, delays } = await run(helper, make, 99, options);
      assert.strictEqual(calls, count + 1, what);
      assert.deepStrictEqual(delays, expected ?? delays, what);
    }),
  );
  await Promise.all(all);
});

test('recorded errors about names are followed, too', async () => {
  const recorded = errors.filter((/** @type {any} */ { scenario }) =>
    /42P05|26000|cached-plan/.test(scenario),
  );
  assert.ok(recorded.length > 5);
  await Promise.all(
    recorded.map(async (/** @type {any} */ entry) => {
      const make = () => revive(entry.error);
      const { calls } = await run(retryQuery, make, 99, {
        maxRetries: 4,
        baseMillis: 1,
      });
      assert.strictEqual(calls, 5, `${entry.driver} ${entry.scenario}`);
    }),
  );
});

test('a wrong number of values without a name is not repeated', async () => {
  const text =
    'bind message supplies 2 parameters, but prepared statement "" requires 1';
  const make = () => made(text, { severity: 'ERROR', code: '08P01' });
  assert.strictEqual(classify(make()).outcome, 'permanent');
  assert.strictEqual((await run(retryQuery, make, 99)).calls, 1);
});

test('what ends on a name says what cures it, once', async () => {
  for (const [shape, make] of Object.entries(SHAPES)) {
    const options = { maxRetries: 1, baseMillis: 0 };
    const { error } = await run(
      (/** @type {any} */ fn, /** @type {any} */ given) =>
        retryQuery(() => retryQuery(fn, given), options),
      make,
      99,
      options,
    );
    if (typeof error === 'string') {
      continue;
    }
    assert.match(error.message, /no name/, shape);
    assert.match(error.message, /pgbouncer=true/, shape);
    assert.match(error.message, /getPool\(\)/, shape);
    assert.strictEqual(error.message.split('pgbouncer=true').length, 2, shape);
    assert.match(error.stack, /pgbouncer=true/, shape);
    assert.strictEqual(classify(error).outcome, 'rolled_back', shape);
  }
  const frozen = Object.freeze(SHAPES['pg, 42P05']());
  const told = await run(retryQuery, () => frozen, 99, { maxRetries: 0 });
  assert.strictEqual(told.error, frozen);
});

test('one error object thrown in two calls is repeated in both', async () => {
  const same = SHAPES['pg, 42P05']();
  for (let i = 0; i < 2; i++) {
    const { calls } = await run(retryQuery, () => same, 99, {
      maxRetries: 2,
      baseMillis: 0,
    });
    assert.strictEqual(calls, 3);
  }
});

test('a helper without a choice of its own follows the one around it', async () => {
  const make = SHAPES['pg, 42P05'];
  let calls = 0;
  await assert.rejects(
    retryQuery(
      () =>
        retryQuery(() => {
          calls += 1;
          return Promise.reject(make());
        }),
      { maxRetries: 5, baseMillis: 0 },
    ),
  );
  assert.strictEqual(calls, 6);
});

/** @type {Record<string, any>} */
const AWAY = {
  ECONNREFUSED: { code: 'ECONNREFUSED', syscall: 'connect' },
  'connect ECONNREFUSED 127.0.0.1:5432': {},
  'connect ENOENT /run/.s.PGSQL.5432': { code: 'ENOENT', syscall: 'connect' },
  'the database system is starting up': { code: '57P03', severity: 'FATAL' },
  'Connection terminated due to connection timeout': {},
  'Connection timeout': {},
  P1001: {
    meta: { driverAdapterError: { cause: { kind: 'DatabaseNotReachable' } } },
  },
};

test('a server that is away is waited for until the deadline', async () => {
  await Promise.all(
    Object.entries(AWAY).map(async ([text, fields]) => {
      const { value, delays } = await run(
        withDatabaseRetry,
        () => made(text, fields),
        5,
      );
      assert.strictEqual(value, 6, text);
      assert.ok(delays[0] >= 10, `${text}: ${delays}`);
      assert.ok(delays[4] > delays[0], `${text}: ${delays}`);
    }),
  );
});

test('the wait for a server ends with the deadline, or after the count', async () => {
  const make = () => made('x', { code: 'ECONNREFUSED', syscall: 'connect' });
  const short = await run(retryQuery, make, 999, { deadlineMillis: 400 });
  assert.strictEqual(short.error.code, 'ECONNREFUSED');
  assert.ok(short.calls > 3, String(short.calls));
  const sum = short.delays.reduce((all, one) => all + one, 0);
  assert.ok(sum <= 400, String(sum));
  const counted = await run(retryQuery, make, 999, {
    maxRetries: 3,
    baseMillis: 1,
  });
  assert.strictEqual(counted.calls, 4);
  const own = await run(retryQuery, make, 999, { baseMillis: 1 });
  assert.strictEqual(own.calls, 3);
  const none = await run(retryQuery, make, 999, { deadlineMillis: 0 });
  assert.strictEqual(none.calls, 3);
});

test('waiting for a server costs none of the repetitions', async () => {
  const refused = () => made('x', { code: 'ECONNREFUSED', syscall: 'connect' });
  const conflict = () => made('x', { code: '40001', severity: 'ERROR' });
  const failures = [refused, refused, refused, refused, conflict, conflict];
  let calls = 0;
  const value = await retryQuery(() => {
    calls += 1;
    const make = failures.shift();
    return make === undefined
      ? Promise.resolve('done')
      : Promise.reject(make());
  });
  assert.strictEqual(value, 'done');
  assert.strictEqual(calls, 7);
});

/** @param {string} query */
function drizzleLost(query) {
  const cause = new Error('Connection terminated unexpectedly');
  const error = made(`Failed query: ${query}`, { query, params: [], cause });
  return () => error;
}

test('a lost read is repeated where the error carries the statement', async () => {
  const read = drizzleLost('select * from users where id = $1');
  assert.strictEqual((await run(retryQuery, read, 1)).value, 2);
  const write = drizzleLost('insert into users values ($1)');
  const { calls, error } = await run(retryQuery, write, 1);
  assert.strictEqual(calls, 1);
  assert.strictEqual(classify(error).outcome, 'ambiguous');
  const commit = drizzleLost('commit');
  assert.strictEqual((await run(retryQuery, commit, 1)).calls, 1);
});
