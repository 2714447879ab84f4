// SPDX-License-Identifier: MIT
'use strict';

// pg's `defaults`, changed in both libraries alike.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');

const { useServer } = require('../support/suite.js');

const ROOT = path.join(__dirname, '..', '..');
const server = useServer();

/**
 * Runs a script in a process of its own, as defaults are the process's.
 * @param {string} script with `library`
 * @param {Record<string, string>} [env]
 * @returns {{pg: any, holdfast: any}} what it put into `out`
 */
function onBoth(script, env = {}) {
  const given = /** @type {any} */ ({});
  for (const [name, file] of Object.entries({ pg: 'pg', holdfast: ROOT })) {
    const text = `
      const library = require(${JSON.stringify(file)});
      const out = {};
      (async () => {${script}})().then(
        () => console.log(JSON.stringify(out)),
        (error) => { console.error(error); process.exit(1); });`;
    const { PATH, HOME, USER } = process.env;
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ['-e', text],
      {
        cwd: ROOT,
        encoding: 'utf8',
        env: { PATH, HOME, USER, URL: server.url, TZ: 'Asia/Tokyo', ...env },
      },
    );
    assert.strictEqual(status, 0, stderr);
    given[name] = JSON.parse(stdout);
  }
  return given;
}

/** @param {{pg: any, holdfast: any}} both @param {any} expected */
function assertBoth({ pg, holdfast }, expected) {
  assert.deepStrictEqual(holdfast, expected);
  assert.deepStrictEqual(pg, expected, 'pg');
}

const PLACE = `
  Object.assign(library.defaults,
    { host: 'h', port: 1234, user: 'u', database: 'd' });
  const { host, port, user, database } = new library.Client(CONFIG);
  Object.assign(out, { host, port, user, database });`;

test('defaults begin with the values of pg', () => {
  const both = onBoth('Object.assign(out, library.defaults);');
  assert.deepStrictEqual(both.holdfast, both.pg);
});

test('defaults say where to connect', () => {
  const all = { host: 'h', port: 1234, user: 'u', database: 'd' };
  assertBoth(onBoth(PLACE.replace('CONFIG', '')), all);
});

test('options and the environment come before defaults', () => {
  const options = PLACE.replace('CONFIG', "{ host: 'own' }");
  assertBoth(onBoth(options, { PGPORT: '99' }), {
    host: 'own',
    port: 99,
    user: 'u',
    database: 'd',
  });
});

test('a connection string comes before defaults', () => {
  const text = PLACE.replace('CONFIG', "'postgresql://me@there/base'");
  assertBoth(onBoth(text), {
    host: 'there',
    port: 1234,
    user: 'me',
    database: 'base',
  });
});

test('defaults set limits, a name and the password', () => {
  const script = `
    const { hostname, port, username, password, pathname } =
      new URL(process.env.URL);
    Object.assign(library.defaults, { host: hostname, port: Number(port),
      user: username, database: pathname.slice(1), password,
      statement_timeout: 4321, application_name: 'by-default' });
    const client = new library.Client();
    await client.connect();
    for (const name of ['statement_timeout', 'application_name']) {
      const { rows } = await client.query('show ' + name);
      out[name] = rows[0][name];
    }
    await client.end();`;
  assertBoth(onBoth(script), {
    statement_timeout: '4321ms',
    application_name: 'by-default',
  });
});

test('parseInt8 makes numbers of bigint, and back', () => {
  const script = `
    const client = new library.Client(process.env.URL);
    await client.connect();
    out.seen = [];
    for (const asNumber of [true, false]) {
      library.defaults.parseInt8 = asNumber;
      const { rows } = await client.query(
        'select 12::int8 as a, array[1, 2]::int8[] as b');
      out.seen.push(rows[0]);
    }
    await client.end();`;
  assertBoth(onBoth(script), {
    seen: [
      { a: 12, b: [1, 2] },
      { a: '12', b: ['1', '2'] },
    ],
  });
});

test('parseInputDatesAsUTC sends a Date in UTC', () => {
  const script = `
    const client = new library.Client(process.env.URL);
    await client.connect();
    out.seen = [];
    for (const asUtc of [true, false]) {
      library.defaults.parseInputDatesAsUTC = asUtc;
      for (const date of [new Date(0), new Date(-1e14), new Date(2e14)]) {
        const { rows } = await client.query(
          'select $1::timestamp::text as t, $1::date::text as d', [date]);
        out.seen.push(rows[0]);
      }
    }
    await client.end();`;
  const both = onBoth(script);
  assert.deepStrictEqual(both.holdfast, both.pg);
  assert.strictEqual(both.holdfast.seen[0].t, '1970-01-01 00:00:00');
  assert.strictEqual(both.holdfast.seen[3].t, '1970-01-01 09:00:00');
});

test('a default that cannot be honoured is named', () => {
  const script = `
    library.defaults.binary = true;
    try { new library.Client(); } catch (error) { out.said = error.message; }`;
  assert.match(onBoth(script).holdfast.said, /binary is refused/);
});
