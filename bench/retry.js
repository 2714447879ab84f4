// SPDX-License-Identifier: MIT

// What a retry helper costs around a call that succeeds, in nanoseconds over a
// bare await. Runs as a process of its own; prints one line of JSON: {"bare":
// [..], "holdfast": [..], ..., "left out": {"name": "why"}}.

const { performance } = require('node:perf_hooks');

const CALLS = 100_000;

/** @typedef {(fn: () => Promise<number>) => Promise<number>} Helper */

const answer = async () => 1;

/** @returns {Promise<Map<string, Helper | Error>>} */
async function loadHelpers() {
  /** @type {Record<string, () => Helper | Promise<Helper>>} */
  const loaders = {
    holdfast: () => require('..').retryQuery,
    // Measured where they are installed. The names are hidden from the type
    // checker, which would require them to be.
    'p-retry': async () => (await import(String('p-retry'))).default,
    cockatiel: async () => {
      const cockatiel = await import(String('cockatiel'));
      const policy = cockatiel.retry(cockatiel.handleAll, { maxAttempts: 2 });
      return (fn) => policy.execute(fn);
    },
  };
  const helpers = new Map();
  for (const [name, load] of Object.entries(loaders)) {
    try {
      helpers.set(name, await load());
    } catch (error) {
      helpers.set(name, error);
    }
  }
  return helpers;
}

/** @param {Helper} helper nanoseconds per call */
async function time(helper) {
  const began = performance.now();
  for (let i = 0; i < CALLS; i++) {
    await helper(answer);
  }
  return ((performance.now() - began) * 1e6) / CALLS;
}

/** @param {number} rounds */
async function main(rounds) {
  /** @type {Record<string, number[]>} */
  const result = { bare: [] };
  /** @type {Record<string, string>} */
  const leftOut = {};
  /** @type {[string, Helper][]} */
  const contestants = [['bare', (fn) => fn()]];
  for (const [name, helper] of await loadHelpers()) {
    if (helper instanceof Error) {
      leftOut[name] = helper.message.split('\n')[0];
    } else {
      result[name] = [];
      contestants.push([name, helper]);
    }
  }
  for (const [, helper] of contestants) {
    await time(helper);
  }
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < contestants.length; i++) {
      const [name, helper] = contestants[(round + i) % contestants.length];
      result[name].push(await time(helper));
    }
  }
  console.log(JSON.stringify({ ...result, 'left out': leftOut }));
  process.exit(0);
}

main(Number(process.argv[2] ?? 5));
