// SPDX-License-Identifier: MIT
// A process that starts workers and terminates them, alone or many at once.
// Prints what it saw as JSON.

const fs = require('node:fs');
const path = require('node:path');
const { Worker } = require('node:worker_threads');
const { eventually } = require('../../support/index.js');
const { openPool } = require('./open-pool.js');

/**
 * @typedef {object} Plan
 * @property {object} job for worker.js
 * @property {number} [terminateAfterMillis] from 'ready'; else it ends itself
 */

const job = JSON.parse(process.argv[2]);

const OTHERS_RUNNING = `select count(*)::int as running from pg_stat_activity
  where backend_type = 'client backend' and state = 'active'
    and pid <> pg_backend_pid()`;

/**
 * The names of the engine's threads, by id. A new thread has the name of the
 * one that started it until it gets its own, so a connector can look like an
 * engine for a moment: the last name seen of a thread counts.
 *
 * @returns {Map<string, string>}
 */
function engineThreads() {
  const names = new Map();
  for (const id of fs.readdirSync('/proc/self/task')) {
    try {
      const file = `/proc/self/task/${id}/comm`;
      const name = fs.readFileSync(file, 'utf8').trim();
      if (name.startsWith('hf-')) {
        names.set(id, name);
      }
    } catch {
      // It ended meanwhile.
    }
  }
  return names;
}

/** @param {Plan} plan @returns {Promise<string>} */
function runWorker({ job: workerData, terminateAfterMillis }) {
  const worker = new Worker(path.join(__dirname, 'worker.js'), { workerData });
  return new Promise((resolve) => {
    worker.on('error', (error) => resolve(`error: ${error.message}`));
    worker.on('exit', (code) => resolve(`exit ${code}`));
    worker.on('message', () => {
      if (terminateAfterMillis !== undefined) {
        setTimeout(() => worker.terminate(), terminateAfterMillis);
      }
    });
  });
}

async function runAll() {
  const ends = [];
  for (let i = 0; i < job.plans.length; i += job.atOnce) {
    const group = job.plans.slice(i, i + job.atOnce);
    ends.push(...(await Promise.all(group.map(runWorker))));
  }
  return ends;
}

async function main() {
  /** @type {any} */
  let pool;
  if (job.mainUsesPool) {
    pool = openPool(job.mainUsesPool);
    await pool.query('select 1');
  }
  /** @type {Map<string, string>} */
  const seen = new Map();
  const look = () => {
    for (const [id, name] of engineThreads()) {
      seen.set(id, name);
    }
  };
  const watch = setInterval(look, 5);
  const ends = await runAll();
  /** @type {unknown} */
  let answer;
  // The engine still has to cancel what terminated workers left running. If the
  // process ended now, PostgreSQL would not notice before the statements are
  // over.
  if (pool === undefined) {
    await eventually(() => engineThreads().size === 0, {
      what: 'end of the engine',
    });
  } else {
    await eventually(
      async () => (await pool.query(OTHERS_RUNNING)).rows[0].running === 0,
      { what: 'end of the statements of terminated workers' },
    );
    answer = (await pool.query('select 11 as eleven')).rows[0].eleven;
    await pool.end();
  }
  clearInterval(watch);
  const engines = [...seen.values()].filter((name) => name === 'hf-engine');
  console.log(JSON.stringify({ ends, engines: engines.length, answer }));
}

main();
