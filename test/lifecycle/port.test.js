// SPDX-License-Identifier: MIT
// The addon's own interface, without the pool in front.

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const { Worker } = require('node:worker_threads');
const native = require('../../lib/engine/native.js');
const {
  EVIDENCE,
  FACT,
  RUN_AT,
  RUN_ON,
  RUN_STATE,
} = require('../../lib/protocol/policy.js');

const WORDS = 12;
const OP_RESET = 9;
const ID_LOW = 2;
const LENGTH = 1;

/**
 * One operation that needs no server: the reset of a pool that does not exist.
 */
function resetOfNothing(id = 1) {
  return Int32Array.of(OP_RESET, 0, 999, id, 0, 0, 0, 0, 0, 0, -1, 0);
}

describe('the addon', () => {
  /** @type {import('../../lib/engine/native.js').Addon} */
  let addon;
  before(() => {
    addon = native.load();
  });

  const facts = () => new Int32Array(FACT.COUNT);
  /** @type {[string, (addon: any) => unknown][]} */
  const wrong = [
    ['classify without facts', (a) => a.classify()],
    [
      'classify with too few facts',
      (a) => a.classify(new Int32Array(FACT.COUNT - 1)),
    ],
    ['classify with an unknown phase', (a) => a.classify(facts().fill(99))],
    ['classify with a number for text', (a) => a.classify(facts(), 40001)],
    ['runNext without a policy', (a) => a.runNext()],
    ['retryPreset without a name', (a) => a.retryPreset()],
    ['new Port without deliver', (a) => new a.Port()],
    ['Port called as a function', (a) => a.Port(() => {})],
    [
      'a method of Port on another object',
      (a) => a.Port.prototype.submit.call({}, facts(), 0, ''),
    ],
    [
      'a method of Port on an heir that is no Port',
      (a) => Object.create(a.Port.prototype).close(),
    ],
  ];
  for (const [what, call] of wrong) {
    test(`${what} throws TypeError`, () => {
      assert.throws(() => call(addon), TypeError);
    });
  }

  test('runNext writes the new state of the run back', () => {
    const run = new Float64Array(RUN_AT.COUNT);
    run[RUN_AT.STATE] = RUN_STATE.RUNNING;
    run[RUN_AT.EVENT] = RUN_ON.FAILURE;
    run[RUN_AT.RETRIES_LEFT] = -1;
    const policy = Int32Array.from(addon.retryPolicy());
    const none = new Array(EVIDENCE.COUNT - 1).fill(undefined);
    const step = addon.runNext(policy, run, facts(), '40001', ...none);
    assert.equal(step.again, true);
    assert.equal(run[RUN_AT.RETRIES], 1);
    assert.equal(run[RUN_AT.STATE], RUN_STATE.BACKOFF);
  });

  test('an unknown preset is undefined', () => {
    assert.equal(addon.retryPreset('none'), undefined);
  });
});

describe('a port', () => {
  /** @type {import('../../lib/engine/native.js').NativePort} */
  let port;
  /** @type {(() => void)[]} */
  const waiting = [];
  /** @type {number[]} */
  const answered = [];
  before(() => {
    const { Port } = native.load();
    port = new Port((ints, _nums, _strings, messages) => {
      for (let at = 0, i = 0; i < messages; i += 1) {
        answered.push(ints[at + ID_LOW]);
        at += ints[at + LENGTH];
      }
      waiting.shift()?.();
    });
  });
  after(() => port.close());

  const ops = () => new Int32Array(WORDS);
  /** @type {[string, any[]][]} */
  const wrong = [
    ['ops that are no Int32Array', [new Float64Array(WORDS), 1, '']],
    ['a count that is over ops', [ops(), 2, '']],
    ['a negative count', [ops(), -1, '']],
    ['a count that is no number', [ops(), '1', '']],
    ['a count without end', [ops(), Number.POSITIVE_INFINITY, '']],
    ['a text that is no string', [ops(), 1, 5]],
  ];
  for (const [what, args] of wrong) {
    test(`refuses ${what}`, () => {
      assert.throws(() => /** @type {any} */ (port).submit(...args), TypeError);
    });
  }

  test('takes an empty batch', () => {
    assert.equal(port.submit(ops(), 0, ''), 0);
  });

  test('delivers the answer to an operation', async () => {
    const answer = new Promise((resolve) => {
      waiting.push(() => resolve(undefined));
    });
    port.ref();
    assert.equal(port.submit(resetOfNothing(42), 1, ''), 0);
    await answer;
    port.unref();
    assert.deepEqual(answered, [42]);
  });

  test('knows nothing of pools that are not there', () => {
    assert.equal(port.gauges(999), undefined);
    assert.equal(port.stats(999), undefined);
  });

  test('refuses work after close, and close may be called twice', () => {
    const { Port, statuses } = native.load();
    const closed = new Port(() => assert.fail('delivered after close'));
    closed.submit(resetOfNothing(), 1, '');
    closed.close();
    closed.close();
    closed.ref();
    closed.unref();
    const status = closed.submit(resetOfNothing(), 1, '');
    assert.equal(statuses()[status].code, 'HF_POOL_CLOSED');
    assert.equal(closed.gauges(1), undefined);
    assert.equal(closed.stats(1), undefined);
  });

  test('ends with its worker, closed or not', async () => {
    const code = `
      const { Port } = require(${JSON.stringify(
        require.resolve('../../lib/engine/native.js'),
      )}).load();
      new Port(() => {});
      new Port(() => {}).close();
    `;
    const worker = new Worker(code, { eval: true });
    const exit = await new Promise((resolve, reject) => {
      worker.on('error', reject);
      worker.on('exit', resolve);
    });
    assert.equal(exit, 0);
  });
});
