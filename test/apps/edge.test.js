// SPDX-License-Identifier: MIT
// The packed package in Cloudflare's runtime, in Vercel's edge runtime by
// Next.js, and as bundled for browsers.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, test } = require('node:test');
const vm = require('node:vm');
const { eventually, freePort } = require('../support/index.js');
const { prepareApp } = require('./support/app.js');
const { send } = require('./support/http.js');
const { ROOT } = require('./support/packed.js');

const FOLDER = path.join(__dirname, 'edge');
const START_MILLIS = 60_000;
const BUILD_MILLIS = 300_000;
const { version } = JSON.parse(
  fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'),
);

/** @param {any} told by test/apps/edge/checks.mjs */
function assertChecked({ hung, pool, shared, reason, ...told }) {
  assert.deepEqual(told, {
    value: 'done',
    calls: 3,
    outcome: 'permanent',
    retryable: false,
    preset: 20,
    read: 'rows after 2',
    version,
  });
  assert.ok(reason);
  assert.match(hung, /^HF_DEADLINE: /);
  const refused = /^HF_NO_BINARY: .*native addon: run this code on Node\.js/;
  assert.match(pool, refused);
  assert.match(shared, refused);
}

/** The globals of a browser, and none of Node's. */
function browserGlobals() {
  const names = [
    ...['AbortController', 'AbortSignal', 'TextDecoder', 'TextEncoder'],
    ...['Event', 'EventTarget', 'Uint8Array', 'Int32Array', 'Float64Array'],
    ...['atob', 'clearTimeout', 'setTimeout', 'performance'],
  ];
  return Object.fromEntries(
    names.map((name) => [name, /** @type {any} */ (globalThis)[name]]),
  );
}

describe('in edge runtimes and browsers', () => {
  /** @type {import('./support/app.js').App} */
  let app;

  before(async () => {
    app = await prepareApp(FOLDER);
  });

  /** @param {string} entry @param {string[]} args */
  function bundle(entry, args) {
    const common = ['--bundle', '--log-level=warning', '--outdir=out'];
    return app.run('esbuild', [entry, ...common, ...args]);
  }

  /** @param {string} base @param {string} where */
  function answerOf(base, where) {
    return eventually(
      async () => {
        const answer = await send(base, where).catch(() => undefined);
        return answer?.status === 200 ? answer : undefined;
      },
      { timeout: START_MILLIS, what: 'an answer' },
    );
  }

  test("Cloudflare's runtime runs the helpers, and the pool says why not", async () => {
    await bundle('worker.mjs', [
      ...['--format=esm', '--out-extension:.js=.mjs'],
      '--conditions=workerd,worker,browser',
      // As its bundler does it: the module is a file beside the worker.
      ...['--loader:.wasm=copy', '--asset-names=[name]'],
    ]);
    const port = await freePort();
    const server = app.start('workerd', [
      ...['serve', '--socket-addr', `http=127.0.0.1:${port}`],
      'workerd.capnp',
    ]);
    try {
      const answer = await answerOf(`http://127.0.0.1:${port}`, '/');
      assertChecked(answer.body);
      assert.match(answer.body.pool, /Cloudflare Workers cannot load the pool/);
    } finally {
      await server.stop();
    }
  });

  test('bundled for a browser it needs nothing of Node', async () => {
    await bundle('browser.mjs', ['--platform=browser', '--format=iife']);
    const file = path.join(app.folder, 'out', 'browser.js');
    const context = vm.createContext(browserGlobals());
    vm.runInContext(fs.readFileSync(file, 'utf8'), context);
    assertChecked({ .../** @type {any} */ (await context.checked) });
  });

  for (const bundler of ['turbopack', 'webpack']) {
    test(`an edge route of Next.js runs the helpers, by ${bundler}`, async () => {
      const env = { NEXT_TELEMETRY_DISABLED: '1' };
      const timeoutMillis = BUILD_MILLIS;
      await app.run('next', ['build', `--${bundler}`], { env, timeoutMillis });
      const port = await freePort();
      const server = app.start('next', ['start', '-p', String(port)], { env });
      try {
        const base = `http://127.0.0.1:${port}`;
        const answer = await answerOf(base, '/api/edge');
        assertChecked(answer.body);
        const page = await send(base, '/');
        assert.match(page.text, /rolled_back/);
      } finally {
        await server.stop();
      }
    });
  }
});
