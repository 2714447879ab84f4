// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');

const {
  Log,
  checkLogger,
  logOf,
  setLogger,
} = require('../../lib/observe/log.js');
const { resolveOptions } = require('../../lib/options/options.js');

const FILE = path.join(__dirname, '..', '..', 'lib', 'observe', 'log.js');

/** Writes one line of each level, as a process with this NODE_ENV would. */
const SPEAK = `
  const { logOf } = require(${JSON.stringify(FILE)});
  logOf().debug({ event: 'x' }, 'a debug line');
  logOf().info({ event: 'x' }, 'an info line');
  logOf().info({ event: 'warmup.done' }, 'Warmup complete in 2.5s');
  logOf().info({ event: 'reset.done' }, 'Connections reset');
  logOf().warn({ event: 'x' }, 'a warning');
  logOf().error({ event: 'x' }, 'an error\\u001b[2J\\nover two lines');`;

/**
 * Returns what a process with this NODE_ENV writes.
 * @param {string} nodeEnv
 */
function linesWith(nodeEnv) {
  const child = `const { spawnSync } = require('node:child_process');
    const { stdout, stderr } = spawnSync(process.execPath, ['-e',
      ${JSON.stringify(SPEAK)}], { encoding: 'utf8' });
    process.stdout.write(JSON.stringify({ stdout, stderr }));`;
  const env = { ...process.env, NODE_ENV: nodeEnv };
  const text = execFileSync(process.execPath, ['-e', child], {
    encoding: 'utf8',
    env,
  });
  const { stdout, stderr } = JSON.parse(text);
  assert.strictEqual(stdout, '');
  return stderr.split('\n').slice(0, -1);
}

/** A logger that keeps what it hears. */
function recorder() {
  /** @type {[string, any, string][]} */
  const received = [];
  const method = (/** @type {string} */ level) =>
    function keep(/** @type {any} */ fields, /** @type {string} */ message) {
      received.push([level, fields, message]);
    };
  const levels = ['debug', 'info', 'warn', 'error'];
  const logger = /** @type {any} */ (
    Object.fromEntries(levels.map((level) => [level, method(level)]))
  );
  return { received, logger };
}

test('development sees warnings, errors, warm-up and reset', () => {
  assert.deepStrictEqual(linesWith('development'), [
    '✅ Warmup complete in 2.5s',
    '✅ Connections reset',
    '⚠️ a warning',
    '❌ an error [2J over two lines',
  ]);
});

test('production sees errors only', () => {
  assert.deepStrictEqual(linesWith('production'), [
    '❌ an error [2J over two lines',
  ]);
});

test('tests see nothing', () => {
  assert.deepStrictEqual(linesWith('test'), []);
});

test("a pool's logger gets that pool's lines with fields and message", () => {
  const { received, logger } = recorder();
  const pool = {};
  setLogger(pool, logger);
  logOf(pool).warn({ event: 'slow' }, 'Slow query');
  logOf({}).error({ event: 'x' }, 'of another');
  assert.deepStrictEqual(received, [['warn', { event: 'slow' }, 'Slow query']]);
});

test('logger: false silences the pool, and it reports no listener', () => {
  const log = new Log(false);
  log.error({ event: 'x' }, 'nobody hears this');
  assert.strictEqual(log.listens('error'), false);
  assert.strictEqual(log.failures, 0);
});

test('methods are called on their logger', () => {
  class Own {
    count = 0;
    debug() {
      this.count += 1;
    }
    info() {}
    warn() {}
    error() {}
  }
  const own = new Own();
  new Log(own).debug({ event: 'x' }, 'one');
  assert.strictEqual(own.count, 1);
});

test('a logger that throws or rejects is counted and disturbs nothing', async () => {
  const { logger } = recorder();
  logger.warn = () => {
    throw new Error('disk full');
  };
  logger.error = () => Promise.reject(new Error('network down'));
  const log = new Log(logger);
  log.warn({ event: 'x' }, 'one');
  assert.strictEqual(log.failures, 1);
  log.error({ event: 'x' }, 'two');
  await new Promise(setImmediate);
  assert.strictEqual(log.failures, 2);
});

test('an invalid logger is refused when the pool is made', () => {
  const complete = recorder().logger;
  assert.strictEqual(checkLogger(complete), complete);
  assert.strictEqual(checkLogger(false), false);
  const { error: _, ...incomplete } = complete;
  const url = 'postgresql://localhost/x';
  const resolve = (/** @type {unknown} */ logger) =>
    resolveOptions({ connectionString: url, logger });
  assert.throws(() => resolve(incomplete), {
    name: 'TypeError',
    message: 'logger has no method error(fields, message)',
  });
  for (const wrong of [true, 'console', 7, () => {}]) {
    assert.throws(() => resolve(wrong), TypeError);
  }
  assert.strictEqual(resolve(complete).logger, complete);
});
