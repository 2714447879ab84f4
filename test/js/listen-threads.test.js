// SPDX-License-Identifier: MIT
'use strict';

// One session listens for a process and a database, whatever number of threads
// and pools do.

const assert = require('node:assert');
const { once } = require('node:events');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { Worker } = require('node:worker_threads');

const { Pool } = require('../../lib/index.js');
const { eventually, startPostgres } = require('../support');

const LIB = path.join(__dirname, '..', '..', 'lib', 'index.js');
const THREADS = 4;

/** @type {any} */
let server;

before(async () => {
  server = await startPostgres();
});

after(() => server?.stop());

/** Sessions that listen, or did. */
const sessions = () =>
  server.backends("query ~ 'LISTEN' or query = 'select 1'");

/**
 * A thread with a pool of its own: does what it is told, and tells what it
 * hears.
 */
class Thread {
  /** @type {string[]} */
  received = [];
  #worker;

  /** @param {object} [options] of its pool */
  constructor(options) {
    this.#worker = new Worker(
      `const { parentPort, workerData } = require('node:worker_threads');
       const { Pool } = require(workerData.lib);
       const pool = new Pool(workerData.options);
       const stops = new Map();
       const acts = {
         listen: async (channel) => {
           const fn = ({ payload }) =>
             parentPort.postMessage({ received: channel + ' ' + payload });
           const onReconnect = () =>
             parentPort.postMessage({ received: channel + ' again' });
           stops.set(channel, await pool.listen(channel, fn, { onReconnect }));
         },
         unlisten: (channel) => stops.get(channel)(),
         ask: async () => {
           const cache = { ttlMillis: 60_000, tags: 'posts' };
           const text = 'select count(*)::int as n from posts';
           const { rows, cached } = await pool.query({ text, cache });
           return { n: rows[0].n, cached };
         },
         end: () => pool.end(),
       };
       parentPort.on('message', ([act, argument]) => {
         Promise.resolve(acts[act](argument)).then(
           (value) => parentPort.postMessage({ value }),
           (error) => parentPort.postMessage({ error: error.message }));
       });`,
      {
        eval: true,
        workerData: {
          lib: LIB,
          options: { connectionString: server.url, max: 1, ...options },
        },
      },
    );
    this.#worker.on('message', ({ received }) => {
      if (received !== undefined) {
        this.received.push(received);
      }
    });
  }

  /**
   * @param {string} act
   * @param {string} [argument]
   * @returns {Promise<any>}
   */
  async do(act, argument) {
    const answer = new Promise((resolve, reject) => {
      const take = (/** @type {any} */ message) => {
        if (message.received === undefined) {
          this.#worker.off('message', take);
          if (message.error === undefined) {
            resolve(message.value);
          } else {
            reject(new Error(message.error));
          }
        }
      };
      this.#worker.on('message', take);
    });
    this.#worker.postMessage([act, argument]);
    return await answer;
  }

  async terminate() {
    const ended = once(this.#worker, 'exit');
    await this.#worker.terminate();
    await ended;
  }
}

/** @param {object} [options] */
function startThreads(options) {
  return Array.from({ length: THREADS }, () => new Thread(options));
}

test('threads and pools that listen share one session of the server', async () => {
  const threads = startThreads();
  const pool = new Pool({ connectionString: server.url, max: 1 });
  /** @type {string[]} */
  const received = [];
  try {
    await Promise.all([
      ...threads.map((thread, i) => thread.do('listen', `own ${i}`)),
      ...threads.map((thread) => thread.do('listen', 'all')),
      pool.listen('all', ({ payload }) => received.push(payload)),
    ]);
    assert.strictEqual((await sessions()).length, 1);
    await pool.query("select pg_notify('all', 'x'), pg_notify('own 1', 'y')");
    await eventually(() =>
      threads.every((thread) => thread.received.length > 0),
    );
    await eventually(() => threads[1].received.length === 2);
    assert.deepStrictEqual(threads[0].received, ['all x']);
    assert.deepStrictEqual(threads[1].received, ['all x', 'own 1 y']);
    assert.deepStrictEqual(received, ['x']);

    const [{ pid }] = await sessions();
    await server.terminate(`pid = ${pid}`);
    await eventually(() =>
      threads.every(
        (thread, i) =>
          thread.received.includes('all again') &&
          thread.received.includes(`own ${i} again`),
      ),
    );
    assert.strictEqual((await sessions()).length, 1);
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
    await pool.end();
  }
});

test('a thread that ends drops its own channels only', async () => {
  const [first, second] = [new Thread(), new Thread()];
  const pool = new Pool({ connectionString: server.url, max: 1 });
  try {
    await first.do('listen', 'mine');
    await first.do('listen', 'ours');
    await second.do('listen', 'ours');
    await first.terminate();
    // Only the session itself knows what it listens to: its last statement.
    await eventually(
      async () =>
        (await server.backends(`query = 'UNLISTEN "mine"'`)).length === 1,
    );
    await pool.query("select pg_notify('ours', 'still')");
    await eventually(() => second.received.length === 1);
    assert.deepStrictEqual(second.received, ['ours still']);
    await second.do('unlisten', 'ours');
    await eventually(async () => (await sessions()).length === 0);
  } finally {
    await second.terminate();
    await pool.end();
  }
});

test('caches of several threads share that session as well', async () => {
  await server.psql('create table posts (n int)');
  const threads = startThreads({ cacheNotifyChannel: 'forget' });
  try {
    const kept = async (/** @type {number} */ n) => {
      for (const thread of threads) {
        await eventually(async () => {
          const answer = await thread.do('ask');
          return answer.cached === true && answer.n === n;
        });
      }
    };
    await kept(0);
    assert.strictEqual((await sessions()).length, 1);
    await server.psql(
      `begin; insert into posts values (1);
       select pg_notify('forget', 'posts'); commit`,
    );
    await kept(1);
    await threads[0].terminate();
    threads.shift();
    await server.psql(
      `begin; insert into posts values (2);
       select pg_notify('forget', ''); commit`,
    );
    await kept(2);
    assert.strictEqual((await sessions()).length, 1);
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
  await eventually(async () => (await sessions()).length === 0);
});
