// SPDX-License-Identifier: MIT
// A process that ends in the way its job names.

const { openPool } = require('./open-pool.js');

const job = JSON.parse(process.argv[2]);

const ignore = () => {};

/** Calls of every kind: running, waiting for a connection, connecting. */
function startMuch() {
  for (let pools = 0; pools < 2; pools += 1) {
    const pool = openPool(job);
    for (let calls = 0; calls < 16; calls += 1) {
      pool.query('select pg_sleep(0.005 * $1)', [calls]).catch(ignore);
    }
    pool
      .connect()
      .then((client) => client.query('begin').catch(ignore), ignore);
  }
}

/** Runs only if something else keeps the process alive for that long. */
/** @param {number} millis @param {() => void} fn */
function ifStillAlive(millis, fn) {
  setTimeout(fn, millis).unref();
}

/** @type {Record<string, () => unknown>} */
const scenarios = {
  /** A pool that was never used. */
  untouched() {
    openPool(job);
    console.log('made');
  },

  /** Idle connections are left behind. */
  async idle() {
    const pool = openPool(job);
    await Promise.all([pool.query('select 1'), pool.query('select 2')]);
    console.log('queried');
    ifStillAlive(5000, () => console.log('still alive'));
  },

  /** Only a query keeps the process alive. */
  running() {
    openPool(job)
      .query('select pg_sleep(0.3), 7 as seven')
      .then(({ rows }) => console.log(`answer ${rows[0].seven}`));
  },

  /** Work that begins only when nothing is left to do. */
  beforeExit() {
    const pool = openPool(job);
    process.once('beforeExit', () => {
      pool.query('select 8 as eight').then(({ rows }) => {
        console.log(`answer ${rows[0].eight}`);
      });
    });
  },

  /** Only waiting for a lease keeps the process alive. */
  async leased() {
    const client = await openPool(job).connect();
    ifStillAlive(200, async () => {
      const { rows } = await client.query('select 9 as nine');
      console.log(`answer ${rows[0].nine}`);
      client.release();
      ifStillAlive(5000, () => console.log('still alive'));
    });
  },

  /** Everything was ended in order. */
  async ended() {
    const pool = openPool(job);
    await pool.query('select 1');
    await pool.end();
    console.log('ended');
  },

  exit() {
    startMuch();
    setTimeout(() => process.exit(job.code), job.afterMillis);
  },

  exitAtOnce() {
    startMuch();
    process.exit(job.code);
  },

  throw() {
    startMuch();
    setTimeout(() => {
      throw new Error('on purpose');
    }, job.afterMillis);
  },

  reject() {
    startMuch();
    setTimeout(() => {
      Promise.reject(new Error('on purpose'));
    }, job.afterMillis);
  },

  signal() {
    startMuch();
    setTimeout(() => process.kill(process.pid, job.signal), job.afterMillis);
  },
};

scenarios[job.scenario]();
