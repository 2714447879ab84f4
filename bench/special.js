// SPDX-License-Identifier: MIT

// The cases that need a new process for each round.

const { execFile } = require('node:child_process');
const path = require('node:path');
const { medians, median } = require('./statistics.js');

const TIMEOUT_MILLIS = 300_000;
const START_DRIVERS = ['holdfast', 'pg', 'postgres'];

/**
 * @param {string} script
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<any>}
 */
function runScript(script, args, env = {}) {
  const file = path.join(__dirname, script);
  const options = {
    timeout: TIMEOUT_MILLIS,
    env: { ...process.env, ...env, NODE_ENV: 'production' },
  };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [file, ...args], options, (error, out, err) => {
      if (error) {
        reject(new Error(err.trim().split('\n')[0] || error.message));
      } else {
        resolve(JSON.parse(out));
      }
    });
  });
}

/** @param {number} rounds */
async function measureRetry(rounds) {
  const { 'left out': leftOut, ...measured } = await runScript('retry.js', [
    String(rounds),
  ]);
  /** @type {Record<string, {nanos: number, overBare: number}>} */
  const helpers = {};
  const bare = median(measured.bare) ?? 0;
  for (const [name, nanos] of Object.entries(measured)) {
    const middle = median(/** @type {number[]} */ (nanos)) ?? 0;
    helpers[name] = { nanos: middle, overBare: middle - bare };
  }
  return { helpers, leftOut };
}

/** @param {number} rounds @param {string} url @param {number} seconds */
async function measureObservability(rounds, url, seconds) {
  const args = [String(rounds), String(seconds * 1000)];
  const measured = await runScript('observability.js', args, {
    BENCH_URL: url,
  });
  const bare = median(measured.nobody) ?? 0;
  /** @type {Record<string, {micros: number, overBare: number}>} */
  const listeners = {};
  const { check, ...turns } = measured;
  const checkNanos = median(check) ?? 0;
  for (const [name, micros] of Object.entries(turns)) {
    const middle = median(/** @type {number[]} */ (micros)) ?? 0;
    listeners[name] = { micros: middle, overBare: middle - bare };
  }
  return { listeners, checkNanos };
}

/** @param {number} rounds @param {string} url @param {string[]} drivers */
async function measureStart(rounds, url, drivers) {
  const contestants = START_DRIVERS.filter((name) => drivers.includes(name));
  /** @type {Record<string, {require: number, firstRow: number}[]>} */
  const measured = {};
  /** @type {Record<string, string>} */
  const leftOut = {};
  // Not counted the first time, when the files are read from the disk.
  for (let round = -1; round < rounds; round++) {
    for (let i = 0; i < contestants.length; i++) {
      const name = contestants[(round + 1 + i) % contestants.length];
      if (leftOut[name] !== undefined) {
        continue;
      }
      try {
        const times = await runScript('start.js', [name], { BENCH_URL: url });
        measured[name] ??= [];
        if (round >= 0) {
          measured[name].push(times);
        }
      } catch (error) {
        leftOut[name] = /** @type {Error} */ (error).message;
        delete measured[name];
      }
    }
  }
  const results = Object.entries(measured).map(([name, times]) => [
    name,
    medians(times, ['require', 'firstRow']),
  ]);
  return { drivers: Object.fromEntries(results), leftOut };
}

module.exports = { measureObservability, measureRetry, measureStart };
