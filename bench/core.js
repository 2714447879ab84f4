// SPDX-License-Identifier: MIT
// What a verdict costs in the addon and on WebAssembly: node bench/core.js
// The median of rounds that take turns, in nanoseconds of a call.

const addon = require('../lib/engine/native.js').load();
const { compile } = require('../lib/wasm/compile.js');
const { Core } = require('../lib/wasm/core.js');

const ROUNDS = 15;
const CALLS = 20_000;

const facts = new Int32Array(8);
facts[0] = 7; // nothing is known of the phase
const policy = Int32Array.from(addon.retryPolicy());
const state = new Float64Array(3);

/** @type {Record<string, (core: any) => unknown>} */
const CASES = {
  'classify, SQLSTATE': (core) =>
    core.classify(facts, '40001', 'x', '40001', undefined, undefined, 'error'),
  'classify, sentence': (core) =>
    core.classify(
      ...[facts, undefined, undefined, undefined, undefined, undefined],
      ...['Error', 'Connection terminated unexpectedly'],
    ),
  retryNext: (core) => {
    state.fill(0);
    return core.retryNext(policy, state, 1e6, 7, facts, '40001');
  },
};

/** @param {() => unknown} fn @returns {number} nanoseconds of a call */
function time(fn) {
  const since = process.hrtime.bigint();
  for (let i = 0; i < CALLS; i++) {
    fn();
  }
  return Number(process.hrtime.bigint() - since) / CALLS;
}

/** @param {number[]} values */
function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

const cores = { addon, wasm: new Core(compile()) };
for (const [name, fn] of Object.entries(CASES)) {
  /** @type {Record<string, number[]>} */
  const times = { addon: [], wasm: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const [kind, core] of Object.entries(cores)) {
      times[kind].push(time(() => fn(core)));
    }
  }
  const figures = Object.entries(times).map(
    ([kind, all]) => `${kind} ${median(all).toFixed(0).padStart(6)} ns`,
  );
  process.stdout.write(`${name.padEnd(20)} ${figures.join('   ')}\n`);
}
