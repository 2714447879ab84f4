// SPDX-License-Identifier: MIT
'use strict';

// TLS with real servers: whose certificate is accepted, by which authorities,
// and who says whether it is the right server.

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { after, before, test } = require('node:test');
const tls = require('node:tls');
const { promisify } = require('node:util');

const { Pool } = require('../../lib/index.js');
const { makeCertificates, makeFolder } = require('../support/index.js');
const { useServer } = require('../support/suite.js');

const ROOT = path.join(__dirname, '../..');
const NAME = 'db.example';
const SSL = 'select ssl from pg_stat_ssl where pid = pg_backend_pid()';

/** What a machine may trust already. */
const UNSET = {
  NODE_EXTRA_CA_CERTS: undefined,
  NODE_OPTIONS: undefined,
  NODE_USE_SYSTEM_CA: undefined,
  SSL_CERT_DIR: undefined,
  SSL_CERT_FILE: undefined,
};

/** Its certificate is for a name that leads nowhere. */
const server = useServer({ tls: { hosts: [NAME] } });

/** @type {string} */
let folder;
before(() => {
  folder = makeFolder('tls');
});

/** @param {Record<string, any>} ssl @param {Record<string, any>} [more] */
function config(ssl, more) {
  const { port, user, password, database } = server;
  const place = { host: 'localhost', port, user, password, database };
  return { ...place, ssl, max: 1, logger: false, ...more };
}

/**
 * Returns whether the session is encrypted, or the error.
 * @param {Record<string, any>} options
 */
async function encrypted(options) {
  const pool = new Pool(options);
  try {
    const { rows } = await pool.query(SSL);
    return rows[0].ssl;
  } catch (error) {
    return error;
  } finally {
    await pool.end();
  }
}

/**
 * Asks for ssl in a Node of its own, as an authority is to be trusted there.
 * @param {string} text of the configuration, an expression
 * @param {{args?: string[], env?: Record<string, string>, first?: string}} how
 * @returns {Promise<string>} what the query says, or the error's code
 */
async function inNode(text, { args = [], env = {}, first = '' }) {
  const { port, user, password, database } = server;
  const place = { host: 'localhost', port, user, password, database };
  const script = `${first}
    const { Pool } = require(${JSON.stringify(path.join(ROOT, 'lib/index.js'))});
    const place = { ...${JSON.stringify(place)}, max: 1 };
    const pool = new Pool({ ...place, logger: false, ...${text} });
    pool.query(${JSON.stringify(SSL)})
      .then(({ rows }) => rows[0].ssl, (error) => error.code)
      .then((said) => { console.log(said); process.exit(); });`;
  const clean = { ...process.env, ...UNSET, ...env };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...args, '-e', script],
    { env: clean },
  );
  return stdout.trim();
}

const NAMED = `{ ssl: { servername: '${NAME}' } }`;

test('the name in the certificate may be another than that of the host', async () => {
  const { ca } = server;
  assert.strictEqual(await encrypted(config({ ca, servername: NAME })), true);
  const address = { host: '127.0.0.1' };
  assert.strictEqual(
    await encrypted(config({ ca, servername: NAME }, address)),
    true,
  );
  const wrong = await encrypted(config({ ca, servername: 'other.example' }));
  assert.strictEqual(wrong.code, 'HF_TLS');
  assert.match(wrong.message, /other\.example/);
});

test('verify-ca of a connection string stays verify-ca beside ssl: { ca }', async () => {
  const { ca, port, user, password, database } = server;
  const url = `postgres://${user}:${password}@localhost:${port}/${database}`;
  const given = { max: 1, logger: false, ssl: { ca } };
  const named = { ...given, connectionString: `${url}?sslmode=verify-ca` };
  assert.strictEqual(await encrypted(named), true);
  const full = { ...given, connectionString: `${url}?sslmode=verify-full` };
  assert.strictEqual((await encrypted(full)).code, 'HF_TLS');
});

test('a bundle of many authorities is taken', async () => {
  const ca = [...tls.rootCertificates, server.ca].join('\n');
  assert.strictEqual(await encrypted(config({ ca, servername: NAME })), true);
});

test('NODE_EXTRA_CA_CERTS names an authority that is trusted', async () => {
  assert.strictEqual(await inNode(NAMED, {}), 'HF_TLS');
  const env = { NODE_EXTRA_CA_CERTS: server.caFile };
  assert.strictEqual(await inNode(NAMED, { env }), 'true');
});

test("--use-openssl-ca replaces Node's authorities by SSL_CERT_FILE", async () => {
  const env = { SSL_CERT_FILE: server.caFile };
  assert.strictEqual(await inNode(NAMED, { env }), 'HF_TLS');
  const args = ['--use-openssl-ca'];
  assert.strictEqual(await inNode(NAMED, { args, env }), 'true');
  const options = { ...env, NODE_OPTIONS: '--use-openssl-ca' };
  assert.strictEqual(await inNode(NAMED, { env: options }), 'true');
  const nothing = { SSL_CERT_FILE: '/nowhere' };
  await assert.rejects(
    inNode(NAMED, { args, env: nothing }),
    /--use-openssl-ca, and there are no authorities.*install ca-certificates/s,
  );
});

test('--use-openssl-ca reads the folder of SSL_CERT_DIR', async () => {
  const certs = path.join(folder, 'certs');
  fs.mkdirSync(certs);
  fs.copyFileSync(server.caFile, path.join(certs, '0123abcd.0'));
  const env = { SSL_CERT_DIR: certs };
  const args = ['--use-openssl-ca'];
  assert.strictEqual(await inNode(NAMED, { args, env }), 'true');
});

test('sslrootcert=system is the bundle of the system', async () => {
  const env = { SSL_CERT_FILE: server.caFile };
  const { port, user, password, database } = server;
  const url = `postgres://${user}:${password}@localhost:${port}/${database}?sslrootcert=system`;
  const named = `{ connectionString: '${url}', ssl: { servername: '${NAME}' } }`;
  assert.strictEqual(await inNode(named, { env }), 'true');
  assert.strictEqual(await inNode(named, {}), 'HF_TLS');
});

test('where Node can be asked what it trusts, it is asked', async () => {
  const first = `
    const tls = require('node:tls');
    tls.getCACertificates = (type) => type === 'default'
      ? [require('node:fs').readFileSync(${JSON.stringify(server.caFile)}, 'utf8')]
      : [];`;
  assert.strictEqual(await inNode(NAMED, { first }), 'true');
});

test('checkServerIdentity decides instead of the name', async () => {
  const { ca } = server;
  /** @type {any[]} */
  const calls = [];
  const ssl = {
    ca,
    checkServerIdentity: (/** @type {any[]} */ ...args) => {
      calls.push(args);
    },
  };
  assert.strictEqual(await encrypted(config(ssl)), true);
  assert.strictEqual(calls.length, 1);
  const [host, certificate] = calls[0];
  assert.strictEqual(host, 'localhost');
  assert.strictEqual(certificate.subject.CN, NAME);
  assert.strictEqual(certificate.subjectaltname, `DNS:${NAME}`);
  assert.match(certificate.fingerprint256, /^([0-9A-F]{2}:){31}/);
  assert.ok(Buffer.isBuffer(certificate.raw));
  const root = certificate.issuerCertificate;
  assert.strictEqual(root.subject.CN, 'Holdfast test authority');
  assert.strictEqual(root.issuerCertificate, root);
});

test("checkServerIdentity may be Node's own for another name", async () => {
  const { ca } = server;
  const by = (/** @type {string} */ name) =>
    config({
      ca,
      checkServerIdentity: (
        /** @type {any} */ _host,
        /** @type {any} */ peer,
      ) => tls.checkServerIdentity(name, peer),
    });
  assert.strictEqual(await encrypted(by(NAME)), true);
  const error = await encrypted(by('other.example'));
  assert.strictEqual(error.code, 'HF_TLS');
  assert.match(error.message, /other\.example/);
});

test('an authority nobody trusts is refused before the function is called', async () => {
  let called = 0;
  const other = await makeCertificates(fs.mkdtempSync(path.join(folder, 'x')));
  const checkServerIdentity = () => {
    called += 1;
  };
  const ssl = { ca: other.ca, checkServerIdentity };
  const error = await encrypted(config(ssl));
  assert.strictEqual(error.code, 'HF_TLS');
  assert.strictEqual(called, 0);
});

test('rejectUnauthorized: false checks nothing, the function included', async () => {
  const ssl = {
    rejectUnauthorized: false,
    checkServerIdentity: () => new Error('no'),
  };
  assert.strictEqual(await encrypted(config(ssl)), true);
});

test('the pool works on when many connections are checked at once', async () => {
  const { ca } = server;
  let calls = 0;
  const checkServerIdentity = () => {
    calls += 1;
  };
  const pool = new Pool(config({ ca, checkServerIdentity }, { max: 5 }));
  const all = Array.from({ length: 5 }, () =>
    pool.query('select pg_sleep(0.2)'),
  );
  await Promise.all(all);
  assert.strictEqual(calls, pool.totalCount);
  await pool.end();
});

/**
 * A server that answers SSLRequest and counts what comes after the handshake.
 * @returns {Promise<{port: number, ca: string, bytes: () => number,
 *   close: () => void}>}
 */
async function startCounting() {
  const made = await makeCertificates(fs.mkdtempSync(path.join(folder, 'c')));
  const context = tls.createSecureContext({
    cert: fs.readFileSync(made.certFile),
    key: fs.readFileSync(made.keyFile),
  });
  let bytes = 0;
  let shaken = 0;
  const listener = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write('S');
      const secure = new tls.TLSSocket(socket, {
        isServer: true,
        secureContext: context,
      });
      secure.on('secure', () => {
        shaken += 1;
      });
      secure.on('error', () => undefined);
      secure.on('data', (data) => {
        bytes += data.length;
      });
    });
  });
  await new Promise((resolve) => {
    listener.listen(0, '127.0.0.1', () => resolve(undefined));
  });
  const { port } = /** @type {net.AddressInfo} */ (listener.address());
  return {
    port,
    ca: made.ca,
    bytes: () => (shaken > 0 ? bytes : -1),
    close: () => listener.close(),
  };
}

test('nothing of the login has left when the function refuses', async () => {
  const counting = await startCounting();
  const { port, ca } = counting;
  for (const checkServerIdentity of [
    () => new Error('this is not the one'),
    () => {
      throw new Error('this is not the one');
    },
  ]) {
    const error = await encrypted(
      config(
        { ca, checkServerIdentity },
        { host: '127.0.0.1', port, password: 'secret-password' },
      ),
    );
    assert.strictEqual(error.code, 'HF_TLS');
    assert.match(error.message, /this is not the one/);
    assert.strictEqual(error.outcome, 'permanent');
  }
  assert.strictEqual(counting.bytes(), 0);
  counting.close();
});

test('a password function is called for each connection', async () => {
  const { ca } = server;
  let calls = 0;
  const password = () => {
    calls += 1;
    return server.password;
  };
  const pool = new Pool(config({ ca, servername: NAME }, { max: 2, password }));
  await Promise.all([
    pool.query('select pg_sleep(0.2)'),
    pool.query('select pg_sleep(0.2)'),
  ]);
  assert.strictEqual(calls, 2);
  await pool.end();
});

after(() => fs.rmSync(folder, { recursive: true, force: true }));
