// SPDX-License-Identifier: MIT
'use strict';

// examples/next, built and started as a user would, from the packed packages,
// on PgBouncer in transaction mode: what it answers while connections break,
// what its page shows, and whether its pool survives hot reload.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');
const { eventually } = require('../support/index.js');
const { prepareApp } = require('./support/app.js');
const {
  askHealth,
  assertAccount,
  assertHealth,
  runUnderFaults,
} = require('./support/faults.js');
const { send } = require('./support/http.js');
const { ROOT } = require('./support/packed.js');
const { startPooled } = require('./support/servers.js');
const { PoolPage, openBrowser } = require('./next/browser.js');
const { DevServer } = require('./next/hot-reload.js');
const {
  carryAway,
  findFiles,
  startStandalone,
} = require('./next/standalone.js');

const EXAMPLE = 'examples/next';
const SECRET = 'a secret of the example';
const LOAD_SECONDS = 15;
const RESET = '/api/debug/reset-db';
const QUIET = { NEXT_TELEMETRY_DISABLED: '1', NO_COLOR: '1' };

/** Some writes take a while, so that faults hit running statements. */
const SLOW_WRITES = `
  create function slow_write() returns trigger language plpgsql as $$
    begin perform pg_sleep(0.02); return new; end $$;
  create trigger slow_write before insert on entries for each row
    when (new.number % 6 = 0) execute function slow_write();
  insert into "Domain" (name)
    select 'item ' || n from generate_series(1, 1000) as n;`;

/** The example's routes as the load knows them: SQL and Prisma in turn. */
const API = {
  read: (/** @type {number} */ id) => ({ path: `/api/domains/${id}` }),
  label: (/** @type {any} */ answer) => answer.body?.name,
  insert: (/** @type {number} */ number) => ({
    path: number % 2 === 0 ? '/api/entries' : '/api/prisma/entries',
    body: { number },
  }),
  pair: (/** @type {number} */ first, /** @type {number} */ second) => ({
    path: first % 4 < 2 ? '/api/transfers' : '/api/prisma/transfers',
    body: { first, second },
  }),
};

/** @param {string} text */
function say(text) {
  process.stderr.write(`next: ${text}\n`);
}

/** @type {import('./support/servers.js').Pooled} */
let servers;
/** @type {import('./support/app.js').App} */
let app;

before(async () => {
  const schema = fs.readFileSync(
    path.join(ROOT, EXAMPLE, 'schema.sql'),
    'utf8',
  );
  servers = await startPooled({ schema: schema + SLOW_WRITES });
  say('preparing the application');
  app = await prepareApp(EXAMPLE);
  // Prisma requires its engine to exist, but does not run it to generate.
  await app.run('prisma', ['generate'], {
    env: { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, DATABASE_URL: '' },
  });
});

after(() => app?.release());

/** @param {string[]} args */
async function build(args) {
  say(`next build ${args.join(' ')}`);
  // No database: nothing may connect in a build.
  const end = await app.run('next', ['build', ...args], { env: QUIET });
  assert.doesNotMatch(end.stderr, /HoldfastWarning/);
  const folder = carryAway(app.folder);
  assert.equal(findFiles(folder, 'holdfast.node').length, 1);
  return folder;
}

/** @param {string} base */
async function metrics(base) {
  const { text } = await send(base, '/api/metrics');
  return (/** @type {string} */ name) =>
    Number(new RegExp(`^${name}\\{[^}]*\\} (.*)$`, 'm').exec(text)?.[1]);
}

describe('built with Turbopack', () => {
  /** @type {string} */
  let folder;
  /** @type {any} */
  let server;
  /** @type {string} */
  let base;
  /** @type {any} */
  let browser;

  before(async () => {
    folder = await build([]);
    ({ server, base } = await startStandalone(app, folder, {
      DATABASE_URL: servers.url,
      RESET_SECRET: SECRET,
    }));
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  test('is warm when the first request comes', async () => {
    const { httpStatus, body } = await askHealth(base, '/api/health');
    assert.equal(httpStatus, 200);
    assert.equal(body.status, 'up');
    assert.equal(body.warmed, true);
    assert.equal(body.pooler, 'proxy');
    assert.ok(body.pool.total >= 2, JSON.stringify(body.pool));
  });

  test('keeps its promises while connections break, and shows it', async () => {
    browser = await openBrowser(app.folder);
    const page = await PoolPage.open(browser, `${base}/`);
    const dark = await PoolPage.open(browser, `${base}/`, {
      colorScheme: 'dark',
    });
    say(`${LOAD_SECONDS} s of load with faults`);
    const [seen, run] = await Promise.all([
      settled(watchPage(page, dark)),
      runUnderFaults({
        servers,
        base,
        api: API,
        health: '/api/health',
        applicationName: 'holdfast-next',
        table: 'entries',
        seconds: LOAD_SECONDS,
      }),
    ]);
    say(`${run.summary.calls} calls, ${JSON.stringify(run.faults)}`);
    assertAccount(run);
    assertHealth(run, servers);
    assert.equal(server.ended, null);

    assert.equal(seen, undefined);
    await eventually(async () => (await page.text('status')) === 'Up');
    assert.ok((await page.figure('lost')) > 0, 'the page missed the losses');
    assert.ok((await page.figure('retries')) > 0, 'and the repetitions');
    const refused = (await metrics(base))('holdfast_connects_failed_total');
    assert.ok(refused > 0, 'the outages were not noticed');
    await eventually(async () => (await page.figure('refused')) === refused);
    assert.notEqual(await dark.background(), await page.background());
    const narrow = await PoolPage.open(browser, `${base}/`, { width: 390 });
    assert.equal(await narrow.overflows(), false);
    const pixels = await narrow.smallestText();
    assert.ok(pixels >= 10, `${pixels} pixels are too small to read`);
    await narrow.screenshot('next-phone');
    assert.deepEqual(page.errors, []);
  });

  test('says down while the pooler is away, and up again after', async () => {
    await servers.stopPooler();
    const away = await askHealth(base, '/api/health');
    assert.equal(away.httpStatus, 503);
    assert.equal(away.status, 'down');
    assert.ok(away.body.reasons.length > 0);
    assert.ok(!JSON.stringify(away.body).includes(servers.server.password));
    // The route's timeout is a second; the rest allows for a slow machine.
    assert.ok(away.until - away.from < 5000, `${away.until - away.from} ms`);
    const waiting = send(base, '/api/domains/7');
    await servers.startPooler();
    await eventually(async () => {
      return (await askHealth(base, '/api/health')).status === 'up';
    });
    assert.equal((await waiting).body.name, 'item 7');
    assert.equal(server.ended, null);
  });

  test('has no reset route for who lacks the secret', async () => {
    const { server, base } = await startStandalone(app, folder, {
      DATABASE_URL: servers.url,
      RESET_SECRET: SECRET,
    });
    const closed = async () =>
      (await metrics(base))('holdfast_connections_closed_total');
    const bearer = (/** @type {string} */ secret) => ({
      headers: { authorization: `Bearer ${secret}` },
    });
    for (const [request, status] of /** @type {[any, number][]} */ ([
      [{}, 404],
      [bearer('short'), 404],
      [bearer(`${SECRET}.`), 404],
      [{ headers: { authorization: `Basic ${SECRET}` } }, 404],
      [{ method: 'GET', ...bearer(SECRET) }, 405],
    ])) {
      const asked = { method: 'POST', path: RESET, ...request };
      const answer = await send(base, asked);
      assert.equal(answer.status, status, JSON.stringify(request));
      assert.equal(answer.text, '');
    }
    assert.equal(await closed(), 0);

    const reset = { method: 'POST', path: RESET, ...bearer(SECRET) };
    const done = await send(base, reset);
    assert.equal(done.status, 200);
    assert.equal(done.body.ok, true);
    assert.ok((await closed()) >= 1);
    const again = await send(base, reset);
    assert.equal(again.status, 429);
    assert.ok(Number(again.headers['retry-after']) >= 1);
    await server.stop();
  });

  test('has no reset route at all with a secret too short', async () => {
    const short = await startStandalone(app, folder, {
      DATABASE_URL: servers.url,
      RESET_SECRET: 'fifteen letters',
    });
    const answer = await send(short.base, {
      method: 'POST',
      path: RESET,
      headers: { authorization: 'Bearer fifteen letters' },
    });
    assert.equal(answer.status, 404);
    await eventually(() => /less than 16 characters/.test(short.server.stderr));
    assert.doesNotMatch(short.server.stderr, /fifteen/);
    await short.server.stop();
  });

  test('starts without a database, says so, and finds it later', async () => {
    await servers.stopPooler();
    const early = await startStandalone(app, folder, {
      DATABASE_URL: servers.url,
    });
    const { httpStatus } = await askHealth(early.base, '/api/health');
    assert.equal(httpStatus, 503);
    await servers.startPooler();
    await eventually(async () => {
      const answer = await askHealth(early.base, '/api/health');
      return answer.httpStatus === 200;
    });
    await early.server.stop();
  });
});

/**
 * Turns a failure into a value, so that it does not end what runs beside it.
 *
 * @param {Promise<unknown>} promise
 */
function settled(promise) {
  return promise.catch((error) => error);
}

/**
 * Checks the page while the load runs: its figures change, and agree with each
 * other.
 *
 * @param {PoolPage} page
 * @param {PoolPage} dark the same page to keep a picture of
 */
async function watchPage(page, dark) {
  const before = await page.queries();
  const first = await page.bars();
  await eventually(async () => (await page.queries()) > before + 50, {
    what: 'growth of the calls on the page',
  });
  assert.notDeepEqual(await page.bars(), first);
  assert.ok((await page.bars()).some((height) => height > 20));
  await eventually(async () => (await page.openCells()) >= 1);
  await eventually(async () => (await page.figure('rate')) > 0);
  const succeeded = await page.figure('attempt1');
  await eventually(async () => (await page.figure('attempt1')) > succeeded);
  const words = ['closed', 'open', 'half-open'];
  assert.ok(words.includes(await page.text('breaker')));

  // A picture for people, at a moment when there is something to see: the
  // pooler was away, and the load goes on.
  await eventually(
    () => servers.outages.filter(({ until }) => until < Date.now()).length > 1,
    { timeout: 60_000, what: 'the end of the second outage' },
  );
  const succeededBefore = await page.figure('attempt1');
  await eventually(
    async () => (await page.figure('attempt1')) > succeededBefore,
  );
  await page.screenshot('next-light');
  await dark.screenshot('next-dark');
}

describe('hot reload', () => {
  // Only connections that bypass the pooler show in pg_stat_activity.
  before(() => servers.stopPooler());
  after(() => servers.startPooler());

  /**
   * @param {string} name
   * @param {string[]} args
   */
  async function checkReload(name, args) {
    say(`next dev ${args.join(' ')}`);
    const dev = await DevServer.start(app, args, {
      ...QUIET,
      DATABASE_URL: servers.directUrl,
    });
    const backends = async () => {
      const where = "application_name = 'holdfast-next'";
      return (await servers.server.backends(where)).map(({ pid }) => pid);
    };
    const first = await dev.probe({ route: 'first', module: 'first' });
    assert.equal((await dev.get('/api/domains/7')).body.name, 'item 7');
    const pids = await backends();
    assert.ok(pids.length >= 1 && pids.length <= 10, name);

    for (const version of ['second', 'third', 'fourth']) {
      dev.editRoute(version);
      await dev.probe({ route: version, module: previous(version) });
      dev.editModule(version);
      await dev.probe({ route: version, module: version });
      assert.equal((await dev.get('/api/domains/7')).body.name, 'item 7');
    }
    const last = await dev.probe({ route: 'fourth', module: 'fourth' });
    // Both bundlers evaluate a module anew when it is edited.
    assert.ok(last.loads >= first.loads + 3, `${first.loads} ${last.loads}`);
    assert.equal(last.process, first.process);
    assert.deepEqual(await backends(), pids, dev.describe());
    await dev.stop();
    await eventually(async () => (await backends()).length === 0);
  }

  /** @param {string} version */
  function previous(version) {
    const versions = ['first', 'second', 'third', 'fourth'];
    return versions[versions.indexOf(version) - 1];
  }

  test('leaves one pool, with Turbopack', async () => {
    await checkReload('Turbopack', []);
  });

  test('leaves one pool, with webpack', async () => {
    await checkReload('webpack', ['--webpack']);
  });
});

test('built with webpack it carries the binary along, too', async () => {
  // The types have been checked, and webpack is slow enough without that.
  const file = path.join(app.folder, 'next.config.ts');
  const config = fs.readFileSync(file, 'utf8');
  const unchecked = 'typescript: { ignoreBuildErrors: true },';
  fs.writeFileSync(file, config.replace('poweredBy', `${unchecked} poweredBy`));
  const folder = await build(['--webpack']);
  const { server, base } = await startStandalone(app, folder, {
    DATABASE_URL: servers.url,
  });
  assert.equal((await send(base, '/api/domains/7')).body.name, 'item 7');
  const { status, body } = await send(base, '/api/health');
  assert.equal(status, 200);
  assert.equal(body.status, 'up');
  await server.stop();
});

test('without withHoldfast the build says what the guide has as a heading', async () => {
  const file = path.join(app.folder, 'next.config.ts');
  const config = fs.readFileSync(file, 'utf8');
  fs.writeFileSync(file, config.replace('withHoldfast(config)', 'config'));
  const guide = fs.readFileSync(path.join(ROOT, 'docs/next.md'), 'utf8');
  const words = 'non-ecmascript placeable asset';
  assert.ok(guide.includes(`## \`${words}\``));
  const options = { env: QUIET, mayFail: true };
  const { code, stdout, stderr } = await app.run('next', ['build'], options);
  assert.notEqual(code, 0);
  const said = new RegExp(`${words}[\\s\\S]*holdfast\\.node`);
  assert.match(stdout + stderr, said);
});
