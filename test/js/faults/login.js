// SPDX-License-Identifier: MIT
// Servers that refuse the user, the password, the database or TLS.

const assert = require('node:assert/strict');
const { after, before, describe, test } = require('node:test');
const {
  makeCertificates,
  makeFolder,
  startProxy,
} = require('../../support/index.js');
const { fails, useServer, withBrokenPool, withPool } = require('./fixture.js');

const FOR_GOOD = { outcome: 'permanent', retryable: false };

describe('a server that refuses', () => {
  const fixture = useServer({ hba: ['host all rejected 127.0.0.1/32 reject'] });
  before(() => fixture.server.psql('create role rejected login'));

  /** @type {[string, object, string | RegExp][]} */
  const refusals = [
    ['a wrong password', { password: 'not this one' }, '28P01'],
    ['a user it does not let in', { user: 'rejected' }, '28000'],
    ['a user it does not know', { user: 'nobody there' }, /^28(P01|000)$/],
    ['a database it does not have', { database: 'nowhere' }, '3D000'],
  ];
  for (const [what, parts, code] of refusals) {
    test(`${what} fails all calls that wait, for good`, () => {
      const connectionString = fixture.server.urlFor(parts);
      return withBrokenPool({ connectionString }, async (pool) => {
        const calls = [1, 2, 3].map(() => pool.query('select 1'));
        for (const done of [...calls, pool.connect()]) {
          const error = await fails(done, { ...FOR_GOOD, code });
          const shown = `${error.stack}${JSON.stringify(error)}`;
          assert.ok(!shown.includes('not this one'));
        }
      });
    });
  }

  test('a wrong password is not tried again and again', () => {
    const connectionString = fixture.server.urlFor({ password: 'wrong' });
    return withBrokenPool({ connectionString }, async (pool) => {
      await fails(pool.query('select 1'), { ...FOR_GOOD, code: '28P01' });
      for (let n = 0; n < 20; n += 1) {
        await fails(pool.query({ text: 'select 1', deadlineMillis: 500 }), {
          ...FOR_GOOD,
          code: '28P01',
        });
      }
      assert.ok(pool.stats().connectsStarted <= 2);
    });
  });

  test('a server without TLS is refused where TLS was asked for', async () => {
    const { ca } = await makeCertificates(makeFolder('c'));
    const config = { connectionString: fixture.server.url, ssl: { ca } };
    await withBrokenPool(config, async (pool) => {
      const error = await fails(pool.query('select 1'), FOR_GOOD);
      assert.match(error.message, /SSL|TLS/);
    });
  });
});

describe('a server whose certificate', () => {
  const fixture = useServer({ tls: { hosts: ['elsewhere.example'] } });
  /** @type {any} */
  let proxy;
  before(async () => {
    proxy = await startProxy(fixture.server);
  });
  after(() => proxy.close());

  test('is signed by a stranger is refused', async () => {
    const { ca } = await makeCertificates(makeFolder('c'));
    const config = { connectionString: fixture.server.url, ssl: { ca } };
    await withBrokenPool(config, async (pool) => {
      const error = await fails(pool.query('select 1'), FOR_GOOD);
      assert.match(error.message, /certificate verify failed/);
    });
  });

  test('is for another host is refused', async () => {
    const ssl = { ca: fixture.server.ca };
    const config = { connectionString: fixture.server.url, ssl };
    await withBrokenPool(config, async (pool) => {
      const error = await fails(pool.query('select 1'), FOR_GOOD);
      assert.match(error.message, /certificate|host/);
    });
  });

  test('comes too late fails a call in its time', async () => {
    const connectionString = proxy.urlFor(fixture.server.url);
    const ssl = { ca: fixture.server.ca, rejectUnauthorized: false };
    const times = { connectTimeoutMillis: 150, deadlineMillis: 400 };
    await withPool({ connectionString, ssl, ...times }, async (pool) => {
      proxy.onMessage((/** @type {any} */ { type }) =>
        type === 'answer' ? 'stall' : 'pass',
      );
      await fails(pool.query('select 1'), {
        outcome: 'not_executed',
        cause: 'HF_CONNECT_TIMEOUT',
      });
      await proxy.reset();
      await pool.query({ text: 'select 1', deadlineMillis: 10_000 });
    });
  });
});
