// SPDX-License-Identifier: MIT

// Which pooler it is. PostgreSQL, PgBouncer, pgpool-II and a TCP proxy are
// real here. The others are fixtures (test/support/pooler-fixture.js): they
// answer as their sources and documents say, with a real PgBouncer behind.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');

const {
  startFakeServer,
  startPgBouncer,
  startPostgres,
  startProxy,
} = require('../support');
const { findPgpool, startPgpool } = require('../support/pgpool.js');
const { startPoolerFixture } = require('../support/pooler-fixture.js');
const { cli, doctor, fill } = require('./doctor/support.js');
const { noPgBouncer, usePgBouncer, useServer } = require('../support/suite.js');
const { wire } = require('../support/wire.js');

const server = useServer();
const bouncer = usePgBouncer({ server, poolSize: 2 });

describe('the product, for real', () => {
  test('PostgreSQL itself has no product, and nobody in between', async () => {
    const { report } = await doctor([server.url]);
    assert.equal(report.pooler.product, null);
    assert.equal(report.server.forwarded, false);
    assert.equal(report.server.address, `${server.host}:${server.port}`);
    assert.equal(report.server.platform, null);
  });

  test('PgBouncer is known by what it refuses', {
    skip: noPgBouncer,
  }, async () => {
    const { report } = await doctor([bouncer.url]);
    assert.equal(report.pooler.product, 'PgBouncer');
    assert.match(report.pooler.productEvidence, /unsupported startup param/);
    assert.equal(report.pooler.pools, null, 'the console is not for everybody');
  });

  test('pgpool-II is known although it shows the server process', {
    skip: findPgpool() === null ? 'pgpool-II is not installed' : false,
  }, async () => {
    const trusting = await startPostgres({
      hba: ['host all all 127.0.0.1/32 trust'],
    });
    const pgpool = await startPgpool({ server: trusting });
    const { report, stdout } = await doctor([pgpool.url]);
    assert.equal(report.pooler.product, 'pgpool-II', stdout);
    assert.match(report.pooler.version, /^\d+\.\d+/);
    assert.equal(report.pooler.mode, 'session');
    await pgpool.stop();
    await trusting.stop();
  });

  test('a proxy in TCP mode, as HAProxy, is seen by who the server sees', async () => {
    const proxy = await startProxy(server);
    const url = server.urlFor({ port: proxy.port });
    const { code, report } = await doctor([url]);
    assert.equal(code, 0);
    assert.equal(report.pooler.mode, 'direct');
    assert.equal(report.server.forwarded, true);
    assert.equal(report.server.address, `${server.host}:${server.port}`);
    const text = await cli(['doctor', '--quiet', url]);
    assert.match(
      text.stdout.replace(/\s+/g, ' '),
      /HAProxy or a load balancer/,
    );
    await proxy.close();
  });
});

describe('the platform', () => {
  test('Aurora, AlloyDB and Citus are known by what they have', async () => {
    const other = await startPostgres();
    const platform = async () => {
      const { report } = await doctor([other.url]);
      return report.server.platform;
    };
    await other.psql('create role alloydbsuperuser');
    assert.equal(await platform(), 'Google AlloyDB');
    await other.psql(`set allow_system_table_mods = on;
      insert into pg_extension (oid, extname, extowner, extnamespace,
        extrelocatable, extversion)
      values (60000, 'citus', 10, 11, false, '12.1')`);
    assert.equal(await platform(), 'Citus 12.1, Google AlloyDB');
    await other.psql(`set allow_system_table_mods = on;
      create function pg_catalog.aurora_version() returns text
      language sql as $$ select '15.4' $$`);
    assert.equal(await platform(), 'Citus 12.1, Amazon Aurora');
    await other.stop();
  });

  test('CockroachDB (a fixture) is named, and asked nothing that it lacks', async () => {
    const fake = await startFakeServer({
      greet(/** @type {any} */ connection) {
        connection.send(wire.parameterStatus('crdb_version', 'v24.1.0'));
        connection.accept();
      },
    });
    const { report, stdout } = await doctor([fake.url]);
    assert.equal(report.server.platform, 'CockroachDB', stdout);
    assert.equal(report.limits.maxConnections, null);
    assert.ok(!report.findings.some(({ id }) => id === 'old-server'));
    await fake.close();
  });
});

describe('the product, by fixtures', { skip: noPgBouncer }, () => {
  /** @type {[fixture: string, product: string][]} */
  const products = [
    ['Supavisor', 'Supavisor'],
    ['Supavisor 1', 'Supavisor'],
    ['Neon', "Neon's proxy"],
    ['RDS Proxy', 'RDS Proxy'],
    ['PgCat', 'PgCat'],
    ['Odyssey', 'Odyssey'],
  ];
  for (const [name, product] of products) {
    test(`${name} (a fixture) is told from the others`, async () => {
      const fixture = await startPoolerFixture(name, bouncer);
      const { report } = await doctor([fixture.url]);
      assert.equal(report.pooler.product, product);
      assert.match(report.pooler.productEvidence, /^it says: /);
      assert.equal(report.pooler.mode, 'transaction');
      assert.equal(report.holdfast.queries, 21);
      await fixture.close();
    });
  }

  test('RDS Proxy (a fixture) takes no time-out at start-up', async () => {
    const fixture = await startPoolerFixture('RDS Proxy', bouncer);
    const { symptom } = await doctor([fixture.url]);
    assert.equal(symptom('startup-parameter').here, 'yes');
    await fixture.close();
  });

  test("PgCat's console (a fixture) is read by the names of columns", async () => {
    const fixture = await startPoolerFixture('PgCat', bouncer);
    const { report } = await doctor([fixture.url]);
    assert.equal(report.pooler.version, '1.2.0');
    assert.equal(report.pooler.poolSize, 9);
    assert.deepEqual(report.pooler.pools, [
      {
        ...{ user: 'app', mode: 'transaction' },
        ...{ clientsActive: 3, clientsWaiting: 2 },
        ...{ serversActive: 3, serversIdle: 1, waitMillis: 1500 },
      },
    ]);
    await fixture.close();
  });

  test("Odyssey's console (a fixture) tells version and mode", async () => {
    const fixture = await startPoolerFixture('Odyssey', bouncer);
    const { report } = await doctor([fixture.url]);
    assert.equal(report.pooler.version, '1.4.0');
    assert.equal(report.pooler.toldMode, 'transaction');
    await fixture.close();
  });
});

describe("PgBouncer's console, for an admin", { skip: noPgBouncer }, () => {
  test('who waits there for a server connection is a finding', async () => {
    const one = await startPgBouncer({
      server,
      poolSize: 2,
      settings: { admin_users: server.user, max_db_connections: 2 },
      users: [],
    });
    const quiet = await doctor([one.url]);
    assert.equal(quiet.report.pooler.pools.length, 1);
    assert.equal(quiet.report.pooler.pools[0].user, server.user);
    assert.equal(quiet.report.pooler.pools[0].clientsWaiting, 0);
    assert.ok(!quiet.ids.includes('pooler-waiting'));
    const release = await fill(one.url, 12, 'select pg_sleep(0.05)');
    const busy = await doctor([one.url]);
    const [pool] = busy.report.pooler.pools;
    assert.ok(pool.clientsWaiting > 0, JSON.stringify(pool));
    assert.ok(busy.ids.includes('pooler-waiting'));
    release();
    await one.stop();
  });
});
