// SPDX-License-Identifier: MIT

// Each way in which a connection string does not work, and its name.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { describe, test } = require('node:test');

const {
  eventually,
  freePort,
  run,
  startFakeServer,
  startPgBouncer,
  startPostgres,
  wire,
} = require('../support');
const { doctor, fill } = require('./doctor/support.js');
const { noPgBouncer, usePgBouncer, useServer } = require('../support/suite.js');

const server = useServer({ tls: true });
const bouncer = usePgBouncer({ server, poolSize: 2 });

/** @param {Record<string, string>} params */
const withTls = (params) => server.urlFor({ params });

describe('doctor, where it does not work', () => {
  test('a wrong password is named, direct and behind PgBouncer', {
    skip: noPgBouncer,
  }, async () => {
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

  test('an unknown database is named, direct and behind PgBouncer', {
    skip: noPgBouncer,
  }, async () => {
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

  test('TLS that is demanded and not offered is named', {
    skip: noPgBouncer,
  }, async () => {
    const url = bouncer.urlFor({ params: { sslmode: 'require' } });
    const { code, report, finding } = await doctor([url]);
    assert.equal(code, 2);
    assert.equal(report.tls.offered, false);
    assert.match(finding('tls-missing').next, /client_tls_sslmode/);
  });

  test('an unknown authority and a wrong name are distinguished', async () => {
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

  test('a pooler that is full is named', { skip: noPgBouncer }, async () => {
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

  test('a host that accepts and stays silent is named', async () => {
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

  test('a server that is not PostgreSQL is named', async () => {
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
