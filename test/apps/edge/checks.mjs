// SPDX-License-Identifier: MIT
// What has to work wherever the package runs; returns plain values.

/** @param {Promise<unknown>} promise */
async function failure(promise) {
  try {
    await promise;
    return 'nothing';
  } catch (error) {
    return `${error.code}: ${error.message}`;
  }
}

/** @param {any} prisma @returns {Promise<unknown>} */
async function repeatedRead({ retryExtension }) {
  let calls = 0;
  const { query } = retryExtension({ baseMillis: 1 });
  const rows = await query.$allOperations({
    model: 'User',
    operation: 'findMany',
    args: {},
    __internalParams: {},
    query: () => {
      calls += 1;
      return calls === 1
        ? Promise.reject(new Error('Connection terminated unexpectedly'))
        : Promise.resolve('rows');
    },
  });
  return `${rows} after ${calls}`;
}

/** @param {any} holdfast @param {any} prisma */
export async function check(holdfast, prisma) {
  let calls = 0;
  const value = await holdfast.retryQuery(
    () => {
      calls += 1;
      if (calls < 3) {
        throw Object.assign(new Error('conflict'), { code: '40001' });
      }
      return 'done';
    },
    { baseMillis: 1, name: 'check' },
  );
  const { outcome, retryable, reason } = holdfast.classify(
    Object.assign(new Error('duplicate key'), { code: '23505' }),
  );
  const hung = holdfast.withDatabaseRetry(() => new Promise(() => {}), {
    deadlineMillis: 20,
  });
  const { fast } = holdfast.presets;
  return {
    value,
    calls,
    outcome,
    retryable,
    reason,
    preset: fast.baseMillis,
    version: holdfast.versions.holdfast,
    read: await repeatedRead(prisma),
    hung: await failure(hung),
    pool: await failure(new holdfast.Pool().query('select 1')),
    shared: await failure(holdfast.healthCheck()),
  };
}
