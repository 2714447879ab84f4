// SPDX-License-Identifier: MIT
// What a verdict costs in the addon and on WebAssembly: `node bench/core.js`.
// Prints medians of interleaved rounds, in nanoseconds per call.

const addon = require('../lib/engine/native.js').load();
const {
  FACT,
  PHASE,
  RUN_AT,
  RUN_ON,
  RUN_STATE,
} = require('../lib/protocol/policy.js');
const { compile } = require('../lib/wasm/compile.js');
const { Core } = require('../lib/wasm/core.js');

const ROUNDS = 15;
const CALLS = 20_000;

const facts = new Int32Array(FACT.COUNT);
facts[FACT.PHASE] = PHASE.UNKNOWN;
const policy = Int32Array.from(addon.retryPolicy());
const run = new Float64Array(RUN_AT.COUNT);

/** @param {number} state @param {number} event */
function happens(state, event) {
  run.fill(0);
  run[RUN_AT.STATE] = state;
  run[RUN_AT.EVENT] = event;
  run[RUN_AT.NOW] = 1e6;
  run[RUN_AT.RETRIES_LEFT] = -1;
  run[RUN_AT.NAMES_LEFT] = -1;
  return run;
}

/** @type {Record<string, (core: any) => unknown>} */
const CASES = {
  'classify, SQLSTATE': (core) =>
    core.classify(facts, '40001', 'x', '40001', undefined, undefined, 'error'),
  'classify, sentence': (core) =>
    core.classify(
      ...[facts, undefined, undefined, undefined, undefined, undefined],
      ...['Error', 'Connection terminated unexpectedly'],
    ),
  'run, an attempt fails': (core) =>
    core.runNext(
      policy,
      happens(RUN_STATE.RUNNING, RUN_ON.FAILURE),
      ...[facts, '40001'],
    ),
  'run, its timer': (core) =>
    core.runNext(policy, happens(RUN_STATE.BACKOFF, RUN_ON.TIMER)),
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
  process.stdout.write(`${name.padEnd(22)} ${figures.join('   ')}\n`);
}
