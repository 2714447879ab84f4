// SPDX-License-Identifier: MIT
'use strict';

// `pg-holdfast/next` by itself, on Node's own Request and Response. How it
// does in a real application is seen in test/apps/next.test.js.

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { after, afterEach, before, describe, test } = require('node:test');

const { Pool } = require('../../lib/index.js');
const next = /** @type {any} */ (require('../../lib/next/index.js'));
const { PACKAGES } = require('../../lib/next/config.js');
const { startPostgres } = require('../support');

const { healthRoute, register, withHoldfast } = next;
const ROOT = path.join(__dirname, '..', '..');
const NAMES = Object.keys(next).sort();

/** @param {string} file */
function read(file) {
  return fs.readFileSync(path.join(ROOT, file), 'utf8');
}

function request() {
  return new Request('http://localhost/api/route');
}

/** A pool that tells what was asked of it. */
function fakePool({ health = {}, warmup = { ok: true } } = {}) {
  /** @type {string[]} */
  const calls = [];
  return {
    calls,
    health: (/** @type {any} */ options) => {
      calls.push(`health ${options.timeoutMillis}`);
      return Promise.resolve({ status: 'up', reasons: [], ...health });
    },
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

afterEach(() => {
  delete process.env.NEXT_PHASE;
  delete process.env.NEXT_RUNTIME;
});

describe('the module', () => {
  test('gives the same objects to import and require', async () => {
    const esm = /** @type {any} */ (await import('../../lib/next/index.mjs'));
    const { default: main, ...named } = esm;
    assert.strictEqual(main, next);
    assert.strictEqual(next.default, next);
    assert.deepStrictEqual(Object.keys(named).sort(), NAMES);
    for (const name of NAMES) {
      assert.strictEqual(named[name], next[name], name);
    }
  });

  test('has types for the same names', () => {
    const text = read('lib/next/index.d.ts');
    const values = [...text.matchAll(/^export function (\w+)/gm)];
    assert.deepStrictEqual(
      [...new Set(values.map(([, name]) => name))].sort(),
      NAMES,
    );
    const whole = /declare const next: \{([^}]*)\}/.exec(text)?.[1] ?? '';
    const properties = [...whole.matchAll(/(\w+): typeof \1/g)];
    assert.deepStrictEqual(properties.map(([, name]) => name).sort(), NAMES);
  });

  for (const [heading, name] of [
    ['`healthRoute(options?)`', 'HealthRouteOptions'],
    ['`resetRoute({secret})`', 'ResetRouteOptions'],
  ]) {
    test(`has the same ${name} in types and guide`, () => {
      const guide = read('docs/next.md').split(`\n## ${heading}\n`)[1];
      const rows = guide.split('\n## ')[0].matchAll(/^\| `(\w+)` \|/gm);
      const types = read('lib/next/index.d.ts');
      const body = new RegExp(`interface ${name}[^{]*\\{([\\s\\S]*?)\\n\\}`);
      const keys = String(body.exec(types)?.[1]).matchAll(/^ {2}(\w+)\??:/gm);
      assert.deepStrictEqual(
        [...rows].map(([, key]) => key).sort(),
        [...[...keys].map(([, key]) => key), 'pool'].sort(),
      );
    });
  }

  test('configures Next.js without loading the addon', () => {
    const script = `
      const { withHoldfast } = require('./lib/next/index.js');
      withHoldfast({});
      process.stdout.write(JSON.stringify(Object.keys(require.cache)));`;
    const options = /** @type {const} */ ({ cwd: ROOT, encoding: 'utf8' });
    const loaded = JSON.parse(
      execFileSync(process.execPath, ['-e', script], options),
    );
    assert.deepStrictEqual(
      loaded.map((/** @type {string} */ f) => path.relative(ROOT, f)).sort(),
      [
        'lib/next/config.js',
        'lib/next/index.js',
        'lib/platform/lazy-exports.js',
      ],
    );
  });
});

describe('withHoldfast', () => {
  test('names every package that native.js may load', () => {
    const named = [
      ...read('lib/engine/native.js').matchAll(/'(pg-holdfast-[^']+)'/g),
    ];
    assert.deepStrictEqual(
      PACKAGES.slice(1).sort(),
      named.map(([, name]) => name).sort(),
    );
    assert.strictEqual(PACKAGES[0], 'pg-holdfast');
  });

  test('adds our packages once, behind those of the user', () => {
    const given = { serverExternalPackages: ['sharp', 'pg-holdfast'], a: 1 };
    const once = withHoldfast(given);
    assert.deepStrictEqual(once, {
      a: 1,
      serverExternalPackages: ['sharp', ...PACKAGES],
    });
    assert.deepStrictEqual(withHoldfast(once), once);
    assert.deepStrictEqual(given.serverExternalPackages, [
      'sharp',
      'pg-holdfast',
    ]);
  });

  test('takes nothing, too', () => {
    assert.deepStrictEqual(withHoldfast(), {
      serverExternalPackages: [...PACKAGES],
    });
  });

  test('hands a function its arguments and extends what it returns', () => {
    const config = withHoldfast(
      (/** @type {string} */ phase, /** @type {any} */ { defaultConfig }) => ({
        phase,
        ...defaultConfig,
      }),
    );
    assert.deepStrictEqual(config('dev', { defaultConfig: { b: 2 } }), {
      phase: 'dev',
      b: 2,
      serverExternalPackages: [...PACKAGES],
    });
  });

  test('waits for an async function', async () => {
    const config = withHoldfast((/** @type {string} */ phase) =>
      Promise.resolve({ phase, serverExternalPackages: ['sharp'] }),
    );
    assert.deepStrictEqual(await config('build'), {
      phase: 'build',
      serverExternalPackages: ['sharp', ...PACKAGES],
    });
  });

  test('says what is wrong with a configuration', async () => {
    assert.throws(() => withHoldfast(null), /must be an object, not null/);
    assert.throws(() => withHoldfast([]), /must be an object, not a list/);
    assert.throws(() => withHoldfast('x'), /must be an object, not string/);
    assert.throws(() => withHoldfast(Promise.resolve({})), /not a promise/);
    assert.throws(
      () => withHoldfast({ serverExternalPackages: 'sharp' }),
      /serverExternalPackages must be a list/,
    );
    assert.throws(() => withHoldfast(() => undefined)(), /returns must be/);
    const late = withHoldfast(() => Promise.resolve(undefined))();
    await assert.rejects(late, /returns must be an object, not undefined/);
  });
});

describe('register', () => {
  test('warms the pool up and returns what came of it', async () => {
    const pool = fakePool();
    const result = await register({ pool, timeoutMillis: 500 });
    assert.deepStrictEqual(result, { ok: true, durationMillis: 1 });
    assert.deepStrictEqual(pool.calls, ['warmup 500']);
  });

  test('does nothing in a build and in the edge runtime', async () => {
    const pool = fakePool();
    process.env.NEXT_PHASE = 'phase-production-build';
    assert.strictEqual(await register({ pool }), undefined);
    delete process.env.NEXT_PHASE;
    process.env.NEXT_RUNTIME = 'edge';
    assert.strictEqual(await register({ pool }), undefined);
    assert.deepStrictEqual(pool.calls, []);
  });

  test('lets the application start while the database is away', async () => {
    const pool = new Pool({ host: '127.0.0.1', port: 1, logger: false });
    const result = await register({ pool, timeoutMillis: 50 });
    assert.strictEqual(result.ok, false);
    assert.ok(result.error instanceof Error);
    await pool.end();
  });

  test('refuses options it does not know', async () => {
    await assert.rejects(register({ timeout: 1 }), /register\(\): timeout/);
  });
});

describe('healthRoute', () => {
  for (const [status, code] of [
    ['up', 200],
    ['degraded', 200],
    ['down', 503],
  ]) {
    test(`answers ${code} when the pool is ${status}`, async () => {
      const pool = fakePool({ health: { status } });
      const response = await healthRoute({ pool })(request());
      assert.strictEqual(response.status, code);
      assert.strictEqual(response.headers.get('cache-control'), 'no-store');
      assert.match(
        String(response.headers.get('content-type')),
        /^application\/json/,
      );
      assert.deepStrictEqual(await response.json(), { status, reasons: [] });
      assert.deepStrictEqual(pool.calls, ['health 2000']);
    });
  }

  test('asks the pool that its function returns, for each request', async () => {
    const pools = [fakePool(), fakePool()];
    let turn = 0;
    const GET = healthRoute({ pool: () => pools[turn++], timeoutMillis: 70 });
    await GET(request());
    await GET(request());
    assert.deepStrictEqual(
      pools.map((pool) => pool.calls),
      [['health 70'], ['health 70']],
    );
  });

  test('is down when the pool cannot be asked', async () => {
    const GET = healthRoute({
      pool: () => {
        throw Object.assign(new Error('no binary'), { code: 'HF_NO_BINARY' });
      },
    });
    const response = await GET(request());
    assert.strictEqual(response.status, 503);
    const health = await response.json();
    assert.strictEqual(health.status, 'down');
    assert.deepStrictEqual(health.reasons, ['no binary']);
    assert.strictEqual(health.lastError.code, 'HF_NO_BINARY');
  });

  test('hides hosts and users when asked to', async () => {
    const pool = fakePool({
      health: {
        status: 'down',
        reasons: ['connect ECONNREFUSED 10.0.0.1:5432'],
        lastError: { code: 'ECONNREFUSED', message: '10.0.0.1' },
      },
    });
    const response = await healthRoute({ pool, details: false })(request());
    assert.deepStrictEqual(await response.json(), { status: 'down' });
  });

  test('throws in a build, after looking at the request', async () => {
    const pool = fakePool();
    const GET = healthRoute({ pool });
    process.env.NEXT_PHASE = 'phase-production-build';
    await assert.rejects(GET(request()), /cannot be made by the build/);
    // What Next.js throws there to leave the route to run time comes first.
    const bail = new Error('DYNAMIC_SERVER_USAGE');
    const dynamic = {
      get headers() {
        throw bail;
      },
    };
    await assert.rejects(GET(/** @type {any} */ (dynamic)), bail);
    assert.deepStrictEqual(pool.calls, []);
  });

  test('refuses options that are wrong', () => {
    assert.throws(
      () => healthRoute({ timeout: 1 }),
      /healthRoute\(\): timeout: did you mean timeoutMillis\?/,
    );
    assert.throws(() => healthRoute({ pool: {} }), /pool must be a Pool/);
    assert.throws(() => healthRoute({ details: 1 }), /true or false/);
    assert.throws(() => healthRoute({ timeoutMillis: 'x' }), TypeError);
    assert.throws(() => healthRoute(null), /must be an object/);
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

  test('health tells the truth, and no secret', async () => {
    const GET = healthRoute({ pool, timeoutMillis: 1000 });
    const up = await GET(request());
    assert.strictEqual(up.status, 200);
    assert.strictEqual((await up.json()).status, 'up');
    await server.stop();
    const down = await GET(request());
    assert.strictEqual(down.status, 503);
    const text = await down.text();
    assert.strictEqual(JSON.parse(text).status, 'down');
    assert.ok(!text.includes(server.password));
    await server.start();
    assert.strictEqual((await GET(request())).status, 200);
  });
});
