// SPDX-License-Identifier: MIT

// The mixed load of the demo, the same for every driver: point selects, inserts
// with unique numbers, and transactions that write two rows. Runs in a process
// of its own, which demo/main.js controls over IPC, and reports every write, so
// that the parent can compare what callers were told with what the table holds.

const { performance } = require('node:perf_hooks');
const { setTimeout: sleep } = require('node:timers/promises');
const { Latencies } = require('./latencies.js');

/**
 * @typedef {object} Settings
 * @property {string} connectionString
 * @property {string} applicationName
 * @property {string} itemsTable
 * @property {string} rowsTable
 * @property {string} suffix makes statement names unique to this run
 * @property {number} items how many items there are to read
 * @property {number} max connections of the pool
 * @property {number} callers
 */

/**
 * What a driver has to do. `slow` makes the write take some milliseconds on
 * the server, so that a kill finds statements at work.
 * @typedef {object} Driver
 * @property {(id: number) => Promise<string | undefined>} read
 * @property {(number: number, slow: boolean) => Promise<unknown>} insert
 * @property {(first: number, second: number, slow: boolean)
 *   => Promise<unknown>} pair
 * @property {() => {retries: number, connectionsLostBusy: number | null}} stats
 * @property {() => Promise<unknown>} close
 */

/** What each caller does in a loop. */
const ROUND = [
  'read',
  'insert',
  'read',
  'read',
  'pair',
  'read',
  'insert',
  'read',
  'insert',
  'read',
];
const SLOW_EVERY = 6;
const PAUSE_MILLIS = 3;
const PAUSE_AFTER_FAILURE_MILLIS = 10;
const REPORT_MILLIS = 200;
const LAST_CALLS_MILLIS = 20_000;
const CLOSE_MILLIS = 2000;

/** @param {any} error */
function describe(error) {
  return {
    outcome: typeof error?.outcome === 'string' ? error.outcome : null,
    code: typeof error?.code === 'string' ? error.code : null,
    message: String(error?.message ?? error),
  };
}

class Load {
  #settings;
  #driver;
  #stopped = false;
  #giveUp = () => {};
  #number = 0;
  #writesBegun = 0;
  #latencies = new Latencies();
  #started = 0;
  #settled = 0;
  #reads = { succeeded: 0, wrong: 0 };
  /** @type {Map<string, import('./account.js').Failure>} */
  #readFailures = new Map();
  /** @type {import('./account.js').Write[]} */
  #writes = [];
  /** @type {Map<string, number>} */
  #messages = new Map();

  /** @param {Settings} settings @param {Driver} driver */
  constructor(settings, driver) {
    this.#settings = settings;
    this.#driver = driver;
  }

  /** Stops callers from beginning another call; calls under way may finish. */
  stop() {
    this.#stopped = true;
    setTimeout(this.#giveUp, LAST_CALLS_MILLIS).unref();
  }

  /** Runs until it is stopped and every call has settled, or hangs. */
  async run() {
    const overdue = new Promise((resolve) => {
      this.#giveUp = () => resolve(undefined);
    });
    const callers = [];
    for (let i = 0; i < this.#settings.callers; i++) {
      callers.push(this.#caller(i));
    }
    await Promise.race([Promise.all(callers), overdue]);
  }

  /** Returns what happened since the last report, and begins a new one. */
  takeReport() {
    const writes = this.#writes;
    this.#writes = [];
    return {
      type: 'report',
      writes,
      reads: { ...this.#reads, failures: [...this.#readFailures.values()] },
      started: this.#started,
      settled: this.#settled,
      ...this.#driver.stats(),
    };
  }

  lastWords() {
    return {
      type: 'done',
      ...this.#latencies.summary(),
      messages: [...this.#messages].sort((a, b) => b[1] - a[1]).slice(0, 5),
    };
  }

  /** @param {number} index */
  async #caller(index) {
    for (let turn = index; !this.#stopped; turn++) {
      const kind = ROUND[turn % ROUND.length];
      const began = performance.now();
      this.#started++;
      const ok = await (kind === 'read'
        ? this.#read(turn)
        : this.#write(kind === 'pair' ? 'pair' : 'insert'));
      this.#settled++;
      if (ok) {
        this.#latencies.add(performance.now() - began);
      }
      await sleep(ok ? PAUSE_MILLIS : PAUSE_AFTER_FAILURE_MILLIS);
    }
  }

  /** @param {number} turn */
  async #read(turn) {
    const id = 1 + ((turn * 7919) % this.#settings.items);
    try {
      const label = await this.#driver.read(id);
      this.#reads.succeeded++;
      this.#reads.wrong += label === `item ${id}` ? 0 : 1;
      return true;
    } catch (error) {
      const { outcome, code } = this.#note(error);
      const key = `${outcome} ${code}`;
      const failure = this.#readFailures.get(key);
      if (failure) {
        failure.count++;
      } else {
        this.#readFailures.set(key, { outcome, code, count: 1 });
      }
      return false;
    }
  }

  /** @param {'insert' | 'pair'} kind */
  async #write(kind) {
    const slow = this.#writesBegun++ % SLOW_EVERY === 0;
    const numbers =
      kind === 'pair' ? [this.#next(), this.#next()] : [this.#next()];
    try {
      await (kind === 'pair'
        ? this.#driver.pair(numbers[0], numbers[1], slow)
        : this.#driver.insert(numbers[0], slow));
      this.#writes.push({ kind, numbers, ok: true, outcome: null, code: null });
      return true;
    } catch (error) {
      const { outcome, code } = this.#note(error);
      this.#writes.push({ kind, numbers, ok: false, outcome, code });
      return false;
    }
  }

  #next() {
    this.#number++;
    return this.#number;
  }

  /** @param {unknown} error */
  #note(error) {
    const { outcome, code, message } = describe(error);
    const text = `${code ?? 'no code'}: ${message}`.slice(0, 120);
    this.#messages.set(text, (this.#messages.get(text) ?? 0) + 1);
    return { outcome, code };
  }
}

/** @param {object} message */
function tell(message) {
  return new Promise((resolve) => {
    if (process.send && process.connected) {
      process.send(message, () => resolve(undefined));
    } else {
      resolve(undefined);
    }
  });
}

/**
 * Waits for the parent's settings, then runs the load until told to stop.
 * @param {(settings: Settings) => Driver} open
 */
function serve(open) {
  /** @type {Load | undefined} */
  let load;
  process.on('disconnect', () => process.exit(1));
  // The parent decides when a run ends: Ctrl-C signals the whole group.
  process.on('SIGINT', () => {});
  process.on('message', async (/** @type {any} */ message) => {
    if (message.type === 'stop') {
      load?.stop();
      return;
    }
    try {
      const driver = open(message.settings);
      load = new Load(message.settings, driver);
      const current = load;
      const timer = setInterval(
        () => tell(current.takeReport()),
        REPORT_MILLIS,
      );
      await load.run();
      clearInterval(timer);
      await tell(load.takeReport());
      await tell(load.lastWords());
      await Promise.race([driver.close(), sleep(CLOSE_MILLIS)]);
      process.disconnect();
      process.exit(0);
    } catch (error) {
      await tell({ type: 'broken', message: describe(error).message });
      process.exit(1);
    }
  });
}

module.exports = { Load, serve };
