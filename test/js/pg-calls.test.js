// SPDX-License-Identifier: MIT
'use strict';

// The ways people call query(), connect() and end(): each beside pg, whose
// answer counts.

const assert = require('node:assert');
const { test } = require('node:test');
const pg = require('pg');

const { Pool, retryQuery, classify } = require('../../lib/index.js');
const { useServer } = require('../support/suite.js');

const server = useServer();

/** @typedef {(pool: any) => Promise<unknown>} Act */

/** @param {any} pool @param {Act} act */
async function outcomeOf(pool, act) {
  pool.on('error', () => {});
  try {
    return await act(pool);
  } catch (error) {
    return `rejected: ${/** @type {Error} */ (error).message}`;
  } finally {
    if (!pool.ending) {
      await pool.end();
    }
  }
}

/**
 * Does the same with pg's pool and ours.
 * @param {Act} act
 * @param {object} [options]
 */
async function both(act, options = {}) {
  const given = { connectionString: server.url, max: 2, ...options };
  return {
    theirs: await outcomeOf(new pg.Pool(given), act),
    ours: await outcomeOf(new Pool({ ...given, logger: false }), act),
  };
}

/**
 * @param {Act} act
 * @param {object} [options]
 */
async function same(act, options) {
  const { theirs, ours } = await both(act, options);
  assert.deepStrictEqual(ours, theirs);
  return ours;
}

/** @param {(callback: (...given: any[]) => void) => unknown} call */
function calledBack(call) {
  return new Promise((resolve) => {
    call((...given) => resolve(given));
  });
}

/** @param {any} result */
const rows = (result) => result?.rows;

test('null and false in the place of a callback are ignored', async () => {
  await same(async (pool) => [
    rows(await pool.query('select 1 as a', null, null)),
    rows(await pool.query('select $1::int as a', [2], false)),
    rows(await pool.query({ text: 'select 3 as a', callback: null })),
    rows(await pool.query({ text: 'select 4 as a' }, undefined, null)),
  ]);
  await same(async (pool) => {
    const client = await pool.connect(null);
    const got = rows(await client.query('select $1::int as a', [1], false));
    client.release();
    return got;
  });
  await same(async (pool) => {
    const client = await pool.connect(false);
    client.release();
    return await pool.end(null);
  });
});

test('false, null and an empty text in the place of values are ignored', async () => {
  await same(async (pool) => {
    const answers = [];
    for (const values of [false, null, undefined, '', 0]) {
      answers.push(rows(await pool.query('select 1 as a', values)));
    }
    return answers;
  });
});

test("a callback's error is undefined of a pool and null of a client, as in pg", async () => {
  await same(async (pool) => {
    const [error, result] = await calledBack((callback) =>
      pool.query('select 1 as a', callback),
    );
    return [error, rows(result)];
  });
  await same(async (pool) => {
    const client = await pool.connect();
    const [error, result] = await calledBack((callback) =>
      client.query('select 1 as a', callback),
    );
    client.release();
    return [error, rows(result)];
  });
  await same(async (pool) => {
    const [error, client] = await calledBack((callback) =>
      pool.connect(callback),
    );
    client.release();
    return error;
  });
  await same(async (pool) => (await calledBack((done) => pool.end(done)))[0]);
});

test('connect(options, callback) calls back', async () => {
  const pool = new Pool({ connectionString: server.url, logger: false });
  const [error, client, release] = await calledBack((callback) =>
    pool.connect({ deadlineMillis: 60_000 }, callback),
  );
  assert.strictEqual(error, undefined);
  assert.deepStrictEqual(rows(await client.query('select 1 as a')), [{ a: 1 }]);
  release();
  const [, other] = await calledBack((callback) =>
    pool.connect(null, callback),
  );
  other.release();
  await pool.end();
});

test('query(callback) without a statement calls back with an error', async () => {
  await same(async (pool) => {
    const [error] = await calledBack((callback) => pool.query(callback));
    return error.message;
  });
});

test('a name stands for the text it was given with', async () => {
  const values = [7];
  await same(async (pool) => {
    const client = await pool.connect();
    const text = 'select $1::int as a';
    const first = rows(await client.query({ name: 'n', text, values: [1] }));
    const second = rows(await client.query({ name: 'n', values }));
    client.release();
    return [first, second];
  });
  const one = { max: 1 };
  await same(async (pool) => {
    await pool.query({ name: 'n', text: 'select $1::int as a', values });
    return rows(await pool.query({ name: 'n', values }));
  }, one);
});

test('neither text nor a known name is refused', async () => {
  for (const config of [{}, { values: [1] }, { name: 'unknown' }]) {
    const { theirs, ours } = await both((pool) => pool.query(config));
    assert.match(String(ours), /^rejected: text, .* must be a string/);
    assert.ok(String(theirs).startsWith('rejected') || 'name' in config);
  }
});

test('a name with another text is refused in the words of pg', async () => {
  const first = { name: 'n', text: 'select 1 as a' };
  const second = { name: 'n', text: 'select 2 as a' };
  await same(
    async (pool) => {
      await pool.query(first);
      return await pool.query(second);
    },
    { max: 1 },
  );
  await same(async (pool) => {
    const client = await pool.connect();
    try {
      await client.query(first);
      await client.query(first);
      return await client.query(second);
    } finally {
      client.release();
    }
  });
});

test('a name whose statement could not be prepared is free again', async () => {
  await same(
    async (pool) => {
      const wrong = { name: 'n', text: 'select nothing_of_that_name' };
      await pool.query(wrong).catch(() => {});
      return rows(await pool.query({ name: 'n', text: 'select 2 as a' }));
    },
    { max: 1 },
  );
});

test("an error's name is in its JSON, as in pg", async () => {
  await same(async (pool) => {
    const error = await pool.query('select from nowhere').catch((e) => e);
    const { name, code, severity } = JSON.parse(JSON.stringify(error));
    return { name, code, severity, spread: { ...error }.name };
  });
});

test('changing the fields of a result changes no other result', async () => {
  await same(async (pool) => {
    const first = await pool.query('select 1 as a, 2 as b');
    first.fields[0].name = 'changed';
    first.fields[1].dataTypeID = 0;
    first.fields.pop();
    const second = await pool.query('select 1 as a, 2 as b');
    return [
      second.rows,
      second.fields.map(({ name, dataTypeID }) => [name, dataTypeID]),
    ];
  });
});

test('numbers may be texts, as an environment has them', async () => {
  const options = {
    max: '3',
    idleTimeoutMillis: '1000',
    connectionTimeoutMillis: '60000',
    query_timeout: '60000',
    port: undefined,
  };
  const { ours } = await both(async (pool) => {
    const text = 'select 1 as a';
    return [
      Number(pool.options.max),
      rows(await pool.query({ text, query_timeout: '60000' })),
    ];
  }, options);
  assert.deepStrictEqual(ours, [3, [{ a: 1 }]]);
  const empty = new Pool({ connectionString: server.url, max: '' });
  assert.strictEqual(empty.options.max, 10);
  await empty.end();
  assert.throws(
    () => new Pool({ host: 'h', max: 'many' }),
    /max must be a num/,
  );
  assert.throws(() => new Pool({ host: 'h', max: '1.5' }), RangeError);
});

test('the same error thrown in two calls of a helper is repeated in both', async () => {
  const error = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), {
    code: 'ECONNREFUSED',
    syscall: 'connect',
  });
  assert.strictEqual(classify(error).retryable, true);
  for (let call = 0; call < 3; call++) {
    let attempts = 0;
    const run = () => {
      attempts += 1;
      throw error;
    };
    const options = { maxRetries: 2, baseMillis: 1, capMillis: 1 };
    await assert.rejects(retryQuery(run, options), (got) => got === error);
    assert.strictEqual(attempts, 3);
  }
});

test('helpers within helpers still do not multiply attempts', async () => {
  const error = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), {
    code: 'ECONNREFUSED',
    syscall: 'connect',
  });
  const options = { maxRetries: 2, baseMillis: 1, capMillis: 1 };
  let attempts = 0;
  const outer = retryQuery(async () => {
    // Past the synchronous part the inner one does not know the outer.
    await new Promise((resolve) => setImmediate(resolve));
    return await retryQuery(() => {
      attempts += 1;
      throw error;
    }, options);
  }, options);
  await assert.rejects(outer);
  assert.strictEqual(attempts, 3);
});

test('hundreds of calls with one signal do not warn, and all are aborted', async () => {
  /** @type {Error[]} */
  const warnings = [];
  const onWarning = (/** @type {Error} */ warning) => warnings.push(warning);
  process.on('warning', onWarning);
  const pool = new Pool({
    connectionString: server.url,
    max: 1,
    logger: false,
  });
  await pool.query('select 1');
  const controller = new AbortController();
  const { signal } = controller;
  let removed = 0;
  const remove = signal.removeEventListener;
  signal.removeEventListener = (...given) => {
    removed += 1;
    return Reflect.apply(remove, signal, given);
  };
  const done = Array.from({ length: 100 }, () =>
    pool.query({ text: 'select 1', signal }),
  );
  await Promise.all(done);
  const calls = [
    ...Array.from({ length: 200 }, () =>
      pool.query({ text: 'select pg_sleep(600)', signal }),
    ),
    ...Array.from({ length: 50 }, () => pool.connect({ signal })),
    ...Array.from({ length: 50 }, () =>
      pool.transaction((client) => client.query('select 1'), { signal }),
    ),
    ...Array.from({ length: 50 }, () =>
      retryQuery(() => pool.query('select pg_sleep(600)'), { signal }),
    ),
  ];
  const all = Promise.allSettled(calls);
  controller.abort();
  const codes = new Set(
    (await all).map((one) =>
      one.status === 'rejected' ? one.reason.code : '',
    ),
  );
  assert.deepStrictEqual([...codes], ['HF_ABORTED']);
  assert.ok(removed < 10, `one listener for all: ${removed} were removed`);
  await pool.end();
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', onWarning);
  const leaks = warnings.filter(({ name }) => name.startsWith('MaxListeners'));
  assert.deepStrictEqual(leaks, []);
});

test('a signal of another realm is accepted by helpers and queries alike', async () => {
  class OtherSignal extends EventTarget {
    aborted = false;
    reason = undefined;
    abort() {
      this.aborted = true;
      this.dispatchEvent(new Event('abort'));
    }
  }
  const pool = new Pool({ connectionString: server.url, logger: false });
  for (const call of [
    (/** @type {any} */ signal) =>
      pool.query({ text: 'select pg_sleep(600)', signal }),
    (/** @type {any} */ signal) =>
      retryQuery(() => pool.query('select pg_sleep(600)'), { signal }),
    (/** @type {any} */ signal) =>
      retryQuery(
        () =>
          pool.query({
            text: 'select pg_sleep(600)',
            signal: new AbortController().signal,
          }),
        { signal },
      ),
  ]) {
    const signal = new OtherSignal();
    const promise = call(signal);
    setImmediate(() => signal.abort());
    await assert.rejects(promise, { code: 'HF_ABORTED' });
  }
  await assert.rejects(
    retryQuery(() => 1, { signal: /** @type {any} */ ({ aborted: false }) }),
    /signal must be an AbortSignal/,
  );
  await pool.end();
});
