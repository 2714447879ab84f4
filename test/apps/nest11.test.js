// SPDX-License-Identifier: MIT
// pg-holdfast/nest under NestJS 11, which is CommonJS, and terminus 11, which
// does not know `degraded`.

const assert = require('node:assert/strict');
const { before, describe, test } = require('node:test');
const { eventually, freePort } = require('../support/index.js');
const { prepareApp } = require('./support/app.js');
const { SCHEMA } = require('./support/faults.js');
const { send } = require('./support/http.js');
const { linesToRun } = require('./support/line.js');
const { startPooled } = require('./support/servers.js');

const END_MILLIS = 20_000;

// nest.test.js tests NestJS 12.
const [line] = linesToRun(['NestJS 11', 'NestJS 12']);
const skip = line !== 'NestJS 11';

describe('a NestJS 11 application in CommonJS', { skip }, () => {
  /** @type {import('./support/app.js').App} */
  let app;
  /** @type {import('./support/servers.js').Pooled} */
  let servers;

  before(async () => {
    [app, servers] = await Promise.all([
      prepareApp('test/apps/nest11'),
      startPooled({ schema: SCHEMA }),
    ]);
    await app.run('tsc', [], { timeoutMillis: 120_000 });
  });

  async function startNest() {
    const nest = app.start('node', ['dist/main.js'], {
      env: { DATABASE_URL: servers.url },
    });
    const [, base] = await nest.waitFor(/listening on (http:\S+)/);
    return { nest, base };
  }

  test('the module does in it what it says', async () => {
    const away = new URL(servers.url);
    away.port = String(await freePort());
    const end = await app.run('node', ['--test', 'dist/checks.js'], {
      env: { DATABASE_URL: servers.url, AWAY_URL: away.href },
      mayFail: true,
      timeoutMillis: 60_000,
    });
    assert.equal(end.code, 0, end.stdout);
  });

  test('two databases are two pools, and both have a health', async () => {
    const { nest, base } = await startNest();
    const names = await send(base, '/names');
    assert.deepEqual(names.body, ['nest11', 'nest11-reports']);
    const health = await send(base, '/health');
    assert.equal(health.status, 200);
    assert.equal(health.body.details.database.status, 'up');
    assert.equal(health.body.details.reports.status, 'up');
    assert.equal(health.body.details.database.warmed, true);

    await servers.stopPooler();
    await eventually(async () => (await send(base, '/health')).status === 503, {
      timeout: 30_000,
    });
    const { body } = await send(base, '/health');
    assert.equal(body.status, 'error');
    assert.equal(body.error.database.status, 'down');
    assert.equal(body.error.reports.status, 'down');
    await servers.startPooler();
    await eventually(async () => (await send(base, '/health')).status === 200, {
      timeout: 30_000,
    });
    assert.equal((await nest.stop('SIGTERM', END_MILLIS)).code, 0);
  });

  test('terminus 11 is told `up` with `degraded`, not left out', async () => {
    const { nest, base } = await startNest();
    await send(base, '/health');
    await servers.admin.query('begin; lock table writes');
    const write = send(base, { path: '/writes/1', body: { seconds: 0 } });
    await eventually(
      () =>
        servers.server.terminate(
          "application_name = 'nest11' and wait_event = 'relation'",
        ),
      { what: 'a backend that waits for the lock' },
    );
    await servers.admin.query('rollback');
    await write;
    const { status, body } = await send(base, '/health');
    assert.equal(status, 200);
    assert.equal(body.details.database.status, 'up');
    assert.equal(body.details.database.degraded, true);
    assert.match(body.details.database.message, /lost at work/);
    await nest.stop('SIGTERM', END_MILLIS);
  });

  test('SIGTERM lets a request in flight finish its write', async () => {
    const { nest, base } = await startNest();
    const write = send(base, { path: '/writes/77', body: { seconds: 1 } });
    await eventually(async () =>
      (await servers.server.backends("query like '%pg_sleep($2)%'")).some(
        ({ state }) => state === 'active',
      ),
    );
    const ending = nest.stop('SIGTERM', END_MILLIS);
    assert.equal((await write).status, 201);
    assert.equal((await ending).code, 0);
    assert.equal((await servers.rowsOf('writes')).get(77), 1);
  });
});
