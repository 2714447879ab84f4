// SPDX-License-Identifier: MIT
'use strict';

// The core as WebAssembly against the same core in the addon: equal answers
// to everything, from recorded errors, from every row of what codes and
// sentences mean, and from evidence made at random.

const assert = require('node:assert');
const { test } = require('node:test');

const { version } = require('../../package.json');
const {
  FACT,
  POLICY,
  RUN_AT,
  RUN_DO,
  RUN_ON,
  RUN_STATE,
  STATUS,
} = require('../../lib/protocol/policy.js');
const { gatherEvidence } = require('../../lib/retry/evidence.js');
const addon = require('../../lib/engine/native.js').load();
const { compile } = require('../../lib/wasm/compile.js');
const { loadCore } = require('../../lib/wasm/index.js');
const { Core } = require('../../lib/wasm/core.js');
const { errors } = require('../fixtures/prisma-errors.json');
const rows = require('../fixtures/classification-rows.js');

const wasm = /** @type {any} */ (loadCore(version, compile));

const FACTS = FACT.COUNT;
const TEXTS = 7;
/** How many values each fact has. */
const VALUES = Array.from({ length: FACTS }, () => 2);
VALUES[FACT.PHASE] = 8;
VALUES[FACT.STATUS] = addon.statuses().length;
VALUES[FACT.SEVERITY] = 5;
VALUES[FACT.SPEAKER] = 3;
VALUES[FACT.KNOWN] = 5;

/** Numbers that look random and are the same in every run. */
function generator(seed) {
  let state = seed;
  return (/** @type {number} */ n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** @param {() => unknown} fn */
function answer(fn) {
  try {
    return { value: fn() };
  } catch (error) {
    return { name: error.name, message: error.message };
  }
}

/** All the evidence there is in the fixtures. */
function recorded() {
  const thrown = [
    ...Object.values(rows).flatMap((table) => table.map(([, error]) => error)),
    ...errors.map(({ error }) => error),
  ];
  return thrown.map((error) => gatherEvidence(error));
}

/** The texts at each place of the fixtures' evidence. */
function textsByPlace() {
  const all = recorded();
  return Array.from({ length: TEXTS }, (_, place) => [
    undefined,
    ...new Set(all.map(({ strings }) => strings[place])),
  ]);
}

/** @param {any} core @param {any} evidence */
function judged(core, { facts, strings }) {
  return answer(() => core.classify(facts, ...strings));
}

/**
 * Returns what a run is to do and what became of it.
 * @param {any} core
 * @param {any} given
 */
function stepOf(core, { policy, run, facts, strings }) {
  const own = Float64Array.from(run);
  const told = answer(() => core.runNext(policy, own, facts, ...strings));
  return { told, run: own };
}

/**
 * A run of which nothing limits the attempts, and what happens to it.
 * @param {Record<string, number>} fields by the names in RUN_AT
 */
function runOf(fields) {
  const run = new Float64Array(RUN_AT.COUNT);
  const given = { RETRIES_LEFT: -1, NAMES_LEFT: -1, ...fields };
  for (const [name, value] of Object.entries(given)) {
    run[/** @type {any} */ (RUN_AT)[name]] = value;
  }
  return run;
}

/** A failure of a run whose function is at work. */
const FAILURE = { STATE: RUN_STATE.RUNNING, EVENT: RUN_ON.FAILURE, NOW: 1e9 };

test('the tables are the same', () => {
  for (const name of [
    'optionTable',
    'statuses',
    'statsNames',
    'statsBounds',
    'retryPolicy',
  ]) {
    assert.deepStrictEqual(wasm[name](), /** @type {any} */ (addon)[name]());
  }
  for (const name of ['fast', 'linear', 'serverless', 'none', '']) {
    assert.deepStrictEqual(wasm.retryPreset(name), addon.retryPreset(name));
  }
});

test('every recorded error and every row has the same classification', () => {
  const all = recorded();
  assert.ok(all.length > 300, `${all.length}`);
  for (const evidence of all) {
    assert.deepStrictEqual(judged(wasm, evidence), judged(addon, evidence));
  }
});

test('the same in every phase, transaction and speaker', () => {
  for (const { strings } of recorded()) {
    for (let bits = 0; bits < 8 * 16; bits++) {
      const flags = [bits >> 3, bits >> 4, bits >> 5, bits >> 6];
      const facts = Int32Array.from([
        bits & 7,
        0,
        bits % 5,
        bits % 3,
        ...flags.map((flag) => flag & 1),
        ...new Array(FACTS - 8).fill(0),
      ]);
      const evidence = { facts, strings };
      assert.deepStrictEqual(judged(wasm, evidence), judged(addon, evidence));
    }
  }
});

test('evidence made at random has the same classification', () => {
  const next = generator(4);
  const texts = textsByPlace();
  for (let round = 0; round < 20000; round++) {
    const facts = Int32Array.from(VALUES, (n) => next(n));
    const strings = texts.map((known) => known[next(known.length)]);
    const evidence = { facts, strings };
    assert.deepStrictEqual(judged(wasm, evidence), judged(addon, evidence));
  }
});

test('the same is to be done whatever happens to a run', () => {
  const next = generator(7);
  const all = recorded();
  const numbers = [0, 1, 20, 500, 2147483647, -1];
  // Cores of their own: the budget is part of the answer.
  const own = /** @type {any} */ (new Core(compile()));
  const limit = () => [-1, 0, 1, 9][next(4)];
  /** @type {Set<unknown>} */
  const actions = new Set();
  let now = 1e9;
  for (let round = 0; round < 20000; round++) {
    const { strings } = all[next(all.length)];
    now += next(400);
    const policy = Int32Array.from({ length: POLICY.COUNT }, () => next(2));
    policy[POLICY.MAX_RETRIES] = next(4);
    policy[POLICY.BASE_MS] = numbers[next(numbers.length)];
    policy[POLICY.CAP_MS] = numbers[next(numbers.length)];
    policy[POLICY.NAME_RETRIES] = next(4);
    const given = {
      policy,
      run: runOf({
        STATE: next(RUN_STATE.STATES),
        ENDED: [0, STATUS.ABORTED, STATUS.DEADLINE][next(3)],
        FAILED: next(2),
        DUE: now - 200 + next(400),
        USED_ONCE: next(2),
        RETRIES: next(4),
        WAITS: next(2),
        DEADLINE: next(2) * (now + next(900)),
        CALLER_DEADLINE: next(2),
        EVENT: next(Object.keys(RUN_ON).length),
        RANDOM: next(2 ** 32),
        NOW: now,
        ABORTED: next(2),
        HELD: next(2),
        PENDING: next(2),
        WROTE: next(8) === 0 ? 1 : 0,
        INSIDE: next(8) === 0 ? 1 : 0,
        REPEATED: next(8) === 0 ? 1 : 0,
        RETRIES_LEFT: limit(),
        NAMES_LEFT: limit(),
      }),
      facts:
        next(4) === 0 ? undefined : Int32Array.from(VALUES, (n) => next(n)),
      strings,
    };
    const step = stepOf(addon, given);
    assert.deepStrictEqual(stepOf(own, given), step);
    actions.add(step.told.value?.action);
  }
  assert.deepStrictEqual([...actions].sort(), Object.values(RUN_DO));
});

test('a nested run follows the same policy', () => {
  const preset = (/** @type {string} */ name) =>
    Int32Array.from(addon.retryPreset(name) ?? []);
  const own = Int32Array.from(addon.retryPolicy());
  for (const around of [preset('linear'), preset('fast')]) {
    assert.deepStrictEqual(
      wasm.retryPolicyWithin(own, around),
      addon.retryPolicyWithin(own, around),
    );
    assert.notDeepStrictEqual(
      addon.retryPolicyWithin(own, around),
      Array.from(own),
    );
  }
});

test('the budget of repetitions is the same', () => {
  const own = /** @type {any} */ (new Core(compile()));
  const facts = new Int32Array(FACTS);
  const policy = Int32Array.from(addon.retryPolicy());
  let granted = 0;
  for (let round = 0; round < 1000; round++) {
    const { again, refused } = own.runNext(
      policy,
      runOf(FAILURE),
      facts,
      '40001',
    );
    granted += again ? 1 : 0;
    assert.ok(again || /too many calls/.test(refused));
  }
  assert.ok(granted > 0 && granted < 1000, `${granted}`);
  for (let call = 0; call < 100; call++) {
    own.retryCountCall(1e9);
  }
  const after = own.runNext(policy, runOf(FAILURE), facts, '40001');
  assert.strictEqual(after.again, true);
});

test('texts of any length and any letters are read alike', () => {
  const facts = new Int32Array(FACTS);
  facts[0] = 7;
  const sentence = 'Connection terminated unexpectedly';
  const messages = [
    '',
    sentence,
    `${sentence}\0 and more`,
    `\0${sentence}`,
    'é',
    'ungültig: Verbindung verloren',
    '\u{1f525}'.repeat(40),
    '\ud800',
    `${'x'.repeat(63)}é`,
    `${'x'.repeat(70000)}\n${sentence}`,
    '\u20ac'.repeat(300000),
    sentence,
  ];
  for (const message of messages) {
    const strings = Array(TEXTS).fill(undefined);
    strings[6] = message;
    const evidence = { facts, strings };
    assert.deepStrictEqual(judged(wasm, evidence), judged(addon, evidence));
  }
});

test('what is no evidence, policy or run is refused in the same words', () => {
  const facts = new Int32Array(FACTS);
  const strings = Array(TEXTS).fill(undefined);
  const bad = VALUES.slice(0, 4).flatMap((n, place) =>
    [-1, n, 2147483647].map((value) => {
      const made = new Int32Array(FACTS);
      made[place] = value;
      return made;
    }),
  );
  for (const made of [...bad, new Int32Array(3), new Float64Array(8), {}, 7]) {
    const evidence = { facts: made, strings };
    const told = judged(addon, evidence);
    assert.strictEqual(told.name, 'TypeError');
    assert.deepStrictEqual(judged(wasm, evidence), told);
  }
  for (const text of [7, null, {}]) {
    const evidence = { facts, strings: [text] };
    assert.deepStrictEqual(judged(wasm, evidence), judged(addon, evidence));
  }
  const policy = Int32Array.from(addon.retryPolicy());
  const run = runOf(FAILURE);
  const good = { policy, run, facts, strings };
  const badPolicy = (/** @type {number} */ place) =>
    Int32Array.from(policy, (value, at) => (at === place ? -1 : value));
  for (const wrong of [
    { policy: new Int32Array(2) },
    { policy: badPolicy(POLICY.JITTER) },
    { policy: badPolicy(POLICY.GROWTH) },
    { run: runOf({ ...FAILURE, STATE: RUN_STATE.STATES }) },
    { run: runOf({ ...FAILURE, EVENT: 99 }) },
    { run: runOf({ ...FAILURE, RETRIES: -1 }) },
    { run: runOf({ ...FAILURE, RETRIES: NaN }) },
    { run: runOf({ ...FAILURE, RETRIES: 2 ** 31 }) },
    { run: new Float64Array(3) },
    { facts: new Int32Array(1) },
  ]) {
    const given = { ...good, ...wrong };
    const step = stepOf(addon, given);
    assert.strictEqual(step.told.name, 'TypeError');
    assert.deepStrictEqual(stepOf(wasm, given), step);
  }
});

test('what may be repeated of a text is the same', () => {
  for (const text of [
    'select 1',
    'insert into t values (1)',
    'with a as (select 1) select * from a',
    'with a as (delete from t returning *) select * from a',
    'call f()',
    'select 1; commit',
    'vacuum',
    'é',
    '',
    `select '${'x'.repeat(100000)}'`,
    'select 1 \0 from t',
  ]) {
    assert.strictEqual(
      wasm.textTraits(text),
      /** @type {any} */ (addon).textTraits(text),
      text.slice(0, 60),
    );
  }
});

test('a module loaded again has the same core, and so the same budget', () => {
  const file = require.resolve('../../lib/wasm/index.js');
  delete require.cache[file];
  const again = require('../../lib/wasm/index.js');
  assert.strictEqual(again.loadCore(version, compile), wasm);
});
