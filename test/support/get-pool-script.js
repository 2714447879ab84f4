// SPDX-License-Identifier: MIT
// Scripts that use getPool(), each in a process of its own.

const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');

const ROOT = path.join(__dirname, '../..');
const run = promisify(execFile);

const PRELUDE = `
  const { Worker } = require('node:worker_threads');
  const { getPool, Pool } = require('./lib/index.js');
  process.on('warning', (w) => {
    if (w.name === 'HoldfastWarning') console.log('warning', w.code, w.message);
  });
  const url = process.env.DATABASE_URL;
  const target = (more) => {
    const { hostname, port, pathname } = new URL(url);
    return { host: hostname, port: +port, database: pathname.slice(1), ...more };
  };
  const show = async (pool, sql = 'select pg_backend_pid() as x') =>
    pool.query(sql).then(({ rows }) => rows[0].x, (e) => e.code);
  const inWorker = (body) => new Promise((resolve, reject) => {
    const worker = new Worker(
      'const { getPool } = require("./lib/index.js");' +
      'const { parentPort, workerData } = require("node:worker_threads");' +
      '(async () => {' + body + '})().then((x) => parentPort.postMessage(x));',
      { eval: true });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
`;

/**
 * Runs a script in a process of its own; returns the lines it prints.
 * @param {any} server the one at DATABASE_URL
 * @param {string} script
 * @param {Record<string, string | undefined>} [env]
 * @returns {Promise<string[]>}
 */
async function linesOf(server, script, env = {}) {
  const { stdout } = await run(
    process.execPath,
    ['-e', `${PRELUDE}(async () => {${script}})();`],
    {
      cwd: ROOT,
      env: { ...process.env, DATABASE_URL: server.url, ...env },
      timeout: 60000,
    },
  );
  return stdout.trim() === '' ? [] : stdout.trim().split('\n');
}

module.exports = { linesOf };
