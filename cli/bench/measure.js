// SPDX-License-Identifier: MIT
'use strict';

// One run: a number of callers, each of which sends its next query after the
// answer.

const { readFileSync } = require('node:fs');
const { performance } = require('node:perf_hooks');

/** More latencies than this overwrite the earliest. */
const MOST_LATENCIES = 1 << 20;
/** After this many failures a run is stopped. */
const MOST_ERRORS = 50;

/**
 * @typedef {object} RunReport
 * @property {number} callers
 * @property {number} seconds
 * @property {number} queries
 * @property {number} perSecond
 * @property {number | null} p50Millis
 * @property {number | null} p95Millis
 * @property {number | null} p99Millis
 * @property {number | null} mainThreadMicros of CPU, for each query; null
 *   where the system does not tell
 * @property {number | null} processMicros of CPU, all threads, for each query
 * @property {number} errors
 * @property {string | null} firstError
 */

/**
 * Returns the main thread's CPU time in microseconds, from the kernel. On
 * Linux its id is that of the process.
 * @returns {number | null}
 */
function mainThreadMicros() {
  try {
    const file = `/proc/self/task/${process.pid}/schedstat`;
    return Number(readFileSync(file, 'latin1').split(' ', 1)[0]) / 1000;
  } catch {
    return null;
  }
}

/** @param {number} value @param {number} digits */
function round(value, digits) {
  return Number(value.toFixed(digits));
}

/**
 * @param {Float64Array} sorted
 * @param {number} part
 * @returns {number | null}
 */
function percentile(sorted, part) {
  const at = Math.ceil(sorted.length * part) - 1;
  return sorted.length === 0 ? null : round(sorted[Math.max(0, at)], 3);
}

class Run {
  #latencies = new Float64Array(MOST_LATENCIES);
  #stopped = false;
  #queries = 0;
  #errors = 0;
  /** @type {string | null} */
  #firstError = null;

  /**
   * @param {() => Promise<unknown>} ask
   * @param {number} callers
   */
  constructor(ask, callers) {
    this.ask = ask;
    this.callers = callers;
  }

  /** @param {number} seconds @returns {Promise<RunReport>} */
  async measure(seconds) {
    const timer = setTimeout(() => {
      this.#stopped = true;
    }, seconds * 1000);
    const cpu = process.cpuUsage();
    const main = mainThreadMicros();
    const since = performance.now();
    await Promise.all(
      Array.from({ length: this.callers }, () => this.#caller()),
    );
    const millis = performance.now() - since;
    clearTimeout(timer);
    const spent = process.cpuUsage(cpu);
    const mainAfter = mainThreadMicros();
    return this.#report(
      millis,
      spent.user + spent.system,
      main === null || mainAfter === null ? null : mainAfter - main,
    );
  }

  async #caller() {
    while (!this.#stopped) {
      const since = performance.now();
      try {
        await this.ask();
        const at = this.#queries % MOST_LATENCIES;
        this.#latencies[at] = performance.now() - since;
        this.#queries += 1;
      } catch (error) {
        this.#firstError ??= String(/** @type {any} */ (error)?.message);
        this.#errors += 1;
        this.#stopped ||= this.#errors >= MOST_ERRORS;
      }
    }
  }

  /**
   * @param {number} millis
   * @param {number} cpuMicros
   * @param {number | null} mainMicros
   * @returns {RunReport}
   */
  #report(millis, cpuMicros, mainMicros) {
    const queries = this.#queries;
    const count = Math.min(queries, MOST_LATENCIES);
    const sorted = this.#latencies.subarray(0, count).sort();
    const each = (/** @type {number | null} */ micros) =>
      micros === null || queries === 0 ? null : round(micros / queries, 2);
    return {
      callers: this.callers,
      seconds: round(millis / 1000, 3),
      queries,
      perSecond: round((queries * 1000) / millis, 1),
      p50Millis: percentile(sorted, 0.5),
      p95Millis: percentile(sorted, 0.95),
      p99Millis: percentile(sorted, 0.99),
      mainThreadMicros: each(mainMicros),
      processMicros: each(cpuMicros),
      errors: this.#errors,
      firstError: this.#firstError,
    };
  }
}

module.exports = { Run };
