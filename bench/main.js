// SPDX-License-Identifier: MIT

// `npm run bench`: Holdfast beside its peers, in interleaved rounds on one
// throw-away server. docs/bench.md says how to read what it prints.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { startPgBouncer, startPostgres } = require('../test/support');
const {
  ALL_DRIVERS,
  BEFORE_DRIVERS,
  CASES,
  DEVELOPER_DRIVER,
  DRIVER_NOTES,
  POOLER_SIZE,
  SETUP,
  SPECIAL_CASES,
} = require('./cases.js');
const { unpackMeasured } = require('./measured.js');
const { Pgbench } = require('./pgbench.js');
const {
  beforeText,
  caseText,
  observabilityText,
  retryText,
  startText,
  verdictText,
} = require('./report.js');
const {
  measureObservability,
  measureRetry,
  measureStart,
} = require('./special.js');
const { medians } = require('./statistics.js');
const { verdicts } = require('./verdicts.js');
const { WorkerProcess } = require('./worker-process.js');

/** Others of Holdfast, which take part in every case. */
const OWN_DRIVERS = [...BEFORE_DRIVERS, DEVELOPER_DRIVER];

const USAGE = `usage: npm run bench -- [options]
  --rounds=N         rounds of each case (5)
  --seconds=S        length of a driver's turn in a round (1)
  --quick            2 rounds of 0.3 s: a look, not a measurement
  --only=a,b         cases: ${[...CASES.map((c) => c.id), ...SPECIAL_CASES].join(', ')}
  --drivers=a,b      ${[...ALL_DRIVERS, ...OWN_DRIVERS].join(', ')}
  --before=FOLDER    beside another checkout, built; peers only as --drivers says
  --packed=FOLDER    the release that is packed there, beside this build
  --json=FILE        where the figures go (bench/results/latest.json)
  --check            exit with 1 if a floor is not reached`;

const FULL = { rounds: 5, seconds: 1, warmMillis: 300 };
const QUICK = { rounds: 2, seconds: 0.3, warmMillis: 150 };
const FIGURES = /** @type {const} */ ([
  'perSecond',
  'p50',
  'p99',
  'cpuMicros',
  'mainMicros',
]);

class UsageError extends Error {}

/** @param {string | undefined} list @param {string[]} known @param {string} what */
function choose(list, known, what) {
  if (list === undefined) {
    return known;
  }
  const chosen = list.split(',').filter(Boolean);
  const wrong = chosen.find((name) => !known.includes(name));
  if (wrong !== undefined) {
    throw new UsageError(`there is no ${what} ${wrong}`);
  }
  return chosen;
}

/** @param {string | undefined} text @param {number} fallback */
function positive(text, fallback) {
  const value = text === undefined ? fallback : Number(text);
  if (!(value > 0 && value < 100_000)) {
    throw new UsageError(`${text} is not a number above zero`);
  }
  return value;
}

function readArguments() {
  /** @type {any} */
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        quick: { type: 'boolean' },
        only: { type: 'string' },
        drivers: { type: 'string' },
        before: { type: 'string' },
        packed: { type: 'string' },
        json: { type: 'string' },
        check: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }));
  } catch (error) {
    throw new UsageError(/** @type {Error} */ (error).message);
  }
  const base = values.quick ? QUICK : FULL;
  const before = values.before && path.resolve(values.before);
  if (before) {
    process.env.HOLDFAST_BENCH_BEFORE = before;
  }
  if (values.packed) {
    process.env.HF_PACKED = path.resolve(values.packed);
  }
  const own = process.env.HF_PACKED ? [DEVELOPER_DRIVER] : [];
  const known = [...(before ? BEFORE_DRIVERS : []), ...own, ...ALL_DRIVERS];
  const ids = [...CASES.map((benchCase) => benchCase.id), ...SPECIAL_CASES];
  return {
    rounds: Math.ceil(positive(values.rounds, base.rounds)),
    seconds: positive(values.seconds, base.seconds),
    warmMillis: base.warmMillis,
    only: choose(values.only, ids, 'case'),
    before,
    drivers: choose(
      values.drivers ??
        (before ? ['holdfast', ...own, ...BEFORE_DRIVERS].join() : undefined),
      known,
      'driver',
    ),
    json: values.json ?? path.join(__dirname, 'results', 'latest.json'),
    check: values.check === true,
    help: values.help === true,
  };
}

/** @typedef {ReturnType<typeof readArguments>} Options */

/** The drivers' processes: started when first needed, kept until the end. */
class Contestants {
  /** @type {Map<string, WorkerProcess | Pgbench>} */
  #running = new Map();

  /** @param {string} name */
  get(name) {
    let contestant = this.#running.get(name);
    if (!contestant) {
      contestant = name.startsWith('pgbench')
        ? new Pgbench({ pipeline: name === 'pgbench-pipeline' })
        : new WorkerProcess(name);
      this.#running.set(name, contestant);
    }
    return contestant;
  }

  async end() {
    await Promise.all([...this.#running.values()].map((each) => each.end()));
  }
}

/** @param {any} error */
function reason(error) {
  return error.code === 'MODULE_NOT_FOUND'
    ? `not installed or not built: ${String(error.message).split('\n')[0]}`
    : String(error.message ?? error).split('\n')[0];
}

/**
 * Runs one case: opens all drivers, which then take turns. Each round begins
 * with another driver, so that none always has the best place.
 * @param {import('./cases.js').Case} benchCase
 * @param {{url: string, afterTurn: () => Promise<unknown>}} where
 * @param {Contestants} contestants
 * @param {Options} options
 * @returns {Promise<import('./report.js').CaseResult>}
 */
async function runCase(benchCase, where, contestants, options) {
  const { connections, pooled, title } = benchCase;
  const target = { url: where.url, connections, pooled };
  /** @type {Map<string, import('./report.js').Round[]>} */
  const rounds = new Map();
  /** @type {Record<string, string>} */
  const leftOut = {};
  for (const name of [...OWN_DRIVERS, ...benchCase.drivers]) {
    if (options.drivers.includes(name)) {
      try {
        await contestants.get(name).open(benchCase, target, options.warmMillis);
        rounds.set(name, []);
      } catch (error) {
        leftOut[name] = reason(error);
      }
    }
  }
  const names = [...rounds.keys()];
  for (let round = 0; round < options.rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(round + i) % names.length];
      const result = await contestants.get(name).run(options.seconds * 1000);
      rounds.get(name)?.push(result);
      await where.afterTurn();
    }
  }
  /** @type {Record<string, import('./report.js').DriverResult>} */
  const drivers = {};
  for (const [name, results] of rounds) {
    await contestants.get(name).close();
    drivers[name] = { median: medians(results, FIGURES), rounds: results };
  }
  return { title, drivers, leftOut };
}

/**
 * @param {Options} options
 * @param {(undo: () => unknown) => void} onEnd undone in reverse order
 */
async function startServers(options, onEnd) {
  const server = await startPostgres({
    maxConnections: 100,
    settings: { shared_buffers: '128MB', autovacuum: 'off', jit: 'off' },
  });
  onEnd(() => server.stop());
  await server.psql(SETUP);
  if (!options.only.includes('pooler')) {
    return { server, pooler: null };
  }
  try {
    const pooler = await startPgBouncer({
      server,
      poolMode: 'transaction',
      poolSize: POOLER_SIZE,
      // Start-up parameters that drivers send.
      settings: { ignore_startup_parameters: 'extra_float_digits' },
    });
    onEnd(() => pooler.stop());
    return { server, pooler };
  } catch (error) {
    if (/** @type {any} */ (error).missing !== 'pgbouncer') {
      throw error;
    }
    return { server, pooler: null };
  }
}

/**
 * @param {Options} options
 * @param {(undo: () => unknown) => void} onEnd
 */
async function runBench(options, onEnd) {
  const { folder, remove } = await unpackMeasured();
  onEnd(remove);
  process.env.HOLDFAST_BENCH_MEASURED = folder;
  const { server, pooler } = await startServers(options, onEnd);
  const contestants = new Contestants();
  onEnd(() => contestants.end());
  /** @type {import('./report.js').Results} */
  const results = { cases: {} };
  for (const benchCase of CASES) {
    if (!options.only.includes(benchCase.id)) {
      continue;
    }
    if (benchCase.pooled && pooler === null) {
      console.log(`${benchCase.title}\n  left out: no PgBouncer here\n`);
      continue;
    }
    const where = {
      url: benchCase.pooled && pooler ? pooler.url : server.url,
      // In a table that keeps growing, later rounds would be slower.
      afterTurn: () =>
        benchCase.work === 'insert'
          ? server.psql('truncate bench_inserts')
          : Promise.resolve(),
    };
    const result = await runCase(benchCase, where, contestants, options);
    results.cases[benchCase.id] = result;
    console.log(caseText(result));
  }
  if (options.only.includes('retry')) {
    results.retry = await measureRetry(options.rounds);
    console.log(retryText(results.retry));
  }
  if (options.only.includes('observability')) {
    const { rounds, seconds } = options;
    const { url } = server;
    results.observability = await measureObservability(rounds, url, seconds);
    console.log(observabilityText(results.observability));
  }
  if (options.only.includes('start')) {
    const { rounds, drivers } = options;
    results.start = await measureStart(rounds, server.url, drivers);
    console.log(startText(results.start));
  }
  return results;
}

/** @param {Options} options @param {import('./report.js').Results} results */
function finish(options, results) {
  if (options.before) {
    console.log(beforeText(results));
  }
  const judged = verdicts(results);
  console.log(verdictText(judged));
  const { rounds, seconds } = options;
  const about = {
    when: new Date().toISOString(),
    node: process.version,
    cpus: os.cpus().length,
    cpu: os.cpus()[0]?.model ?? 'unknown',
    rounds,
    seconds,
  };
  fs.mkdirSync(path.dirname(path.resolve(options.json)), { recursive: true });
  fs.writeFileSync(
    options.json,
    `${JSON.stringify({ about, ...results, verdicts: judged }, null, 2)}\n`,
  );
  console.log(`Figures of every round: ${path.relative('', options.json)}`);
  return options.check && !passes(results, judged) ? 1 : 0;
}

/**
 * Whether every floor was met; one that could not be measured on Holdfast
 * counts as missed.
 * @param {import('./report.js').Results} results
 * @param {ReturnType<typeof verdicts>} judged
 */
function passes(results, judged) {
  const floors = judged.filter((verdict) => verdict.kind === 'floor');
  const absent = Object.values(results.cases).some(
    (result) => result.leftOut.holdfast !== undefined,
  );
  return (
    !absent &&
    floors.some((floor) => floor.reached !== null) &&
    floors.every((floor) => floor.reached !== false)
  );
}

async function main() {
  const options = readArguments();
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  console.log(
    `${options.rounds} rounds of ${options.seconds} s a driver, on ` +
      `${os.cpus().length} cores with the server beside. Medians.\n`,
  );
  for (const name of options.drivers) {
    const note = DRIVER_NOTES[/** @type {keyof DRIVER_NOTES} */ (name)];
    console.log(`  ${name.padEnd(16)}  ${note}`);
  }
  console.log('');
  /** @type {(() => unknown)[]} */
  const undos = [];
  let ending = false;
  const end = async () => {
    ending = true;
    for (const undo of undos.splice(0)) {
      await undo();
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => end().finally(() => process.exit(130)));
  }
  try {
    const results = await runBench(options, (undo) => undos.unshift(undo));
    return finish(options, results);
  } catch (error) {
    if (ending) {
      // The processes were stopped on purpose.
      return 130;
    }
    throw error;
  } finally {
    await end();
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    const usage = error instanceof UsageError;
    console.error(usage ? `${error.message}\n${USAGE}` : error);
    process.exitCode = 2;
  },
);
