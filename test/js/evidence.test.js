// SPDX-License-Identifier: MIT
'use strict';

// Errors as drivers and tools throw them, and what is made of them.

const assert = require('node:assert');
const { test } = require('node:test');

const { classify } = require('../../lib/retry/retry.js');
const { HoldfastError } = require('../../lib/errors/errors.js');
const { gatherEvidence } = require('../../lib/retry/evidence.js');

/**
 * @param {string} message
 * @param {object} [fields]
 * @returns {any}
 */
function make(message, fields) {
  return Object.assign(new Error(message), fields);
}

/**
 * A Prisma 7 error, as its client rejects with it.
 * @param {string} code
 * @param {string} fact
 * @param {object} mapped
 */
function prisma7(code, fact, mapped) {
  return make(`\nInvalid \`prisma.user.create()\` invocation:\n\n\n${fact}`, {
    name: 'PrismaClientKnownRequestError',
    code,
    meta: {
      modelName: 'User',
      driverAdapterError: make('x', {
        name: 'DriverAdapterError',
        cause: mapped,
      }),
    },
  });
}

/**
 * @param {unknown} error
 * @param {string} outcome
 * @param {boolean} retryable
 * @param {string} [sqlState]
 */
function expect(error, outcome, retryable, sqlState) {
  const verdict = classify(error);
  const { reason, unit, ...rest } = verdict;
  assert.deepStrictEqual(rest, { outcome, retryable, sqlState }, reason);
  assert.ok(['statement', 'transaction'].includes(unit));
}

test("errors of pg are judged by SQLSTATE, severity and pg's sentences", () => {
  const server = { name: 'error', severity: 'ERROR' };
  expect(make('x', { ...server, code: '40001' }), 'rolled_back', true, '40001');
  expect(make('x', { ...server, code: '23505' }), 'permanent', false, '23505');
  const fatal = { name: 'error', severity: 'FATAL', code: '57P01' };
  expect(make('x', fatal), 'rolled_back', true, '57P01');
  expect(make('Connection terminated unexpectedly'), 'ambiguous', true);
  expect(make('timeout exceeded when trying to connect'), 'not_executed', true);
  expect(make('Query read timeout'), 'ambiguous', true);
});

test('errors of node are judged by code and system call', () => {
  const refused = { code: 'ECONNREFUSED', syscall: 'connect', errno: -111 };
  expect(make('x', refused), 'not_executed', true);
  const reset = { code: 'ECONNRESET', errno: -104 };
  expect(make('x', { ...reset, syscall: 'read' }), 'ambiguous', true);
  expect(make('x', { ...reset, syscall: 'connect' }), 'not_executed', true);
});

test('several failed addresses are one failure to connect', () => {
  const errors = ['::1', '127.0.0.1'].map((address) =>
    make('x', { code: 'ECONNREFUSED', syscall: 'connect', address }),
  );
  const both = Object.assign(new AggregateError(errors, ''), {
    code: 'ECONNREFUSED',
  });
  expect(both, 'not_executed', true);
});

test('of several errors the most doubtful counts', () => {
  const errors = [
    make('x', { code: 'ECONNREFUSED', syscall: 'connect' }),
    make('Connection terminated unexpectedly'),
  ];
  expect(new AggregateError(errors), 'ambiguous', true);
});

test('errors of postgres.js are judged by their codes', () => {
  expect(make('x', { code: 'CONNECT_TIMEOUT' }), 'not_executed', true);
  expect(make('x', { code: 'CONNECTION_CLOSED' }), 'ambiguous', true);
  expect(make('x', { code: 'CONNECTION_ENDED' }), 'permanent', false);
});

test('errors of Prisma 7 are judged by what the adapter mapped', () => {
  expect(
    prisma7('P2039', 'Database error. Code: `42P05`. Message: `x`', {
      originalCode: '42P05',
      originalMessage: 'prepared statement "s0" already exists',
      kind: 'postgres',
      code: '42P05',
      severity: 'ERROR',
    }),
    'rolled_back',
    true,
    '42P05',
  );
  expect(
    prisma7('P1001', "Can't reach database server at h", {
      kind: 'DatabaseNotReachable',
    }),
    'not_executed',
    true,
  );
  expect(
    prisma7('P1017', 'Server has closed the connection.', {
      kind: 'ConnectionClosed',
    }),
    'ambiguous',
    true,
  );
  expect(
    prisma7('P2002', 'Unique constraint failed', {
      originalCode: '23505',
      kind: 'UniqueConstraintViolation',
    }),
    'permanent',
    false,
    '23505',
  );
  const bare = make('x', {
    name: 'DriverAdapterError',
    cause: { kind: 'ConnectionClosed' },
  });
  expect(bare, 'ambiguous', true);
});

test('errors of Prisma 6 are judged by their text', () => {
  const text =
    '\nInvalid `prisma.user.findMany()` invocation:\n\n\nError occurred ' +
    'during query execution:\nConnectorError(ConnectorError { ' +
    'user_facing_error: None, kind: QueryError(PostgresError { ' +
    'code: "42P05", message: "prepared statement \\"s0\\" already exists", ' +
    'severity: "ERROR", detail: None, column: None, hint: None }), ' +
    'transient: false })';
  const unknown = make(text, { name: 'PrismaClientUnknownRequestError' });
  expect(unknown, 'rolled_back', true, '42P05');
  const known = { name: 'PrismaClientKnownRequestError' };
  expect(make('x', { ...known, code: 'P2034' }), 'rolled_back', true);
  expect(make('x', { ...known, code: 'P2024' }), 'not_executed', true);
  expect(
    make('Raw query failed', {
      ...known,
      code: 'P2010',
      meta: { code: '40P01', message: 'deadlock detected' },
    }),
    'rolled_back',
    true,
    '40P01',
  );
  expect(make('Engine is not yet connected.'), 'not_executed', true);
});

test("Drizzle's wrapper is opened, and its SQL is not read", () => {
  const cause = make('could not serialize access', {
    name: 'error',
    code: '40001',
    severity: 'ERROR',
  });
  const sql = 'Failed query: select \'code: "42P05"\'\nparams: ';
  expect(make(sql, { cause, query: 'x' }), 'rolled_back', true, '40001');
  expect(make(sql, { query: 'x' }), 'ambiguous', false);
  const driverError = cause;
  expect(make('x', { driverError }), 'rolled_back', true, '40001');
});

test('the outermost layer that says anything counts', () => {
  const error = make('Connection terminated due to connection timeout', {
    cause: make('Connection terminated unexpectedly'),
  });
  expect(error, 'not_executed', true);
});

test('an error of ours carries its verdict, under any wrapper', () => {
  const outcomes = [
    ['not_executed', true],
    ['not_executed', false],
    ['rolled_back', true],
    ['rolled_back', false],
    ['ambiguous', true],
    ['ambiguous', false],
    ['permanent', false],
  ];
  for (const [outcome, retryable] of outcomes) {
    for (const code of ['40001', 'HF_DEADLINE', 'ECONNRESET', undefined]) {
      const ours = new HoldfastError(code, 'x', {
        outcome: /** @type {any} */ (outcome),
        retryable: /** @type {boolean} */ (retryable),
        phase: 'await',
        reason: 'because',
        sqlState: code === '40001' ? code : undefined,
      });
      for (const error of [ours, make('x', { cause: ours })]) {
        const verdict = classify(error);
        assert.strictEqual(verdict.outcome, outcome);
        assert.strictEqual(verdict.retryable, retryable);
        assert.strictEqual(verdict.reason, 'because');
      }
    }
  }
});

test("the engine's judge agrees with what an error of ours says", () => {
  const native = require('../../lib/engine/native.js');
  const names = ['', 'not_executed', 'rolled_back', 'ambiguous', 'permanent'];
  for (const outcome of names.slice(1)) {
    for (const code of ['40001', '57P03', 'HF_ABORTED', 'EPIPE', '23505']) {
      const retryable = outcome !== 'permanent';
      const error = new HoldfastError(code, 'x', {
        outcome: /** @type {any} */ (outcome),
        retryable,
        phase: 'await',
      });
      const { facts, strings } = gatherEvidence(error);
      const verdict = native.classify(facts, ...strings);
      assert.strictEqual(names[verdict.outcome], outcome);
      assert.strictEqual(verdict.retryable, retryable);
    }
  }
});

test('an error of the application itself is not repeated', () => {
  for (const error of [
    new TypeError('x is not a function'),
    make('code: "42P05"', { name: 'TypeError' }),
    make('no such user'),
    make('prepared: the connection of ideas'),
  ]) {
    assert.strictEqual(classify(error).retryable, false);
  }
});

test('classifying never throws, whatever was thrown', () => {
  const circle = make('a');
  circle.cause = make('b', { cause: circle });
  const angry = new Proxy(
    {},
    {
      get() {
        throw new Error('no');
      },
      has() {
        throw new Error('no');
      },
      getPrototypeOf() {
        throw new Error('no');
      },
    },
  );
  const getter = Object.defineProperty({}, 'code', {
    get() {
      throw new Error('no');
    },
  });
  /** @type {any} */
  let deep = make('bottom');
  for (let i = 0; i < 10000; i++) {
    deep = make('x', { cause: deep });
  }
  const list = new AggregateError([]);
  list.errors.push(list, list);
  for (const thrown of [
    undefined,
    null,
    0,
    1n,
    'text',
    '',
    Symbol('x'),
    () => {},
    [],
    {},
    Object.create(null),
    Object.freeze(make('x')),
    { code: 7, message: {}, cause: 'x', meta: 'y', errors: 'z' },
    { message: 'x'.repeat(1e6) },
    make('a\0b', { code: '\ud800' }),
    circle,
    angry,
    getter,
    deep,
    list,
    make('x', { cause: angry, meta: angry, errors: angry }),
  ]) {
    const verdict = classify(thrown);
    assert.strictEqual(verdict.outcome, 'ambiguous');
    assert.strictEqual(verdict.retryable, false);
  }
});
