// SPDX-License-Identifier: MIT

// pgbench as a driver: the same statements from a C client on the same libpq,
// which shows about what the server and the network allow.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { makeFolder } = require('../test/support');
const { postgresFolder } = require('../test/support/account.js');
const { ITEMS } = require('./cases.js');
const { percentiles } = require('./statistics.js');

const PIPELINE = 10;
/** Share of transactions whose time is logged. */
const SAMPLING = 0.2;

const STATEMENTS = {
  select: [
    `\\set id random(1, ${ITEMS})`,
    'select id, label from bench_items where id = :id;',
  ],
  rows: ['select * from bench_rows;'],
  insert: [
    '\\set number random(1, 1000000000)',
    "insert into bench_inserts (number, label) values (:number, 'label');",
  ],
};

/** @param {string} file @param {string[]} args @param {object} options */
function run(file, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, options);
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) {
        resolve(output);
      } else {
        reject(new Error(`pgbench: ${errors.trim().split('\n').at(-1)}`));
      }
    });
  });
}

/** @param {string} folder latencies in milliseconds, from pgbench's logs */
function readLatencies(folder) {
  const times = [];
  for (const name of fs.readdirSync(folder)) {
    if (name.startsWith('log')) {
      const text = fs.readFileSync(path.join(folder, name), 'latin1');
      for (const line of text.split('\n')) {
        const micros = Number(line.split(' ')[2]);
        if (line !== '' && micros >= 0) {
          times.push(micros / 1000);
        }
      }
      fs.rmSync(path.join(folder, name));
    }
  }
  return Float64Array.from(times);
}

/** Has the interface of WorkerProcess. */
class Pgbench {
  #pipeline;
  #folder = makeFolder('g');
  /** @type {{connections: number, env: NodeJS.ProcessEnv} | null} */
  #opened = null;

  /** @param {{pipeline: boolean}} options */
  constructor({ pipeline }) {
    this.#pipeline = pipeline;
  }

  /**
   * @param {import('./cases.js').Case} benchCase
   * @param {import('./drivers.js').Target} target
   */
  async open({ work }, { url, connections }) {
    const lines = this.#pipeline
      ? [
          '\\startpipeline',
          ...Array(PIPELINE).fill(STATEMENTS[work]).flat(),
          '\\endpipeline',
        ]
      : STATEMENTS[work];
    fs.writeFileSync(
      path.join(this.#folder, 'script'),
      `${lines.join('\n')}\n`,
    );
    const { hostname, port, username, password, pathname } = new URL(url);
    this.#opened = {
      connections,
      env: {
        PATH: process.env.PATH,
        PGHOST: hostname,
        PGPORT: port,
        PGUSER: decodeURIComponent(username),
        PGPASSWORD: decodeURIComponent(password),
        PGDATABASE: decodeURIComponent(pathname.slice(1)),
      },
    };
    await this.#measure(['-t', '50']);
  }

  /** @param {number} millis whole seconds only, so at least one */
  run(millis) {
    return this.#measure([
      '-T',
      String(Math.max(1, Math.round(millis / 1000))),
    ]);
  }

  close() {
    this.#opened = null;
    return Promise.resolve();
  }

  end() {
    fs.rmSync(this.#folder, { recursive: true, force: true });
    return Promise.resolve();
  }

  /** @param {string[]} duration */
  async #measure(duration) {
    if (this.#opened === null) {
      throw new Error('pgbench: no case is open');
    }
    const { connections, env } = this.#opened;
    const output = await run(
      path.join(postgresFolder(), 'pgbench'),
      [
        ...['-n', '-M', 'prepared', '-f', 'script', ...duration],
        ...['-c', String(connections), '-j', '1'],
        ...['-l', '--log-prefix=log', `--sampling-rate=${SAMPLING}`],
      ],
      { cwd: this.#folder, env, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const perSecond = Number(/^tps = ([\d.]+)/m.exec(output)?.[1]);
    const statements = this.#pipeline ? PIPELINE : 1;
    return {
      errors: 0,
      firstError: null,
      perSecond: perSecond * statements,
      ...percentiles(readLatencies(this.#folder)),
      cpuMicros: null,
      mainMicros: null,
    };
  }
}

module.exports = { Pgbench };
