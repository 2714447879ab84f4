// SPDX-License-Identifier: MIT
'use strict';

// What is said of a statement that was sent, by the severity of the error and
// by how far the server had come: the table of docs/errors.md, produced by a
// proxy that replaces one message of a real server's answer, and by functions
// that raise.

const assert = require('node:assert');
const { test } = require('node:test');

const { Pool, withDatabaseRetry } = require('../../lib/index.js');
const { wire } = require('../support');
const {
  before,
  failureOf,
  useProxy,
  useServer,
} = require('../support/suite.js');

const server = useServer();
const proxy = useProxy(server);

before(async () => {
  await server.psql(`
    create table kept (n int);
    create sequence counter;
    create procedure put(n int) language plpgsql as
      $$ begin insert into kept values (n); end $$;
    create function complain(code text) returns int language plpgsql as $$
      begin
        perform nextval('counter');
        insert into kept values (9);
        raise exception 'the function says so' using errcode = code;
      end $$`);
});

/** @param {object} [options] @returns {any} */
function open(options) {
  return new Pool(
    /** @type {any} */ ({
      connectionString: proxy.urlFor(server.url),
      max: 1,
      pooler: 'none',
      logger: false,
      ...options,
    }),
  );
}

/**
 * Replaces the next message of that type with an error, and cuts.
 *
 * @param {string} type
 * @param {string} severity
 * @param {string} code
 */
function replace(type, severity, code) {
  const error = { S: severity, V: severity, C: code, M: 'said by a test' };
  let done = false;
  proxy.onMessage((/** @type {any} */ message) => {
    if (message.direction === 'up') {
      return 'pass';
    }
    if (done) {
      return 'drop';
    }
    if (message.type !== type) {
      return 'pass';
    }
    done = true;
    proxy.onMessage(null);
    setImmediate(() => message.connection.cut('fin'));
    return wire.errorResponse(error);
  });
}

/** How a unit of each kind is sent. @type {Record<string, Function>} */
const KINDS = {
  plain: (/** @type {any} */ pool) =>
    pool.query({ text: 'insert into kept values ($1)', values: [1] }),
  call: (/** @type {any} */ pool) => pool.query('call put(2)'),
  several: (/** @type {any} */ pool) =>
    pool.query('insert into kept values (3); insert into kept values (3)'),
};

/** Messages of an answer, and what was done when each would come. */
const PHASES = [
  { type: '1', progress: 'unparsed' },
  { type: '2', progress: 'parsed' },
  { type: 'C', progress: 'parsed' },
  { type: 'Z', progress: 'complete' },
];

/** Said to sessions that wait for a statement. */
const ENDS_IDLE = new Set(['57P01', '57P05', '25P03']);

/**
 * @param {string} kind
 * @param {string} severity
 * @param {string} code
 * @param {string} progress
 */
function expected(kind, severity, code, progress) {
  if (kind === 'open') {
    return 'rolled_back';
  }
  if (severity === 'FATAL' && progress === 'unparsed' && ENDS_IDLE.has(code)) {
    return kind === 'commit' ? 'rolled_back' : 'not_executed';
  }
  if (
    severity === 'FATAL' &&
    code === '57P01' &&
    kind === 'plain' &&
    progress !== 'complete'
  ) {
    return 'rolled_back';
  }
  return 'ambiguous';
}

const SAID = [
  ['FATAL', '57P01'],
  ['FATAL', '57P03'],
  ['FATAL', '57P05'],
  ['FATAL', '53300'],
  ['FATAL', '40001'],
  ['FATAL', '25006'],
  ['FATAL', 'XX000'],
  ['FATAL', '08006'],
  ['FATAL', '58030'],
  ['PANIC', '58030'],
  ['PANIC', '53100'],
  ['PANIC', 'XX000'],
  ['PANIC', '25006'],
];

for (const kind of Object.keys(KINDS)) {
  test(`the end of the connection in a unit (${kind}) is judged by the table`, async () => {
    const pool = open({ retry: false });
    for (const [severity, code] of SAID) {
      for (const { type, progress } of PHASES) {
        if (kind === 'several' && progress === 'unparsed') {
          continue; // the simple protocol has no ParseComplete
        }
        if (kind === 'several' && type === '2') {
          continue;
        }
        await pool.query('select 1');
        replace(type, severity, code);
        const error = await failureOf(KINDS[kind](pool));
        const what = `${severity} ${code} in place of ${type}`;
        assert.equal(error.code, code, what);
        assert.equal(
          error.outcome,
          expected(kind, severity, code, progress),
          what,
        );
      }
    }
    await pool.end();
  });
}

test('the end of the connection in COMMIT is judged by the table', async () => {
  const pool = open({ retry: false });
  for (const [severity, code] of SAID) {
    for (const { type, progress } of PHASES) {
      const client = await pool.connect();
      await client.query('begin');
      await client.query('insert into kept values (4)');
      replace(type, severity, code);
      const error = await failureOf(client.query('commit'));
      client.release();
      const what = `${severity} ${code} in place of ${type}`;
      assert.equal(
        error.outcome,
        expected('commit', severity, code, progress),
        what,
      );
      assert.equal(error.unit, 'transaction', what);
    }
  }
  await pool.end();
});

test('the end of the connection in an open transaction rolls it back', async () => {
  const pool = open({ retry: false });
  for (const [severity, code] of SAID) {
    const client = await pool.connect();
    await client.query('begin');
    replace('C', severity, code);
    const error = await failureOf(client.query('insert into kept values (5)'));
    client.release();
    assert.equal(error.outcome, 'rolled_back', `${severity} ${code}`);
    assert.equal(error.unit, 'transaction');
  }
  assert.equal(await server.psql('select count(*) from kept where n = 5'), '0');
  await pool.end();
});

test('a write whose answer was replaced by FATAL is done once', async () => {
  const pool = open();
  const codes = ['53300', '57P03', '40001', 'XX000', '08001', '08004'];
  for (const [i, code] of codes.entries()) {
    for (const { type } of PHASES) {
      await pool.query('select 1');
      const n = 100 + i;
      const before = await server.psql(
        `select count(*) from kept where n = ${n}`,
      );
      replace(type, 'FATAL', code);
      const error = await failureOf(
        withDatabaseRetry(() =>
          pool.query({ text: 'insert into kept values ($1)', values: [n] }),
        ),
      );
      assert.equal(error.outcome, 'ambiguous', `${code} for ${type}`);
      const rows = await server.psql(
        `select count(*) from kept where n = ${n}`,
      );
      assert.equal(Number(rows) - Number(before), 1, `${code} for ${type}`);
    }
  }
  await pool.end();
});

test('exactlyOnce asks after a PANIC in COMMIT, and says that it was done', async () => {
  const pool = open();
  await pool.query('select 1');
  let armed = true;
  proxy.onMessage((/** @type {any} */ { direction, payload }) => {
    if (direction === 'up' && armed && payload.includes('COMMIT')) {
      armed = false;
      replace('1', 'PANIC', '58030');
    }
  });
  const { rowCount } = await pool.query({
    text: 'insert into kept values (200)',
    exactlyOnce: true,
  });
  proxy.onMessage(null);
  assert.equal(armed, false);
  assert.equal(rowCount, 1);
  assert.equal(
    await server.psql('select count(*) from kept where n = 200'),
    '1',
  );
  await pool.end();
});

test('an error that a function raises is rolled back, never not_executed', async () => {
  const pool = new Pool(
    /** @type {any} */ ({ connectionString: server.url, logger: false }),
  );
  const codes = ['08001', '08004', '08006', '53300', '25006', '26000', '42P05'];
  for (const code of [...codes, '40003', '08007']) {
    const error = await failureOf(
      pool.query({ text: 'select complain($1)', values: [code], retry: false }),
    );
    assert.equal(error.code, code);
    assert.equal(error.outcome, 'rolled_back', code);
  }
  assert.equal(await server.psql('select count(*) from kept where n = 9'), '0');
  await pool.end();
});

test('a statement name taken inside a function is not one of ours', async () => {
  const pool = new Pool(
    /** @type {any} */ ({
      connectionString: server.url,
      logger: false,
      max: 1,
    }),
  );
  await server.psql(`create function run(what text) returns int
    language plpgsql as $$
    begin perform nextval('counter'); execute what; return 1; end $$`);
  const started = Number(await server.psql("select nextval('counter')"));
  for (const what of ['execute nowhere', 'prepare p as select 1']) {
    await pool.query(`prepare p as select 1`).catch(() => {});
    const error = await failureOf(
      pool.query({ text: 'select run($1)', values: [what], retry: false }),
    );
    assert.match(error.code, /26000|42P05/);
    assert.equal(error.outcome, 'rolled_back');
    assert.equal(error.attempts, 1);
  }
  assert.equal(
    Number(await server.psql("select nextval('counter')")),
    started + 3,
  );
  await pool.end();
});

test('a statement that the server refused before it began is not executed', async () => {
  const pool = new Pool(
    /** @type {any} */ ({
      connectionString: server.url,
      logger: false,
      max: 1,
    }),
  );
  const error = await failureOf(
    pool.query({ text: 'call nobody()', retry: false }),
  );
  assert.equal(error.code, '42883');
  assert.equal(error.outcome, 'permanent');
  await pool.end();
});
