// SPDX-License-Identifier: MIT

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');

const {
  eventually,
  freePort,
  makeFolder,
  run,
  startFakeServer,
  startPgBouncer,
  startPostgres,
} = require('../support');
const { postgresFolder } = require('../support/account.js');
const { cli, doctor, fill } = require('./doctor/support.js');

const psql = path.join(postgresFolder(), 'psql');

/** @type {any} */
let server;
/** @type {any} */
let bouncer;

before(async () => {
  server = await startPostgres({ tls: true });
  bouncer = await startPgBouncer({ server, poolSize: 2 });
});

after(async () => {
  await bouncer.stop();
  await server.stop();
});

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

  test('PgBouncer 1.18 in transaction mode would show 42P05', async () => {
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

  test('nothing is left behind in shared server connections', async () => {
    const small = await startPgBouncer({ server, poolSize: 1 });
    const { report } = await doctor([small.url]);
    assert.equal(report.pooler.mode, 'transaction');
    assert.equal(report.pooler.namedStatements, 'unsafe');
    const left = await run(
      psql,
      [small.url, '-XAtc', 'select count(*) from pg_prepared_statements'],
      { env: { PATH: process.env.PATH } },
    );
    assert.equal(left, '0');
    const clients = await small.admin('SHOW CLIENTS');
    assert.doesNotMatch(clients, /holdfast doctor/);
    const open = await server.backends("state like 'idle in transaction%'");
    assert.deepEqual(open, []);
    await small.stop();
  });

  test('session mode is told from transaction mode', async () => {
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

  test('session mode with one server connection is found, too', async () => {
    const options = { server, poolMode: 'session', poolSize: 1 };
    const session = await startPgBouncer(options);
    const { report } = await doctor([session.url]);
    assert.equal(report.pooler.mode, 'session');
    assert.match(report.pooler.evidence, /only when the first/);
    await session.stop();
  });

  test('statement mode is a warning: no transactions', async () => {
    const options = { server, poolMode: 'statement' };
    const statement = await startPgBouncer(options);
    const { code, report, finding } = await doctor([statement.url]);
    assert.equal(code, 1);
    assert.equal(report.pooler.mode, 'statement');
    assert.equal(finding('statement-mode').level, 'warning');
    await statement.stop();
  });

  test('an admin is told the pooler by its own console', async () => {
    const options = { server, settings: { admin_users: server.user } };
    const telling = await startPgBouncer(options);
    const { report } = await doctor([telling.url]);
    assert.equal(report.pooler.version, telling.version);
    assert.equal(report.pooler.toldMode, 'transaction');
    assert.equal(report.pooler.poolSize, 4);
    assert.equal(report.pooler.maxClients, 500);
    await telling.stop();
  });

  test('DIRECT_URL is checked to lead past the pooler', async () => {
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

  test('progress goes to standard error, and the report is text', async () => {
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

describe('doctor, where it does not work', () => {
  test('a wrong password is named, direct and behind PgBouncer', async () => {
    for (const target of [server, bouncer]) {
      const url = target.urlFor({ password: 'not this one' });
      const { code, report, finding, stdout, stderr } = await doctor([url]);
      assert.equal(code, 2);
      assert.equal(report.verdict, 'fails');
      assert.equal(finding('wrong-password').level, 'failure');
      assert.match(finding('wrong-password').next, /percent-encoded/);
      assert.equal(report.authentication.method, 'scram-sha-256');
      assert.doesNotMatch(stdout + stderr, /not this one|not%20this/);
    }
  });

  test('an unknown database is named, direct and behind PgBouncer', async () => {
    for (const target of [server, bouncer]) {
      const url = target.urlFor({ database: 'nowhere' });
      const { code, finding } = await doctor([url]);
      assert.equal(code, 2);
      assert.equal(finding('unknown-database').level, 'failure');
    }
  });

  test('a missing password is named', async () => {
    const url = server.urlFor({ password: undefined });
    const { code, ids } = await doctor([url]);
    assert.equal(code, 2);
    assert.deepEqual(ids, ['no-password']);
  });

  test('TLS that is demanded and not offered is named', async () => {
    const url = bouncer.urlFor({ params: { sslmode: 'require' } });
    const { code, report, finding } = await doctor([url]);
    assert.equal(code, 2);
    assert.equal(report.tls.offered, false);
    assert.match(finding('tls-missing').next, /client_tls_sslmode/);
  });

  test('an unknown authority and a wrong name are told apart', async () => {
    const untrusted = await doctor([withTls({ sslmode: 'verify-full' })]);
    assert.equal(untrusted.code, 2);
    assert.ok(untrusted.ids.includes('tls-untrusted'));
    const other = await startPostgres({ tls: { hosts: ['db.example'] } });
    const params = { sslmode: 'verify-full', sslrootcert: other.caFile };
    const wrongName = await doctor([other.urlFor({ params })]);
    assert.equal(wrongName.code, 2);
    assert.ok(wrongName.ids.includes('tls-host'));
    assert.deepEqual(wrongName.report.tls.chain[0].names, ['db.example']);
    await other.stop();
  });

  test('an expired certificate is named', async () => {
    const expired = await startPostgres({ tls: true });
    await expire(expired);
    const params = { sslmode: 'verify-full', sslrootcert: expired.caFile };
    const checked = await doctor([expired.urlFor({ params })]);
    assert.equal(checked.code, 2);
    assert.ok(checked.ids.includes('tls-expired'));
    assert.ok(checked.report.tls.chain[0].daysLeft < 0);
    const lax = await doctor([
      expired.urlFor({ params: { sslmode: 'require' } }),
    ]);
    assert.equal(lax.code, 1);
    assert.equal(lax.finding('tls-expired').level, 'warning');
    await expired.stop();
  });

  test('a server without a free connection is named', async () => {
    const full = await startPostgres({
      maxConnections: 5,
      settings: { superuser_reserved_connections: 1, max_wal_senders: 0 },
    });
    const release = await fill(full.url, 5);
    const { code, finding } = await doctor([full.url]);
    assert.equal(code, 2);
    assert.match(finding('server-full').next, /pg_stat_activity/);
    release();
    await full.stop();
  });

  test('a pooler that is full is named', async () => {
    const full = await startPgBouncer({
      server,
      settings: { max_client_conn: 1 },
    });
    const release = await fill(full.url, 1);
    const { code, finding } = await doctor([full.url]);
    assert.equal(code, 2);
    assert.match(finding('pooler-full').next, /max_client_conn/);
    release();
    await full.stop();
  });

  test('a host that accepts and says nothing is named', async () => {
    const silent = net.createServer((socket) => socket.on('error', () => {}));
    silent.listen(0, '127.0.0.1');
    await eventually(() => silent.listening);
    const { port } = /** @type {net.AddressInfo} */ (silent.address());
    const url = `postgresql://u:p@127.0.0.1:${port}/d`;
    const { code, ids } = await doctor([url, '--timeout', '20']);
    assert.equal(code, 2);
    assert.deepEqual(ids, ['silent-server']);
    silent.close();
  });

  test('an address that drops what comes is named', async () => {
    const { port, release } = await dropping();
    const url = `postgresql://u:p@127.0.0.1:${port}/d`;
    const { code, ids, report } = await doctor([url, '--timeout=10']);
    assert.equal(code, 2);
    assert.deepEqual(ids, ['silent-host']);
    assert.equal(report.hosts[0].addresses[0].reachable, false);
    release();
  });

  test('a frozen server is named within the time that was given', async () => {
    server.freeze();
    try {
      const { code, report, ids } = await doctor([server.url, '--timeout=2']);
      assert.equal(code, 2);
      assert.equal(report.complete, false);
      assert.deepEqual(ids, ['deadline', 'silent-server']);
    } finally {
      server.thaw();
    }
  });

  test('a port where nothing listens is named', async () => {
    const url = `postgresql://u:p@127.0.0.1:${await freePort()}/d`;
    const { code, ids } = await doctor([url]);
    assert.equal(code, 2);
    assert.deepEqual(ids, ['refused-port']);
  });

  test('a host that nobody knows is named', async () => {
    const { code, ids, report } = await doctor([
      'postgresql://u:p@no-such-host.invalid/d',
    ]);
    assert.equal(code, 2);
    assert.match(ids[0], /^(unknown-host|no-name-server)$/);
    assert.deepEqual(report.hosts[0].addresses, []);
  });

  test('what is no PostgreSQL is named', async () => {
    const other = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    });
    other.listen(0, '127.0.0.1');
    await eventually(() => other.listening);
    const { port } = /** @type {net.AddressInfo} */ (other.address());
    const { code, ids } = await doctor([
      `postgresql://u:p@127.0.0.1:${port}/d`,
    ]);
    assert.equal(code, 2);
    assert.deepEqual(ids, ['not-postgresql']);
    other.close();
  });

  test('a login that goes another way is named', async () => {
    const { wire } = require('../support');
    const kerberos = await startFakeServer({
      greet: (connection) => connection.send(wire.message('R', wire.int32(7))),
    });
    const { code, ids, report } = await doctor([kerberos.url]);
    assert.equal(code, 2);
    assert.deepEqual(ids, ['login-method']);
    assert.equal(report.authentication.method, 'gss');
    await kerberos.close();
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

  test('a malformed URL is explained without a word of it', async () => {
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

/**
 * Puts a certificate in place that was valid in 2020.
 * @param {any} one a server
 */
async function expire(one) {
  const folder = path.dirname(one.caFile);
  const file = (/** @type {string} */ name) => path.join(folder, name);
  fs.writeFileSync(
    file('ca.cnf'),
    `[ca]\ndefault_ca=d\n[d]\ndatabase=${file('db')}\nserial=${file('serial')}\n` +
      `new_certs_dir=${folder}\ndefault_md=sha256\npolicy=p\n` +
      '[p]\ncommonName=supplied\n',
  );
  fs.writeFileSync(file('db'), '');
  fs.writeFileSync(file('serial'), '1000\n');
  await run('openssl', [
    ...['ca', '-batch', '-notext', '-config', file('ca.cnf')],
    ...['-cert', file('ca.crt'), '-keyfile', file('ca.key')],
    ...['-startdate', '20200101000000Z', '-enddate', '20200201000000Z'],
    ...['-extfile', file('server.ext'), '-in', file('server.csr')],
    ...['-out', file('expired.crt')],
  ]);
  fs.copyFileSync(file('expired.crt'), file('server.crt'));
  await one.restart();
}

/** A listener that takes no more: the kernel drops what comes, unanswered. */
async function dropping() {
  const child = spawn(
    process.execPath,
    [
      '-e',
      `const s = require('node:net').createServer();
       s.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () =>
         process.stdout.write(s.address().port + '\\n', () =>
           process.kill(process.pid, 'SIGSTOP')));`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [chunk] = await once(child.stdout, 'data');
  const port = Number(String(chunk));
  const stat = `/proc/${child.pid}/stat`;
  await eventually(() => / T /.test(fs.readFileSync(stat, 'latin1')));
  // More than the queue holds; the rest is dropped as the doctor's will be.
  const sockets = Array.from({ length: 8 }, () => {
    const socket = net.connect(port, '127.0.0.1');
    return socket.on('error', () => {});
  });
  await Promise.race(sockets.map((socket) => once(socket, 'connect')));
  await eventually(() => sockets.filter((one) => !one.connecting).length >= 2);
  return {
    port,
    release: () => {
      for (const socket of sockets) {
        socket.destroy();
      }
      child.kill('SIGKILL');
    },
  };
}
