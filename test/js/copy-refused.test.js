// SPDX-License-Identifier: MIT
'use strict';

// COPY FROM that the server refuses at moments of which libpq says nothing.

const assert = require('node:assert');
const { finished } = require('node:stream/promises');
const { after, test } = require('node:test');

const { Pool } = require('../../lib/index.js');
const { eventually, startPostgres } = require('../support');
const {
  before,
  failureOf,
  useProxy,
  useServer,
} = require('../support/suite.js');

const server = useServer();
const proxy = useProxy(server);

/** Tables that take nothing: from the beginning on, or with a long notice. */
const REFUSING = `
  create view v as select 1 as a;
  create table no (a int);
  create function no() returns trigger language plpgsql as $$ begin
    raise exception 'no'; end $$;
  create trigger no before insert on no for each statement
    execute function no();
  create table talks (a int);
  create function talks() returns trigger language plpgsql as $$ begin
    raise notice '%', repeat('n', 40000);
    raise exception 'no'; end $$;
  create trigger talks before insert on talks for each row
    execute function talks()`;

/** @type {Pool} */
let pool;

before(async () => {
  pool = new Pool({
    connectionString: proxy.urlFor(server.url),
    max: 2,
    logger: false,
  });
  await pool.query(REFUSING);
});

after(() => pool?.end());

/**
 * Writes more, and the end, after the server has refused what came before.
 * @param {Pool} from
 * @param {string} text
 */
async function writeOn(from, text) {
  const copy = from.copyFrom(text);
  const failure = failureOf(finished(copy));
  copy.write('1\n2\n');
  await eventually(async () => {
    const { rowCount } = await from.query(
      `select from pg_stat_activity where state = 'idle'
         and query like '%' || $1`,
      [text],
    );
    return rowCount === 1 || copy.destroyed;
  });
  copy.end('3\n');
  return failure;
}

for (const tls of [false, true]) {
  const how = tls ? 'over TLS' : 'without TLS';
  test(`an error that came before the end is told, ${how}`, async () => {
    const own = await startPostgres({ tls });
    const one = new Pool({
      connectionString: own.url,
      ssl: tls ? { rejectUnauthorized: false } : false,
      max: 2,
      logger: false,
    });
    await one.query(REFUSING);
    for (const [table, code] of [
      ['v', '42809'],
      ['no', 'P0001'],
      ['talks', 'P0001'],
    ]) {
      const error = await writeOn(one, `copy ${table} from stdin`);
      assert.strictEqual(error.code, code);
      assert.strictEqual(error.outcome, 'permanent');
    }
    assert.strictEqual(one.stats().connectionsLost, 0);
    await one.end();
    await own.stop();
  });
}

test('an error that comes with the beginning ends it at once', async () => {
  /** @type {Buffer | null} */
  let begun = null;
  // The beginning waits for the error, so that both come in one piece.
  proxy.onMessage(({ direction, type, payload }) => {
    if (direction !== 'down' || (type !== 'G' && type !== 'E')) {
      return 'pass';
    }
    const head = Buffer.alloc(5);
    head.write(type);
    head.writeUInt32BE(payload.length + 4, 1);
    const message = Buffer.concat([head, payload]);
    if (type === 'G') {
      begun = message;
      return 'drop';
    }
    return begun === null ? 'pass' : Buffer.concat([begun, message]);
  });
  const copy = pool.copyFrom('copy no from stdin');
  const error = await failureOf(finished(copy)); // nobody ends it
  proxy.onMessage(null);
  assert.strictEqual(error.code, 'P0001');
  await eventually(() => pool.idleCount === pool.totalCount);
});
