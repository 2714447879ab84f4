// SPDX-License-Identifier: MIT
'use strict';

// The crossing, with an addon that records what it is given.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const { FLAG, OP } = require('../../lib/protocol/operations.js');
const { Port } = require('../../lib/engine/port.js');

const OP_WORDS = 12;
const MSG_RESULT = 1;
const MSG_OK = 5;
const MSG_ASK = 8;

/**
 * @param {(ops: number[][], text: string) => number} [onSubmit]
 */
function recordingAddon(onSubmit = () => 0) {
  /** @type {{ops: number[][], text: string}[]} */
  const batches = [];
  /** @type {string[]} */
  const holds = [];
  /** @type {any} */
  let deliver;
  class FakePort {
    /** @param {any} callback */
    constructor(callback) {
      deliver = callback;
    }

    /** @param {Int32Array} words @param {number} count @param {string} text */
    submit(words, count, text) {
      const ops = Array.from({ length: count }, (_, i) =>
        Array.from(words.subarray(i * OP_WORDS, (i + 1) * OP_WORDS)),
      );
      batches.push({ ops, text });
      return onSubmit(ops, text);
    }

    ref() {
      holds.push('ref');
    }

    unref() {
      holds.push('unref');
    }
  }
  /** @param {...number[]} messages */
  const send = (...messages) => {
    const ints = messages.flatMap((message) => {
      message[1] = message.length;
      return message;
    });
    deliver(Int32Array.from(ints), new Float64Array(0), [], messages.length);
  };
  const addon = /** @type {any} */ ({ Port: FakePort });
  return { addon, batches, holds, send };
}

/** @param {any} [more] */
function waiter(more) {
  /** @type {string[]} */
  const received = [];
  return {
    index: 0,
    generation: 0,
    counted: true,
    received,
    onOk: () => received.push('ok'),
    onError: (/** @type {Error} */ error) => received.push(error.message),
    ...more,
  };
}

const tick = () => new Promise((resolve) => process.nextTick(resolve));

/** @param {any} of */
const okFor = (of) => [MSG_OK, 0, of.index, of.generation, 0, 0, 0];

const HEADER = path.join(__dirname, '../../native/include/holdfast.h');

/**
 * Returns the numbers of an enum in the engine's header.
 * @param {RegExp} members
 */
function numbersOf(members) {
  /** @type {Record<string, number>} */
  const numbers = {};
  let next = 1;
  const text = fs.readFileSync(HEADER, 'utf8');
  for (const [, name, shift, first] of text.matchAll(members)) {
    next = first === undefined ? next : Number(first);
    numbers[name] = shift === undefined ? next : 1 << Number(shift);
    next += 1;
  }
  return numbers;
}

test("operations and flags have the header's numbers", () => {
  const ops = /^ {2}HF_OP_(?!WORD)(\w+)(?: = 1 << (\d+)| = (\d+))?,?(?=\s)/gm;
  const flags = /^ {2}HF_FLAG_(\w+) = 1 << (\d+)/gm;
  assert.deepStrictEqual({ ...OP }, numbersOf(ops));
  assert.deepStrictEqual({ ...FLAG }, numbersOf(flags));
});

test('operations of one tick are handed over in one call', async () => {
  const { addon, batches } = recordingAddon();
  const port = new Port(addon);
  for (let i = 0; i < 200; i++) {
    port.push(`field ${i}`);
    port.push('');
    port.add(OP.QUERY, 2, i, waiter(), FLAG.READ_ONLY);
  }
  assert.strictEqual(batches.length, 0);
  await tick();
  assert.strictEqual(batches.length, 1);
  const [{ ops, text }] = batches;
  assert.strictEqual(ops.length, 200);
  assert.deepStrictEqual(
    ops.map((op) => op[2]),
    Array.from({ length: 200 }, (_, i) => i),
  );
  assert.deepStrictEqual(ops[7].slice(0, 3), [OP.QUERY, 2, 7]);
  assert.strictEqual(text.split('\0').length, 401);
  assert.ok(text.startsWith('field 0\0\0field 1\0\0'));
});

test('work in flight and leases hold the process, once', async () => {
  const { addon, holds, send } = recordingAddon();
  const port = new Port(addon);
  const [first, second] = [waiter(), waiter()];
  port.add(OP.END, 0, 1, first, 0);
  port.add(OP.END, 0, 1, second, 0);
  port.add(OP.OPEN, 0, 1, waiter({ counted: false }), 0);
  await tick();
  send(okFor(first));
  assert.deepStrictEqual(holds, ['ref']);
  port.hold();
  send(okFor(second));
  assert.deepStrictEqual(holds, ['ref']);
  port.drop();
  assert.deepStrictEqual(holds, ['ref', 'unref']);
});

test('an answer to a settled or unknown request is ignored', async () => {
  const { addon, send } = recordingAddon();
  const port = new Port(addon);
  const first = waiter();
  port.add(OP.END, 0, 1, first, 0);
  await tick();
  const old = okFor(first);
  send([...old]);
  const second = waiter();
  port.add(OP.END, 0, 1, second, 0);
  assert.strictEqual(second.index, first.index);
  send([...old], [MSG_OK, 0, 0, 0, 0, 0, 0], [MSG_OK, 0, 999, 0, 0, 0, 0]);
  assert.deepStrictEqual(second.received, []);
  send(okFor(second));
  assert.deepStrictEqual([first.received, second.received], [['ok'], ['ok']]);
});

test('a batch the engine refuses fails all its requests', async () => {
  const { addon } = recordingAddon(() => 1);
  const port = new Port(addon);
  const waiters = [waiter(), waiter(), waiter()];
  for (const each of waiters) {
    port.add(OP.END, 0, 1, each, 0);
  }
  port.abort(waiters[0]);
  await tick();
  for (const each of waiters) {
    assert.strictEqual(each.received.length, 1);
    assert.match(each.received[0], /memory/);
  }
});

test('a text no string can hold fails the call, not the process', async () => {
  const { addon, batches } = recordingAddon();
  const port = new Port(addon);
  const half = 'x'.repeat(300_000_000);
  const [big, small] = [waiter(), waiter()];
  port.push(half);
  port.push(half);
  port.add(OP.QUERY, 2, 1, big, 0);
  port.push('select 1');
  port.add(OP.QUERY, 1, 1, small, 0);
  await tick();
  assert.strictEqual(big.received.length, 1);
  assert.strictEqual(batches.length, 1);
  assert.strictEqual(batches[0].text, 'select 1\0');
});

test('a request that throws on its answer does not disturb the next', async () => {
  const { addon, send } = recordingAddon();
  const port = new Port(addon);
  const [bad, good] = [
    waiter({
      onOk() {
        throw new Error('of this test');
      },
    }),
    waiter(),
  ];
  port.add(OP.END, 0, 1, bad, 0);
  port.add(OP.END, 0, 1, good, 0);
  await tick();
  const listeners = process.rawListeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  const thrown = new Promise((resolve) => {
    process.once('uncaughtException', resolve);
  });
  send(okFor(bad), okFor(good));
  const error = await thrown;
  for (const listener of listeners) {
    process.on('uncaughtException', /** @type {any} */ (listener));
  }
  assert.strictEqual(/** @type {Error} */ (error).message, 'of this test');
  assert.deepStrictEqual(good.received, ['ok']);
});

test('results without columns have as many empty rows as there are', async () => {
  const { addon, send } = recordingAddon();
  const port = new Port(addon);
  /** @type {any} */
  let result;
  const asking = waiter({
    types: { getTypeParser: () => String },
    onResult: (/** @type {any} */ got) => {
      result = got;
    },
  });
  port.push('select from t');
  port.add(OP.QUERY, 1, 1, asking, 0);
  await tick();
  const { index, generation } = asking;
  send([MSG_RESULT, 0, index, generation, 0, 0, 0, 0, 2, 2, 0, 0, 1, 1, 1]);
  assert.deepStrictEqual(result.rows, [{}, {}]);
  assert.strictEqual(result.rowCount, 2);
});

test('a question for a closed pool is answered all the same', async () => {
  const { addon, batches, send } = recordingAddon();
  new Port(addon);
  send([MSG_ASK, 0, 77, 3, 0, 0, 12]);
  await new Promise((resolve) => setImmediate(resolve));
  const [{ ops, text }] = batches;
  assert.deepStrictEqual(ops[0].slice(0, 6), [
    OP.ANSWER,
    1,
    12,
    77,
    3,
    FLAG.FAILED,
  ]);
  assert.match(text, /gone/);
});

test('a call whose error cannot be read is settled all the same', async () => {
  const { addon, send } = recordingAddon();
  const port = new Port(addon);
  /** @type {any} */
  let received;
  const broken = waiter({
    onError: (/** @type {any} */ error) => {
      received = error;
    },
  });
  port.add(OP.END, 0, 1, broken, 0);
  await tick();
  const MSG_ERROR = 3;
  send([MSG_ERROR, 0, broken.index, broken.generation, 0, 0, 9999]);
  assert.strictEqual(received.outcome, 'ambiguous');
  assert.strictEqual(received.retryable, false);
});
