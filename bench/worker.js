// SPDX-License-Identifier: MIT

// Measures one driver in a process of its own, on command of bench/main.js over
// IPC: `open` a case, `run` a round of it, `close` it. The process stays for
// all rounds and cases, as an application would.

const fs = require('node:fs');
const { performance } = require('node:perf_hooks');
const { ITEMS } = require('./cases.js');
const { DRIVERS } = require('./drivers.js');
const { percentiles } = require('./statistics.js');

/** With more calls in a round, the earliest latencies are overwritten. */
const LATENCIES = 1 << 20;
/** After so many failures a round is given up. */
const MOST_ERRORS = 100;

const latencies = new Float64Array(LATENCIES);

/**
 * CPU time of the main thread in nanoseconds, from the kernel; null where the
 * kernel does not tell. On Linux the main thread's id is the process's.
 */
function mainThreadNanos() {
  try {
    const file = `/proc/self/task/${process.pid}/schedstat`;
    return Number(fs.readFileSync(file, 'latin1').split(' ', 1)[0]);
  } catch {
    return null;
  }
}

class Measurement {
  #call;
  #callers;
  #stopped = false;
  #count = 0;
  #errors = 0;
  /** @type {string | null} */
  #firstError = null;

  /** @param {(turn: number) => Promise<unknown>} call @param {number} callers */
  constructor(call, callers) {
    this.#call = call;
    this.#callers = callers;
  }

  /** @param {number} millis */
  async run(millis) {
    const timer = setTimeout(() => {
      this.#stopped = true;
    }, millis);
    const cpuBefore = process.cpuUsage();
    const mainBefore = mainThreadNanos();
    const began = performance.now();
    const callers = [];
    for (let i = 0; i < this.#callers; i++) {
      callers.push(this.#caller(i));
    }
    await Promise.all(callers);
    const elapsed = performance.now() - began;
    const mainAfter = mainThreadNanos();
    const cpu = process.cpuUsage(cpuBefore);
    clearTimeout(timer);
    return this.#result(
      elapsed,
      cpu.user + cpu.system,
      mainBefore === null || mainAfter === null
        ? null
        : (mainAfter - mainBefore) / 1000,
    );
  }

  /** @param {number} index */
  async #caller(index) {
    for (let turn = index; !this.#stopped; turn += this.#callers) {
      const began = performance.now();
      try {
        await this.#call(turn);
        latencies[this.#count % LATENCIES] = performance.now() - began;
        this.#count++;
      } catch (error) {
        this.#firstError ??= String(error);
        this.#errors++;
        this.#stopped ||= this.#errors >= MOST_ERRORS;
      }
    }
  }

  /**
   * @param {number} elapsed milliseconds
   * @param {number} cpuMicros
   * @param {number | null} mainMicros
   */
  #result(elapsed, cpuMicros, mainMicros) {
    const count = this.#count;
    const recorded = latencies.subarray(0, Math.min(count, LATENCIES));
    return {
      count,
      errors: this.#errors,
      firstError: this.#firstError,
      perSecond: (count * 1000) / elapsed,
      ...percentiles(recorded),
      cpuMicros: count > 0 ? cpuMicros / count : null,
      mainMicros: count > 0 && mainMicros !== null ? mainMicros / count : null,
    };
  }
}

/** @type {import('./drivers.js').Opened | null} */
let opened = null;
/** @type {import('./cases.js').Case | null} */
let current = null;

/** @param {number} turn */
function callOnce(turn) {
  const driver = /** @type {import('./drivers.js').Opened} */ (opened);
  const id = 1 + ((turn * 7919) % ITEMS);
  switch (current?.work) {
    case 'rows':
      return driver.rows();
    case 'insert':
      return driver.insert(turn);
    case 'transaction':
      return driver.transaction?.(id);
    default:
      return driver.select(id);
  }
}

/** @param {number} millis */
function measure(millis) {
  return new Measurement(callOnce, current?.callers ?? 1).run(millis);
}

/** @param {any} message */
async function obey(message) {
  if (message.type === 'open') {
    current = message.benchCase;
    opened = await DRIVERS[message.driver](message.target);
    const warm = await measure(message.warmMillis);
    if (warm.firstError !== null) {
      throw new Error(warm.firstError);
    }
    return {};
  }
  if (message.type === 'run') {
    return await measure(message.millis);
  }
  await opened?.close();
  opened = null;
  return {};
}

process.on('disconnect', () => process.exit(0));
// The parent decides what to do on Ctrl-C, which signals the whole group.
process.on('SIGINT', () => {});
process.on('message', async (message) => {
  try {
    process.send?.({ ok: true, value: await obey(message) });
  } catch (error) {
    const { code, message: text } = /** @type {any} */ (error);
    process.send?.({ ok: false, code, message: String(text).split('\n')[0] });
  }
});
