// SPDX-License-Identifier: MIT
'use strict';

// What is written down for people: log lines, warnings, what console.log
// shows. Nothing raw, nothing secret, nothing where nothing was asked for.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { after, test } = require('node:test');
const { inspect } = require('node:util');

const { Pool, retryQuery, versions } = require('../../lib/index.js');
const { shownText } = require('../../lib/observe/slow-query.js');
const { eventually } = require('../support/index.js');
const { before, useServer } = require('../support/suite.js');

const LIB = path.join(__dirname, '..', '..', 'lib', 'index.js');

const server = useServer();
/** @type {Error[]} */
const warnings = [];
const onWarning = (/** @type {Error} */ warning) => warnings.push(warning);

before(() => {
  process.on('warning', onWarning);
});
after(() => {
  process.off('warning', onWarning);
});

/** @param {string} code */
function warned(code) {
  return warnings.filter((one) => /** @type {any} */ (one).code === code);
}

test('a shown statement has no nested comments', () => {
  for (const [text, shown] of [
    ['select /* a /* b */ secret */ 1', 'select ?'],
    ['select /* a /* b /* c */ */ secret */ x', 'select x'],
    ['select x /* a /* b */ secret', 'select x'],
    ['select /**/ x', 'select x'],
    ["select '/*', x, '*/'", 'select ?, x, ?'],
    ['select "/*", x, "*/"', 'select "/*", x, "*/"'],
    ['select $é$secret$é$, x', 'select ?, x'],
    ['select x -- secret\r, y', 'select x , y'],
  ]) {
    assert.strictEqual(shownText(text), shown);
  }
});

test('a number in a shown statement is one question mark', () => {
  for (const number of [
    '1e-5',
    '1.5E+10',
    '.5e-3',
    '1e5',
    '12',
    '0x1F',
    '1_000',
    '1.',
  ]) {
    assert.match(shownText(`select ${number}, x`), /^select \?\.?, x$/);
  }
  assert.strictEqual(shownText('select a1, t.b2, $1'), 'select a1, t.b2, $1');
});

test('console.log(versions) shows versions', () => {
  const { holdfast, libpq } = versions;
  assert.match(inspect(versions), new RegExp(`holdfast: '${holdfast}'`));
  assert.match(inspect(versions), new RegExp(`libpq: '${libpq}'`));
  assert.doesNotMatch(inspect(versions), /Getter/);
  assert.strictEqual(JSON.parse(JSON.stringify(versions)).libpq, libpq);
});

test('a warning of the engine is a sentence', async () => {
  const { emitEvent } = require('../../lib/pool/emit-event.js');
  const { EVENT } = require('../../lib/protocol/messages.js');
  const event = { kind: EVENT.WARNING, texts: ['Ma sentence of its own\0'] };
  emitEvent(/** @type {any} */ ({}), /** @type {any} */ (event));
  await eventually(() => warned('HF_ENGINE').length > 0);
  assert.deepStrictEqual(
    warned('HF_ENGINE').map(({ message }) => message),
    ['a sentence of its own'],
  );
});

test('a helper warns when its function returns nothing while its query runs', async () => {
  const pool = new Pool({ connectionString: server.url, logger: false });
  /** @type {Promise<any> | undefined} */
  let loose;
  const answer = await retryQuery(() => {
    loose = pool.query('select pg_sleep(0.01)');
  });
  assert.strictEqual(answer, undefined);
  await loose;
  await eventually(() => warned('HF_NOT_AWAITED').length > 0);
  assert.match(
    warned('HF_NOT_AWAITED')[0].message,
    /return the query's promise/,
  );
  const before = warned('HF_NOT_AWAITED').length;
  await retryQuery(() => pool.query('select 1'));
  await retryQuery(async () => {
    await pool.query('select 1');
  });
  assert.strictEqual(warned('HF_NOT_AWAITED').length, before);
  await pool.end();
});

test('a channel whose name the server would cut off is refused', async () => {
  const pool = new Pool({ connectionString: server.url, logger: false });
  for (const channel of ['x'.repeat(64), 'é'.repeat(32)]) {
    await assert.rejects(
      pool.listen(channel, () => {}),
      /^TypeError: channel has 64 bytes: the server takes names of 63 at most/,
    );
    assert.throws(
      () => new Pool({ host: 'h', cacheNotifyChannel: channel }),
      /^TypeError: cacheNotifyChannel has 64 bytes/,
    );
  }
  const channel = `${'é'.repeat(31)}x`;
  const received = new Promise((resolve) => {
    pool
      .listen(channel, resolve)
      .then(() => pool.query('select pg_notify($1, $2)', [channel, 'hello']));
  });
  const { payload } = await received;
  assert.strictEqual(payload, 'hello');
  await pool.end();
});

const SILENT = `
  const { Pool } = require(${JSON.stringify(LIB)});
  const pool = new Pool({
    connectionString: 'postgresql://a:b@127.0.0.1:1/x',
    logger: false,
    deadlineMillis: 1500,
  });
  const work = [
    () => pool.query({ text: 'insert into t values (1)', exactlyOnce: true }),
    () => pool.transaction(async () => {}, { exactlyOnce: true, retry: true }),
    () => pool.transaction(async () => {}, { exactlyOnce: true }),
    () => pool.transaction(async () => {}, { retry: true }),
    () => pool.transaction(async () => {}),
    () => pool.query('select 1'),
    () => pool.connect(),
  ];
  (async () => {
    for (const one of work) {
      await one().catch(() => {});
    }
    await pool.end();
  })();`;

test('logger: false logs nothing, whatever fails and is retried', () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['-e', SILENT],
    {
      encoding: 'utf8',
      env: { ...process.env, NODE_ENV: 'development', NODE_TEST_CONTEXT: '' },
      timeout: 120_000,
    },
  );
  assert.deepStrictEqual(
    { status, stdout, stderr },
    { status: 0, stdout: '', stderr: '' },
  );
});
