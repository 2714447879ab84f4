// SPDX-License-Identifier: MIT
// Load with faults for half an hour: memory, descriptors and threads must not
// grow, every call settles, and the ledger agrees. `count` is in seconds.

const fs = require('node:fs');
const v8 = require('node:v8');
const vm = require('node:vm');
const { Pool } = require('../..');
const { startPostgres, startProxy } = require('../../test/support/index.js');
const { judgeLedger } = require('../../test/support/wire-judge.js');

const SECONDS = 1800;
const CALLERS = 12;
const FAULT_EVERY_MS = 2000;
const SAMPLE_EVERY_MS = 5000;
/** Caches and tables fill first: of the run, in hundredths. */
const WARM_PERCENT = 20;
const MEMORY_SLACK = 24 * 1024 * 1024;
const HANDLE_SLACK = 8;
const SAY_EVERY_S = 60;
const WRITES_MAX = 1 << 25;
const OUTCOMES = [
  'ok',
  'not_executed',
  'rolled_back',
  'ambiguous',
  'permanent',
];

v8.setFlagsFromString('--expose-gc');
const gc = vm.runInNewContext('gc');

/** @typedef {{memory: number, descriptors: number, threads: number}} Sample */

/** @returns {Sample} */
function sample() {
  gc();
  return {
    memory: process.memoryUsage().rss,
    descriptors: fs.readdirSync('/proc/self/fd').length,
    threads: fs.readdirSync('/proc/self/task').length,
  };
}

/**
 * The growth over all samples by their line of least squares.
 *
 * @param {number[]} values
 */
function growth(values) {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const middle = (n - 1) / 2;
  let above = 0;
  let below = 0;
  for (const [i, value] of values.entries()) {
    above += (i - middle) * (value - mean);
    below += (i - middle) ** 2;
  }
  return n < 2 ? 0 : (above / below) * (n - 1);
}

/** @param {number} ms */
function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What callers do, in turn; each resolves or rejects with an outcome. */
class Load {
  #pool;
  #next = 0;
  /** Of each write, one more than its index in OUTCOMES: this must not grow. */
  #told = new Uint8Array(WRITES_MAX);
  calls = 0;
  over = false;

  /** @param {any} pool */
  constructor(pool) {
    this.#pool = pool;
  }

  /** @param {Promise<unknown>} promise @param {number} [id] */
  async #note(promise, id) {
    const told = await promise.then(
      () => 'ok',
      (error) => error.outcome ?? `unlabelled ${error.stack}`,
    );
    this.calls += 1;
    if (id !== undefined) {
      const index = OUTCOMES.indexOf(told);
      this.#told[id] = index < 0 ? OUTCOMES.length + 1 : index + 1;
    }
  }

  /** @returns {import('../../test/support/wire-judge.js').Entry[]} */
  entries() {
    const fault = /** @type {any} */ ({});
    return [...this.#told.subarray(0, this.#next).entries()]
      .filter(([, code]) => code !== 0)
      .map(([id, code]) => ({ id, told: OUTCOMES[code - 1] ?? '?', fault }));
  }

  async caller() {
    const pool = this.#pool;
    const insert = 'insert into ledger values ($1, $2)';
    while (!this.over) {
      const id = this.#next++;
      switch (id % 6) {
        case 0:
          await this.#note(pool.query(insert, [id, 'plain']), id);
          break;
        case 1:
          await this.#note(
            pool.transaction(async (/** @type {any} */ client) => {
              await client.query(insert, [id, 'transaction']);
            }),
            id,
          );
          break;
        case 2:
          await this.#note(
            pool.query('select n, md5(n::text) from generate_series(1, 500) n'),
          );
          break;
        case 3:
          await this.#note(pool.query(`select ${id % 5000} as "c${id % 900}"`));
          break;
        case 4:
          await this.#note(pool.query('select no_such_column').catch(() => {}));
          break;
        default:
          await this.#note(pool.query('select $1::int as n', [id]));
      }
    }
  }
}

/** @param {any} proxy @param {any} owner @param {number} turn */
async function oneFault(proxy, owner, turn) {
  switch (turn % 4) {
    case 0:
      proxy.killAll('rst');
      break;
    case 1:
      await owner.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'soak'",
      );
      break;
    case 2:
      proxy.pause();
      await sleep(300);
      proxy.resume();
      break;
    default:
      proxy.cutAfter({ direction: 'down', bytes: 900, once: true });
  }
}

/** @param {{seed: number, count: number, say: (line: string) => void}} options */
async function prove({ count, say }) {
  const server = await startPostgres();
  const proxy = await startProxy({ port: server.port });
  const owner = new Pool({ connectionString: server.url, max: 1 });
  await owner.query('create table ledger (id int, t text)');
  const pool = new Pool({
    connectionString: proxy.urlFor(server.url),
    application_name: 'soak',
    max: 6,
    logger: false,
  });
  pool.on('error', () => {});
  const load = new Load(pool);
  const callers = Array.from({ length: CALLERS }, () => load.caller());
  /** @type {Sample[]} */
  const samples = [];
  const until = Date.now() + count * 1000;
  let turn = 0;
  let told = Date.now();
  const faults = (async () => {
    while (!load.over) {
      await sleep(FAULT_EVERY_MS);
      await oneFault(proxy, owner, turn++);
    }
  })();
  while (Date.now() < until) {
    await sleep(SAMPLE_EVERY_MS);
    samples.push(sample());
    if (Date.now() - told > SAY_EVERY_S * 1000) {
      told = Date.now();
      say(`${load.calls} calls, ${JSON.stringify(samples.at(-1))}`);
    }
  }
  load.over = true;
  await Promise.all([...callers, faults]);
  const { rows } = await owner.query(
    'select id, count(*)::int as n from ledger group by id',
  );
  await Promise.all([pool.end(), owner.end()]);
  await proxy.close();
  await server.stop();
  const counts = new Map(rows.map(({ id, n }) => [id, n]));
  const steady = samples.slice((samples.length * WARM_PERCENT) / 100);
  const grown = {
    memory: growth(steady.map(({ memory }) => memory)),
    descriptors: growth(steady.map(({ descriptors }) => descriptors)),
    threads: growth(steady.map(({ threads }) => threads)),
  };
  const entries = load.entries();
  const found = judgeLedger(entries, counts);
  if (grown.memory > MEMORY_SLACK) {
    found.push(`memory grew by ${Math.round(grown.memory)} bytes`);
  }
  for (const name of /** @type {const} */ (['descriptors', 'threads'])) {
    if (grown[name] > HANDLE_SLACK) {
      found.push(`${name} grew by ${grown[name]}`);
    }
  }
  return {
    figures: {
      ...{ calls: load.calls, writes: entries.length, disturbances: turn },
      grown: Object.fromEntries(
        Object.entries(grown).map(([name, n]) => [name, Math.round(n)]),
      ),
    },
    faults: found,
  };
}

module.exports = { count: SECONDS, prove };
