// SPDX-License-Identifier: MIT
'use strict';

// How helpers, and the pool below them, know of each other.

const assert = require('node:assert');
const { test } = require('node:test');

const { markPartial } = require('../../lib/retry/classify.js');
const {
  contextOf,
  currentContext,
  noteWrite,
} = require('../../lib/retry/context.js');
const { HoldfastError } = require('../../lib/errors/errors.js');
const { toPrisma } = require('../../lib/prisma/errors.js');
const {
  classify,
  retryQuery,
  withDatabaseRetry,
  withPrismaRetry,
} = require('../../lib/retry/retry.js');
const { QUICK, conflict, failing } = require('../support/failing.js');

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

test('nested helpers that do not know each other do not multiply attempts either', async () => {
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

test('the run is visible to the pool while the function is called', async () => {
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

test('and so it does under wrappers, and in what Prisma gets', async () => {
  const error = new HoldfastError('57P01', 'x', {
    outcome: 'rolled_back',
    retryable: true,
    phase: 'await',
    attempts: 1,
  });
  const wrapper = () => new Error('wrapped', { cause: toPrisma(error) });
  const thrown = await retryQuery(failing(99, wrapper), QUICK).catch((e) => e);
  assert.strictEqual(thrown.attempts, undefined);
  assert.strictEqual(thrown.cause.attempts, 3);
  assert.strictEqual(error.attempts, 3);
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

test('what was repeated below is not repeated under a wrapper', async () => {
  const below = new HoldfastError('HF_CONNECT', 'x', {
    outcome: 'not_executed',
    retryable: true,
  });
  below.attempts = 3;
  const cause = below;
  const fn = failing(99, () => new Error('Failed query', { cause }));
  await assert.rejects(retryQuery(fn, QUICK), { message: 'Failed query' });
  assert.strictEqual(fn.calls, 1);
});

test('the mark of a helper is seen under a wrapper', async () => {
  const once = { ...QUICK, maxRetries: 1 };
  const wraps = [
    (/** @type {any} */ cause) => new Error('Failed query', { cause }),
    (/** @type {any} */ cause) => new AggregateError([conflict(), cause]),
  ];
  for (const wrap of wraps) {
    let calls = 0;
    const fn = async () => {
      calls += 1;
      await retryQuery(failing(99), once).catch((cause) => {
        throw wrap(cause);
      });
    };
    await assert.rejects(retryQuery(fn, QUICK));
    assert.strictEqual(calls, 1);
  }
});

test('a partial result is not retryable under a wrapper', () => {
  const cause = conflict();
  markPartial(cause);
  const verdict = classify(new Error('Failed query', { cause }));
  assert.strictEqual(verdict.retryable, false);
  assert.strictEqual(verdict.reason, 'partial');
});
