// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const path = require('node:path');
const { describe, test } = require('node:test');

const { Pool, installShutdownHooks } = require('../../lib/index.js');
const { eventually } = require('../support/index.js');
const { useServer } = require('../support/suite.js');

const PROGRAM = path.join(__dirname, 'shutdown.child.js');

/** Longer than anything here takes: it only ends what hangs. */
const HANGS_MILLIS = 30_000;

const server = useServer();
/**
 * Runs the program; once it is ready, and its statement runs, sends signals.
 * @param {any} job
 * @param {NodeJS.Signals[]} [signals]
 */
async function run(job, signals = []) {
  // A statement outlives the process it was for.
  await server.terminate('true');
  const argument = JSON.stringify({ url: server.url, ...job });
  const child = spawn(process.execPath, [PROGRAM, argument], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), HANGS_MILLIS);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  const end = new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  await eventually(() => output.includes('ready\n'), { timeout: HANGS_MILLIS });
  if (job.statement) {
    await eventually(async () => {
      const where = "state = 'active' and query like '%pg_sleep%'";
      return (await server.backends(where)).length === 1;
    });
  }
  for (const signal of signals) {
    child.kill(signal);
  }
  const { code, signal } = await end;
  clearTimeout(limit);
  const said = output.trim().split('\n');
  return { code, signal, said: said.filter((line) => line !== 'ready') };
}

describe('the hooks', () => {
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT'])) {
    test(`${signal} lets work in flight finish, then ends the process`, async () => {
      const job = { statement: 'select pg_sleep(0.3)', stays: true };
      assert.deepStrictEqual(await run(job, [signal]), {
        code: null,
        signal,
        said: ['statement done'],
      });
      await eventually(async () => (await server.backends()).length === 0);
    });
  }

  test('work that takes too long is cancelled', async () => {
    const statement = 'select pg_sleep(600)';
    const options = { drainMillis: 50 };
    const { signal, said } = await run({ statement, options }, ['SIGTERM']);
    assert.strictEqual(signal, 'SIGTERM');
    assert.deepStrictEqual(said, ['statement failed: HF_POOL_CLOSED']);
  });

  test('the longest limit is not taken for none', async () => {
    const statement = 'select pg_sleep(0.3)';
    const options = { drainMillis: 2_147_483_647 };
    const { said } = await run({ statement, options }, ['SIGTERM']);
    assert.deepStrictEqual(said, ['statement done']);
  });

  test('a second signal does not wait', async () => {
    const job = {
      statement: 'select pg_sleep(600)',
      options: { drainMillis: 600_000 },
    };
    const { signal, said } = await run(job, ['SIGTERM', 'SIGINT']);
    assert.ok(signal === 'SIGINT' || signal === 'SIGTERM');
    assert.deepStrictEqual(said, []);
  });

  for (const kind of ['listener', 'once']) {
    test(`with another ${kind} the process is left to it`, async () => {
      const job = { [kind]: true, stays: true };
      assert.deepStrictEqual(await run(job, ['SIGTERM']), {
        code: 0,
        signal: null,
        said: ['other listener', 'pool ended'],
      });
    });
  }

  for (const waits of ['new', 'old']) {
    test(`with a listener of the ${waits} kind that waits for all others, the process ends`, async () => {
      const statement = 'select pg_sleep(0.3)';
      const job = { waits, statement, stays: 'for ever' };
      assert.deepStrictEqual(await run(job, ['SIGTERM']), {
        code: null,
        signal: 'SIGTERM',
        said: ['statement done', 'alone'],
      });
    });
  }

  test('a framework that sends its signal on does not cut work in flight', async () => {
    const job = { sendsOn: true, statement: 'select pg_sleep(0.3)' };
    const { signal, said } = await run(job, ['SIGTERM']);
    assert.strictEqual(signal, 'SIGTERM');
    assert.deepStrictEqual(said, ['sent on', 'statement done']);
  });

  test('a process with nothing left to do ends its pools first', async () => {
    assert.deepStrictEqual(await run({}), {
      code: 0,
      signal: null,
      said: ['pool ended'],
    });
  });

  test('beforeExit: false leaves that out', async () => {
    const { said } = await run({ options: { beforeExit: false } });
    assert.deepStrictEqual(said, ['pool open']);
  });

  test('other signals are left alone', async () => {
    const options = { signals: ['SIGUSR2'] };
    const job = { options, statement: 'select pg_sleep(600)' };
    const { signal, said } = await run(job, ['SIGTERM']);
    assert.strictEqual(signal, 'SIGTERM');
    assert.deepStrictEqual(said, []);
  });

  test('uninstalled, they do nothing', async () => {
    assert.deepStrictEqual((await run({ uninstall: true })).said, [
      'pool open',
    ]);
  });

  test('nothing is installed unless asked for, and twice is once', () => {
    const count = () =>
      ['SIGTERM', 'SIGINT', 'beforeExit'].map((name) =>
        process.listenerCount(name),
      );
    const none = count();
    const uninstall = installShutdownHooks();
    assert.deepStrictEqual(
      count(),
      none.map((n) => n + 1),
    );
    assert.strictEqual(installShutdownHooks(), uninstall);
    assert.deepStrictEqual(
      count(),
      none.map((n) => n + 1),
    );
    uninstall();
    uninstall();
    assert.deepStrictEqual(count(), none);
    installShutdownHooks()();
    assert.deepStrictEqual(count(), none);
  });

  test('wrong options are refused by name', () => {
    const wrong = [
      { signal: 'SIGTERM' },
      { signals: 'SIGTERM' },
      { signals: ['TERM'] },
      { drainMillis: 'long' },
      { beforeExit: 1 },
      7,
    ];
    for (const options of wrong) {
      assert.throws(
        () => installShutdownHooks(/** @type {any} */ (options)),
        TypeError,
      );
    }
  });
});

describe('drain', () => {
  test('work within the limit is finished, waiting calls, too', async () => {
    const options = { connectionString: server.url, max: 1, logger: false };
    const pool = new Pool(options);
    const running = pool.query('select pg_sleep(0.2)');
    await eventually(() => pool.stats().busy === 1 && pool.idleCount === 0);
    const waiting = pool.query('select 1 as n');
    await pool.drain(60_000);
    const [, { rows }] = await Promise.all([running, waiting]);
    assert.strictEqual(rows[0].n, 1);
    assert.strictEqual(pool.ended, true);
    await assert.rejects(pool.drain(1), { code: 'HF_POOL_CLOSED' });
  });

  test('a limit of 0 cancels at once', async () => {
    const pool = new Pool({ connectionString: server.url, logger: false });
    await pool.query('select 1');
    const running = assert.rejects(pool.query('select pg_sleep(600)'), {
      code: 'HF_POOL_CLOSED',
    });
    await pool.drain(0);
    await running;
  });

  for (const limit of [Infinity, undefined]) {
    test(`a limit of ${limit} lets work finish`, async () => {
      const pool = new Pool({ connectionString: server.url, logger: false });
      await pool.query('select 1');
      const running = pool.query('select pg_sleep(0.2)');
      await pool.drain(limit);
      assert.strictEqual((await running).rowCount, 1);
    });
  }

  test('an invalid limit rejects', async () => {
    const pool = new Pool({ connectionString: server.url, logger: false });
    await assert.rejects(pool.drain(/** @type {any} */ ('soon')), TypeError);
    await pool.end();
  });
});
