// SPDX-License-Identifier: MIT
// The stress tests: the same tests in three sizes, by HF_STRESS.
//
//   node --test --test-concurrency=1 test/stress/*.test.js         (ci)
//   HF_STRESS=quick node --test test/stress/errors.test.js         (seconds)
//   HF_STRESS=full node --test --test-concurrency=1 test/stress/*.test.js
//
// `full` has the promised figures and takes about half an hour on two cores;
// `ci`, the default, takes less than three minutes. HF_SEED=n repeats the
// random moments of a run. HF_NODE_NEWEST=1 also runs the ends of processes
// and workers under the newest Node.js, which npm installs into a temporary
// folder; HF_NODE=file names another one.

const assert = require('node:assert/strict');
const { fork, spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { run } = require('../support/index.js');

/** @typedef {'quick' | 'ci' | 'full'} SizeName */

// A program that takes this long hangs.
const HANGS_AFTER_MS = 15 * 60_000;

/**
 * The figure for this run's size.
 *
 * @template T
 * @param {Record<SizeName, T>} figures
 * @returns {T}
 */
function sized(figures) {
  const name = process.env.HF_STRESS ?? 'ci';
  assert.ok(
    Object.hasOwn(figures, name),
    `HF_STRESS must be ${Object.keys(figures).join(', ')}`,
  );
  return figures[/** @type {SizeName} */ (name)];
}

/**
 * Runs `fn` for 0 ... count - 1, some at once.
 *
 * @param {number} count
 * @param {number} atOnce
 * @param {(index: number) => Promise<unknown>} fn
 */
async function repeat(count, atOnce, fn) {
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      await fn(index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, lane));
}

/** @param {string} name of a file in programs/ */
function programFile(name) {
  return path.join(__dirname, 'programs', name);
}

/**
 * Starts a program that communicates by messages.
 *
 * @param {string} name
 * @param {object} job
 */
function start(name, job) {
  const child = fork(programFile(name), [JSON.stringify(job)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), HANGS_AFTER_MS);
  /** @type {Promise<any>} its last message */
  const report = new Promise((resolve, reject) => {
    /** @type {any} */
    let last;
    child.on('message', (message) => {
      last = message;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      if (code === 0) {
        resolve(last);
      } else {
        reject(new Error(`${name} ended with ${signal ?? code}`));
      }
    });
  });
  // Awaited later, if at all: it must not become an unhandled rejection.
  report.catch(() => {});
  return { child, report };
}

/**
 * @typedef {object} End
 * @property {number | null} code
 * @property {string | null} signal
 * @property {string} output
 * @property {number} millis from what the program wrote first, its clock, to
 *   its end
 */

/**
 * Runs a program to its end, whatever that is.
 *
 * @param {string} node
 * @param {string} name
 * @param {object} job
 * @returns {Promise<End>}
 */
function watchEnd(node, name, job) {
  const child = spawn(node, [programFile(name), JSON.stringify(job)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const add = (/** @type {Buffer} */ text) => {
    output += text;
  };
  child.stdout.on('data', add);
  child.stderr.on('data', add);
  const limit = setTimeout(() => child.kill('SIGKILL'), HANGS_AFTER_MS);
  let ended = 0n;
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', () => {
      ended = process.hrtime.bigint();
    });
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      const began = BigInt(/^clock (\d+)$/m.exec(output)?.[1] ?? ended);
      const millis = Number(ended - began) / 1e6;
      resolve({ code, signal, output, millis });
    });
  });
}

/**
 * Installs the newest Node.js that npm has.
 *
 * @returns {Promise<string>} the program
 */
async function installNewestNode() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-node-'));
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  const name = `node-${process.platform}-${process.arch}`;
  await run('npm', [
    ...['install', '--prefix', folder, '--no-audit', '--no-fund'],
    ...['--no-save', '--ignore-scripts', `${name}@latest`],
  ]);
  return path.join(folder, 'node_modules', name, 'bin', 'node');
}

/** @returns {Promise<{name: string, file: string}[]>} */
async function runtimes() {
  const all = [process.execPath];
  if (process.env.HF_NODE) {
    all.push(process.env.HF_NODE);
  }
  if (process.env.HF_NODE_NEWEST === '1') {
    all.push(await installNewestNode());
  }
  return Promise.all(
    all.map(async (file) => ({
      name: `Node.js ${await run(file, ['--version'])}`,
      file,
    })),
  );
}

/** @param {number[]} values @param {number} share */
function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** What this process holds of the system. */
function holdings() {
  return {
    threads: fs.readdirSync('/proc/self/task').length,
    descriptors: fs.readdirSync('/proc/self/fd').length,
  };
}

module.exports = {
  holdings,
  percentile,
  repeat,
  runtimes,
  sized,
  start,
  watchEnd,
};
