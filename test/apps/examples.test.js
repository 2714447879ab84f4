// SPDX-License-Identifier: MIT
// The commands in the README of each example, run as they are printed: in a
// copy beside the packed packages, with npm's own installation, through
// PgBouncer. The first three pack the checkout, which was done before this.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { blocksOf } = require('../docs/markdown.js');
const { eventually, freePort, makeFolder } = require('../support/index.js');
const { send } = require('./support/http.js');
const { ROOT, findTarballs } = require('./support/packed.js');
const { environment } = require('./support/processes.js');
const { startPooled } = require('./support/servers.js');

const PACKS_THE_CHECKOUT = /^npm --prefix \.\.\/\.\. /;
const STARTS = 'npm start';
const SKIPPED = new Set(['node_modules', '.next', 'dist', 'generated']);
const MINUTE = 60_000;

/** @param {string} name @returns {string[]} commands, comments taken off */
function commandsOf(name) {
  const [{ code }] = blocksOf(`examples/${name}/README.md`).filter(
    ({ language }) => language === 'sh',
  );
  return code
    .split('\n')
    .map((line) => line.replace(/ +# .*$/, '').trim())
    .filter((line) => line !== '' && !PACKS_THE_CHECKOUT.test(line));
}

/** @param {string} name @returns {Promise<string>} the folder of the copy */
async function copyOf(name) {
  const checkout = makeFolder('x');
  const dist = path.join(checkout, 'dist');
  fs.mkdirSync(dist);
  for (const tarball of await findTarballs()) {
    fs.copyFileSync(tarball, path.join(dist, path.basename(tarball)));
  }
  const folder = path.join(checkout, 'examples', name);
  fs.cpSync(path.join(ROOT, 'examples', name), folder, {
    recursive: true,
    filter: (file) => !SKIPPED.has(path.basename(file)),
  });
  return folder;
}

/**
 * @param {string} command
 * @param {string} cwd
 * @param {Record<string, string | undefined>} env
 */
function start(command, cwd, env) {
  const child = spawn('/bin/sh', ['-c', command], {
    ...{ cwd, env, detached: true },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const state = { text: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      state.text += chunk;
    });
  }
  const ended = new Promise((resolve) => child.on('close', resolve));
  return { child, state, ended };
}

/**
 * Runs the commands of a README, and the last one beside `ask`, if it starts
 * a server.
 * @param {string} name
 * @param {Record<string, string>} more variables
 * @param {(base: string) => Promise<void>} [ask]
 * @returns {Promise<string>} what the last command printed
 */
async function follow(name, more, ask) {
  const folder = await copyOf(name);
  const port = String(await freePort());
  const env = environment(folder, {
    HOSTNAME: '127.0.0.1',
    PORT: port,
    ...more,
  });
  let text = '';
  for (const command of commandsOf(name)) {
    const { child, state, ended } = start(command, folder, env);
    if (command === STARTS) {
      try {
        const isUp = () => /listening on|Ready in/.test(state.text);
        await eventually(() => isUp() || child.exitCode !== null, {
          timeout: MINUTE,
          what: command,
        });
        assert.ok(isUp(), state.text);
        await ask?.(`http://127.0.0.1:${port}`);
      } finally {
        process.kill(-Number(child.pid), 'SIGTERM');
        await ended;
      }
    } else {
      assert.equal(await ended, 0, `${command}\n${state.text}`);
    }
    text = state.text;
  }
  return text;
}

test('Fastify: the README is followed, and its routes answer', async () => {
  const servers = await startPooled();
  const reference = '6a1f0c5e-8d8b-4c39-9c1c-2b1f3b0f7a11';
  await follow('fastify', { DATABASE_URL: servers.url }, async (base) => {
    const first = await send(base, '/accounts/1');
    assert.deepEqual(first.body, { id: 1, owner: 'owner 1', balance: 100 });
    assert.equal((await send(base, '/accounts/999')).status, 404);
    const order = { reference, account: 1, amount: 5 };
    const [one, two] = [
      await send(base, { path: '/orders', body: order }),
      await send(base, { path: '/orders', body: order }),
    ];
    assert.equal(one.status, 201);
    assert.deepEqual(one.body, two.body, 'one order, however often it is sent');
    const moved = { from: 1, to: 2, amount: 30 };
    assert.equal(
      (await send(base, { path: '/transfers', body: moved })).status,
      200,
    );
    const tooMuch = { ...moved, amount: 1000 };
    const refused = await send(base, { path: '/transfers', body: tooMuch });
    assert.equal(refused.status, 422);
    assert.equal(refused.body.code, '23514');
    const { rows } = await servers.admin.query(
      'select balance from accounts where id in (1, 2) order by id',
    );
    assert.deepEqual(
      rows.map(({ balance }) => balance),
      [70, 130],
    );
    const wrong = await send(base, { path: '/transfers', body: { from: 'x' } });
    assert.equal(wrong.status, 400);
    assert.equal((await send(base, '/health')).body.status, 'up');
    const metrics = await send(base, '/metrics');
    assert.match(metrics.text, /^holdfast_queries_total\{/m);
  });
});

test('Nest: the README is followed, and it answers', async () => {
  const servers = await startPooled();
  await follow('nest', { DATABASE_URL: servers.url }, async (base) => {
    assert.equal((await send(base, '/items/1')).status, 200);
    assert.equal((await send(base, '/health')).status, 200);
  });
});

test('serverless: the README is followed, and the handler answers', async () => {
  const servers = await startPooled();
  const text = await follow('serverless', { DATABASE_URL: servers.url });
  assert.match(text, /statusCode: 200/);
  assert.match(text, /item 1/);
});

test('Next: the README is followed, and the page is there', async () => {
  const servers = await startPooled();
  const env = {
    DATABASE_URL: servers.url,
    DIRECT_URL: servers.server.url,
    NEXT_TELEMETRY_DISABLED: '1',
    // Prisma requires its engine to exist, but does not run it to generate.
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  };
  await follow('next', env, async (base) => {
    const page = await send(base, '/');
    assert.equal(page.status, 200);
    const style = /href="(\/_next\/static\/[^"]+\.css)"/.exec(page.text)?.[1];
    assert.ok(style !== undefined, 'the page has no style sheet');
    assert.equal((await send(base, style)).status, 200, style);
    assert.equal((await send(base, '/api/health')).body.status, 'up');
  });
});
