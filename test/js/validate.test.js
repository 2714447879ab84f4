// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert');
const { test } = require('node:test');

const {
  checkKeys,
  checkKeysAs,
  checkOptions,
} = require('../../lib/validate/keys.js');
const {
  checkBoolean,
  checkInteger,
  numberOf,
  readBoolean,
  readDrainMillis,
  readMillis,
} = require('../../lib/validate/values.js');

const KNOWN = new Set(['timeoutMillis', 'signal']);

test('known keys pass', () => {
  checkKeys({ timeoutMillis: 1, signal: undefined }, KNOWN, 'warmup()');
  checkOptions({}, KNOWN, 'warmup()');
});

test('a misspelt key is named, with what was probably meant', () => {
  assert.throws(() => checkKeys({ timeout: 1 }, KNOWN, 'warmup()'), {
    name: 'TypeError',
    message: 'unknown option of warmup(): timeout: did you mean timeoutMillis?',
  });
  assert.throws(() => checkKeys({ colour: 1 }, KNOWN, 'warmup()'), {
    message: 'unknown option of warmup(): colour',
  });
  assert.throws(() => checkKeysAs({ signl: 1 }, KNOWN, 'unknown option a.'), {
    message: 'unknown option a.signl: did you mean signal?',
  });
});

test('no more than 64 characters of an unknown key are shown', () => {
  assert.throws(() => checkKeys({ ['x'.repeat(1000)]: 1 }, KNOWN, 'f()'), {
    message: `unknown option of f(): ${'x'.repeat(64)}`,
  });
});

test('options that are not an object are refused', () => {
  for (const options of [null, 7, 'timeoutMillis', true]) {
    assert.throws(() => checkOptions(options, KNOWN, 'warmup()'), {
      name: 'TypeError',
      message: 'the options of warmup() must be an object',
    });
  }
});

test('an integer is a number, whole, and within its bounds', () => {
  assert.strictEqual(checkInteger(3, 'max', 0, 3), 3);
  assert.throws(() => checkInteger('3', 'max', 0, 3), {
    name: 'TypeError',
    message: 'max must be a number',
  });
  for (const value of [4, -1, 1.5, Number.NaN, Infinity]) {
    assert.throws(() => checkInteger(value, 'max', 0, 3), {
      name: 'RangeError',
      message: 'max must be a whole number from 0 to 3',
    });
  }
});

test('a boolean is true or false, or where it may be, not given', () => {
  assert.strictEqual(checkBoolean(false, 'readOnly'), false);
  assert.strictEqual(readBoolean(true, 'readOnly'), true);
  assert.strictEqual(readBoolean(undefined, 'readOnly'), false);
  assert.strictEqual(readBoolean(null, 'readOnly'), false);
  const refused = { message: 'readOnly must be true or false' };
  assert.throws(() => checkBoolean(undefined, 'readOnly'), refused);
  assert.throws(() => readBoolean(1, 'readOnly'), refused);
});

test('a time is rounded up, and 0 where there is none', () => {
  assert.strictEqual(readMillis(1.2, 'deadlineMillis'), 2);
  assert.strictEqual(readMillis('250', 'deadlineMillis'), 250);
  assert.strictEqual(readMillis(2 ** 40, 'deadlineMillis'), 2147483647);
  for (const none of [undefined, null, Infinity, 0]) {
    assert.strictEqual(readMillis(none, 'deadlineMillis'), 0);
  }
  for (const wrong of [-1, Number.NaN, 'soon', {}, true]) {
    assert.throws(() => readMillis(wrong, 'deadlineMillis'), {
      name: 'TypeError',
      message: 'deadlineMillis must be a number of milliseconds',
    });
  }
});

test('a drain time is at least 1 ms, and Infinity the longest possible', () => {
  assert.strictEqual(readDrainMillis(0, 'drainMillis'), 1);
  assert.strictEqual(readDrainMillis(Infinity, 'drainMillis'), 2147483647);
  assert.throws(() => readDrainMillis('x', 'drainMillis'), TypeError);
});

test('a text from an environment is a number where it holds one', () => {
  assert.strictEqual(numberOf(' 1.5 '), 1.5);
  assert.strictEqual(numberOf('1e3'), '1e3');
  assert.strictEqual(numberOf(true), true);
});
