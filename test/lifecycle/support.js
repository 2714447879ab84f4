// SPDX-License-Identifier: MIT
// Runs small programs in processes of their own and watches how they end.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const path = require('node:path');
const { eventually } = require('../support/index.js');

/**
 * @typedef {object} End
 * @property {number | null} code
 * @property {string | null} signal
 * @property {string} stdout
 * @property {string} stderr
 */

// A program that takes this long hangs.
const HANGS_AFTER_MS = 60_000;

/** The Node.js programs to try: this one and, if set, HF_NODE's. */
function runtimes() {
  const other = process.env.HF_NODE;
  const own = { name: `Node.js ${process.version}`, file: process.execPath };
  return other ? [own, { name: `Node.js at HF_NODE`, file: other }] : [own];
}

/** @param {string} name @param {number} fallback */
function countFromEnv(name, fallback) {
  const text = process.env[name];
  const count = text === undefined ? fallback : Number(text);
  assert.ok(Number.isInteger(count) && count > 0, `${name} is not a count`);
  return count;
}

/**
 * Runs a program of this folder with a job, and returns how it ended.
 *
 * @param {string} node
 * @param {string} program
 * @param {object} job
 * @returns {Promise<End>}
 */
function runProgram(node, program, job) {
  const file = path.join(__dirname, 'programs', program);
  const child = spawn(node, [file, JSON.stringify(job)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    texts.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    texts.stderr += text;
  });
  const limit = setTimeout(() => {
    texts.stderr += '\n[it hung and was killed]';
    child.kill('SIGKILL');
  }, HANGS_AFTER_MS);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      resolve({ code, signal, ...texts });
    });
  });
}

/**
 * @param {End} end
 * @param {{code?: number | null, signal?: string | null}} wanted
 * @param {string} [what]
 */
function assertEnd(end, wanted, what = '') {
  const { code = 0, signal = null } = wanted;
  assert.deepEqual(
    { code: end.code, signal: end.signal },
    { code, signal },
    `${what} ended with ${end.signal ?? end.code}:\n${end.stderr}`,
  );
}

/** The part of a job that says how to reach a server. */
/** @param {{url: string, ca?: string}} server */
function reach(server) {
  return { url: server.url, ca: server.ca };
}

/**
 * Waits until the server has no clients any more.
 *
 * @param {{psql: (sql: string) => Promise<string>}} server
 */
async function assertNoClients(server) {
  await eventually(
    async () =>
      (await server.psql(
        `select count(*) from pg_stat_activity
          where backend_type = 'client backend' and pid <> pg_backend_pid()`,
      )) === '0',
    { what: 'end of all server connections' },
  );
}

/** Numbers in [0, 1) that the same seed repeats. */
/** @param {number} seed */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** The seed of this run: HF_SEED or a new one. */
function chooseSeed() {
  return process.env.HF_SEED === undefined
    ? Math.floor(Math.random() * 2 ** 32)
    : Number(process.env.HF_SEED);
}

module.exports = {
  assertEnd,
  assertNoClients,
  chooseSeed,
  countFromEnv,
  randomFrom,
  reach,
  runProgram,
  runtimes,
};
