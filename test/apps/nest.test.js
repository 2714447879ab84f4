// SPDX-License-Identifier: MIT
// examples/nest, built and started as a user would, watched from outside.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, test } = require('node:test');
const { eventually } = require('../support/index.js');
const { prepareApp } = require('./support/app.js');
const {
  HttpLoad,
  askHealth,
  assertAccount,
  assertHealth,
  runUnderFaults,
} = require('./support/faults.js');
const { send } = require('./support/http.js');
const { ROOT } = require('./support/packed.js');
const { startPooled } = require('./support/servers.js');

const APPLICATION_NAME = 'example-nest';
const FAULT_SECONDS = 8;
const START_MILLIS = 60_000;
/** For requests in flight, then the pool's drainMillis, with room to spare. */
const END_MILLIS = 20_000;

/** @type {import('./support/faults.js').Api} */
const API = {
  read: (id) => ({ path: `/items/${id}` }),
  insert: (number, slow) => ({
    path: '/writes/one',
    body: { numbers: [number], slow },
  }),
  pair: (one, two, slow) => ({
    path: '/writes/two',
    body: { numbers: [one, two], slow },
  }),
};

describe('a NestJS application behind PgBouncer', () => {
  /** @type {import('./support/app.js').App} */
  let app;
  /** @type {import('./support/servers.js').Pooled} */
  let servers;

  before(async () => {
    const schema = fs.readFileSync(
      path.join(ROOT, 'examples/nest/schema.sql'),
      'utf8',
    );
    [app, servers] = await Promise.all([
      prepareApp('examples/nest'),
      startPooled({ schema }),
    ]);
    await app.run('tsc', [], { timeoutMillis: 120_000 });
  });

  /** @param {Record<string, string>} [env] */
  async function startNest(env = {}) {
    await servers.admin.query('truncate writes');
    const nest = app.start('node', ['dist/main.js'], {
      env: {
        NODE_ENV: 'production',
        DATABASE_URL: servers.url,
        PORT: '0',
        ...env,
      },
    });
    const [, base] = await nest.waitFor(
      /listening on (http:\S+)/,
      START_MILLIS,
    );
    return { nest, base };
  }

  test('it serves, with the pool warm before it listens', async () => {
    const { nest, base } = await startNest();
    const health = await askHealth(base, '/health');
    assert.equal(health.status, 'up', JSON.stringify(health));
    const { status, details } = health.body;
    assert.equal(status, 'ok');
    assert.equal(details.database.warmed, true);
    assert.match(nest.stdout, /Warmup complete in/);
    const item = await send(base, '/items/7');
    assert.deepEqual(item.body, { id: 7, label: 'item 7' });
    assert.equal((await send(base, '/items/0')).status, 404);
    const metrics = await send(base, '/metrics');
    assert.match(metrics.text, /^holdfast_\w+/m);
    const end = await nest.stop('SIGTERM', END_MILLIS);
    assert.equal(end.code, 0, nest.describe());
  });

  test('it loses and doubles nothing while connections break', async () => {
    const { nest, base } = await startNest();
    const run = await runUnderFaults({
      servers,
      base,
      api: API,
      health: '/health',
      applicationName: APPLICATION_NAME,
      seconds: FAULT_SECONDS,
    });
    assertAccount(run);
    assertHealth(run, servers);
    assert.equal(nest.ended, null, nest.describe());
    const end = await nest.stop('SIGTERM', END_MILLIS);
    assert.equal(end.code, 0, nest.describe());
  });

  test('its health says up, degraded and down, and means it', async () => {
    const { nest, base } = await startNest();
    const ask = () => askHealth(base, '/health');
    assert.equal((await ask()).status, 'up');

    // Queries work, but connections break.
    await breakOne(base);
    const degraded = await ask();
    assert.equal(degraded.status, 'degraded', JSON.stringify(degraded));
    assert.equal(degraded.httpStatus, 200);
    assert.equal(degraded.body.status, 'degraded');
    assert.match(degraded.body.details.database.message, /lost at work/);
    await eventually(async () => (await ask()).status === 'up');

    await servers.stopPooler();
    await eventually(async () => (await ask()).status === 'down', {
      timeout: 30_000,
    });
    const down = await ask();
    assert.equal(down.status, 'down', JSON.stringify(down));
    assert.equal(down.httpStatus, 503);
    assert.ok(down.body.error.database.reasons.length > 0);

    await servers.startPooler();
    await eventually(async () => (await ask()).status === 'up', {
      timeout: 30_000,
    });
    assert.equal((await send(base, '/items/2')).status, 200);
    await nest.stop('SIGTERM', END_MILLIS);
  });

  /** Terminates a busy backend of the application. */
  /** @param {string} base */
  async function breakOne(base) {
    await servers.admin.query('begin; lock table writes');
    const write = send(base, {
      path: '/writes/one',
      body: { numbers: [2] },
    });
    await eventually(
      () =>
        servers.server.terminate(
          `application_name = '${APPLICATION_NAME}' and wait_event = 'relation'`,
        ),
      { what: 'a backend that waits for the lock' },
    );
    await servers.admin.query('rollback');
    await write;
  }

  test('SIGTERM under load ends it with 0, and loses no write', async () => {
    const { nest, base } = await startNest();
    const load = new HttpLoad(base, API);
    await eventually(async () => (await servers.rowsOf('writes')).size > 50, {
      timeout: 30_000,
    });
    const end = await nest.stop('SIGTERM', END_MILLIS);
    assert.equal(end.signal, null, 'it had to be killed');
    assert.equal(end.code, 0, nest.describe());
    const run = await load.finish(servers);
    assertAccount(run, ['reads', 'named', 'repeatable', 'busy', 'restarts']);
    assert.equal(run.summary.failed.ambiguous, 0);
    assert.equal(run.summary.failed.rolled_back, 0);
    await eventually(
      async () =>
        (
          await servers.server.backends(
            `application_name = '${APPLICATION_NAME}' and state <> 'idle'`,
          )
        ).length === 0,
    );
  });

  test('SIGTERM ends it although a request is stuck', async () => {
    const { nest, base } = await startNest();
    const number = 1_000_000;
    await servers.admin.query('begin; lock table writes');
    const stuck = send(base, {
      path: '/writes/one',
      body: { numbers: [number] },
    });
    await eventually(
      async () =>
        (
          await servers.server.backends(
            `application_name = '${APPLICATION_NAME}'
             and wait_event = 'relation'`,
          )
        ).length > 0,
    );
    const end = await nest.stop('SIGTERM', END_MILLIS);
    assert.equal(end.code, 0, nest.describe());
    const { status, body } = await stuck;
    assert.ok(status >= 500);
    assert.notEqual(body.outcome, undefined);
    await servers.admin.query('rollback');
    assert.equal((await servers.rowsOf('writes')).get(number), undefined);
  });

  test('it starts while the database is away, and says so', async () => {
    await servers.stopPooler();
    const { nest, base } = await startNest();
    assert.equal((await askHealth(base, '/health')).status, 'down');
    await servers.startPooler();
    await eventually(
      async () => (await askHealth(base, '/health')).status === 'up',
      { timeout: 30_000 },
    );
    assert.equal((await nest.stop('SIGTERM', END_MILLIS)).code, 0);
  });
});
