// SPDX-License-Identifier: MIT
// The servers and proxies the other tests stand on.

const assert = require('node:assert/strict');
const { execFile, spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { after, afterEach, before, describe, test } = require('node:test');
const { Client } = require('pg');
const support = require('../support/index.js');

const { eventually, startFakeServer, startPostgres, startProxy, wire } =
  support;

// libuv reports a reset that arrives together with data as an end of file.
const CONNECTION_LOST = /ECONNRESET|terminated unexpectedly/;

/** @param {object | string} config */
async function connected(config) {
  const client = new Client(config);
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** @param {object | string} config */
async function failure(config) {
  const client = new Client(config);
  client.on('error', () => {});
  const error = await client.connect().then(
    () => assert.fail('connected'),
    (reason) => reason,
  );
  await client.end().catch(() => {});
  return error;
}

describe('a PostgreSQL server', () => {
  let server;
  before(async () => {
    server = await startPostgres({ tls: true, settings: { work_mem: '3MB' } });
  });
  after(() => server.stop());

  test('takes its settings and answers psql', async () => {
    assert.equal(await server.psql('show work_mem'), '3MB');
    assert.equal(await server.psql('values (1, 2), (3, 4)'), '1|2\n3|4');
  });

  test('refuses a wrong password over TCP', async () => {
    const error = await failure(server.urlFor({ password: 'wrong' }));
    assert.equal(error.code, '28P01');
  });

  test('shows a certificate its authority vouches for', async () => {
    const client = await connected({
      connectionString: server.url,
      host: 'localhost',
      ssl: { ca: server.ca },
    });
    const { rows } = await client.query(
      'select ssl from pg_stat_ssl where pid = pg_backend_pid()',
    );
    assert.deepEqual(rows, [{ ssl: true }]);
    await client.end();
  });

  test('lists and terminates backends', async () => {
    const client = await connected(server.url);
    const { processID } = client;
    const [backend] = await server.backends(`pid = ${processID}`);
    assert.equal(backend.state, 'idle');
    const ended = new Promise((resolve) => client.once('end', resolve));
    assert.equal(await server.terminate(processID), 1);
    await ended;
    await eventually(
      async () => (await server.backends(`pid = ${processID}`)).length === 0,
    );
  });

  for (const mode of ['fast', 'immediate', 'kill']) {
    test(`restarts on the same port after a ${mode} stop`, async () => {
      const { pid, port } = server;
      await server.psql(`create table t_${mode} ()`);
      await server.restart(mode);
      assert.notEqual(server.pid, pid);
      assert.equal(server.port, port);
      await server.psql(`table t_${mode}`);
    });
  }

  test('refuses connections while it is stopped', async () => {
    await server.stop();
    assert.equal((await failure(server.url)).code, 'ECONNREFUSED');
    await server.start();
    await (await connected(server.url)).end();
  });
});

test('a server with trust needs no password', async () => {
  const server = await startPostgres({ auth: 'trust', database: 'a b' });
  const url = server.urlFor({ password: undefined });
  const client = await connected({ connectionString: url, password: '' });
  const { rows } = await client.query('select current_database() as name');
  assert.equal(rows[0].name, 'a b');
  await client.end();
  await server.stop();
});

test('a killed test process leaves no server and no folder', async () => {
  const script = `
    require(${JSON.stringify(require.resolve('../support/index.js'))})
      .startPostgres({ auth: 'trust' })
      .then((s) => console.log(JSON.stringify([s.pid, s.socketDir])));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  const [pid, folder] = JSON.parse(line);
  const running = () => {
    try {
      return fs.readFileSync(`/proc/${pid}/cmdline`).includes(folder);
    } catch {
      return false;
    }
  };
  assert.ok(running());
  child.kill('SIGKILL');
  await eventually(() => !running());
  await eventually(() => !fs.existsSync(path.dirname(folder)));
});

const bouncerMissing = support.findPgBouncer()
  ? false
  : 'PgBouncer is not installed';

describe('PgBouncer', { skip: bouncerMissing }, () => {
  let server;
  let bouncer;
  before(async () => {
    server = await startPostgres();
    bouncer = await support.startPgBouncer({ server, poolSize: 2 });
  });
  after(async () => {
    await bouncer?.stop();
    await server?.stop();
  });

  test('pools transactions of more clients than servers', async () => {
    const clients = await Promise.all(
      Array.from({ length: 5 }, () => connected(bouncer.url)),
    );
    const pids = await Promise.all(
      clients.map((c) => c.query('select pg_backend_pid() as pid')),
    );
    assert.ok(new Set(pids.map((r) => r.rows[0].pid)).size <= 2);
    assert.match(await bouncer.admin('show pools'), /\|transaction$/m);
    await Promise.all(clients.map((c) => c.end()));
  });

  test('holds queries while paused', async () => {
    const client = await connected(bouncer.url);
    await client.query('select 1');
    await bouncer.pause();
    const query = client.query('select 2 as two');
    await eventually(async () => {
      const row = await bouncer.admin('show pools');
      return row
        .split('\n')
        .some((l) => l.startsWith('postgres|holdfast|0|1|'));
    });
    await bouncer.resume();
    assert.equal((await query).rows[0].two, 2);
    await client.end();
  });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL']) {
    test(`restarts on the same port after ${signal}`, async () => {
      const { pid, port } = bouncer;
      await bouncer.restart(signal);
      assert.notEqual(bouncer.pid, pid);
      assert.equal(bouncer.port, port);
      await (await connected(bouncer.url)).end();
    });
  }

  test('says what is missing when that version is not there', async () => {
    await assert.rejects(support.startPgBouncer({ server, version: '0.1' }), {
      missing: 'pgbouncer',
    });
  });
});

describe('a proxy', () => {
  let server;
  let proxy;
  let url;
  before(async () => {
    server = await startPostgres();
    proxy = await startProxy(server);
    url = proxy.urlFor(server.url);
  });
  afterEach(async () => {
    proxy.killAll();
    await proxy.reset();
    await eventually(() => proxy.connections.length === 0);
  });
  after(async () => {
    await proxy.close();
    await server.stop();
  });

  test('carries large results unchanged', async () => {
    const client = await connected(url);
    const { rows } = await client.query(`select repeat('x', 3000000) as x`);
    assert.equal(rows[0].x.length, 3000000);
    assert.ok(proxy.connections[0].down.bytes > 3000000);
    await client.end();
  });

  test('stalls and lets go', async () => {
    const client = await connected(url);
    proxy.pause();
    let settled = false;
    const query = client.query('select 1').finally(() => {
      settled = true;
    });
    // Another way round to the same server proves that time has passed.
    await (await connected(server.url)).end();
    assert.equal(settled, false);
    assert.equal((await server.backends(`query = 'select 1'`)).length, 0);
    proxy.resume();
    await query;
    await client.end();
  });

  for (const how of ['fin', 'rst']) {
    test(`cuts with ${how} after so many bytes`, async () => {
      const client = await connected(url);
      const before = proxy.connections[0].down.bytes;
      const link = proxy.connections[0];
      proxy.cutAfter({ direction: 'down', bytes: 1000, how });
      await assert.rejects(
        client.query(`select repeat('x', 5000)`),
        CONNECTION_LOST,
      );
      assert.equal(link.down.bytes - before, 1000);
    });
  }

  test('stalls after so many bytes, on the first connection only', async () => {
    const rule = { direction: 'down', bytes: 0, once: true };
    proxy.stallAfter(rule);
    const first = new Client(url);
    first.on('error', () => {});
    const connecting = first.connect();
    await eventually(() => proxy.connections[0]?.down.stalled);
    await (await connected(url)).end();
    proxy.resume();
    await connecting;
    await first.end();
  });

  test('shows each message and can cut between two of them', async () => {
    const client = await connected(url);
    const seen = [];
    proxy.onMessage(({ direction, type, payload }) => {
      seen.push(direction === 'up' ? type : type.toLowerCase());
      if (type === 'C' && payload.toString() === 'COMMIT\0') {
        return 'rst';
      }
    });
    await client.query('begin');
    await client.query('create table committed ()');
    await assert.rejects(client.query('commit'), { code: 'ECONNRESET' });
    assert.deepEqual(seen, ['Q', 'c', 'z', 'Q', 'c', 'z', 'Q', 'c']);
    await server.psql('table committed');
  });

  test('can put another message in the place of one', async () => {
    const client = await connected(url);
    proxy.onMessage(({ type }) =>
      type === 'D' ? wire.dataRow(['7']) : undefined,
    );
    assert.equal((await client.query('select 1 as n')).rows[0].n, 7);
    await client.end();
  });

  test('reads messages that come byte by byte', async () => {
    proxy.dribble(1);
    const types = [];
    proxy.onMessage(({ type }) => {
      types.push(type);
    });
    const client = await connected(url);
    assert.equal((await client.query('select 1 as n')).rows[0].n, 1);
    assert.equal(types[0], 'startup');
    await client.end();
  });

  test('delays without changing the order', async () => {
    const client = await connected(url);
    proxy.delay(20);
    const queries = [1, 2, 3].map((n) => client.query(`select ${n} as n`));
    proxy.delay(0);
    queries.push(client.query('select 4 as n'));
    const results = await Promise.all(queries);
    assert.deepEqual(
      results.map((r) => r.rows[0].n),
      [1, 2, 3, 4],
    );
    await client.end();
  });

  test('refuses and accepts again on the same port', async () => {
    await proxy.refuse(true);
    assert.equal((await failure(url)).code, 'ECONNREFUSED');
    await proxy.refuse(false);
    await (await connected(url)).end();
  });
});

describe('a fake server', () => {
  test('answers like a real one by default', async () => {
    const fake = await startFakeServer();
    const client = await connected(fake.url);
    const { rows } = await client.query('select pg_backend_pid()');
    assert.equal(rows[0].pg_backend_pid, client.processID);
    const result = await client.query('select $1', ['x']);
    assert.equal(result.rowCount, 0);
    await client.end();
    await fake.close();
    assert.deepEqual(fake.errors, []);
  });

  test('plays a script: units, an error without fields, a cut', async () => {
    const units = [];
    const fake = await startFakeServer({
      script: async (c) => {
        units.push(await c.unit());
        c.send(wire.errorResponse(), wire.ready());
        const second = await c.unit();
        units.push(second);
        c.reply(second, { columns: [{ name: 'a' }], rows: [['b']] });
        await c.expect('Q');
        c.send(wire.header('D', 1 << 29));
        c.cut('rst');
      },
    });
    const client = await connected(fake.url);
    await assert.rejects(client.query('select 1'));
    const { rows } = await client.query('select $1', ['é']);
    assert.deepEqual(rows, [{ a: 'b' }]);
    await assert.rejects(client.query('select 3'), CONNECTION_LOST);
    assert.deepEqual(
      units.map((u) => [u.sql, u.values]),
      [
        ['select 1', []],
        ['select $1', ['é']],
      ],
    );
    await client.end().catch(() => {});
    await fake.close();
  });

  test('counts cancel requests', async () => {
    const fake = await startFakeServer();
    const socket = net.connect(fake.port, fake.host);
    socket.end(Buffer.from(`0000001004d2162e${'00000000'.repeat(2)}`, 'hex'));
    await eventually(() => fake.cancels === 1);
    socket.destroy();
    await fake.close();
  });
});

test('this file leaves nothing behind that keeps a process alive', async () => {
  const script = `
    require(${JSON.stringify(require.resolve('../support/index.js'))})
      .startPostgres().then((s) => process.stdout.write(String(s.pid)));`;
  const { promisify } = require('node:util');
  const { stdout } = await promisify(execFile)(process.execPath, [
    '-e',
    script,
  ]);
  assert.match(stdout, /^\d+$/);
});
