// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { inspect } = require('node:util');

const native = require('../../lib/engine/native.js');
const {
  DatabaseError,
  HoldfastError,
  errorFromMessage,
  isOurs,
  paramError,
  usageError,
} = require('../../lib/errors/errors.js');

const INCLUDE = path.join(__dirname, '../../native/include');
const HEADER = ['holdfast_codes.h', 'holdfast.h']
  .map((name) => fs.readFileSync(path.join(INCLUDE, name), 'utf8'))
  .join('\n');
/** The statuses' names, in the order of the enum. */
const STATUSES = [...HEADER.matchAll(/^ {2}X\((HF_\w+),/gm)].map(([, n]) => n);
/** The places in an error message, counted from HF_ERROR_STATUS at 6. */
const PLACES =
  (
    /HF_ERROR_STATUS = HF_INT_HEADER,([^}]*?)HF_ERROR_INTS/.exec(HEADER)?.[1] ??
    ''
  ).match(/HF_ERROR_\w+/g) ?? [];
const FIRST = 6;

const SERVER = [
  'SERROR',
  'VERROR',
  'C23505',
  'Mduplicate key value',
  'DKey (id)=(1) already exists.',
  'sapp',
  'tusers',
  'nusers_pkey',
  'Fnbtinsert.c',
  'L664',
  'R_bt_check_unique',
];

/**
 * Builds an error as the engine sends it, somewhere in a bigger batch.
 * @param {string} status
 * @param {Record<string, number>} ints by name, as in the header
 * @param {string[][]} chunks
 * @returns {any}
 */
function build(status, ints, ...chunks) {
  const offset = 3;
  const block = new Int32Array(40);
  block[offset + 5] = chunks.length;
  block[offset + FIRST] = STATUSES.indexOf(status);
  for (const [name, value] of Object.entries(ints)) {
    const place = PLACES.indexOf(`HF_ERROR_${name}`);
    assert.ok(place >= 0, name);
    block[offset + FIRST + 1 + place] = value;
  }
  const texts = chunks.map((fields) => fields.map((f) => `${f}\0`).join(''));
  return errorFromMessage(block, offset, ['other', ...texts], 1);
}

test('what the server reports has the fields of pg', () => {
  const error = build(
    'HF_SERVER_ERROR',
    { OUTCOME: 4, PHASE: 4, ATTEMPTS: 1, ELAPSED_MS: 12 },
    SERVER,
  );
  assert.ok(error instanceof DatabaseError);
  assert.ok(error instanceof HoldfastError);
  assert.ok(error instanceof Error);
  const { name, message, code, sqlState, severity, detail } = error;
  assert.deepStrictEqual(
    { name, message, code, sqlState, severity, detail },
    {
      name: 'error',
      message: 'duplicate key value',
      code: '23505',
      sqlState: '23505',
      severity: 'ERROR',
      detail: 'Key (id)=(1) already exists.',
    },
  );
  assert.strictEqual(error.schema, 'app');
  assert.strictEqual(error.table, 'users');
  assert.strictEqual(error.constraint, 'users_pkey');
  assert.strictEqual(error.file, 'nbtinsert.c');
  assert.strictEqual(error.line, '664');
  assert.strictEqual(error.routine, '_bt_check_unique');
  assert.strictEqual(error.hint, undefined);
  assert.strictEqual(typeof error.length, 'number');
  assert.strictEqual(error.outcome, 'permanent');
  assert.strictEqual(error.retryable, false);
  assert.strictEqual(error.unit, 'statement');
  assert.strictEqual(error.phase, 'await');
  assert.strictEqual(error.attempts, 1);
  assert.strictEqual(error.elapsedMillis, 12);
  assert.strictEqual(error.reason, 'a constraint forbids it');
});

test('every field that pg gives its errors is there', () => {
  const pg = require('pg');
  const theirs = Object.keys(new pg.DatabaseError('x', 1, 'error'));
  const ours = build('HF_SERVER_ERROR', {}, SERVER);
  for (const key of [...theirs, 'detail', 'hint', 'position', 'where']) {
    assert.ok(key in ours, key);
  }
});

test("a socket's error has the shape of node's", () => {
  const error = build(
    'HF_SOCKET_ERROR',
    { OUTCOME: 1, RETRYABLE: 1, PHASE: 2, ERRNO: 111 },
    ['yconnect', 'a127.0.0.1', 'o5432'],
  );
  const { code, errno, syscall, address, port, message } = error;
  assert.deepStrictEqual(
    { code, errno, syscall, address, port, message },
    {
      code: 'ECONNREFUSED',
      errno: -111,
      syscall: 'connect',
      address: '127.0.0.1',
      port: 5432,
      message: 'connect ECONNREFUSED 127.0.0.1:5432',
    },
  );
  assert.strictEqual(error.outcome, 'not_executed');
  assert.strictEqual(error.retryable, true);
});

test('a connection that just ended is ECONNRESET with an errno', () => {
  const error = build('HF_SOCKET_ERROR', { OUTCOME: 3, PHASE: 4 }, [
    'Mserver closed the connection unexpectedly',
  ]);
  assert.strictEqual(error.code, 'ECONNRESET');
  assert.ok(error.errno < 0);
  assert.strictEqual(error.syscall, 'read');
});

test('a name that cannot be resolved is ENOTFOUND, as in node', () => {
  const error = build('HF_NAME_ERROR', { OUTCOME: 1, PHASE: 2 }, ['anowhere']);
  assert.strictEqual(error.code, 'ENOTFOUND');
  assert.strictEqual(error.errno, -3008);
  assert.strictEqual(error.syscall, 'getaddrinfo');
});

test('an acquire time-out says how the pool is, and what went wrong last', () => {
  const counts = { TOTAL: 10, BUSY: 9, IDLE: 1, WAITING: 4 };
  const cause = STATUSES.indexOf('HF_SOCKET_ERROR');
  const error = build(
    'HF_ACQUIRE_TIMEOUT',
    { OUTCOME: 1, ...counts, CAUSE_STATUS: cause, CAUSE_ERRNO: 111 },
    ['Mno connection became free in time'],
    ['yconnect', 'a127.0.0.1', 'o5432'],
  );
  assert.strictEqual(error.code, 'HF_ACQUIRE_TIMEOUT');
  assert.match(error.message, /total 10, busy 9, idle 1, waiting 4/);
  assert.strictEqual(error.cause.code, 'ECONNREFUSED');
  assert.ok(isOurs(error.cause));
});

test('our code for a cancelled statement keeps what the server said', () => {
  const error = build('HF_QUERY_TIMEOUT', { OUTCOME: 2, PHASE: 4 }, [
    'SERROR',
    'VERROR',
    'C57014',
    'Mcanceling statement due to user request',
  ]);
  assert.strictEqual(error.code, 'HF_QUERY_TIMEOUT');
  assert.match(error.message, /longer than timeoutMillis/);
  assert.ok(error.cause instanceof DatabaseError);
  assert.strictEqual(error.cause.code, '57014');
});

test('a refused password has the SQLSTATE as its code, as in pg', () => {
  const error = build('HF_AUTH_ERROR', { OUTCOME: 4, PHASE: 2 }, [
    'SFATAL',
    'VFATAL',
    'C28P01',
    'Mpassword authentication failed for user "u"',
  ]);
  assert.strictEqual(error.code, '28P01');
  assert.strictEqual(error.severity, 'FATAL');
});

test('every status becomes an error with its code and its sentence', () => {
  assert.strictEqual(STATUSES.length, native.statuses().length);
  const others = ['HF_OK', 'HF_SERVER_ERROR', 'HF_SOCKET_ERROR'];
  for (const status of STATUSES.filter((name) => !others.includes(name))) {
    const { code, text } = native.statuses()[STATUSES.indexOf(status)];
    const error = build(status, { OUTCOME: 4 });
    assert.strictEqual(error.code, code);
    assert.ok(
      error.message.startsWith(text) || code === 'ENOTFOUND',
      error.message,
    );
    assert.ok(isOurs(error));
  }
});

test('a server that says nothing still gives an error', () => {
  const error = build('HF_SERVER_ERROR', { OUTCOME: 3 }, []);
  assert.strictEqual(error.code, undefined);
  assert.match(error.message, /no error message/);
});

test('errors of ours are known across copies, and nothing else is', () => {
  assert.ok(isOurs(new HoldfastError('HF_DEADLINE', 'x')));
  assert.ok(!isOurs(new Error('x')));
  assert.ok(!isOurs(null));
  const trap = new Proxy({}, { get: () => assert.fail('trap') });
  assert.ok(!isOurs(trap));
  const file = require.resolve('../../lib/errors/error-classes.js');
  const cached = require.cache[file];
  delete require.cache[file];
  const copy = require('../../lib/errors/error-classes.js');
  require.cache[file] = cached;
  assert.notStrictEqual(copy.HoldfastError, HoldfastError);
  assert.ok(isOurs(new copy.HoldfastError('HF_DEADLINE', 'x')));
});

test('errors of this process say what the engine says of them', () => {
  const closed = usageError('HF_POOL_CLOSED');
  assert.match(closed.message, /the pool was ended/);
  assert.strictEqual(closed.outcome, 'permanent');
  const aborted = usageError('HF_ABORTED', undefined, { cause: 'why' });
  assert.strictEqual(aborted.outcome, 'not_executed');
  assert.strictEqual(aborted.cause, 'why');
  const param = paramError('parameter $1 is wrong');
  assert.strictEqual(param.code, 'HF_PARAM_INVALID');
  assert.strictEqual(param.outcome, 'permanent');
});

test('an error shows its code and outcome when it is printed', () => {
  const shown = inspect(build('HF_SERVER_ERROR', { OUTCOME: 4 }, SERVER));
  assert.match(shown, /code: '23505'/);
  assert.match(shown, /outcome: 'permanent'/);
});
