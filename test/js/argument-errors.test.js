// SPDX-License-Identifier: MIT
'use strict';

// What is wrong with the arguments of a call has a code, whichever call it is.

const assert = require('node:assert');
const { finished } = require('node:stream/promises');
const { after, test } = require('node:test');

const { Pool } = require('../../lib/index.js');
const { before, failureOf, useServer } = require('../support/suite.js');

const server = useServer();

/** @type {any} */
let pool;

before(() => {
  pool = new Pool({ connectionString: server.url, max: 1, logger: false });
});

after(() => pool?.end());

/** @type {Record<string, () => any>} */
const calls = {
  'query: values': () => pool.query('select 1', 5),
  'query: a value': () => pool.query('select $1', [() => 1]),
  'query: text': () => pool.query(5),
  'query: signal': () => pool.query({ text: 'select 1', signal: 5 }),
  'query: timeoutMillis': () => pool.query({ text: 'a', timeoutMillis: -1 }),
  'query: retry': () => pool.query({ text: 'select 1', retry: 5 }),
  'query: cache': () => pool.query({ text: 'select 1', cache: {} }),
  'query: settings': () => pool.query({ text: 'select 1', settings: 5 }),
  'query: setting': () => pool.query({ text: 'a', settings: { 'a b': 1 } }),
  withSettings: () => pool.withSettings({ a: null }),
  type: () => pool.type(5),
  'connect: options': () => pool.connect(5),
  'transaction: options': () => pool.transaction(() => {}, { bogus: 1 }),
  'stream: text': () => finished(pool.stream(5)),
  'stream: options': () => finished(pool.stream('select 1', [], 5)),
  'stream: batchSize': () =>
    finished(pool.stream('select 1', [], { batchSize: 0 })),
  'copyTo: text': () => finished(pool.copyTo(5)),
  'copyTo: options': () => finished(pool.copyTo('copy t to stdout', 5)),
  'copyFrom: exactlyOnce': () =>
    finished(pool.copyFrom('copy t from stdin', { exactlyOnce: true })),
  'copyFrom: table': () => pool.copyFrom(5, ['a'], []),
  'copyFrom: columns': () => pool.copyFrom('t', [], []),
  'copyFrom: a column': () => pool.copyFrom('t', [5], []),
  'copyFrom: rows': () => pool.copyFrom('t', ['a'], 5),
  'batch: list': () => pool.batch(5),
  'batch: too long': () => pool.batch(Array(10_001).fill('select 1')),
  'batch: options': () => pool.batch(['select 1'], { bogus: 1 }),
  'batch: atomic': () => pool.batch(['select 1'], { atomic: 1 }),
  'batch: a statement': () => pool.batch([5]),
  'batch: readOnly': () =>
    pool.batch(['select 1'], { exactlyOnce: true, readOnly: true }),
  'listen: options': () => pool.listen('a', () => {}, { onReconnect: 5 }),
};

for (const [name, call] of Object.entries(calls)) {
  test(`a wrong argument has a code: ${name}`, async () => {
    const error = await failureOf((async () => call())());
    assert.ok(error instanceof TypeError || error instanceof RangeError);
    const { code, outcome, retryable } = /** @type {any} */ (error);
    assert.deepStrictEqual(
      { code, outcome, retryable },
      { code: 'HF_PARAM_INVALID', outcome: 'permanent', retryable: false },
    );
    assert.strictEqual(pool.totalCount, 0);
  });
}
