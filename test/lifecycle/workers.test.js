// SPDX-License-Identifier: MIT
// Pools in worker threads, and what is left when those end.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const net = require('node:net');
const { after, afterEach, before, describe, test } = require('node:test');
const { freePort, startPostgres } = require('../support/index.js');
const {
  assertEnd,
  assertNoClients,
  chooseSeed,
  countFromEnv,
  randomFrom,
  reach,
  runProgram,
  runtimes,
} = require('./support.js');

const WORKERS = countFromEnv('HF_LIFECYCLE_WORKERS', 50);
const AT_ONCE = 8;
const TERMINATE_WITHIN_MS = 30;

/** A server that accepts connections and never answers. */
async function startSilentServer() {
  /** @type {Set<net.Socket>} */
  const sockets = new Set();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  return {
    url: `postgres://nobody@127.0.0.1:${port}/none?sslmode=disable`,
    stop() {
      for (const socket of sockets) {
        socket.destroy();
      }
      server.close();
    },
  };
}

/** @param {import('./support.js').End} end */
function reportOf(end) {
  assertEnd(end, {}, 'the process of the workers');
  return JSON.parse(end.stdout);
}

/** @param {string} node @param {() => any} postgres @param {() => any} silent */
function terminations(node, postgres, silent) {
  /** @type {Record<string, () => object | Promise<object>>} */
  const targets = {
    connecting: () => ({ url: silent().url }),
    'backing off': async () => ({
      url: `postgres://nobody@127.0.0.1:${await freePort()}/none`,
    }),
    running: () => reach(postgres()),
    leased: () => reach(postgres()),
    pumping: () => reach(postgres()),
  };

  for (const [state, target] of Object.entries(targets)) {
    const title = `terminate() ends ${WORKERS} workers that are ${state}`;
    test(title, async (t) => {
      const seed = chooseSeed();
      const random = randomFrom(seed);
      t.diagnostic(`HF_SEED=${seed}`);
      const job = { state, ...(await target()) };
      const plans = Array.from({ length: WORKERS }, () => ({
        job,
        terminateAfterMillis: Math.floor(random() * TERMINATE_WITHIN_MS),
      }));
      const end = await runProgram(node, 'workers.js', {
        plans,
        atOnce: AT_ONCE,
      });
      assert.deepEqual(
        reportOf(end).ends,
        plans.map(() => 'exit 1'),
      );
      await assertNoClients(postgres());
    });
  }
}

/** @param {string} node @param {() => any} postgres */
function companies(node, postgres) {
  /** @param {string} state @param {number} count @param {number} atOnce */
  const run = async (state, count, atOnce) => {
    const job = { state, ...reach(postgres()) };
    const plans = Array.from({ length: count }, () => ({ job }));
    return reportOf(await runProgram(node, 'workers.js', { plans, atOnce }));
  };

  test('workers one after another end by themselves', async () => {
    const { ends } = await run('idle', 5, 1);
    assert.deepEqual(ends, Array(5).fill('exit 0'));
  });

  test('workers at the same time end by themselves', async () => {
    const { ends } = await run('idle', 8, 8);
    assert.deepEqual(ends, Array(8).fill('exit 0'));
  });

  test('process.exit in a worker ends only that worker', async () => {
    const { ends } = await run('exiting', 8, 4);
    assert.deepEqual(ends, Array(8).fill('exit 0'));
    await assertNoClients(postgres());
  });

  test('the main thread and its workers share one engine thread', async () => {
    const where = reach(postgres());
    const plans = Array.from({ length: 16 }, (_, i) => ({
      job: { state: i % 2 === 0 ? 'idle' : 'running', ...where },
      ...(i % 2 === 0 ? {} : { terminateAfterMillis: 10 }),
    }));
    const end = await runProgram(node, 'workers.js', {
      plans,
      atOnce: AT_ONCE,
      mainUsesPool: where,
    });
    const report = reportOf(end);
    assert.equal(report.engines, 1);
    assert.equal(report.answer, 11, 'the pool of the main thread lives on');
    await assertNoClients(postgres());
  });

  test('the engine ends with the last worker that used it', async () => {
    // workers.js waits for that and fails otherwise.
    const { ends, engines } = await run('idle', 3, 3);
    assert.deepEqual(ends, Array(3).fill('exit 0'));
    assert.ok(engines >= 1);
  });
}

for (const runtime of runtimes()) {
  describe(`on ${runtime.name}`, () => {
    /** @type {any} */
    let postgres;
    /** @type {any} */
    let silent;
    before(async () => {
      postgres = await startPostgres({
        tls: true,
        auth: 'scram-sha-256',
        maxConnections: 80,
      });
      silent = await startSilentServer();
    });
    // What one test leaves behind must not fail the next.
    afterEach(() => postgres.terminate('true'));
    after(async () => {
      silent.stop();
      await postgres.stop();
    });

    terminations(
      runtime.file,
      () => postgres,
      () => silent,
    );
    companies(runtime.file, () => postgres);
  });
}
