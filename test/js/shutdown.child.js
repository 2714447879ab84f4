// SPDX-License-Identifier: MIT
'use strict';

// A program that installs the hooks, works, and is told to end. What it does
// is in its argument; it says "ready" when it may be ended.

const { getPool, installShutdownHooks } = require('../../lib/index.js');

const job = JSON.parse(process.argv[2]);

/** @param {string} line */
function say(line) {
  process.stdout.write(`${line}\n`);
}

/** Does what the package signal-exit does, as far as signals go. */
function waitForOthers() {
  const emitter = { count: 1 };
  if (job.waits === 'new') {
    Object.assign(globalThis, { [Symbol.for('signal-exit emitter')]: emitter });
  } else {
    Object.assign(process, { __signal_exit_emitter__: emitter });
  }
  const listener = () => {
    if (process.listenerCount('SIGTERM') === emitter.count) {
      process.removeListener('SIGTERM', listener);
      say('alone');
      process.kill(process.pid, 'SIGTERM');
    }
  };
  process.on('SIGTERM', listener);
}

async function main() {
  const pool = getPool({ connectionString: job.url, logger: false });
  const uninstall = installShutdownHooks(job.options);
  if (installShutdownHooks() !== uninstall) {
    say('installed twice');
  }
  if (job.uninstall) {
    uninstall();
  }
  if (job.listener) {
    process.on('SIGTERM', () => say('other listener'));
  }
  if (job.waits) {
    waitForOthers();
  }
  if (job.sendsOn) {
    // As NestJS does it once its application is closed.
    process.once('SIGTERM', () => {
      say('sent on');
      process.kill(process.pid, 'SIGTERM');
    });
  }
  if (job.once) {
    process.once('SIGTERM', () => say('other listener'));
  }
  process.on('exit', () => say(pool.ended ? 'pool ended' : 'pool open'));
  await pool.query('select 1');
  if (job.statement) {
    pool.query(job.statement).then(
      () => say('statement done'),
      (error) => say(`statement failed: ${error.code}`),
    );
  }
  say('ready');
  if (job.stays) {
    // Until the pool is ended, as a server that closes on its own would.
    const timer = setInterval(() => {
      if (pool.ended && job.stays !== 'for ever') {
        clearInterval(timer);
      }
    }, 5);
  }
}

main();
