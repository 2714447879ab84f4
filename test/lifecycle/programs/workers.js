// SPDX-License-Identifier: MIT
// A process that starts workers and terminates them, alone or many at once.
// Prints what it saw as JSON.

const fs = require('node:fs');
const path = require('node:path');
const { Worker } = require('node:worker_threads');
const { openPool } = require('./open-pool.js');

/**
 * @typedef {object} Plan
 * @property {object} job for worker.js
 * @property {number} [terminateAfterMillis] from 'ready'; else it ends itself
 */

const job = JSON.parse(process.argv[2]);

/** Names of the engine's thread; connector threads come and go. */
function engineThreads() {
  return fs
    .readdirSync('/proc/self/task')
    .map((id) => {
      try {
        return fs.readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim();
      } catch {
        return ''; // it ended meanwhile
      }
    })
    .filter((name) => name.startsWith('hf-engine'));
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
  const peak = { threads: 0 };
  const look = () => {
    peak.threads = Math.max(peak.threads, engineThreads().length);
  };
  const watch = setInterval(look, 5);
  const ends = await runAll();
  clearInterval(watch);
  look();
  let answer;
  if (pool !== undefined) {
    answer = (await pool.query('select 11 as eleven')).rows[0].eleven;
  }
  const threadsAtEnd = engineThreads().length;
  const report = { ends, peakThreads: peak.threads, threadsAtEnd, answer };
  console.log(JSON.stringify(report));
}

main();
