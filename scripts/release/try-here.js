// SPDX-License-Identifier: MIT
// node scripts/release/try-here.js <platform>
//
// Tries the packed packages in dist on this machine, whatever system it has:
// for the machines of CI that are no Debian. It needs Node, tar, openssl, and
// PostgreSQL's programs: in HOLDFAST_TEST_PGBIN, or on the PATH.

const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { ROOT, say } = require('../steps.js');
const { installPacked } = require('./install-packed.js');
const { tryPrograms } = require('./programs.js');

const PASSWORD = 'not a secret';
const TRIES = 100;
const STEP_MS = 100;

/** @param {string} name */
function program(name) {
  const folder = process.env.HOLDFAST_TEST_PGBIN;
  return folder === undefined ? name : path.join(folder, name);
}

/** @param {string} file @param {string[]} args @param {string} cwd */
function run(file, args, cwd) {
  execFileSync(file, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
}

/**
 * An authority, and a certificate of it for 127.0.0.1 only.
 *
 * @param {string} folder
 * @returns {string} the authority, as PEM text
 */
function makeCertificates(folder) {
  const key = 'ec -pkeyopt ec_paramgen_curve:P-256 -nodes'.split(' ');
  fs.writeFileSync(path.join(folder, 'names'), 'subjectAltName=IP:127.0.0.1\n');
  // Twice the slash: Git's shell on Windows takes one for a path.
  const subject =
    process.platform === 'win32' ? '//CN=Holdfast' : '/CN=Holdfast';
  run(
    'openssl',
    [
      ...['req', '-x509', '-newkey', ...key, '-days', '2', '-subj', subject],
      ...['-keyout', 'ca.key', '-out', 'ca.crt'],
    ],
    folder,
  );
  run(
    'openssl',
    [
      ...['req', '-newkey', ...key, '-subj', subject],
      ...['-keyout', 'server.key', '-out', 'server.csr'],
    ],
    folder,
  );
  run(
    'openssl',
    [
      ...['x509', '-req', '-in', 'server.csr', '-days', '2', '-CA', 'ca.crt'],
      ...['-CAkey', 'ca.key', '-set_serial', '1', '-extfile', 'names'],
      ...['-out', 'server.crt'],
    ],
    folder,
  );
  fs.chmodSync(path.join(folder, 'server.key'), 0o600);
  return fs.readFileSync(path.join(folder, 'ca.crt'), 'utf8');
}

/** @returns {Promise<number>} */
async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = /** @type {net.AddressInfo} */ (server.address());
  server.close();
  return address.port;
}

/** @param {number} port @returns {Promise<boolean>} whether somebody listens */
async function answers(port) {
  const socket = net.connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** A server with TLS and SCRAM, in a folder. */
class Server {
  #folder;
  #data;
  port = 0;
  ca = '';

  /** @param {string} folder */
  constructor(folder) {
    this.#folder = folder;
    this.#data = path.join(folder, 'data');
  }

  create() {
    const secret = path.join(this.#folder, 'password');
    fs.writeFileSync(secret, PASSWORD);
    run(
      program('initdb'),
      [
        ...['-D', this.#data, '-U', 'holdfast', '-A', 'scram-sha-256'],
        ...['-E', 'UTF8', '--no-locale', '-N', `--pwfile=${secret}`],
      ],
      this.#folder,
    );
    this.ca = makeCertificates(this.#folder);
    const file = (/** @type {string} */ name) =>
      path.join(this.#folder, name).replaceAll('\\', '/');
    fs.appendFileSync(
      path.join(this.#data, 'postgresql.conf'),
      `listen_addresses = '127.0.0.1'\nfsync = off\nssl = on\n` +
        `unix_socket_directories = ''\nmax_connections = 60\n` +
        `ssl_cert_file = '${file('server.crt')}'\n` +
        `ssl_key_file = '${file('server.key')}'\n`,
    );
    fs.writeFileSync(
      path.join(this.#data, 'pg_hba.conf'),
      'hostssl all all 127.0.0.1/32 scram-sha-256\n',
    );
  }

  /** @param {string[]} args @returns {Promise<void>} */
  async #control(...args) {
    // Not through a pipe: the server would hold it open.
    const child = spawn(program('pg_ctl'), ['-D', this.#data, ...args], {
      stdio: 'ignore',
    });
    const [code] = await once(child, 'exit');
    if (code !== 0) {
      throw new Error(`pg_ctl ${args[0]} ended with ${code}`);
    }
  }

  async start() {
    this.port ||= await freePort();
    const log = path.join(this.#folder, 'postgres.log');
    await this.#control('start', '-w', '-l', log, '-o', `-p ${this.port}`);
    for (let i = 0; i < TRIES && !(await answers(this.port)); i += 1) {
      await new Promise((resolve) => setTimeout(resolve, STEP_MS));
    }
  }

  async stop() {
    await this.#control('stop', '-w', '-m', 'fast');
  }

  /** @param {string} host */
  url(host) {
    const password = encodeURIComponent(PASSWORD);
    return `postgres://holdfast:${password}@${host}:${this.port}/postgres`;
  }
}

/**
 * @param {string} folder
 * @param {Server} server
 * @param {string} platform
 * @returns {Promise<boolean>}
 */
async function tryWith(folder, server, platform) {
  const packed = path.join(folder, 'packed');
  const others = path.join(folder, 'others');
  fs.mkdirSync(others);
  installPacked(packed, platform);
  const findings = await tryPrograms({
    command: [process.execPath],
    env: {},
    folder: packed,
    server: {
      url: server.url('127.0.0.1'),
      otherUrl: server.url('localhost'),
      ca: server.ca,
      otherCa: makeCertificates(others),
    },
    restart: async () => {
      await server.stop();
      await server.start();
    },
  });
  for (const { name, ok, detail } of findings) {
    say(`${ok ? 'right' : 'WRONG'}  ${name}: ${detail}`);
  }
  return findings.every(({ ok }) => ok === true);
}

async function main() {
  const platform = process.argv[2] ?? '';
  if (!fs.existsSync(path.join(ROOT, 'dist'))) {
    throw new Error('dist is not there: "npm run release" makes it');
  }
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-try-'));
  const server = new Server(folder);
  try {
    server.create();
    await server.start();
    say(`${platform}: Node.js ${process.versions.node} on ${os.version()}`);
    process.exitCode = (await tryWith(folder, server, platform)) ? 0 : 1;
    await server.stop();
  } finally {
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

main().catch((error) => {
  say(`try: ${error.stderr ?? error.message}`);
  process.exitCode = 1;
});
