// SPDX-License-Identifier: MIT

// `npm run demo`: a real server and a real pooler, a mixed load, faults, and
// then an account of every call and every row. Exit code 0 means that Holdfast
// kept all its promises; 1 that a check failed; 2 that the demo could not run;
// 130 that it was interrupted.

const { randomBytes } = require('node:crypto');
const path = require('node:path');
const { performance } = require('node:perf_hooks');
const { setTimeout: sleep } = require('node:timers/promises');
const { parseArgs } = require('node:util');

const { FOUND_BY, judge, plantFault, summarize } = require('./account.js');
const { LoadProcess } = require('./child.js');
const {
  ProgressLine,
  checkList,
  progress,
  resultTable,
} = require('./display.js');
const { FaultMaker } = require('./faults.js');
const { startServers } = require('./servers.js');
const { Tables } = require('./tables.js');

const USAGE = `usage: npm run demo -- [options]
  --seconds=N            how long the load runs (20; at least 4)
  --break=label|ack|twice  plant a fault that the checks have to find
DATABASE_URL, if set, is used instead of starting servers.`;

const DRIVERS = ['holdfast', 'pg'];
const CALLERS = 16;
const CONNECTIONS = 8;
const REFRESH_MILLIS = 200;
const LAST_CALLS_MILLIS = 30_000;
const FEWEST_SECONDS = 4;

class UsageError extends Error {}

class Interrupted extends Error {}

function readArguments() {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        seconds: { type: 'string', default: '20' },
        break: { type: 'string' },
        help: { type: 'boolean' },
      },
    }));
  } catch (error) {
    throw new UsageError(/** @type {Error} */ (error).message);
  }
  const seconds = Number(values.seconds);
  if (!(seconds >= FEWEST_SECONDS && seconds <= 86_400)) {
    throw new UsageError(`--seconds=${values.seconds} is not 4 or more`);
  }
  if (values.break !== undefined && !Object.hasOwn(FOUND_BY, values.break)) {
    throw new UsageError(`--break=${values.break} is not label, ack or twice`);
  }
  return {
    seconds,
    plant: /** @type {keyof typeof FOUND_BY | undefined} */ (values.break),
    help: values.help === true,
  };
}

/** @param {string} driver */
const applicationName = (driver) => `holdfast-demo-${driver}`;

/**
 * @param {string} driver
 * @param {import('./servers.js').Servers} servers
 * @param {Tables} tables
 * @param {string} suffix
 */
function startLoad(driver, servers, tables, suffix) {
  return new LoadProcess(path.join(__dirname, `load-${driver}.js`), {
    connectionString: servers.url,
    applicationName: applicationName(driver),
    itemsTable: tables.items,
    rowsTable: tables.rowsOf(driver),
    suffix,
    items: tables.itemCount,
    max: CONNECTIONS,
    callers: CALLERS,
  });
}

/**
 * Lets both loads run, with faults if the servers are ours.
 * @param {{holdfast: LoadProcess, pg: LoadProcess}} loads
 * @param {FaultMaker | null} faults
 * @param {number} seconds
 * @param {AbortSignal} signal
 */
async function runLoads(loads, faults, seconds, signal) {
  const line = new ProgressLine(process.stdout);
  const began = performance.now();
  let faultError = null;
  const faulting = faults?.run().catch((error) => {
    faultError = error;
  });
  const elapsed = () => (performance.now() - began) / 1000;
  const alive = () => !signal.aborted && loads.holdfast.broken === null;
  while (alive() && faultError === null && elapsed() < seconds) {
    await sleep(REFRESH_MILLIS);
    const counts = faults?.counts ?? { kills: 0, restarts: 0 };
    line.show(
      progress(
        elapsed(),
        seconds,
        loads.holdfast.brief,
        loads.pg.brief,
        counts,
      ),
      performance.now() - began,
    );
  }
  line.clear();
  faults?.stop();
  await faulting;
  if (signal.aborted) {
    throw new Interrupted();
  }
  if (faultError) {
    throw faultError;
  }
  const { broken, load } = loads.holdfast;
  if (broken !== null && load.started === 0) {
    throw new Error(`the load on holdfast did not start: ${broken}`);
  }
  await finishLoads([loads.holdfast, loads.pg]);
}

/** @param {LoadProcess[]} loads */
async function finishLoads(loads) {
  for (const load of loads) {
    load.stop();
  }
  const timer = setTimeout(() => {
    for (const load of loads) {
      load.kill();
    }
  }, LAST_CALLS_MILLIS);
  await Promise.all(loads.map((load) => load.exited));
  clearTimeout(timer);
}

/** @param {string} driver @param {LoadProcess} load */
function printErrors(driver, load) {
  if (load.broken !== null) {
    console.log(`\nThe ${driver} process ended early: ${load.broken}`);
  }
  if (load.messages.length > 0) {
    console.log(`\nErrors that callers of ${driver} saw most:`);
    for (const [text, times] of load.messages) {
      console.log(`  ${String(times).padStart(6)} x ${text}`);
    }
  }
}

/**
 * Adds up, prints, and returns the exit code.
 * @param {{holdfast: LoadProcess, pg: LoadProcess}} loads
 * @param {Tables} tables
 * @param {import('./account.js').Faults} faults
 * @param {keyof typeof FOUND_BY | undefined} plant
 */
async function report(loads, tables, faults, plant) {
  if (plant === 'twice') {
    await tables.duplicateOne('holdfast');
  }
  const rows = await tables.find('holdfast');
  const told = plant
    ? plantFault(plant, loads.holdfast.load, rows)
    : loads.holdfast.load;
  const holdfast = summarize(told, rows);
  const pg = summarize(loads.pg.load, await tables.find('pg'));
  const checks = judge(holdfast, faults);

  console.log(
    `\n${faults.kills} backends killed, ${faults.busyKills} of them at work; ` +
      `pooler restarted ${faults.restarts} times.\n`,
  );
  console.log(
    resultTable(
      { summary: holdfast, times: loads.holdfast.times },
      { summary: pg, times: loads.pg.times },
    ),
  );
  printErrors('holdfast', loads.holdfast);
  printErrors('pg', loads.pg);
  console.log('\nChecked for holdfast:');
  console.log(checkList(checks));
  return conclude(checks, plant);
}

/**
 * @param {import('./account.js').Check[]} checks
 * @param {keyof typeof FOUND_BY | undefined} plant
 */
function conclude(checks, plant) {
  const failed = checks.filter((check) => check.ok === false);
  if (plant) {
    const finder = checks.find((check) => check.id === FOUND_BY[plant]);
    if (finder?.ok !== false) {
      console.log(`\nThe fault planted by --break=${plant} WAS NOT FOUND.`);
      return 2;
    }
    console.log(`\nThe fault planted by --break=${plant} was found by:`);
    console.log(`  ${finder.text}`);
    return 1;
  }
  console.log(
    failed.length === 0
      ? '\nEverything checked is ok.'
      : `\n${failed.length} FAILED: ${failed.map((f) => f.text).join('; ')}.`,
  );
  return failed.length === 0 ? 0 : 1;
}

/**
 * @param {{seconds: number, plant: keyof typeof FOUND_BY | undefined}} options
 * @param {AbortSignal} signal
 * @param {(undo: () => unknown) => void} onEnd undone in reverse order
 */
async function runDemo({ seconds, plant }, signal, onEnd) {
  console.log(
    'Holdfast, and pg with named statements beside it: point selects, ' +
      'inserts and\ntransactions, while connections are being broken.\n',
  );
  const servers = await startServers();
  onEnd(() => servers.stop());
  for (const note of servers.notes) {
    console.log(note);
  }
  signal.throwIfAborted();

  const suffix = randomBytes(4).toString('hex');
  const tables = new Tables(servers.adminUrl, suffix, DRIVERS);
  await tables.connect();
  onEnd(() => tables.close());
  if (!servers.own) {
    onEnd(() => tables.drop());
  }
  await tables.create();
  signal.throwIfAborted();

  const loads = {
    holdfast: startLoad('holdfast', servers, tables, suffix),
    pg: startLoad('pg', servers, tables, suffix),
  };
  onEnd(async () => {
    loads.holdfast.kill();
    loads.pg.kill();
    await Promise.all([loads.holdfast.exited, loads.pg.exited]);
  });
  const faults = servers.own
    ? new FaultMaker({
        admin: tables.admin,
        pooler: servers.pooler,
        applications: DRIVERS.map(applicationName),
        seconds,
      })
    : null;
  await runLoads(loads, faults, seconds, signal);
  return await report(
    loads,
    tables,
    {
      killing: servers.own,
      restarting: servers.pooler !== null,
      restartsWanted: faults?.restartsWanted ?? 0,
      poolSize: CONNECTIONS,
      ...(faults?.counts ?? { kills: 0, busyKills: 0, restarts: 0 }),
    },
    plant,
  );
}

async function main() {
  const options = readArguments();
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const abort = new AbortController();
  const onSignal = () => abort.abort(new Interrupted());
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  /** @type {(() => unknown)[]} */
  const undos = [];
  try {
    return await runDemo(options, abort.signal, (undo) => undos.unshift(undo));
  } finally {
    for (const undo of undos) {
      try {
        await undo();
      } catch (error) {
        console.error('While cleaning up:', error);
      }
    }
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    if (error instanceof UsageError) {
      console.error(`${error.message}\n${USAGE}`);
      process.exitCode = 2;
    } else if (error instanceof Interrupted) {
      console.error('\nInterrupted; everything was cleaned up.');
      process.exitCode = 130;
    } else {
      console.error('\nThe demo could not run:', error);
      process.exitCode = 2;
    }
  },
);
