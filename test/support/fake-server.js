// SPDX-License-Identifier: MIT
// A PostgreSQL backend that follows a script, for answers that a real one never
// gives.

const net = require('node:net');
const { FrameReader } = require('./frames.js');
const { wire } = require('./wire.js');

/** @typedef {import('./frames.js').Frame} Frame */

/**
 * What a client sends for one answer: a simple query, or extended messages up
 * to a Sync.
 *
 * @typedef {object} Unit
 * @property {'simple' | 'extended' | 'end'} kind 'end': the client is gone
 * @property {string} sql the query, or the first Parse of the unit
 * @property {string} types the messages' letters in order, as in PBDES
 * @property {Array<string | null>} values text parameters of the first Bind
 * @property {Frame[]} frames
 */

/**
 * @typedef {object} Reply
 * @property {import('./wire.js').Column[]} [columns]
 * @property {import('./wire.js').Row[]} [rows]
 * @property {string} [tag]
 * @property {Record<string, string>} [error]
 * @property {string} [status] of ReadyForQuery: I, T or E
 */

/**
 * @typedef {object} FakeServerOptions
 * @property {(connection: FakeConnection) => unknown} [script] run for each
 *   connection after its start-up; without one, every unit gets an empty
 *   SELECT
 * @property {(connection: FakeConnection) => unknown} [greet] replaces the
 *   answer to the start-up message
 * @property {(unit: Unit, connection: FakeConnection) => Reply | void} [auto]
 *   answers a unit before the script sees it; by default it does so for
 *   `pg_backend_pid()`
 */

/** @param {Buffer} payload of Bind */
function bindValues(payload) {
  let at = payload.indexOf(0) + 1;
  at = payload.indexOf(0, at) + 1;
  at += 2 + 2 * payload.readUInt16BE(at);
  const count = payload.readUInt16BE(at);
  at += 2;
  /** @type {Array<string | null>} */
  const values = [];
  for (let i = 0; i < count; i += 1) {
    const length = payload.readInt32BE(at);
    at += 4;
    values.push(length < 0 ? null : payload.toString('utf8', at, at + length));
    at += Math.max(length, 0);
  }
  return values;
}

/** @param {Frame[]} frames @returns {Unit} */
function makeUnit(frames) {
  const text = (/** @type {Buffer} */ b, /** @type {number} */ from) =>
    b.toString('utf8', from, b.indexOf(0, from));
  const query = frames.find((frame) => frame.type === 'Q');
  const parse = frames.find((frame) => frame.type === 'P');
  const bind = frames.find((frame) => frame.type === 'B');
  let sql = '';
  if (query) {
    sql = text(query.payload, 0);
  } else if (parse) {
    sql = text(parse.payload, parse.payload.indexOf(0) + 1);
  }
  return {
    kind: query ? 'simple' : 'extended',
    sql,
    types: frames.map((frame) => frame.type).join(''),
    values: bind ? bindValues(bind.payload) : [],
    frames,
  };
}

/** @type {Unit} */
const END = { kind: 'end', sql: '', types: '', values: [], frames: [] };

/** One client of the fake server. */
class FakeConnection {
  #socket;
  #options;
  #reader = new FrameReader('up');
  /** @type {Array<Frame | null>} null is the end */
  #frames = [];
  /** @type {(() => void) | null} */
  #wake = null;
  /** Start-up parameters. @type {Record<string, string>} */
  parameters = {};
  closed = false;

  /**
   * @param {net.Socket} socket
   * @param {number} pid
   * @param {FakeServerOptions} options
   */
  constructor(socket, pid, options) {
    this.#socket = socket;
    this.#options = options;
    this.pid = pid;
    socket.on('data', (chunk) => this.#arrive(chunk));
    socket.on('error', () => {});
    socket.on('close', () => this.#end());
    socket.on('end', () => this.#end());
  }

  /** @param {Buffer} chunk */
  #arrive(chunk) {
    this.#reader.push(chunk);
    for (let f = this.#reader.next(); f; f = this.#reader.next()) {
      this.#frames.push(f);
    }
    this.#wake?.();
  }

  #end() {
    this.closed = true;
    this.#frames.push(null);
    this.#wake?.();
  }

  /** @returns {Promise<Frame | null>} the next message; null at the end */
  async message() {
    while (this.#frames.length === 0) {
      await new Promise((resolve) => {
        this.#wake = () => resolve(undefined);
      });
    }
    const frame = this.#frames[0] ?? null;
    if (frame !== null) {
      this.#frames.shift();
    }
    return frame;
  }

  /**
   * Waits for a message of that type and drops those before it.
   *
   * @param {string} type
   * @returns {Promise<Frame | null>}
   */
  async expect(type) {
    for (;;) {
      const frame = await this.message();
      if (frame === null || frame.type === type) {
        return frame;
      }
    }
  }

  /**
   * The next unit that `auto` did not answer.
   *
   * @returns {Promise<Unit>}
   */
  async unit() {
    for (;;) {
      const unit = await this.#nextUnit();
      const reply =
        unit.kind === 'end' ? undefined : this.#options.auto?.(unit, this);
      if (!reply) {
        return unit;
      }
      this.reply(unit, reply);
    }
  }

  /** @returns {Promise<Unit>} */
  async #nextUnit() {
    /** @type {Frame[]} */
    const frames = [];
    for (;;) {
      const frame = await this.message();
      if (frame === null || frame.type === 'X') {
        return END;
      }
      frames.push(frame);
      if (frame.type === 'Q' || frame.type === 'S') {
        return makeUnit(frames);
      }
    }
  }

  /** @param {...Buffer} parts */
  send(...parts) {
    if (!this.#socket.destroyed && this.#socket.writable) {
      this.#socket.write(Buffer.concat(parts));
    }
  }

  /**
   * Answers a unit as a well-behaved server does.
   *
   * @param {Unit} unit
   * @param {Reply} [reply]
   */
  reply(unit, reply = {}) {
    const { columns = [], rows = [], error, status = 'I' } = reply;
    const simple = unit.kind === 'simple';
    const describe =
      columns.length > 0 ? wire.rowDescription(columns) : wire.noData();
    /** @type {Record<string, () => Buffer>} */
    const answers = {
      P: wire.parseComplete,
      B: wire.bindComplete,
      C: wire.closeComplete,
      D: () => describe,
    };
    /** @type {Buffer[]} */
    const out = [];
    for (const type of error || simple ? '' : unit.types) {
      out.push(...(answers[type] ? [answers[type]()] : []));
    }
    if (error) {
      out.push(wire.errorResponse(error));
    } else if (simple || unit.types.includes('E')) {
      if (simple && columns.length > 0) {
        out.push(describe);
      }
      out.push(...rows.map(wire.dataRow));
      out.push(wire.commandComplete(reply.tag ?? `SELECT ${rows.length}`));
    }
    this.send(...out, wire.ready(status));
  }

  /** Never settles: the script ends here, the connection stays silent. */
  stall() {
    return new Promise(() => {});
  }

  /** @param {'fin' | 'rst'} [how] */
  cut(how = 'fin') {
    if (how === 'rst') {
      this.#socket.resetAndDestroy();
    } else {
      this.#socket.end();
    }
  }

  /** Answers the start-up as a server without passwords does. */
  accept() {
    this.send(
      wire.authOk(),
      wire.parameterStatus('server_version', '15.0'),
      wire.parameterStatus('server_encoding', 'UTF8'),
      wire.parameterStatus('client_encoding', 'UTF8'),
      wire.parameterStatus('DateStyle', 'ISO, MDY'),
      wire.parameterStatus('TimeZone', 'UTC'),
      wire.parameterStatus('integer_datetimes', 'on'),
      wire.parameterStatus('standard_conforming_strings', 'on'),
      wire.backendKeyData(this.pid, 42),
      wire.ready(),
    );
  }

  /** Reads up to the start-up message. Returns false for a cancel. */
  async handshake() {
    for (;;) {
      const frame = await this.message();
      if (frame === null || frame.type === 'cancel') {
        return false;
      }
      if (frame.type === 'startup') {
        const words = frame.payload.toString('utf8', 4).split('\0');
        for (let i = 0; words[i]; i += 2) {
          this.parameters[words[i]] = words[i + 1];
        }
        return true;
      }
      this.send(Buffer.from('N'));
    }
  }
}

/** @param {Unit} unit @param {FakeConnection} connection @returns {Reply | void} */
function answerPid(unit, connection) {
  if (/pg_backend_pid\(\)/.test(unit.sql)) {
    return {
      columns: [{ name: 'pg_backend_pid', oid: 23 }],
      rows: [[String(connection.pid)]],
    };
  }
}

/** @param {FakeConnection} connection */
async function answerAll(connection) {
  for (;;) {
    const unit = await connection.unit();
    if (unit.kind === 'end') {
      return;
    }
    connection.reply(unit);
  }
}

class FakeServer {
  /** @type {Set<net.Socket>} */
  #sockets = new Set();
  #options;
  #listener;
  host = '127.0.0.1';
  port = 0;
  /** All connections so far. @type {FakeConnection[]} */
  connections = [];
  /** Cancel requests received. */
  cancels = 0;
  /** What scripts threw. @type {unknown[]} */
  errors = [];

  /** @param {FakeServerOptions} options */
  constructor(options) {
    this.#options = { auto: answerPid, script: answerAll, ...options };
    this.#listener = net.createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      this.#serve(socket).catch((error) => this.errors.push(error));
    });
  }

  get url() {
    return `postgresql://fake:secret@${this.host}:${this.port}/fake?sslmode=disable`;
  }

  /** @returns {Promise<void>} */
  listen() {
    return new Promise((resolve, reject) => {
      this.#listener.once('error', reject);
      this.#listener.listen(0, this.host, () => {
        const address = this.#listener.address();
        this.port = /** @type {net.AddressInfo} */ (address).port;
        this.#listener.unref();
        resolve();
      });
    });
  }

  /** @param {net.Socket} socket */
  async #serve(socket) {
    const pid = 1000 + this.connections.length;
    const connection = new FakeConnection(socket, pid, this.#options);
    if (!(await connection.handshake())) {
      this.cancels += 1;
      connection.cut();
      return;
    }
    this.connections.push(connection);
    if (this.#options.greet) {
      await this.#options.greet(connection);
    } else {
      connection.accept();
    }
    await this.#options.script?.(connection);
  }

  /** @returns {Promise<void>} */
  close() {
    return new Promise((resolve) => {
      this.#listener.close(() => resolve());
      for (const socket of this.#sockets) {
        socket.destroy();
      }
    });
  }
}

/**
 * Starts a scripted server on a free loopback port.
 *
 * @param {FakeServerOptions} [options]
 * @returns {Promise<FakeServer>}
 */
async function startFakeServer(options = {}) {
  const server = new FakeServer(options);
  await server.listen();
  return server;
}

module.exports = { FakeConnection, FakeServer, startFakeServer };
