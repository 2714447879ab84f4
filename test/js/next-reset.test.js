// SPDX-License-Identifier: MIT
'use strict';

// resetRoute() of `pg-holdfast/next`: who may, how often, and what is told.

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { after, afterEach, before, describe, test } = require('node:test');

const { Pool } = require('../../lib/index.js');
const { resetRoute } = /** @type {any} */ (require('../../lib/next/index.js'));
const { startPostgres } = require('../support');

const ROOT = path.join(__dirname, '..', '..');
const SECRET = 'correct horse battery staple';

/** @param {RequestInit & {secret?: string}} [init] */
function request({ secret, ...init } = {}) {
  /** @type {Record<string, string>} */
  const headers = secret === undefined ? {} : { authorization: secret };
  return new Request('http://localhost/api/route', { headers, ...init });
}

/** @param {string} [secret] */
function post(secret = `Bearer ${SECRET}`) {
  return request({ method: 'POST', secret });
}

/** A pool that tells what was asked of it. */
function fakePool({ warmup = { ok: true } } = {}) {
  /** @type {string[]} */
  const calls = [];
  return {
    calls,
    health: () => Promise.resolve({ status: 'up' }),
    reset: () => {
      calls.push('reset');
      return Promise.resolve();
    },
    warmup: (/** @type {any} */ options) => {
      calls.push(`warmup ${options.timeoutMillis}`);
      return Promise.resolve({ durationMillis: 1, ...warmup });
    },
  };
}

/**
 * A route without the others' memory of when the last reset was.
 * @param {any} options
 */
function freshResetRoute(options) {
  const file = require.resolve('../../lib/next/reset-route.js');
  delete require.cache[file];
  return require(file).resetRoute(options);
}

afterEach(() => {
  delete process.env.NEXT_PHASE;
});

describe('resetRoute', () => {
  test('replaces the connections for whoever has the secret', async () => {
    const pool = fakePool();
    const POST = freshResetRoute({ secret: SECRET, pool });
    const response = await POST(post());
    assert.strictEqual(response.status, 200);
    assert.strictEqual(response.headers.get('cache-control'), 'no-store');
    assert.deepStrictEqual(await response.json(), {
      ok: true,
      durationMillis: 1,
    });
    assert.deepStrictEqual(pool.calls, ['reset', 'warmup 8000']);
  });

  /** @type {[string, any, () => Request][]} */
  const refused = [
    ['without a secret set', undefined, post],
    ['with an empty secret set', '', () => post('Bearer ')],
    ['with blanks set', ' '.repeat(20), () => post(`Bearer ${' '.repeat(20)}`)],
    [
      'with 15 characters set',
      'x'.repeat(15),
      () => post(`Bearer ${'x'.repeat(15)}`),
    ],
    ['without authorization', SECRET, () => request({ method: 'POST' })],
    [
      'with a wrong secret',
      SECRET,
      () => post('Bearer incorrect horse battery'),
    ],
    [
      'with the beginning of it',
      SECRET,
      () => post(`Bearer ${SECRET.slice(0, -1)}`),
    ],
    ['with more than it', SECRET, () => post(`Bearer ${SECRET}.`)],
    ['with another scheme', SECRET, () => post(`Basic ${SECRET}`)],
    ['with the secret alone', SECRET, () => post(SECRET)],
    ['by GET', SECRET, () => request({ secret: `Bearer ${SECRET}` })],
    [
      'by PUT',
      SECRET,
      () => request({ method: 'PUT', secret: `Bearer ${SECRET}` }),
    ],
  ];
  for (const [how, secret, ask] of refused) {
    test(`is not there, and does nothing, ${how}`, async () => {
      const pool = fakePool();
      const response = await freshResetRoute({ secret, pool })(ask());
      assert.strictEqual(response.status, 404);
      assert.strictEqual(await response.text(), '');
      assert.deepStrictEqual(
        [...response.headers],
        [['cache-control', 'no-store']],
      );
      assert.deepStrictEqual(pool.calls, []);
    });
  }

  test('is not there in a build', async () => {
    const pool = fakePool();
    const POST = freshResetRoute({ secret: SECRET, pool });
    process.env.NEXT_PHASE = 'phase-production-build';
    assert.strictEqual((await POST(post())).status, 404);
    assert.deepStrictEqual(pool.calls, []);
  });

  test('takes a secret that is not plain ASCII as curl sends it', async () => {
    const pool = fakePool();
    const secret = 'schlüsselwörter, viele';
    const sent = Buffer.from(`Bearer ${secret}`).toString('latin1');
    const response = await freshResetRoute({ secret, pool })(post(sent));
    assert.strictEqual(response.status, 200);
  });

  test('makes one reset in its interval, however many routes', async () => {
    const pool = fakePool();
    const file = '../../lib/next/reset-route.js';
    const first = await freshResetRoute({ secret: SECRET, pool })(post());
    assert.strictEqual(first.status, 200);
    const again = require(file).resetRoute({ secret: SECRET, pool });
    const second = await again(post());
    assert.strictEqual(second.status, 429);
    assert.ok(Number(second.headers.get('retry-after')) >= 1);
    const { ok, retryAfterMillis } = await second.json();
    assert.strictEqual(ok, false);
    assert.ok(retryAfterMillis > 0 && retryAfterMillis <= 10_000);
    assert.strictEqual((await again(post('Bearer wrong'))).status, 404);
    const options = { secret: SECRET, pool, intervalMillis: 0 };
    const third = await require(file).resetRoute(options)(post());
    assert.strictEqual(third.status, 200);
    assert.strictEqual(pool.calls.filter((c) => c === 'reset').length, 2);
  });

  test('says when new connections cannot be opened', async () => {
    const error = Object.assign(new Error('gave up'), {
      cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }),
    });
    const pool = fakePool({
      warmup: /** @type {any} */ ({ ok: false, error, durationMillis: 5 }),
    });
    const response = await freshResetRoute({ secret: SECRET, pool })(post());
    assert.strictEqual(response.status, 503);
    assert.deepStrictEqual(await response.json(), {
      ok: false,
      durationMillis: 5,
      error: { code: 'ECONNREFUSED', message: 'refused' },
    });
  });

  test('warns of a short secret without naming it', () => {
    const script = `
      process.on('warning', ({ code, message }) =>
        process.stdout.write(JSON.stringify({ code, message })));
      const { resetRoute } = require('./lib/next/index.js');
      resetRoute({ secret: 'hunter2' });
      resetRoute({ secret: 'hunter3' });`;
    const options = /** @type {const} */ ({ cwd: ROOT, encoding: 'utf8' });
    const text = execFileSync(process.execPath, ['-e', script], {
      ...options,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const { code, message } = JSON.parse(text);
    assert.strictEqual(code, 'HF_SECRET_SHORT');
    assert.match(message, /less than 16 characters/);
    assert.doesNotMatch(text, /hunter/);
  });

  test('refuses options that are wrong', () => {
    assert.throws(() => resetRoute(), /must be an object/);
    assert.throws(() => resetRoute({ secret: 1 }), /secret must be a string/);
    assert.throws(
      () => resetRoute({ secret: SECRET, seconds: 1 }),
      /resetRoute\(\): seconds/,
    );
  });
});

describe('with a server', () => {
  /** @type {import('../support/postgres.js').Server} */
  let server;
  /** @type {any} */
  let pool;

  before(async () => {
    server = await startPostgres();
    pool = new Pool({ connectionString: server.url, logger: false });
  });
  after(async () => {
    await pool.end();
    await server.stop();
  });

  test('a reset gives calls other connections, and fails none', async () => {
    const pid = 'select pg_backend_pid() as pid';
    const { rows: old } = await pool.query(pid);
    const slow = pool.query('select pg_sleep(0.2), 1 as one');
    const POST = freshResetRoute({ secret: SECRET, pool });
    assert.strictEqual((await POST(post())).status, 200);
    assert.strictEqual((await slow).rows[0].one, 1);
    const { rows } = await pool.query(pid);
    assert.notStrictEqual(rows[0].pid, old[0].pid);
  });
});
