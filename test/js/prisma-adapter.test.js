// SPDX-License-Identifier: MIT
'use strict';

// The parts of the adapter for Prisma that need neither Prisma nor a server.
// What it does under Prisma is tried in test/apps/prisma.test.js.

const assert = require('node:assert');
const { test } = require('node:test');

const { DatabaseError, HoldfastError } = require('../../lib/index.js');
const { writeArguments } = require('../../lib/prisma/arguments.js');
const { columnsOf, prismaTypes } = require('../../lib/prisma/columns.js');
const dates = require('../../lib/prisma/dates.js');
const { toPrisma } = require('../../lib/prisma/errors.js');
const { gatherEvidence, findOurs } = require('../../lib/retry/evidence.js');

const KOLKATA = '2024-03-01 05:29:58.987654+05:30';

test('moments of any zone are read in UTC, their fractions kept', () => {
  const cases = [
    [KOLKATA, '2024-02-29T23:59:58.987654+00:00'],
    ['2024-02-29 23:59:58+00', '2024-02-29T23:59:58+00:00'],
    ['2024-02-29 23:59:58-03', '2024-03-01T02:59:58+00:00'],
    ['1850-01-01 12:19:32+00:19:32', '1850-01-01T12:00:00+00:00'],
    ['0044-03-15 12:00:00+00 BC', '-000043-03-15T12:00:00+00:00'],
    ['12345-06-07 00:00:00+00', '+012345-06-07T00:00:00+00:00'],
    ['infinity', 'infinity'],
    ['294276-12-31 23:59:59+00', '294276-12-31 23:59:59+00'],
  ];
  for (const [text, expected] of cases) {
    assert.strictEqual(dates.readTimestamptz(text), expected, text);
  }
  assert.strictEqual(
    dates.readTimestamp('2024-02-29 01:02:03.5'),
    '2024-02-29T01:02:03.5+00:00',
  );
  assert.strictEqual(dates.readTimestamp('-infinity'), '-infinity');
  assert.strictEqual(dates.readDate('0001-01-01 BC'), '0000-01-01');
  assert.strictEqual(dates.readTimetz('05:29:58.5+05:30'), '23:59:58.5');
  assert.strictEqual(dates.readTimetz('23:00:00-03'), '02:00:00');
});

test('moments are written with their zone, as their column needs them', () => {
  const moment = new Date('2024-02-29T03:04:05.060Z');
  const write = (dbType) => dates.writeDate(moment, dbType);
  assert.strictEqual(write(undefined), '2024-02-29 03:04:05.060+00');
  assert.strictEqual(write('DATE'), '2024-02-29');
  assert.strictEqual(write('TIME'), '03:04:05.060');
  assert.strictEqual(write('TIMETZ'), '03:04:05.060+00');
  const old = new Date('-000043-03-15T12:00:00Z');
  assert.strictEqual(
    dates.writeDate(old, undefined),
    '0044-03-15 12:00:00+00 BC',
  );
  assert.throws(() => dates.writeDate(new Date(Number.NaN), undefined), {
    code: 'HF_PARAM_INVALID',
  });
});

test('arguments are converted by the types that Prisma names', () => {
  const bytes = { scalarType: 'bytes', arity: 'list' };
  const text = { scalarType: 'string', arity: 'scalar' };
  const day = { scalarType: 'datetime', dbType: 'DATE', arity: 'scalar' };
  assert.deepStrictEqual(
    writeArguments(
      [['AQI=', null], 'AQI=', '2024-02-29T00:00:00Z', null, 5, true],
      [bytes, text, day, text, text],
    ),
    [[Buffer.from([1, 2]), null], 'AQI=', '2024-02-29', null, 5, true],
  );
});

test('money is parsed in the format of any locale', () => {
  const read = prismaTypes.getTypeParser(790);
  const cases = {
    '$1,234,567.89': '1234567.89',
    '-$0.50': '-0.50',
    '($5.00)': '-5.00',
    '1.234,50 €': '1234.50',
    '¥1,234': '1234',
  };
  for (const [text, expected] of Object.entries(cases)) {
    assert.strictEqual(read(text), expected);
  }
});

test('an unknown type is text', () => {
  const fields = [16384, 2278, 18, 99999].map((dataTypeID, i) => ({
    ...{ name: `c${i}`, tableID: 0, columnID: 0, dataTypeSize: -1 },
    ...{
      dataTypeID,
      dataTypeModifier: -1,
      format: /** @type {const} */ ('text'),
    },
  }));
  assert.deepStrictEqual(columnsOf(fields), {
    columnNames: ['c0', 'c1', 'c2', 'c3'],
    columnTypes: [7, 7, 6, 7],
  });
  assert.strictEqual(prismaTypes.getTypeParser(99999)('any'), 'any');
  assert.deepStrictEqual(columnsOf([]), { columnNames: [], columnTypes: [] });
});

/** @param {Record<string, unknown>} fields */
function unique(fields) {
  const error = new DatabaseError('23505', 'duplicate key', {
    outcome: 'permanent',
    sqlState: '23505',
  });
  return /** @type {any} */ (toPrisma(Object.assign(error, fields))).cause;
}

test('the columns of a doubled key are read, those of expressions not', () => {
  const detail = 'Key (a, "B c", "d""e")=(1, 2, 3) already exists.';
  assert.deepStrictEqual(unique({ detail, constraint: 'i' }).constraint, {
    fields: ['a', 'B c', 'd"e'],
    index: 'i',
  });
  const expression = 'Key (lower(a), b)=(x, y) already exists.';
  assert.deepStrictEqual(
    unique({ detail: expression, constraint: 'i' }).constraint,
    { index: 'i' },
  );
  assert.strictEqual(unique({}).constraint, undefined);
});

test('what the pool knows of an error is found under what Prisma makes', () => {
  const error = new HoldfastError('HF_OUTCOME_UNKNOWN', 'lost in COMMIT', {
    outcome: 'ambiguous',
    unit: 'transaction',
    phase: 'commit',
  });
  const made = /** @type {any} */ (toPrisma(error));
  assert.strictEqual(made.name, 'DriverAdapterError');
  assert.strictEqual(made.code, 'P1017');
  assert.strictEqual(made.cause.kind, 'ConnectionClosed');
  assert.strictEqual(made.outcome, 'ambiguous');
  const wrapped = Object.assign(new Error('wrapped'), {
    code: 'P1017',
    meta: { driverAdapterError: made },
  });
  assert.strictEqual(findOurs(wrapped), error);
  assert.deepStrictEqual(gatherEvidence(wrapped), gatherEvidence(error));
  assert.strictEqual(JSON.stringify(made).includes('originalError'), false);
  assert.strictEqual(`${made.cause}`, 'lost in COMMIT');
});

test('a busy pool has the code of Prisma that means it', () => {
  const error = new HoldfastError('HF_ACQUIRE_TIMEOUT', 'total 1, busy 1', {
    outcome: 'not_executed',
    retryable: true,
  });
  const made = /** @type {any} */ (toPrisma(error));
  assert.strictEqual(made.code, 'P2024');
  assert.strictEqual(made.outcome, 'not_executed');
  assert.strictEqual(
    findOurs(Object.assign(new Error(), { meta: made.meta })),
    error,
  );
  assert.match(made.message, /busy 1/);
});

test("an error that is not the pool's is passed on", () => {
  const error = new TypeError('mine');
  assert.strictEqual(toPrisma(error), error);
});
