// SPDX-License-Identifier: MIT

// The doctor with PgBouncer 1.24, which keeps track of prepared statements. No
// distribution we test on has it: it is built from Debian 13's source.

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { newPgBouncer } = require('../support/pgbouncer-new.js');
const { runSql, startPgBouncer } = require('../support');
const { doctor, fill } = require('../js/doctor/support.js');
const { before, useServer } = require('../support/suite.js');

const server = useServer({ tls: true });
/** @type {string} */
let version;

before(async () => {
  const built = await newPgBouncer();
  process.env.HOLDFAST_TEST_PGBOUNCER = built.folder;
  version = built.version;
});

/** @param {object} [options] */
async function bouncerWith(options = {}) {
  const bouncer = await startPgBouncer({ server, version, ...options });
  assert.equal(bouncer.version, version);
  return bouncer;
}

test('names are tracked in transaction mode, and that is said', async () => {
  const bouncer = await bouncerWith();
  const { code, report, symptom } = await doctor([bouncer.url]);
  assert.equal(code, 0);
  assert.equal(report.pooler.mode, 'transaction');
  assert.equal(report.pooler.product, 'PgBouncer');
  assert.equal(report.pooler.version, '1.23 or newer');
  assert.equal(report.pooler.namedStatements, 'tracked');
  assert.match(report.pooler.namedEvidence, /PGBOUNCER_\d+/);
  assert.equal(report.holdfast.queries, 21);
  assert.equal(symptom('42P05').here, 'no');
  assert.match(symptom('42P05').why, /max_prepared_statements/);
  assert.equal(symptom('session-state').here, 'yes');
  await bouncer.stop();
});

test('names are unsafe again where tracking is turned off', async () => {
  const settings = { max_prepared_statements: 0 };
  const bouncer = await bouncerWith({ settings });
  const { code, report, symptom } = await doctor([bouncer.url]);
  assert.equal(code, 0);
  assert.equal(report.pooler.mode, 'transaction');
  assert.equal(report.pooler.namedStatements, 'unsafe');
  assert.equal(symptom('42P05').here, 'yes');
  await bouncer.stop();
});

test('session and statement mode are told apart', async () => {
  const session = await bouncerWith({ poolMode: 'session' });
  const kept = await doctor([session.url]);
  assert.equal(kept.report.pooler.mode, 'session');
  assert.equal(kept.report.pooler.namedStatements, 'session');
  await session.stop();
  const statement = await bouncerWith({ poolMode: 'statement' });
  const none = await doctor([statement.url]);
  assert.equal(none.code, 1);
  assert.equal(none.report.pooler.mode, 'statement');
  await statement.stop();
});

test('an admin is told version, size and limits', async () => {
  const settings = { admin_users: server.user };
  const bouncer = await bouncerWith({ settings, poolSize: 3 });
  const { report, advice } = await doctor([bouncer.url]);
  assert.equal(report.pooler.version, version);
  assert.equal(report.pooler.toldMode, 'transaction');
  assert.equal(report.pooler.poolSize, 3);
  assert.equal(report.pooler.maxPreparedStatements, 200);
  assert.equal(advice('max').value, 3);
  await bouncer.stop();
});

test('the doctor leaves no name of its own that others could meet', async () => {
  const bouncer = await bouncerWith({ poolSize: 1 });
  await doctor([bouncer.url]);
  await doctor([bouncer.url]);
  const left = await runSql(
    { connectionString: bouncer.url },
    'select name from pg_prepared_statements',
  );
  const names = left.split('\n').filter(Boolean);
  // PgBouncer's own names stay: one for each different text.
  assert.ok(names.length <= 1, left);
  assert.ok(
    names.every((name) => name.startsWith('PGBOUNCER_')),
    left,
  );
  await bouncer.stop();
});

test('wrong password and unknown database are named', async () => {
  const bouncer = await bouncerWith();
  const wrong = await doctor([bouncer.urlFor({ password: 'not this' })]);
  assert.equal(wrong.code, 2);
  assert.deepEqual(wrong.ids, ['wrong-password']);
  const unknown = await doctor([bouncer.urlFor({ database: 'nowhere' })]);
  assert.equal(unknown.code, 2);
  assert.deepEqual(unknown.ids, ['unknown-database']);
  await bouncer.stop();
});

test('a pooler that is full is named', async () => {
  const bouncer = await bouncerWith({ settings: { max_client_conn: 1 } });
  const release = await fill(bouncer.url, 1);
  const { code, ids } = await doctor([bouncer.url]);
  assert.equal(code, 2);
  assert.deepEqual(ids, ['pooler-full']);
  release();
  await bouncer.stop();
});
