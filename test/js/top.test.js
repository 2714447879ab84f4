// SPDX-License-Identifier: MIT

// npx pg-holdfast top, and what a process shows of its pools: to whom, how,
// and that it costs nothing where it is not wanted.

const assert = require('node:assert/strict');
const { spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const path = require('node:path');
const { after, describe, test } = require('node:test');

const { viewOf } = require('../../cli/top/view.js');
const { Past, quantile } = require('../../lib/top/state.js');
const { Browser, noChromium } = require('../support/chromium.js');
const { makeFolder } = require('../support');
const { MAIN, cleanEnv } = require('./doctor/support.js');
const { useServer } = require('../support/suite.js');
const { noTerminal, startInTerminal } = require('../support/terminal.js');

const CHILD = path.join(__dirname, 'top.child.js');
const SECRET = '--password=of-the-command-line';
const uid = process.getuid?.();
const PLACES = uid === undefined ? 'pg-holdfast-top' : `pg-holdfast-top-${uid}`;
/** There the folder for temporary files is the user's own. */
const noModes = uid === undefined ? 'no file modes on Windows' : false;
const server = useServer();

/**
 * @param {string} folder
 * @param {Record<string, string>} [more]
 */
function envIn(folder, more = {}) {
  return cleanEnv({ TMPDIR: folder, TEMP: folder, TMP: folder, ...more });
}

/** Starts a process that shows its pools. @param {{top?: string}} [options] */
async function startProcess({ top = '1' } = {}) {
  const folder = makeFolder('t');
  const env = envIn(folder, { DATABASE_URL: server.url, HOLDFAST_TOP: top });
  const child = spawn(process.execPath, [CHILD, SECRET], {
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const said = { text: '' };
  child.stderr.on('data', (chunk) => {
    said.text += chunk;
  });
  const [first] = await once(child.stdout, 'data');
  said.text += first;
  const where = path.join(folder, PLACES);
  const file = path.join(where, `${child.pid}.0.json`);
  while (top === '1' && !fs.existsSync(file)) {
    await new Promise(setImmediate);
  }
  return {
    ...{ child, folder, where, file, said },
    place: top === '1' ? JSON.parse(fs.readFileSync(file, 'utf8')) : null,
    async stop() {
      const exit = once(child, 'exit');
      child.stdin.end();
      const [code] = await exit;
      return code;
    },
  };
}

/** @param {string} folder @param {string[]} args */
function top(folder, ...args) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [MAIN, 'top', ...args],
    { env: envIn(folder), encoding: 'utf8' },
  );
  return { code: status, stdout, stderr };
}

/**
 * @param {number} port
 * @param {object} [options] of http.request()
 * @returns {Promise<{status: number, headers: any, body: string}>}
 */
function ask(port, options = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host: '127.0.0.1', port, path: '/state', agent: false, ...options },
      (response) => {
        let body = '';
        response.on('data', (chunk) => {
          body += chunk;
        });
        response.on('end', () => {
          const { statusCode: status = 0, headers } = response;
          resolve({ status, headers, body });
        });
      },
    );
    request.on('error', reject).end();
  });
}

/** @param {string} token */
const bearer = (token) => ({ headers: { authorization: `Bearer ${token}` } });

describe('a process that shows its pools', () => {
  test('is found by its number, with the figures of its pool', async () => {
    const shown = await startProcess();
    const { code, stdout } = top(shown.folder, '--json');
    assert.equal(code, 0);
    const state = JSON.parse(stdout);
    assert.equal(state.pid, shown.child.pid);
    const [pool] = state.pools;
    assert.equal(pool.status, 'up');
    assert.equal(pool.max, 6);
    assert.equal(pool.connections.lent, 1);
    assert.ok(pool.queries >= 1);
    const counted = pool.latency.reduce((sum, { count }) => sum + count, 0);
    assert.ok(counted >= 1);
    const listed = top(shown.folder, '--list');
    assert.match(
      listed.stdout,
      new RegExp(`^${state.pid}  top.child.js, since`),
    );
    const text = top(shown.folder, String(state.pid));
    assert.match(text.stdout, /UP {2}no pooler, primary/);
    await shown.stop();
  });

  test('answers only who has the token, and only on the loopback', async () => {
    const shown = await startProcess();
    const { port, token } = shown.place;
    assert.equal((await ask(port)).status, 401);
    assert.equal((await ask(port, bearer('x'))).status, 401);
    assert.equal((await ask(port, bearer(`${token}x`))).status, 401);
    assert.equal((await ask(port, { path: `/state?${token}` })).status, 404);
    const right = await ask(port, bearer(token));
    assert.equal(right.status, 200);
    assert.equal(right.headers['cache-control'], 'no-store');
    const rebound = { headers: { host: `evil.example:${port}` } };
    assert.equal((await ask(port, rebound)).status, 421);
    assert.equal((await ask(port, { method: 'POST' })).status, 405);
    const page = await ask(port, { path: '/' });
    assert.equal(page.status, 200);
    assert.ok(!page.body.includes(server.database + '"'));
    const other = net.connect(port, '127.0.0.2');
    const [error] = await once(other, 'error');
    assert.equal(error.code, 'ECONNREFUSED');
    await shown.stop();
  });

  test('keeps the token in a file that only this user can read', {
    skip: noModes,
  }, async () => {
    const shown = await startProcess();
    const mode = (/** @type {string} */ file) => fs.statSync(file).mode & 0o777;
    assert.equal(mode(shown.where), 0o700);
    assert.equal(mode(shown.file), 0o600);
    assert.ok(shown.place.token.length >= 43);
    const text = fs.readFileSync(shown.file, 'utf8');
    assert.ok(!text.includes('of-the-command-line'), 'no arguments');
    assert.ok(!text.includes(server.password));
    const { stdout } = top(shown.folder, '--json');
    assert.ok(!stdout.includes(server.password));
    assert.ok(!stdout.includes(shown.place.token));
    assert.ok(!shown.said.text.includes(shown.place.token));
    await shown.stop();
  });

  test('ends as before, and is not found afterwards', async () => {
    const shown = await startProcess();
    assert.equal(await shown.stop(), 0);
    assert.ok(!fs.existsSync(shown.file));
    const { code, stderr } = top(shown.folder);
    assert.equal(code, 2);
    assert.match(stderr, /HOLDFAST_TOP=1 node server\.js/);
  });

  test('that was killed is not found, and its file is removed', async () => {
    const shown = await startProcess();
    const exit = once(shown.child, 'exit');
    shown.child.kill('SIGKILL');
    await exit;
    assert.ok(fs.existsSync(shown.file));
    assert.equal(top(shown.folder, String(shown.child.pid)).code, 2);
    assert.ok(!fs.existsSync(shown.file));
  });

  test('does not trust a folder that others can write', {
    skip: noModes,
  }, async () => {
    const folder = makeFolder('t');
    const where = path.join(folder, PLACES);
    fs.mkdirSync(where);
    fs.chmodSync(where, 0o777);
    const child = spawn(process.execPath, [CHILD], {
      env: envIn(folder, { DATABASE_URL: server.url, HOLDFAST_TOP: '1' }),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const [warning] = await once(child.stderr, 'data');
    assert.match(String(warning), /HOLDFAST_TOP: .* is not this user's alone/);
    assert.deepEqual(fs.readdirSync(where), []);
    child.stdin.end();
    await once(child, 'exit');
    assert.equal(top(folder, '--list').stdout, '');
  });

  test('is only one that was asked to', async () => {
    for (const value of ['0', '', 'yes please']) {
      const silent = await startProcess({ top: value });
      assert.ok(!fs.existsSync(silent.where), value);
      await silent.stop();
      const isWarned = /HOLDFAST_TOP: neither 1 nor a port/.test(
        silent.said.text,
      );
      assert.equal(isWarned, value === 'yes please');
    }
  });
});

describe('the figures', () => {
  test('a quantile lies within its bucket', () => {
    const latency = [
      { upToMillis: 1, count: 50 },
      { upToMillis: 2, count: 50 },
      { upToMillis: null, count: 0 },
    ];
    assert.equal(quantile(latency, 0.5), 1);
    assert.equal(quantile(latency, 0.75), 1.5);
    const none = latency.map((bucket) => ({ ...bucket, count: 0 }));
    assert.equal(quantile(none, 0.5), null);
  });

  test('the rate is that of the last minute', () => {
    const past = new Past();
    const sample = (/** @type {number} */ queries) => ({
      name: 'x',
      stats: { queries, queryTimeCount: 0 },
      buckets: undefined,
    });
    past.add(sample(100), 0);
    assert.equal(past.minute.perSecond, null);
    past.add(sample(150), 5000);
    assert.equal(past.minute.perSecond, 10);
    past.add(sample(150), 70_000);
    past.add(sample(180), 130_000);
    assert.equal(past.minute.perSecond, 0.5, 'older than a minute is over');
    past.add(sample(3), 131_000);
    assert.equal(past.minute.perSecond, null, 'another pool begins anew');
  });
});

/** @param {object} [change] */
function bigPool(change) {
  return {
    name: 'a-rather-long-host-name.eu-central-1.example.com:6432/production',
    ...{ status: 'degraded', reasons: ['the server does not answer'] },
    ...{ pooler: 'transaction', role: 'primary', max: 500 },
    connections: { busy: 321, lent: 12, idle: 100, connecting: 9 },
    ...{ waiting: 12_345, queries: 9_876_543_210, perSecond: 123_456 },
    ...{ p50Millis: 0.123, p95Millis: 1234, p99Millis: 98_765 },
    ...{ retries: 1_234_567, connectionsLost: 12_345 },
    succeededOnAttempt: [1, 2, 3, 4],
    failed: {
      ...{ notExecuted: 12_345, rolledBack: 1234 },
      ...{ ambiguous: 123, permanent: 12_345 },
    },
    breaker: { state: 'half-open', opened: 1234, connectsFailed: 123_456 },
    latency: [],
    ...change,
  };
}

/** @param {any[]} pools */
function processOf(pools) {
  return /** @type {any} */ ({
    ...{ schema: 1, pid: 4_194_304, title: 'server.js', version: '0.2.0' },
    ...{ node: '22.12.0', at: 0, upSeconds: 400_000, pools },
  });
}

describe('the view in a terminal', () => {
  test('80 columns are enough, for large figures too', () => {
    const lines = viewOf(processOf([bigPool()]));
    const [, , name, ...figures] = lines;
    assert.match(name, /production/);
    for (const line of [lines[0], ...figures]) {
      assert.ok([...line].length <= 80, `${[...line].length}: ${line}`);
    }
  });

  test('one call waits, several wait', () => {
    const said = (/** @type {number} */ waiting) =>
      viewOf(processOf([bigPool({ waiting })])).join('\n');
    assert.match(said(1), /; 1 call waits\n/);
    assert.match(said(0), /; 0 calls wait\n/);
  });

  test('a small pool is drawn cell by cell', () => {
    const pool = bigPool({
      max: 6,
      connections: { busy: 2, lent: 1, idle: 1, connecting: 0 },
    });
    assert.match(viewOf(processOf([pool])).join('\n'), /██▓░·· of 6/);
  });

  test('it redraws, says when the process is gone, and ends', {
    skip: noTerminal(),
  }, async () => {
    const shown = await startProcess();
    const terminal = startInTerminal(
      process.execPath,
      [MAIN, 'top', '--interval', '0.2'],
      { env: envIn(shown.folder) },
    );
    await terminal.says(/UP {2}no pooler/);
    assert.ok(!terminal.output.includes('\u001b[2J'), 'nothing is cleared');
    const exit = once(shown.child, 'exit');
    shown.child.kill('SIGKILL');
    await exit;
    await terminal.says(`✗ process ${shown.child.pid} is gone`);
    terminal.press('\u0003');
    assert.equal(await terminal.ended, 2);
    const [, after] = terminal.output.split('\u001b[?1049l');
    assert.match(after, /is gone, or does not answer: ECONNREFUSED/);
    assert.match(after, /connections/, 'its last figures stay');
  });
});

describe('the page in a browser', { skip: noChromium() }, () => {
  /** @type {any} */
  let browser;
  after(() => browser?.close());

  const LEAST_PIXELS = 12;
  const READY = "document.querySelector('[data-figure=status]') !== null";
  const SMALLEST = `Math.min(...[...document.querySelectorAll('main *')]
    .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
    .map((e) => parseFloat(getComputedStyle(e).fontSize)))`;
  const HEADLESS_TABLES = `[...document.querySelectorAll('table')]
    .filter((t) => t.querySelectorAll('thead th[scope=col]').length < 2).length`;

  test('it is usable on a phone and a desk, light and dark', async () => {
    const shown = await startProcess();
    browser = new Browser();
    const url = top(shown.folder, '--page').stdout.trim();
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/#/);
    const colors = new Set();
    for (const [name, options] of Object.entries({
      'top-desk': {},
      'top-phone': { width: 360 },
      'top-dark': { dark: true },
      'top-phone-dark': { width: 360, dark: true },
    })) {
      const page = await browser.open(url, options);
      await page.until(READY);
      await page.until(
        "document.querySelector('[data-figure=rate]').textContent !== '–'",
      );
      assert.equal(await page.evaluate('location.href'), url.split('#')[0]);
      assert.equal(
        await page.evaluate(
          'document.documentElement.scrollWidth <= innerWidth',
        ),
        true,
        `${name} is wider than its window`,
      );
      assert.ok((await page.evaluate(SMALLEST)) >= LEAST_PIXELS, name);
      assert.equal(await page.evaluate(HEADLESS_TABLES), 0);
      assert.equal(
        await page.evaluate(
          "document.querySelector('[data-figure=lent]').textContent",
        ),
        '1',
      );
      colors.add(
        await page.evaluate('getComputedStyle(document.body).backgroundColor'),
      );
      await page.screenshot(name);
    }
    assert.equal(colors.size, 2, 'light and dark differ');
    assert.deepEqual(browser.errors, []);
    await shown.stop();
  });

  test('it says when the process is gone, and when the token is wrong', async () => {
    const shown = await startProcess();
    const { port, token } = shown.place;
    browser ??= new Browser();
    const wrong = await browser.open(`http://127.0.0.1:${port}/#wrong`);
    await wrong.until(
      "document.querySelector('#notice').textContent.includes('top --page')",
    );
    const page = await browser.open(`http://127.0.0.1:${port}/#${token}`);
    await page.until(READY);
    await shown.stop();
    await page.until(
      "document.querySelector('#notice').textContent.includes('is gone')",
    );
    assert.equal(await page.evaluate(READY), true, 'the last figures stay');
    await page.screenshot('top-gone');
  });
});
