// SPDX-License-Identifier: MIT

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { freePort } = require('../support');
const { cli } = require('./doctor/support.js');
const { useServer } = require('../support/suite.js');

const NUMBERS = [
  'callers',
  'seconds',
  'queries',
  'perSecond',
  'p50Millis',
  'p95Millis',
  'p99Millis',
  'processMicros',
  'errors',
];

const server = useServer();

test('bench measures points and rows for 1, 10 and 64 callers', async () => {
  const { code, stdout, stderr } = await cli([
    ...['bench', '--json', '--seconds=1', '--max=4', server.url],
  ]);
  assert.equal(code, 0, stderr);
  const report = JSON.parse(stdout);
  assert.equal(report.schema, 1);
  assert.equal(report.max, 4);
  assert.equal(report.pooler, 'none');
  assert.equal(report.error, null);
  assert.ok(!stdout.includes(server.password));
  assert.deepEqual(
    report.runs.map((run) => `${run.case} ${run.callers}`),
    ['point 1', 'point 10', 'point 64', 'rows 1', 'rows 10', 'rows 64'],
  );
  for (const run of report.runs) {
    for (const name of NUMBERS) {
      assert.equal(typeof run[name], 'number', name);
    }
    // Kernels without schedstat do not tell.
    const main = run.mainThreadMicros;
    assert.ok(main === null || main > 0);
    assert.ok(run.queries > 0);
    assert.ok(run.p50Millis <= run.p95Millis);
    assert.ok(run.p95Millis <= run.p99Millis);
    assert.deepEqual([run.errors, run.firstError], [0, null]);
  }
  assert.match(stderr, /point, 64 callers: [\d.]+ queries\/s/);
});

test('the report for people is a table', async () => {
  const { code, stdout } = await cli(['bench', '--seconds=0.1', server.url]);
  assert.equal(code, 0);
  assert.match(stdout, /case +callers +queries\/s +p50 ms/);
  assert.equal(stdout.match(/^ +(point|rows) /gm)?.length, 6);
});

test('bench measures other machines only with --yes', async () => {
  const url = 'postgresql://u:secret@db.invalid/d';
  const { code, stderr } = await cli(['bench', url]);
  assert.equal(code, 64);
  assert.match(stderr, /another machine.*--yes/);
  assert.doesNotMatch(stderr, /secret/);
  const env = { PGCONNECT_TIMEOUT: '1' };
  const told = await cli(['bench', '--yes', '--seconds=0.1', url], { env });
  assert.equal(told.code, 2);
});

test('a database that is away gives exit code 2, and advice', async () => {
  const url = `postgresql://u:secret@127.0.0.1:${await freePort()}/d`;
  const { code, stdout, stderr } = await cli(['bench', '--json', url]);
  assert.equal(code, 2);
  assert.match(JSON.parse(stdout).error, /ECONNREFUSED|refused/);
  assert.match(stderr, /pg-holdfast doctor says why/);
});

test('numbers out of range are wrong usage', async () => {
  for (const flag of ['--seconds=0', '--seconds=x', '--max=1.5', '--max=0']) {
    const { code, stderr } = await cli(['bench', flag, server.url]);
    assert.equal(code, 64, flag);
    assert.match(stderr, /usage: npx pg-holdfast bench/);
  }
});
