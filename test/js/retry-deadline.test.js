// SPDX-License-Identifier: MIT
'use strict';

// Helpers within helpers around a database that is not there, deadlines that
// a platform sets, and listeners that misbehave.

const assert = require('node:assert');
const { test } = require('node:test');
const pg = require('pg');

const {
  Pool,
  retryQuery,
  withDatabaseRetry,
  withTransactionRetry,
} = require('../../lib/index.js');
const { freePort } = require('../support');
const { conflict, lost } = require('../support/failing.js');

/** A call may end this much after its deadline. */
const LATE_MS = 100;
const ATTEMPTS = 3;
const LINEAR = { preset: /** @type {const} */ ('linear') };

/** @param {Promise<any>} call */
async function failureOf(call) {
  const began = performance.now();
  try {
    await call;
  } catch (error) {
    return {
      error: /** @type {any} */ (error),
      took: performance.now() - began,
    };
  }
  return assert.fail('it did not reject');
}

/**
 * Makes a call and says whether it failed within its deadline and LATE_MS.
 *
 * A clock would measure the machine as well. So the call runs against timers
 * of this event loop, set in the same turn as the call's own: one for the
 * deadline, and from there one for LATE_MS. What holds up the process holds up
 * both, and timers that are due run in the order of their times.
 * @param {number} deadlineMillis
 * @param {() => Promise<any>} begin
 */
async function raceOf(deadlineMillis, begin) {
  let over = false;
  const call = failureOf(begin());
  let timer = setTimeout(() => {
    timer = setTimeout(() => {
      over = true;
    }, LATE_MS);
  }, deadlineMillis);
  const { error, took } = await call;
  clearTimeout(timer);
  return { error, late: took - deadlineMillis, inTime: !over };
}

/**
 * @param {number} depth
 * @param {() => Promise<any>} work
 * @param {any} options
 * @returns {Promise<any>}
 */
function nested(depth, work, options) {
  const helpers = [retryQuery, withDatabaseRetry, withTransactionRetry];
  /** @type {() => Promise<any>} */
  let fn = work;
  for (let i = 1; i < depth; i++) {
    const inner = fn;
    fn = () => helpers[i % helpers.length](inner);
  }
  return retryQuery(fn, options);
}

test('three helpers around a dead database end with the outer deadline', async (t) => {
  if (process.env.HOLDFAST_CORE === 'wasm') {
    t.skip('it needs a pool');
    return;
  }
  const port = await freePort();
  const pool = new Pool(
    /** @type {any} */ ({ host: '127.0.0.1', port, user: 'u', database: 'd' }),
  );
  let calls = 0;
  const work = () => {
    calls += 1;
    return /** @type {any} */ (pool.query('select 1'));
  };
  const deadlineMillis = 400;
  const ROUNDS = 3;
  /** @type {number[]} */
  const late = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const depth of [1, 3]) {
        calls = 0;
        const race = await raceOf(deadlineMillis, () =>
          nested(depth, work, { deadlineMillis }),
        );
        assert.strictEqual(race.error.outcome, 'not_executed');
        assert.ok(race.inTime, `${depth}: ${race.late.toFixed(1)} ms late`);
        // Waiting for a server that is away is no attempt, and is paced; three
        // helpers do not make three times as many of it.
        assert.ok(calls <= 3 * ATTEMPTS, `${depth}: ${calls} calls`);
        late.push(race.late);
      }
    }
  } finally {
    await pool.end();
  }
  t.diagnostic(`at most ${Math.max(...late).toFixed(1)} ms late`);
});

test('three helpers around work that hangs end with the outer deadline', async (t) => {
  const deadlineMillis = 300;
  let calls = 0;
  const hang = () => {
    calls += 1;
    return new Promise(() => {});
  };
  const { error, late, inTime } = await raceOf(deadlineMillis, () =>
    nested(3, hang, { deadlineMillis }),
  );
  assert.ok(inTime, `${late.toFixed(1)} ms late`);
  assert.strictEqual(error.code, 'HF_DEADLINE');
  assert.strictEqual(calls, 1);
  t.diagnostic(`${late.toFixed(1)} ms late`);
});

test('three helpers around another driver make no more attempts than one', async () => {
  const port = await freePort();
  const pool = new pg.Pool({ host: '127.0.0.1', port, user: 'u' });
  let calls = 0;
  const work = () => {
    calls += 1;
    return pool.query('select 1');
  };
  try {
    const options = { maxRetries: 2 };
    await failureOf(nested(1, work, options));
    const callsOfOne = calls;
    assert.strictEqual(callsOfOne, 3);
    calls = 0;
    const { error } = await failureOf(nested(3, work, options));
    assert.strictEqual(error.code, 'ECONNREFUSED');
    assert.strictEqual(calls, callsOfOne);
  } finally {
    await pool.end();
  }
});

test("a function's remaining time is its deadline, less what the answer needs", async () => {
  const left = 5000;
  const lambda = { getRemainingTimeInMillis: () => left, functionName: 'f' };
  const given = [
    { context: lambda },
    { remaining: left },
    { remaining: () => left },
    { remaining: left, deadlineMillis: 60_000 },
  ];
  for (const options of given) {
    await retryQuery(({ deadline }) => {
      const millis = Number(deadline) - Date.now();
      assert.ok(millis > 0 && millis <= left - 200 + 1, `${millis} ms`);
    }, options);
  }
  await retryQuery(
    ({ deadline }) => {
      assert.ok(Number(deadline) - Date.now() <= 301);
    },
    { remaining: left, deadlineMillis: 300 },
  );
});

test('the remaining time ends what hangs', async () => {
  // 200 ms of it are the answer's.
  const { error, late, inTime } = await raceOf(150, () =>
    retryQuery(() => new Promise(() => {}), { remaining: 350 }),
  );
  assert.strictEqual(error.code, 'HF_DEADLINE');
  assert.strictEqual(error.outcome, 'ambiguous');
  assert.ok(inTime, `${late.toFixed(1)} ms late`);
});

test('a deadline between two attempts says what became of the last', async () => {
  const deadlineMillis = 300;
  const failures = { ambiguous: lost(), rolled_back: conflict() };
  for (const [outcome, failure] of Object.entries(failures)) {
    const { error } = await failureOf(
      retryQuery(() => Promise.reject(failure), {
        idempotent: true,
        deadlineMillis,
        baseMillis: 20,
        capMillis: 20,
        jitter: 'none',
        onRetry() {
          // The wait that is about to begin was meant to be over by then.
          const until = performance.now() + deadlineMillis;
          while (performance.now() < until);
        },
      }),
    );
    assert.strictEqual(error.code, 'HF_DEADLINE');
    assert.strictEqual(error.outcome, outcome);
    assert.strictEqual(error.cause, failure);
  }
});

test('nothing begins when no time remains', async () => {
  for (const remaining of [0, 150, -5, -Infinity]) {
    const { error } = await failureOf(
      retryQuery(() => assert.fail('it was called'), { remaining }),
    );
    assert.strictEqual(error.code, 'HF_DEADLINE');
    assert.strictEqual(error.outcome, 'not_executed');
    assert.strictEqual(error.attempts, 0);
  }
});

test('an invalid remaining time is refused by name', async () => {
  const wrong = [
    { remaining: 'soon' },
    { remaining: Number.NaN },
    { remaining: () => undefined },
    { context: {} },
    { context: { getRemainingTimeInMillis: 5 } },
  ];
  for (const options of wrong) {
    const { error } = await failureOf(
      retryQuery(
        () => assert.fail('it was called'),
        /** @type {any} */ (options),
      ),
    );
    assert.ok(error instanceof TypeError, String(error));
    assert.match(error.message, /remaining|context/);
  }
});

test('a listener that throws, rejects or never settles changes nothing', async () => {
  const listeners = [
    () => {
      throw new Error('mine');
    },
    () => Promise.reject(new Error('mine')),
    () => new Promise(() => {}),
    () => ({
      // biome-ignore lint/suspicious/noThenProperty: that is the case
      get then() {
        throw new Error('mine');
      },
    }),
  ];
  /** @type {unknown[]} */
  const unhandled = [];
  const note = (/** @type {unknown} */ reason) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  try {
    for (const onRetry of listeners) {
      let calls = 0;
      const value = await retryQuery(
        () => {
          calls += 1;
          return calls < 2 ? Promise.reject(conflict()) : calls;
        },
        { baseMillis: 0, capMillis: 0, onRetry: /** @type {any} */ (onRetry) },
      );
      assert.strictEqual(value, 2);
    }
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepStrictEqual(unhandled, []);
  } finally {
    process.off('unhandledRejection', note);
  }
});

test('errors that cannot be read are rejected unchanged', async () => {
  const throwing = Object.defineProperty({}, 'code', {
    get() {
      throw new Error('no');
    },
  });
  const proxy = new Proxy(
    {},
    {
      get() {
        throw new Error('no');
      },
      getPrototypeOf() {
        throw new Error('no');
      },
      getOwnPropertyDescriptor() {
        throw new Error('no');
      },
      has() {
        throw new Error('no');
      },
      defineProperty() {
        throw new Error('no');
      },
    },
  );
  /** @type {any} */
  const cycle = new Error('cycle');
  cycle.cause = cycle;
  cycle.errors = [cycle];
  const bare = Object.create(null);
  const odd = [throwing, proxy, cycle, bare, undefined, null, 0, Symbol('s')];
  for (const thrown of [...odd, () => {}, 10n, '']) {
    let calls = 0;
    const fn = () => {
      calls += 1;
      return Promise.reject(thrown);
    };
    await retryQuery(fn, LINEAR).then(
      () => assert.fail('it did not reject'),
      (reason) => assert.ok(Object.is(reason, thrown)),
    );
    assert.strictEqual(calls, 1);
  }
});
