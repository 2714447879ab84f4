// SPDX-License-Identifier: MIT
// Starts workers and terminates each at a random moment of its life, while the
// main thread uses a pool of its own. Prints what it saw as JSON.

const fs = require('node:fs');
const path = require('node:path');
const { Worker } = require('node:worker_threads');
const { openPool } = require('../../lifecycle/programs/open-pool.js');
const { randomFrom } = require('../../lifecycle/support.js');
const { repeat } = require('../support.js');

const job = JSON.parse(process.argv[2]);
const random = randomFrom(job.seed);

/** @param {number} millis from its start on, so that it may not run yet */
async function oneWorker(millis) {
  const worker = new Worker(path.join(__dirname, 'busy-worker.js'), {
    workerData: job,
  });
  const failed = new Promise((_, reject) => worker.once('error', reject));
  failed.catch(() => {});
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  await new Promise((resolve) => setTimeout(resolve, millis));
  await worker.terminate();
  await Promise.race([ended, failed]);
}

/** Threads of the engine; connectors come and go. */
function engineThreads() {
  const names = fs.readdirSync('/proc/self/task').map((id) => {
    try {
      return fs.readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim();
    } catch {
      return ''; // it ended meanwhile
    }
  });
  return names.filter((name) => name.startsWith('hf-engine')).length;
}

async function main() {
  const pool = openPool(job);
  let answers = 0;
  await repeat(job.count, job.atOnce, async () => {
    await oneWorker(random() * job.lifeMillis);
    const { rows } = await pool.query('select 1 as one');
    answers += rows[0].one;
  });
  const engines = engineThreads();
  await pool.end();
  console.log(JSON.stringify({ answers, engines }));
}

main();
