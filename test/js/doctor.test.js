// SPDX-License-Identifier: MIT

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');

const {
  freePort,
  makeFolder,
  runSql,
  startPgBouncer,
  startPostgres,
} = require('../support');
const { cli, doctor, fill } = require('./doctor/support.js');
const { noPgBouncer, usePgBouncer, useServer } = require('../support/suite.js');

const server = useServer({ tls: true });
const bouncer = usePgBouncer({ server, poolSize: 2 });

/** @param {Record<string, string>} params */
const withTls = (params) => server.urlFor({ params });

describe('doctor, where it works', () => {
  test('the server itself is direct, and names are safe there', async () => {
    const { code, report, symptom, advice } = await doctor([server.url]);
    assert.equal(code, 0);
    assert.equal(report.verdict, 'ok');
    assert.equal(report.pooler.mode, 'direct');
    assert.equal(report.pooler.proxied, false);
    assert.equal(report.pooler.namedStatements, 'session');
    assert.equal(report.authentication.method, 'scram-sha-256');
    assert.match(report.server.version, /^\d+\.\d+/);
    assert.equal(report.server.role, 'primary');
    assert.equal(report.limits.maxConnections, 60);
    assert.ok(report.limits.used >= 1);
    assert.ok(report.latency.roundTripMillis > 0);
    assert.equal(report.holdfast.queries, 21);
    assert.equal(symptom('42P05').here, 'no');
    assert.equal(advice('pooler').value, 'auto');
  });

  test('certificate, protocol and channel binding are named', async () => {
    const url = withTls({ sslmode: 'verify-full', sslrootcert: server.caFile });
    const { code, report } = await doctor([url]);
    assert.equal(code, 0);
    const { tls } = report;
    assert.equal(tls.offered, true);
    assert.equal(tls.used, true);
    assert.match(tls.protocol, /^TLSv1\.[23]$/);
    assert.deepEqual([tls.trusted, tls.hostMatches], [true, true]);
    assert.equal(tls.chain[0].issuer, 'Holdfast test authority');
    assert.ok(tls.chain[0].daysLeft > 20);
    assert.equal(report.authentication.channelBinding, 'used');
  });

  test('PgBouncer 1.18 in transaction mode would show 42P05', {
    skip: noPgBouncer,
  }, async () => {
    const { code, report, symptom, finding, advice } = await doctor([
      bouncer.url,
    ]);
    assert.equal(code, 0);
    assert.equal(report.pooler.mode, 'transaction');
    assert.equal(report.pooler.product, 'PgBouncer');
    assert.equal(report.pooler.version, 'before 1.23');
    assert.equal(report.pooler.namedStatements, 'unsafe');
    assert.equal(report.pooler.startupTimeouts, false);
    assert.equal(report.holdfast.pooler, 'proxy');
    assert.equal(symptom('42P05').here, 'yes');
    assert.match(symptom('42P05').holdfast, /names no statement/);
    assert.equal(symptom('session-state').here, 'yes');
    assert.equal(symptom('startup-parameter').here, 'yes');
    assert.equal(advice('DIRECT_URL').ok, false);
    assert.equal(finding('no-direct-url').level, 'hint');
  });

  test('nothing is left behind in shared server connections', {
    skip: noPgBouncer,
  }, async () => {
    const small = await startPgBouncer({ server, poolSize: 1 });
    const { report } = await doctor([small.url]);
    assert.equal(report.pooler.mode, 'transaction');
    assert.equal(report.pooler.namedStatements, 'unsafe');
    const left = await runSql(
      { connectionString: small.url },
      'select count(*) from pg_prepared_statements',
    );
    assert.equal(left, '0');
    const clients = await small.admin('SHOW CLIENTS');
    assert.doesNotMatch(clients, /holdfast doctor/);
    const open = await server.backends("state like 'idle in transaction%'");
    assert.deepEqual(open, []);
    await small.stop();
  });

  test('session mode is distinguished from transaction mode', {
    skip: noPgBouncer,
  }, async () => {
    const session = await startPgBouncer({ server, poolMode: 'session' });
    const { code, report, symptom, advice } = await doctor([session.url]);
    assert.equal(code, 0);
    assert.equal(report.pooler.mode, 'session');
    assert.equal(report.pooler.namedStatements, 'session');
    assert.equal(symptom('42P05').here, 'no');
    assert.deepEqual(
      [advice('pooler').value, advice('pooler').ok],
      ['session', false],
    );
    await session.stop();
  });

  test('session mode with one server connection is found, too', {
    skip: noPgBouncer,
  }, async () => {
    const options = { server, poolMode: 'session', poolSize: 1 };
    const session = await startPgBouncer(options);
    const { report } = await doctor([session.url]);
    assert.equal(report.pooler.mode, 'session');
    assert.match(report.pooler.evidence, /only when the first/);
    await session.stop();
  });

  test('the mode is right while others load the pooler', {
    skip: noPgBouncer,
  }, async () => {
    for (const [poolMode, poolSize] of [
      ['transaction', 4],
      ['session', 20],
    ]) {
      const busy = await startPgBouncer({ server, poolMode, poolSize });
      const work = 'select pg_sleep(random() * 0.02)';
      const release = await fill(busy.url, 8, work);
      const { report } = await doctor([busy.url]);
      assert.equal(report.pooler.mode, poolMode);
      release();
      await busy.stop();
    }
  });

  test('statement mode is a warning: no transactions', {
    skip: noPgBouncer,
  }, async () => {
    const options = { server, poolMode: 'statement' };
    const statement = await startPgBouncer(options);
    const { code, report, finding } = await doctor([statement.url]);
    assert.equal(code, 1);
    assert.equal(report.pooler.mode, 'statement');
    assert.equal(finding('statement-mode').level, 'warning');
    await statement.stop();
  });

  test('for an admin the pooler is named from its own console', {
    skip: noPgBouncer,
  }, async () => {
    const options = { server, settings: { admin_users: server.user } };
    const telling = await startPgBouncer(options);
    const { report } = await doctor([telling.url]);
    assert.equal(report.pooler.version, telling.version);
    assert.equal(report.pooler.toldMode, 'transaction');
    assert.equal(report.pooler.poolSize, 4);
    assert.equal(report.pooler.maxClients, 500);
    await telling.stop();
  });

  test('DIRECT_URL is checked to lead past the pooler', {
    skip: noPgBouncer,
  }, async () => {
    const env = { DATABASE_URL: bouncer.url, DIRECT_URL: server.url };
    const right = await doctor([], { env });
    assert.equal(right.code, 0);
    assert.equal(right.report.settings.source, 'DATABASE_URL');
    assert.equal(right.report.settings.direct.leadsTo, 'the server');
    const wrong = await doctor([], {
      env: { ...env, DIRECT_URL: bouncer.url },
    });
    assert.equal(wrong.code, 1);
    assert.equal(wrong.report.settings.direct.leadsTo, 'a pooler');
    const only = await doctor(['--direct'], { env });
    assert.equal(only.report.settings.source, 'DIRECT_URL');
    assert.equal(only.report.pooler.mode, 'direct');
  });

  test('pgbouncer=true on a direct connection is a warning', async () => {
    const url = server.urlFor({ params: { pgbouncer: 'true' } });
    const { code, finding } = await doctor([url]);
    assert.equal(code, 1);
    assert.equal(finding('pooler-option').level, 'warning');
  });

  test('a standby is a warning for those who write', async () => {
    const standby = await startPostgres();
    await standby.stop();
    fs.writeFileSync(path.join(standby.dataDir, 'standby.signal'), '');
    await standby.start();
    const { code, report, ids } = await doctor([standby.url]);
    assert.equal(code, 1);
    assert.equal(report.server.role, 'standby');
    assert.ok(ids.includes('standby'));
    await standby.stop();
  });

  test('the login is named as the server asks for it', async () => {
    const methods = ['md5', 'password', 'trust'];
    const one = await startPostgres({
      hba: methods.map((name) => `host all by_${name} 127.0.0.1/32 ${name}`),
    });
    await one.psql(
      `set password_encryption = md5;
       create role by_md5 login password 'a secret of its own';
       set password_encryption = 'scram-sha-256';
       create role by_password login password 'a secret of its own';
       create role by_trust login`,
    );
    const found = [];
    for (const name of methods) {
      const user = `by_${name}`;
      const url = one.urlFor({ user, password: 'a secret of its own' });
      const { code, report } = await doctor([url]);
      assert.equal(code, 0);
      found.push(report.authentication.method);
    }
    assert.deepEqual(found, ['md5', 'password', 'none']);
    await one.stop();
  });

  test('a Unix socket works, too', async () => {
    const { user, database, port, socketDir } = server;
    const host = encodeURIComponent(socketDir);
    const { code, report } = await doctor([
      `postgresql:///${database}?host=${host}&port=${port}&user=${user}`,
    ]);
    assert.equal(code, 0);
    assert.equal(report.hosts[0].addresses[0].family, 'socket');
    assert.equal(report.tls.offered, null);
    assert.equal(report.pooler.mode, 'direct');
  });

  test('of several hosts the first that answers is examined', async () => {
    const { user, password, database, host, port } = server;
    const away = await freePort();
    const { code, report } = await doctor([
      `postgresql://${user}:${password}@127.0.0.1:${away},${host}:${port}/${database}`,
    ]);
    assert.equal(code, 1);
    assert.equal(report.hosts.length, 2);
    assert.equal(report.findings[0].id, 'dead-address');
  });

  test('of several hosts the one with the right role is examined', async () => {
    const standby = await startPostgres();
    await standby.stop();
    fs.writeFileSync(path.join(standby.dataDir, 'standby.signal'), '');
    await standby.start();
    const { user, password, database, host, port } = server;
    const hosts = `${standby.host}:${standby.port},${host}:${port}`;
    const url = `postgresql://${user}:${password}@${hosts}/${database}`;
    const any = await doctor([url]);
    assert.equal(any.report.server.role, 'standby');
    assert.equal(any.code, 1);
    const { report } = await doctor([
      `${url}?target_session_attrs=read-write&hostaddr=127.0.0.1,127.0.0.1`,
    ]);
    assert.equal(report.server.role, 'primary');
    await standby.stop();
  });

  test('progress goes to standard error, and the report is text', {
    skip: noPgBouncer,
  }, async () => {
    const { code, stdout, stderr } = await cli(['doctor', bouncer.url]);
    assert.equal(code, 0);
    assert.match(stderr, /\[ +\d+\.\d\d s\] pooler: transaction/);
    assert.match(stdout, /transaction mode \(PgBouncer before 1\.23\)/);
    assert.match(stdout, /NOT safe/);
    assert.match(stdout, /It works\.\n$/);
    const quiet = await cli(['doctor', '--quiet', bouncer.url]);
    assert.equal(quiet.stderr, '');
  });
});

describe("doctor's command line", () => {
  test('without any settings it says which variable to set', async () => {
    const cwd = makeFolder('d');
    const { code, finding } = await doctor([], { cwd });
    assert.equal(code, 2);
    assert.match(finding('settings').text, /DATABASE_URL is not set/);
  });

  test('a .env file is pointed to, and read when asked', async () => {
    const cwd = makeFolder('d');
    fs.writeFileSync(path.join(cwd, '.env'), `DATABASE_URL="${server.url}"\n`);
    const without = await doctor([], { cwd });
    assert.match(without.finding('settings').next, /--env-file \.env/);
    const read = await doctor(['--env-file', '.env'], { cwd });
    assert.equal(read.code, 0);
    assert.equal(read.report.settings.source, 'DATABASE_URL');
  });

  test('the PG* variables are enough', async () => {
    const env = {
      PGHOST: server.host,
      PGPORT: String(server.port),
      PGUSER: server.user,
      PGPASSWORD: server.password,
      PGDATABASE: server.database,
    };
    const { code, report, stdout } = await doctor([], { env });
    assert.equal(code, 0);
    assert.equal(report.settings.source, 'PG* variables');
    assert.ok(report.settings.variables.includes('PGPASSWORD'));
    assert.ok(!stdout.includes(server.password));
  });

  test('a malformed URL is explained without quoting it', async () => {
    const { code, finding, stdout } = await doctor([
      'postgresql://u:s%zzecret@h/d',
    ]);
    assert.equal(code, 2);
    assert.match(finding('settings').text, /% in the password/);
    assert.ok(!stdout.includes('zzecret'));
  });

  test('half a password in the place of the database is not shown', async () => {
    const { code, ids, stdout, stderr } = await doctor([
      'postgresql://127.0.0.1:1/rest-of-it@db.example/d',
    ]);
    assert.equal(code, 2);
    assert.ok(ids.includes('url-encoding'));
    assert.doesNotMatch(stdout + stderr, /rest-of-it/);
  });

  test('nor is it shown where the server repeats it', async () => {
    const url = server.url.replace(/[^/]*$/, 'rest-of-it%40db');
    for (const command of ['doctor', 'bench']) {
      const { code, stdout, stderr } = await cli([command, url]);
      assert.equal(code, 2);
      assert.match(stdout + stderr, /database "\*\*\*" does not exist/);
      assert.doesNotMatch(stdout + stderr, /rest-of-it/);
    }
  });

  test('wrong usage has an exit code of its own', async () => {
    for (const args of [
      ['--jsno'],
      ['--timeout', 'soon'],
      ['postgresql://a', 'postgresql://b:secret@c'],
      ['--direct'],
    ]) {
      const { code, stderr, stdout } = await cli(['doctor', ...args]);
      assert.equal(code, 64, args.join(' '));
      assert.match(stderr, /usage: npx pg-holdfast doctor/);
      assert.doesNotMatch(stderr + stdout, /secret/);
    }
    const { code, stdout } = await cli(['doctor', '--help']);
    assert.equal(code, 0);
    assert.match(stdout, /exit code: 0 fine/);
  });
});
