// SPDX-License-Identifier: MIT
'use strict';

// The server as judge of the scanner: texts made by seed over a schema full of
// side effects. `npm run prove -- scanner` does it for hundreds of times as
// many, through a proxy that swallows answers.

const assert = require('node:assert/strict');
const { after, test } = require('node:test');
const pg = require('pg');
const { isRead, judge, setUp } = require('../support/scanner/judge.js');
const { before, useServer } = require('../support/suite.js');

const SEED = 20_261_130;
const TEXTS = 2000;
const SECONDS = 12;

const server = useServer({ auth: 'trust' });
/** @type {any} */
let owner;
/** @type {any} */
let client;
/** @type {string[]} */
let keywords;

before(async () => {
  owner = new pg.Client(server.url);
  await owner.connect();
  keywords = await setUp(owner);
  client = new pg.Client({ ...server, user: 'judge', database: 'postgres' });
  await client.connect();
});

after(async () => {
  await client?.end();
  await owner?.end();
});

test('no text that is called a read writes, where the text can show it', async () => {
  const end = Date.now() + SECONDS * 1000;
  const until = () => Date.now() > end;
  const found = await judge({
    client,
    keywords,
    seed: SEED,
    count: TEXTS,
    until,
  });
  assert.deepEqual(found.faults, []);
  assert.ok(found.reads * 8 > found.texts, 'too few are reads');
  assert.ok(found.ran * 3 > found.reads, 'too few of them run');
});

test('what people write every day is still a read', () => {
  for (const text of [
    'select id, name from users where id = $1',
    "select * from users where name ilike '%' || $1 || '%' limit 10",
    'select count(*)::int from orders o left join (select 1) x on true',
    'SELECT "public"."User"."id" FROM "public"."User" WHERE 1=1 OFFSET $1',
    "select date_trunc('day', at at time zone 'UTC') from visits group by 1",
    "select coalesce(json_agg(x), '[]'::json) from x where a = any($1::int[])",
    String.raw`select * from t where path ~ '^\d+\.\w+$'`,
  ]) {
    assert.ok(isRead(text), text);
  }
});
