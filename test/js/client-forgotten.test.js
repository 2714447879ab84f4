// SPDX-License-Identifier: MIT
'use strict';

// A client that nobody holds any more: what listens or holds a session is not
// taken away.

const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');
const { useServer } = require('../support/suite.js');

const LIB = path.join(__dirname, '../../lib');

const server = useServer();

/**
 * Runs a script that has `pool`, of one connection, `other`, `collect()` and
 * `say()`. Returns the lines it said and the warnings.
 * @param {string} from 'pg' or our own
 * @param {string} script
 */
function run(from, script) {
  const text = `
    const { Pool } = require(${JSON.stringify(from)});
    const { setTimeout: delay } = require('node:timers/promises');
    const connectionString = process.env.URL_FOR_TEST;
    const pool = new Pool({ connectionString, max: 1 });
    const other = new (require('pg').Pool)({ connectionString, max: 1 });
    const said = [];
    const say = (line) => said.push(line);
    const warnings = [];
    process.on('warning', ({ code, message, detail }) =>
      warnings.push({ code, message, detail }));
    const collect = async () => {
      for (let i = 0; i < 10; i++) {
        globalThis.gc();
        await delay(10);
      }
    };
    const until = async (done) => {
      for (let i = 0; i < 1000 && !done(); i++) { await delay(10); }
    };
    (async () => {
      ${script}
      process.stdout.write(JSON.stringify({ said, warnings }), () =>
        process.exit(0));
    })();`;
  const out = execFileSync(process.execPath, ['--expose-gc', '-e', text], {
    encoding: 'utf8',
    env: { ...process.env, URL_FOR_TEST: server.url },
    timeout: 60000,
  });
  return JSON.parse(out);
}

test('a client that listens keeps getting notifications after it was garbage-collected', () => {
  const script = `
    async function subscribe() {
      const client = await pool.connect();
      client.on('notification', ({ payload }) => say(payload));
      await client.query('listen news');
    }
    await subscribe();
    for (const payload of ['one', 'two', 'three']) {
      await collect();
      await other.query('select pg_notify($1, $2)', ['news', payload]);
      await until(() => said.includes(payload));
    }`;
  assert.deepStrictEqual(run('pg', script).said, ['one', 'two', 'three']);
  const { said, warnings } = run(LIB, script);
  assert.deepStrictEqual(said, ['one', 'two', 'three']);
  assert.strictEqual(warnings.length, 1);
  assert.strictEqual(warnings[0].code, 'HF_CLIENT_LEAKED');
  assert.match(warnings[0].message, /its connection stays out/);
  assert.match(warnings[0].detail, /subscribe/);
});

/** By what the session holds: what is done on the client that is dropped. */
const holders = {
  'an advisory lock': `await client.query('select pg_advisory_lock(7)');`,
  'a setting': `await client.query("set statement_timeout = '1h'");`,
  'a setting by function': `
    await client.query("select set_config('app.tenant', 'a', false)");`,
  'a temporary table': `await client.query('create temp table mine (a int)');`,
  'an open cursor': `
    await client.query('begin');
    await client.query('declare c cursor for select 1');`,
  'a cursor that outlives its transaction': `
    await client.query('begin');
    await client.query('declare c cursor with hold for select 1');
    await client.query('commit');`,
  'a prepared statement': `await client.query('prepare p as select 1');`,
  'a named statement': `await client.query({ name: 'n', text: 'select 1' });`,
  'a lock and then an error': `
    await client.query('select pg_advisory_lock(8), 1 / 0').catch(() => {});`,
  'an open transaction': `await client.query('begin');`,
  'a listener alone': `client.on('notice', () => {});`,
};

for (const [what, statements] of Object.entries(holders)) {
  test(`a client is not taken back while its session holds ${what}`, () => {
    const { said, warnings } = run(
      LIB,
      `
      async function forgetful() {
        const client = await pool.connect();
        ${statements}
        return client.processID;
      }
      const pid = await forgetful();
      await collect();
      await until(() => warnings.length > 0);
      const { rows } = await other.query(
        'select count(*)::int as n from pg_stat_activity where pid = $1', [pid]);
      say(rows[0].n);
      say(await pool.query({ text: 'select 1', deadlineMillis: 300 }).then(
        () => 'taken back', (error) => error.code));`,
    );
    assert.deepStrictEqual(said, [1, 'HF_DEADLINE']);
    assert.strictEqual(warnings[0].code, 'HF_CLIENT_LEAKED');
    assert.match(warnings[0].detail, /forgetful/);
  });
}

test('a client that only read is taken back', () => {
  const { said, warnings } = run(
    LIB,
    `
    async function forgetful() {
      const client = await pool.connect();
      await client.query('begin');
      await client.query('select 1');
      await client.query('commit');
    }
    await forgetful();
    await collect();
    say((await pool.query('select 2 as n')).rows[0].n);`,
  );
  assert.deepStrictEqual(said, [2]);
  assert.match(warnings[0].message, /its connection was taken back/);
});
