// SPDX-License-Identifier: MIT

// Prisma on our adapter beside Prisma's own: `node bench/prisma.js`, by default
// with --rounds=5 and --seconds=1. Each round is a process of its own, the
// adapters take turns, and the medians are printed.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { startPostgres } = require('../test/support/index.js');
const { median } = require('./statistics.js');

const FOLDER = path.join(__dirname, '..', 'test', 'apps', 'prisma');
const ADAPTERS = ['holdfast', 'adapter-pg'];

/** @typedef {Record<string, {perSecond: number, mainMicros: number}>} Figures */

/**
 * @param {string} url
 * @param {{rounds: number, seconds: string}} options
 * @returns {Promise<Record<string, Figures[]>>}
 */
async function measure(url, { rounds, seconds }) {
  const { prepareApp } = require('../test/apps/support/app.js');
  const app = await prepareApp(FOLDER);
  const cli = path.join(app.folder, 'node_modules/prisma/build/index.js');
  const env = { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath };
  await app.run(process.execPath, [cli, 'generate'], { env });
  /** @type {Record<string, Figures[]>} */
  const figures = {};
  for (let round = 0; round < rounds; round++) {
    for (const adapter of ADAPTERS) {
      process.stderr.write(`round ${round + 1} of ${rounds}: ${adapter}\n`);
      const { stdout } = await app.run(process.execPath, ['bench.js'], {
        env: {
          BENCH_URL: url,
          BENCH_ADAPTER: adapter,
          BENCH_SECONDS: seconds,
          NODE_ENV: 'production',
        },
      });
      figures[adapter] ??= [];
      figures[adapter].push(JSON.parse(stdout));
    }
  }
  return figures;
}

/**
 * @param {Figures[]} rounds
 * @param {string} name
 * @param {'perSecond' | 'mainMicros'} key
 */
function middle(rounds, name, key) {
  return median(rounds.map((round) => round[name][key]));
}

/** @param {Record<string, Figures[]>} figures */
function print({ holdfast, 'adapter-pg': other }) {
  const line = (/** @type {string[]} */ cells) =>
    process.stdout.write(
      `${cells[0].padEnd(25)}${cells
        .slice(1)
        .map((cell) => cell.padStart(12))
        .join('')}\n`,
    );
  line(['', 'calls/s', 'adapter-pg', 'times', 'main µs', 'adapter-pg']);
  for (const name of Object.keys(holdfast[0])) {
    const ours = middle(holdfast, name, 'perSecond');
    const theirs = middle(other, name, 'perSecond');
    line([
      name,
      ours.toFixed(0),
      theirs.toFixed(0),
      (ours / theirs).toFixed(2),
      middle(holdfast, name, 'mainMicros').toFixed(0),
      middle(other, name, 'mainMicros').toFixed(0),
    ]);
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '1' },
    },
  });
  const server = await startPostgres();
  try {
    const schema = path.join(FOLDER, 'schema.sql');
    const { Client } = require('pg');
    const client = new Client({ connectionString: server.url });
    await client.connect();
    await client.query(fs.readFileSync(schema, 'utf8'));
    await client.end();
    const options = { ...values, rounds: Number(values.rounds) };
    print(await measure(server.url, options));
  } finally {
    await server.stop();
  }
}

/**
 * Starts this file again with the test runner's reports discarded:
 * test/apps/support, which is made for tests, would print them.
 */
function runQuietly() {
  const quiet = [
    '--test-reporter=tap',
    '--test-reporter-destination=/dev/null',
  ];
  const args = [...quiet, __filename, ...process.argv.slice(2)];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}

if (process.execArgv.length === 0) {
  runQuietly();
} else {
  main().catch((error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  });
}
