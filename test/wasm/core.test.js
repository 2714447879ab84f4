// SPDX-License-Identifier: MIT
'use strict';

// The core as WebAssembly against the same core in the addon: equal answers
// to everything, from recorded errors, from every row of what codes and
// sentences mean, and from evidence made at random.

const assert = require('node:assert');
const { test } = require('node:test');

const { version } = require('../../package.json');
const { FACT } = require('../../lib/protocol/policy.js');
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
 * Returns the verdict and what became of the state.
 * @param {any} core
 * @param {any} given
 */
function verdict(core, { policy, state, now, random, facts, strings }) {
  const own = Float64Array.from(state);
  const told = answer(() =>
    core.retryNext(policy, own, now, random, facts, ...strings),
  );
  return { told, state: own };
}

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

test('the same verdicts on repeating, and the same history', () => {
  const next = generator(7);
  const all = recorded();
  const numbers = [0, 1, 20, 500, 2147483647, -1];
  // Cores of their own: the budget is part of the answer.
  const own = /** @type {any} */ (new Core(compile()));
  let now = 1e9;
  for (let round = 0; round < 5000; round++) {
    const { strings } = all[next(all.length)];
    now += next(400);
    const given = {
      policy: Int32Array.from([
        next(4),
        numbers[next(numbers.length)],
        numbers[next(numbers.length)],
        next(2),
        next(2),
        next(2),
      ]),
      state: Float64Array.from([next(4), next(2) * (now + next(900)), next(2)]),
      now,
      random: next(2 ** 32),
      facts: Int32Array.from(VALUES, (n) => next(n)),
      strings,
    };
    assert.deepStrictEqual(verdict(own, given), verdict(addon, given));
  }
});

test('the budget of repetitions is the same', () => {
  const own = /** @type {any} */ (new Core(compile()));
  const facts = new Int32Array(FACTS);
  const policy = Int32Array.from(addon.retryPolicy());
  let granted = 0;
  for (let round = 0; round < 1000; round++) {
    const { again, refused } = own.retryNext(
      policy,
      new Float64Array(4),
      1e9,
      0,
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
  const after = own.retryNext(
    policy,
    new Float64Array(4),
    1e9,
    0,
    facts,
    '40001',
  );
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

test('what is no evidence, policy or state is refused in the same words', () => {
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
  const state = new Float64Array(4);
  const good = { policy, state, now: 1, random: 1, facts, strings };
  for (const wrong of [
    { policy: new Int32Array(2) },
    { policy: Int32Array.from([0, 0, 0, 2, 0, 0]) },
    { policy: Int32Array.from([0, 0, 0, 0, -1, 0]) },
    { state: Float64Array.from([-1, 0, 0]) },
    { state: Float64Array.from([NaN, 0, 0]) },
    { state: Float64Array.from([2 ** 31, 0, 0]) },
    { facts: new Int32Array(1) },
  ]) {
    const given = { ...good, ...wrong };
    assert.deepStrictEqual(verdict(wasm, given), verdict(addon, given));
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
