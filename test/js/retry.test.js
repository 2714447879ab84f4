// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert');
const { channel } = require('node:diagnostics_channel');
const { test } = require('node:test');

const {
  presets,
  retryQuery,
  withDatabaseRetry,
  withPrismaRetry,
  withTransactionRetry,
} = require('../../lib/retry/retry.js');
const { QUICK, conflict, failing, lost } = require('../support/failing.js');

test('a call that succeeds is made once, and its value handed on', async () => {
  const fn = failing(0);
  assert.strictEqual(await retryQuery(fn), 1);
  assert.strictEqual(await retryQuery(() => 'plain'), 'plain');
  assert.strictEqual(await retryQuery(() => undefined), undefined);
  assert.strictEqual(fn.calls, 1);
});

test('an error that is safe to retry is retried, twice by default', async () => {
  assert.strictEqual(await retryQuery(failing(2), QUICK), 3);
  const fn = failing(3);
  await assert.rejects(retryQuery(fn, QUICK), { code: '40001' });
  assert.strictEqual(fn.calls, 3);
});

test('the helpers repeat alike, and withPrismaRetry is one of them', async () => {
  for (const helper of [withDatabaseRetry, withTransactionRetry]) {
    assert.strictEqual(await helper(failing(1), QUICK), 2);
  }
  assert.strictEqual(withPrismaRetry, withDatabaseRetry);
});

test('what is permanent is not repeated', async () => {
  const fn = failing(1, () => conflict({ code: '23505' }));
  await assert.rejects(retryQuery(fn, QUICK), { code: '23505' });
  assert.strictEqual(fn.calls, 1);
});

test('what is ambiguous is repeated only when declared idempotent', async () => {
  const fn = failing(1, lost);
  await assert.rejects(retryQuery(fn, QUICK), /terminated/);
  assert.strictEqual(fn.calls, 1);
  const again = failing(1, lost);
  assert.strictEqual(
    await retryQuery(again, { ...QUICK, idempotent: true }),
    2,
  );
});

test('a bug of the application is not repeated', async () => {
  let calls = 0;
  await assert.rejects(
    retryQuery(() => {
      calls += 1;
      throw new TypeError('x is not a function');
    }),
    TypeError,
  );
  assert.strictEqual(calls, 1);
});

test('a function that throws at once is repeated like one that rejects', async () => {
  let calls = 0;
  const value = await retryQuery(() => {
    calls += 1;
    if (calls === 1) {
      throw conflict();
    }
    return calls;
  }, QUICK);
  assert.strictEqual(value, 2);
});

test('a lazy thenable begins anew with each attempt', async () => {
  const begin = failing(1);
  const value = await retryQuery(
    () =>
      /** @type {any} */ ({
        // biome-ignore lint/suspicious/noThenProperty: as Prisma's promises
        then: (/** @type {any} */ ok, /** @type {any} */ bad) =>
          begin().then(ok, bad),
      }),
    QUICK,
  );
  assert.strictEqual(value, 2);
});

test('a promise instead of a function is refused with the fix', async () => {
  const promise = Promise.reject(new Error('handled'));
  await assert.rejects(
    retryQuery(/** @type {any} */ (promise)),
    /^TypeError: retryQuery got a promise.*retryQuery\(\(\) => work\(\)\)/,
  );
  await assert.rejects(withDatabaseRetry(/** @type {any} */ (7)), TypeError);
});

test('a lazy thenable instead of a function is refused and left alone', async () => {
  const lazy = {
    // biome-ignore lint/suspicious/noThenProperty: that is what is tested
    then: () => assert.fail('begun'),
  };
  await assert.rejects(
    // Awaiting a thenable begins it: only the helper may see it.
    retryQuery(/** @type {any} */ (lazy)),
    /needs a function/,
  );
});

test('maxRetries counts extra attempts, maxAttempts all of them', async () => {
  for (const options of [{ maxRetries: 1 }, { maxAttempts: 2 }]) {
    const fn = failing(9);
    await assert.rejects(retryQuery(fn, { ...QUICK, ...options }));
    assert.strictEqual(fn.calls, 2);
  }
  const none = failing(9);
  await assert.rejects(retryQuery(none, { maxRetries: 0 }));
  assert.strictEqual(none.calls, 1);
  await assert.rejects(
    retryQuery(none, { maxRetries: 2, maxAttempts: 2 }),
    /give one/,
  );
});

test('an unknown or wrong option is refused by name', async () => {
  const wrong = {
    retries: /^TypeError: unknown retry option retries/,
    maxRetry: /did you mean maxRetries/,
    maxRetries: /^(Type|Range)Error: maxRetries must/,
    jitter: /^TypeError: jitter must be 'full' or 'none'/,
    signal: /^TypeError: signal must be/,
    preset: /^TypeError: preset must be 'fast'/,
    onRetry: /^TypeError: onRetry must be/,
    context: /^TypeError: context must be/,
  };
  for (const [key, message] of Object.entries(wrong)) {
    const fn = failing(0);
    await assert.rejects(
      retryQuery(fn, /** @type {any} */ ({ [key]: -1 })),
      (error) => {
        assert.match(String(error), message);
        return true;
      },
    );
    assert.strictEqual(fn.calls, 0);
  }
  await assert.rejects(retryQuery(failing(0), /** @type {any} */ (3)));
});

test('the presets give their delays exactly', async () => {
  /** @type {Record<string, number[]>} */
  const expected = {
    fast: [20],
    linear: [100, 200, 300],
    serverless: [500, 1000],
  };
  for (const [name, delays] of Object.entries(expected)) {
    const preset = /** @type {any} */ (presets)[name];
    assert.strictEqual(preset.maxRetries, delays.length);
    /** @type {number[]} */
    const seen = [];
    const controller = new AbortController();
    const options = /** @type {any} */ ({
      preset: name,
      baseMillis: undefined,
      signal: controller.signal,
      onRetry: (/** @type {any} */ event) => {
        seen.push(event.delayMillis);
        controller.abort(); // nobody has to wait for what is known now
      },
    });
    await assert.rejects(retryQuery(failing(9), options));
    assert.deepStrictEqual(seen, delays.slice(0, 1));
  }
});

test('onRetry and the channel get the event, and cannot disturb the call', async () => {
  /** @type {any[]} */
  const told = [];
  const listen = (/** @type {any} */ event) => told.push(event);
  channel('holdfast:retry').subscribe(listen);
  try {
    await retryQuery(failing(1), {
      ...QUICK,
      name: 'users.find',
      onRetry: (event) => {
        told.push(event);
        throw new Error('listener');
      },
    });
  } finally {
    channel('holdfast:retry').unsubscribe(listen);
  }
  // Edge runtimes have no channels.
  assert.strictEqual(told.length, process.env.HOLDFAST_CORE === 'edge' ? 1 : 2);
  const { name, attempt, maxAttempts, outcome, error } = told.at(-1);
  assert.strictEqual(name, 'users.find');
  assert.strictEqual(attempt, 1);
  assert.strictEqual(maxAttempts, 3);
  assert.strictEqual(outcome, 'rolled_back');
  assert.strictEqual(error.code, '40001');
});

test('the context says which attempt it is and when it ends', async () => {
  /** @type {any[]} */
  const seen = [];
  const fn = failing(1);
  await retryQuery(
    (context) => {
      seen.push([context.attempt, typeof context.deadline]);
      assert.ok(context.signal instanceof AbortSignal);
      return fn();
    },
    { ...QUICK, deadlineMillis: 60000 },
  );
  assert.deepStrictEqual(seen, [
    [1, 'number'],
    [2, 'number'],
  ]);
});

test('a deadline settles the call though the function never does', async () => {
  /** @type {AbortSignal | undefined} */
  let signal;
  await assert.rejects(
    retryQuery(
      (context) => {
        signal = context.signal;
        return new Promise(() => {});
      },
      { deadlineMillis: 5 },
    ),
    { code: 'HF_DEADLINE', outcome: 'ambiguous', retryable: false },
  );
  assert.strictEqual(signal?.aborted, true);
});

test('nothing is repeated past the deadline', async () => {
  const fn = failing(9);
  await assert.rejects(
    retryQuery(fn, {
      baseMillis: 60000,
      capMillis: 60000,
      jitter: 'none',
      deadlineMillis: 30000,
    }),
    { code: '40001' },
  );
  assert.strictEqual(fn.calls, 1);
});

test('an aborted signal keeps the function from being called', async () => {
  const fn = failing(0);
  const signal = AbortSignal.abort('why');
  await assert.rejects(retryQuery(fn, { signal }), {
    code: 'HF_ABORTED',
    outcome: 'not_executed',
    cause: 'why',
  });
  assert.strictEqual(fn.calls, 0);
});

test('an abort reaches the function, whose error is the result', async () => {
  const controller = new AbortController();
  const call = retryQuery(
    ({ signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
    { signal: controller.signal },
  );
  const reason = conflict();
  controller.abort(reason);
  await assert.rejects(call, (error) => error === reason);
});

test('an abort between two attempts says what became of the last', async () => {
  const controller = new AbortController();
  const fn = failing(9);
  await assert.rejects(
    retryQuery(fn, {
      baseMillis: 60000,
      capMillis: 60000,
      jitter: 'none',
      deadlineMillis: 600000,
      signal: controller.signal,
      onRetry: () => queueMicrotask(() => controller.abort()),
    }),
    (/** @type {any} */ error) => {
      assert.strictEqual(error.code, 'HF_ABORTED');
      assert.strictEqual(error.outcome, 'rolled_back');
      assert.strictEqual(error.cause.code, '40001');
      return true;
    },
  );
  assert.strictEqual(fn.calls, 1);
});

test('a listener on the signal is taken away again', async () => {
  const { getEventListeners } = require('node:events');
  const { signal } = new AbortController();
  await retryQuery(failing(1), { ...QUICK, signal });
  await assert.rejects(retryQuery(failing(9), { ...QUICK, signal }));
  assert.deepStrictEqual(getEventListeners(signal, 'abort'), []);
});
