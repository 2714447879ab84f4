// SPDX-License-Identifier: MIT
// A worker thread that gets into the state its job names, and reports it.

const { parentPort, workerData: job } = require('node:worker_threads');
const { openPool } = require('./open-pool.js');

const ignore = () => {};
const ready = () => parentPort?.postMessage('ready');

/** @type {Record<string, (pool: any) => unknown>} */
const states = {
  /** The server does not answer: the connection attempt hangs. */
  connecting(pool) {
    pool.query('select 1').catch(ignore);
    setImmediate(ready);
  },

  /** Nothing listens: the call waits for the next attempt. */
  'backing off'(pool) {
    pool.query('select 1').catch(ignore);
    setImmediate(ready);
  },

  async running(pool) {
    await pool.query('select 1');
    pool.query('select pg_sleep(60)').catch(ignore);
    setImmediate(ready);
  },

  async leased(pool) {
    const client = await pool.connect();
    await client.query('begin');
    ready();
  },

  /** Answers keep coming, so that some are being delivered at the end. */
  async pumping(pool) {
    ready();
    for (;;) {
      await Promise.all([
        pool.query('select 1'),
        pool.query('select g, repeat($1, 100) from generate_series(1, 300) g', [
          'x',
        ]),
      ]);
    }
  },

  /** Ends by itself. */
  async idle(pool) {
    await pool.query('select 1');
    ready();
  },

  async exiting(pool) {
    await pool.query('select 1');
    pool.query('select pg_sleep(60)').catch(ignore);
    // In the next turn: calls are sent at the end of a tick.
    setImmediate(() => process.exit(0));
  },
};

states[job.state](openPool(job));
