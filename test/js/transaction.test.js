// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert');
const { after, beforeEach, test } = require('node:test');

const { Pool } = require('../../lib/pool/pool.js');
const { withTransactionRetry } = require('../../lib/retry/retry.js');
const { eventually, freePort } = require('../support');
const { before, failureOf, useServer } = require('../support/suite.js');

const server = useServer();
/** @type {Pool} */
let pool;

before(async () => {
  pool = new Pool({ connectionString: server.url, max: 3 });
  await pool.query('create table items (n int unique deferrable)');
});

beforeEach(() => pool.query('truncate items'));

after(async () => {
  await pool?.end();
});

/** @returns {Promise<number[]>} */
async function items() {
  const { rows } = await pool.query('select n from items order by n');
  return rows.map((/** @type {any} */ row) => row.n);
}

const INSERT = 'insert into items values ($1)';

test('what the function did is committed, and its value returned', async () => {
  const value = await pool.transaction(async (client) => {
    await client.query(INSERT, [1]);
    await client.query(INSERT, [2]);
    return 'done';
  });
  assert.strictEqual(value, 'done');
  assert.deepStrictEqual(await items(), [1, 2]);
});

test('a function that throws is rolled back and its own error rethrown', async () => {
  const mine = new Error('mine');
  const error = await failureOf(
    pool.transaction(async (client) => {
      await client.query(INSERT, [1]);
      throw mine;
    }),
  );
  assert.strictEqual(error, mine);
  assert.deepStrictEqual(await items(), []);
});

test('a function that throws before it awaits is rolled back too', async () => {
  const error = await failureOf(
    pool.transaction(() => {
      throw new RangeError('at once');
    }),
  );
  assert.ok(error instanceof RangeError);
  assert.strictEqual((await pool.query('select 1 as n')).rows[0].n, 1);
});

test('a statement nobody awaited is part of the transaction', async () => {
  await pool.transaction((client) => {
    client.query(INSERT, [1]);
    client.query('select pg_sleep(0.02)');
    client.query(INSERT, [2]);
  });
  assert.deepStrictEqual(await items(), [1, 2]);
});

test('a failure that was swallowed does not become a commit', async () => {
  const error = await failureOf(
    pool.transaction(async (client) => {
      await client.query(INSERT, [1]);
      await failureOf(client.query('select 1/0'));
    }),
  );
  assert.strictEqual(error.code, '22012');
  assert.deepStrictEqual(await items(), []);
});

test('a failure that nobody awaited is what the transaction fails with', async () => {
  const error = await failureOf(
    pool.transaction((client) => {
      client.query(INSERT, [1]);
      client.query('select 1/0').catch(() => {});
      client.query(INSERT, [2]).catch(() => {});
    }),
  );
  assert.strictEqual(error.code, '22012');
  assert.deepStrictEqual(await items(), []);
});

test('a deadline does not count statements that nobody awaited', async () => {
  await pool.transaction(
    (client) => {
      client.query('select pg_sleep(0.6)');
      client.query(INSERT, [1]);
    },
    { deadlineMillis: 500 },
  );
  assert.deepStrictEqual(await items(), [1]);
});

test('a failure undone by a savepoint is forgotten', async () => {
  await pool.transaction(async (client) => {
    await client.query(INSERT, [1]);
    await client.query('savepoint here');
    await failureOf(client.query('select 1/0'));
    await client.query('rollback to savepoint here');
    await client.query(INSERT, [2]);
  });
  assert.deepStrictEqual(await items(), [1, 2]);
});

test('a commit that fails rejects, and says nothing is left', async () => {
  await pool.query(INSERT, [1]);
  const error = await failureOf(
    pool.transaction(async (client) => {
      await client.query('set constraints all deferred');
      await client.query(INSERT, [1]);
    }),
  );
  assert.strictEqual(error.code, '23505');
  assert.strictEqual(error.outcome, 'permanent');
  assert.deepStrictEqual(await items(), [1]);
});

test('statements after the function ended are refused', async () => {
  /** @type {any} */
  let kept;
  await pool.transaction((client) => {
    kept = client;
  });
  assert.strictEqual(
    (await failureOf(kept.query(INSERT, [9]))).code,
    'HF_RELEASED',
  );
  // Also while the connection is somebody else's.
  const clients = await Promise.all([1, 2, 3].map(() => pool.connect()));
  const error = await failureOf(kept.query(INSERT, [9]));
  assert.strictEqual(error.code, 'HF_RELEASED');
  for (const client of clients) {
    client.release();
  }
  assert.deepStrictEqual(await items(), []);
});

test('the function cannot release the client', async () => {
  const error = await failureOf(
    pool.transaction(async (client) => client.release()),
  );
  assert.match(error.message, /releases its client itself/);
});

test('isolation level and modes reach the server', async () => {
  const shown = await pool.transaction(
    async (client) => {
      const { rows } = await client.query(
        `select current_setting('transaction_isolation') as level,
          current_setting('transaction_read_only') as "readOnly",
          current_setting('transaction_deferrable') as deferrable`,
      );
      return rows[0];
    },
    { isolationLevel: 'serializable', readOnly: true, deferrable: true },
  );
  assert.deepStrictEqual(shown, {
    level: 'serializable',
    readOnly: 'on',
    deferrable: 'on',
  });
});

test('wrong arguments reject with a TypeError', async () => {
  const fn = async () => {};
  /** @type {any[][]} */
  const wrong = [
    [undefined],
    [fn(), undefined],
    [fn, { isolationLevel: 'high; drop table items' }],
    [fn, { isolation: 'serializable' }],
    [fn, { retry: 'yes' }],
    [fn, null],
  ];
  for (const [first, options] of wrong) {
    const error = await failureOf(pool.transaction(first, options));
    assert.ok(error instanceof TypeError, String(error));
  }
});

/**
 * A function that fails with a serialization error as often as told.
 * @param {number} times
 */
function failing(times) {
  const calls = { count: 0 };
  const fn = async (/** @type {any} */ client) => {
    calls.count += 1;
    await client.query(INSERT, [calls.count]);
    if (calls.count <= times) {
      await client.query(
        `do $$ begin raise exception 'again' using errcode = '40001'; end $$`,
      );
    }
    return calls.count;
  };
  return { calls, fn };
}

test('the function is not called again by itself', async () => {
  const { calls, fn } = failing(1);
  assert.strictEqual((await failureOf(pool.transaction(fn))).code, '40001');
  assert.strictEqual(calls.count, 1);
});

test('with retry the function is called again', async () => {
  const { fn } = failing(2);
  assert.strictEqual(await pool.transaction(fn, { retry: true }), 3);
  assert.deepStrictEqual(await items(), [3]);
});

test('retry takes a number of repetitions', async () => {
  const { calls, fn } = failing(9);
  const retry = { maxRetries: 1, baseMillis: 1 };
  assert.strictEqual(
    (await failureOf(pool.transaction(fn, { retry }))).code,
    '40001',
  );
  assert.strictEqual(calls.count, 2);
});

test('a helper around calls the function again', async () => {
  const { fn } = failing(1);
  const value = await withTransactionRetry(() => pool.transaction(fn));
  assert.strictEqual(value, 2);
  assert.deepStrictEqual(await items(), [2]);
});

test('a transaction that committed is not repeated by a helper', async () => {
  let calls = 0;
  const error = await failureOf(
    withTransactionRetry(async () => {
      calls += 1;
      await pool.transaction((client) => client.query(INSERT, [calls]));
      throw Object.assign(new Error('again'), { code: '40001' });
    }),
  );
  assert.strictEqual(error.message, 'again');
  assert.strictEqual(calls, 1);
  assert.deepStrictEqual(await items(), [1]);
});

test('a connection lost before the function began is replaced', async () => {
  const one = new Pool({ connectionString: server.url, max: 1 });
  const { rows } = await one.query('select pg_backend_pid() as pid');
  await pool.query('select pg_terminate_backend($1)', [rows[0].pid]);
  await eventually(async () => {
    const left = await pool.query(
      'select 1 from pg_stat_activity where pid = $1',
      [rows[0].pid],
    );
    return left.rows.length === 0;
  });
  let calls = 0;
  await one.transaction(async (client) => {
    calls += 1;
    await client.query(INSERT, [1]);
  });
  assert.strictEqual(calls, 1);
  assert.deepStrictEqual(await items(), [1]);
  await one.end();
});

test('a connection lost within the function fails it, rolled back', async () => {
  let calls = 0;
  const error = await failureOf(
    pool.transaction(async (client) => {
      calls += 1;
      await client.query(INSERT, [1]);
      await pool.query('select pg_terminate_backend($1)', [client.processID]);
      await client.query(INSERT, [2]);
    }),
  );
  assert.strictEqual(calls, 1);
  assert.strictEqual(error.outcome, 'rolled_back');
  assert.strictEqual(error.unit, 'transaction');
  assert.deepStrictEqual(await items(), []);
});

test('all connections are free after transactions of every kind', () => {
  assert.strictEqual(pool.stats().leased, 0);
});

/**
 * Whether a transaction that gets no connection has ended before a timer of
 * twice its deadline, which is set in the same turn.
 * @param {(pool: Pool) => Promise<any>} begin
 * @param {any} [options]
 */
async function endsInTime(begin, options) {
  const port = await freePort();
  const away = new Pool({
    ...{ host: '127.0.0.1', port, user: 'u', database: 'd', logger: false },
    ...options,
  });
  let over = false;
  const timer = setTimeout(() => {
    over = true;
  }, 2 * DEADLINE_MILLIS);
  const error = await failureOf(begin(away));
  clearTimeout(timer);
  await away.end();
  assert.strictEqual(error.outcome, 'not_executed');
  assert.ok(!over, `it took ${error.attempts} attempts`);
}

const DEADLINE_MILLIS = 500;
const deadlineMillis = DEADLINE_MILLIS;

test('one deadline bounds all attempts to get a connection', () =>
  endsInTime((away) => away.transaction(() => 1, { deadlineMillis })));

test("without one of its own, the pool's does", () =>
  endsInTime((away) => away.transaction(() => 1), { deadlineMillis }));

test('it also bounds calling the function again', () =>
  endsInTime((away) =>
    away.transaction(() => 1, { deadlineMillis, retry: true }),
  ));

test('a deadline never ends what the function does', async () => {
  const sleep = { text: 'select pg_sleep(0.3)' };
  for (const retry of [false, true, undefined]) {
    const options = { deadlineMillis: 100, retry };
    await pool.transaction((client) => client.query(sleep), options);
  }
});
