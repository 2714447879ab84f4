// SPDX-License-Identifier: MIT
// Run by try.js with the packed packages: what TLS has to do and to refuse.
// Prints one line of JSON.

const { createRequire } = require('node:module');
const path = require('node:path');
const { Worker, isMainThread } = require('node:worker_threads');

const load = createRequire(path.join(process.cwd(), 'program.js'));
const { Pool, versions } = load('pg-holdfast');
const { url, otherUrl, ca, otherCa } = JSON.parse(process.env.HF_TRY ?? '{}');

/**
 * @param {string} connectionString
 * @param {true | {ca: string}} ssl
 * @returns {Promise<string>} what came of it
 */
async function ask(connectionString, ssl) {
  const pool = new Pool({
    connectionString,
    ssl,
    max: 1,
    deadlineMillis: 30_000,
    connectTimeoutMillis: 30_000,
    log: false,
  });
  try {
    const { rows } = await pool.query(
      `select version || ' ' || ssl as answer from pg_stat_ssl
        where pid = pg_backend_pid()`,
    );
    return rows[0].answer;
  } catch (error) {
    return `refused: ${/** @type {Error} */ (error).message}`;
  } finally {
    await pool.end();
  }
}

/** @returns {Promise<number>} the exit code of a worker that asks, too */
function inWorker() {
  return new Promise((resolve) => {
    new Worker(__filename, { stdout: true }).once('exit', resolve);
  });
}

async function main() {
  const bound = `${url}?sslmode=verify-full&channel_binding=require`;
  const right = await ask(bound, { ca });
  if (!isMainThread) {
    process.exit(right.startsWith('TLS') ? 0 : 1);
  }
  const findings = {
    libpq: versions.libpq,
    openssl: versions.openssl,
    right,
    wrongAuthority: await ask(bound, { ca: otherCa }),
    nodeRoots: await ask(url, true),
    wrongHost: await ask(`${otherUrl}?sslmode=verify-full`, { ca }),
    worker: await inWorker(),
  };
  process.stdout.write(`${JSON.stringify(findings)}\n`);
}

main();
