// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert');
const { channel } = require('node:diagnostics_channel');
const { test } = require('node:test');

const {
  contextOf,
  currentContext,
  noteWrite,
} = require('../../lib/context.js');
const { HoldfastError } = require('../../lib/errors.js');
const {
  classify,
  presets,
  retryQuery,
  withDatabaseRetry,
  withPrismaRetry,
  withTransactionRetry,
} = require('../../lib/retry.js');

/** Delays too short to wait for. */
const QUICK = Object.freeze({ baseMillis: 0, capMillis: 0 });

/**
 * An error of pg after which repeating is safe.
 * @param {object} [fields]
 * @returns {any}
 */
function conflict(fields) {
  const error = new Error('could not serialize access');
  const server = { name: 'error', severity: 'ERROR', code: '40001' };
  return Object.assign(error, server, fields);
}

/** An error after which nobody knows. */
function lost() {
  return new Error('Connection terminated unexpectedly');
}

/**
 * A function that fails so often, then succeeds; it counts its calls.
 * @param {number} times
 * @param {() => unknown} [makeError]
 */
function failing(times, makeError = conflict) {
  const fn = () => {
    fn.calls += 1;
    return fn.calls > times
      ? Promise.resolve(fn.calls)
      : Promise.reject(makeError());
  };
  fn.calls = 0;
  return fn;
}

test('a call that succeeds is made once, and its value handed on', async () => {
  const fn = failing(0);
  assert.strictEqual(await retryQuery(fn), 1);
  assert.strictEqual(await retryQuery(() => 'plain'), 'plain');
  assert.strictEqual(await retryQuery(() => undefined), undefined);
  assert.strictEqual(fn.calls, 1);
});

test('what is safe and useful is repeated, twice by default', async () => {
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

test('onRetry and the channel are told, and cannot do harm', async () => {
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
  assert.strictEqual(told.length, 2);
  const { name, attempt, maxAttempts, outcome, error } = told[1];
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

test('an abort reaches the function, whose error says how it ended', async () => {
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

test('nested helpers do not multiply attempts', async () => {
  const fn = failing(99);
  await assert.rejects(
    retryQuery(
      () => withDatabaseRetry(() => withPrismaRetry(fn, QUICK), QUICK),
      QUICK,
    ),
  );
  assert.strictEqual(fn.calls, 3);
});

test('nested helpers that lost each other do not multiply either', async () => {
  const fn = failing(99);
  await assert.rejects(
    retryQuery(async () => {
      await null;
      return withDatabaseRetry(fn, QUICK);
    }, QUICK),
  );
  assert.strictEqual(fn.calls, 3);
});

test('a helper joins an outer one by context, signal or option', async () => {
  const ways = [
    (/** @type {any} */ context) => context,
    (/** @type {any} */ { signal }) => ({ ...QUICK, signal }),
    (/** @type {any} */ context) => ({ ...QUICK, context }),
  ];
  for (const options of ways) {
    const fn = failing(99);
    await assert.rejects(
      retryQuery(
        async (context) => {
          await null;
          return withDatabaseRetry(fn, options(context));
        },
        { ...QUICK, maxRetries: 1 },
      ),
    );
    assert.strictEqual(fn.calls, 2);
  }
});

test('joinAsync makes calls after an await join', async () => {
  const fn = failing(99);
  await assert.rejects(
    retryQuery(
      async () => {
        await null;
        assert.ok(currentContext());
        return withDatabaseRetry(fn, QUICK);
      },
      { ...QUICK, maxRetries: 1, joinAsync: true },
    ),
  );
  assert.strictEqual(fn.calls, 2);
  assert.strictEqual(currentContext(), undefined);
});

test('an inner helper that does not repeat leaves it to the outer', async () => {
  const fn = failing(1);
  const value = await retryQuery(
    () => withDatabaseRetry(fn, { maxRetries: 0 }),
    QUICK,
  );
  assert.strictEqual(value, 2);
});

test("the outer helper's deadline bounds the inner one", async () => {
  await retryQuery(
    (outer) =>
      withDatabaseRetry(
        (inner) => {
          assert.ok(
            Number(inner.deadline) <= Number(outer.deadline) + 1,
            'the inner deadline is later',
          );
        },
        { deadlineMillis: 60000 },
      ),
    { deadlineMillis: 1000 },
  );
});

test('what the pool below reads is there while the function is called', async () => {
  assert.strictEqual(currentContext(), undefined);
  await retryQuery(
    async (context) => {
      const run = currentContext();
      assert.ok(run);
      assert.strictEqual(contextOf(context), run);
      assert.strictEqual(contextOf(context.signal), run);
      assert.strictEqual(run.remainingRetries, 4);
      assert.strictEqual(run.idempotent, true);
      assert.strictEqual(run.signal, undefined);
      assert.ok(run.deadlineAt > 0);
      await null;
      assert.strictEqual(currentContext(), undefined);
    },
    { maxRetries: 4, idempotent: true },
  );
  assert.strictEqual(contextOf({}), undefined);
  assert.strictEqual(contextOf(null), undefined);
});

test('repetitions made below are counted above', async () => {
  const fn = failing(99);
  await assert.rejects(
    retryQuery(() => {
      currentContext()?.spend(1);
      return fn();
    }, QUICK),
  );
  assert.strictEqual(fn.calls, 2);
});

test('a run with an acknowledged write is not repeated', async () => {
  const fn = failing(99);
  const error = await retryQuery(() => {
    noteWrite();
    return fn();
  }, QUICK).catch((reason) => reason);
  assert.strictEqual(fn.calls, 1);
  assert.strictEqual(error.code, '40001');
  assert.strictEqual(error.retryable, false);
  assert.strictEqual(error.reason, 'partial');
  assert.strictEqual(classify(error).retryable, false);
  assert.strictEqual(classify(error).reason, 'partial');
});

test('a write of an attempt that was repeated does not count', async () => {
  const fn = failing(1);
  let calls = 0;
  const value = await retryQuery(async () => {
    const run = currentContext();
    calls += 1;
    const result = await fn();
    run?.note('write');
    return result;
  }, QUICK);
  assert.strictEqual(value, 2);
  assert.strictEqual(calls, 2);
});

test("a statement in somebody else's transaction is not repeated", async () => {
  const fn = failing(99);
  await assert.rejects(
    retryQuery(() => {
      currentContext()?.note('inside');
      return fn();
    }, QUICK),
  );
  assert.strictEqual(fn.calls, 1);
});

test('what the pool repeated already is not repeated again', async () => {
  const fn = failing(
    99,
    () =>
      new HoldfastError('40001', 'x', {
        outcome: 'rolled_back',
        retryable: true,
        phase: 'await',
        attempts: 3,
      }),
  );
  await assert.rejects(retryQuery(fn, QUICK));
  assert.strictEqual(fn.calls, 1);
});

test('an error of ours says how many attempts were made', async () => {
  const fn = failing(
    99,
    () =>
      new HoldfastError('40001', 'x', {
        outcome: 'rolled_back',
        retryable: true,
        phase: 'await',
        attempts: 1,
      }),
  );
  await assert.rejects(retryQuery(fn, QUICK), { attempts: 3 });
});

test('errors that cannot be marked are repeated and rejected all the same', async () => {
  const frozen = failing(99, () => Object.freeze(conflict()));
  await assert.rejects(retryQuery(frozen, QUICK), { code: '40001' });
  assert.strictEqual(frozen.calls, 3);
  const text = failing(99, () => 'Connection terminated unexpectedly');
  await assert.rejects(
    retryQuery(text, { ...QUICK, idempotent: true }),
    (reason) => typeof reason === 'string',
  );
  assert.strictEqual(text.calls, 3);
});
