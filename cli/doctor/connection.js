// SPDX-License-Identifier: MIT
'use strict';

// A connection that shows every step: TCP, TLS, login, statements.
//
// Ownership: whoever opens one closes it; Context closes them all.

const net = require('node:net');

const { Failure, asFailure } = require('./failure.js');
const { rounded } = require('./deadline.js');
const wire = require('./wire.js');

/** @typedef {import('./deadline.js').Deadline} Deadline */
/** @typedef {import('./login.js').Login} Login */
/** @typedef {import('./wire.js').Frame} Frame */

/**
 * @typedef {object} Route one address of one host
 * @property {string} host as it was given, for the certificate
 * @property {number} port
 * @property {string} address
 * @property {string} [path] of a socket
 */

/**
 * @typedef {object} Answer to one statement
 * @property {(string | null)[][]} rows
 * @property {string[]} columns
 * @property {string} status of ReadyForQuery: I, T or E
 */

/** @param {Record<string, string>} fields */
function serverFailure(fields) {
  return new Failure('server', fields.M ?? 'an error without a message', {
    code: fields.C,
    fields,
  });
}

class Connection {
  #socket;
  #deadline;
  #reader = new wire.FrameReader();
  /** @type {Failure | null} */
  #ended = null;
  /** @type {(() => void) | null} */
  #wake = null;
  /** The server's parameters. @type {Map<string, string>} */
  parameters = new Map();
  /** The process id given for cancelling. @type {number | null} */
  pid = null;

  /**
   * @param {net.Socket} socket
   * @param {Deadline} deadline
   */
  constructor(socket, deadline) {
    this.#socket = socket;
    this.#deadline = deadline;
    socket.on('data', (chunk) => {
      this.#reader.push(chunk);
      this.#wake?.();
    });
    socket.on('error', (error) => this.#end(asFailure(error, 'an answer')));
    socket.on('close', () =>
      this.#end(new Failure('closed', 'the connection was closed')),
    );
  }

  /** Our own end. @returns {{address: string, port: number} | null} */
  get local() {
    const { localAddress, localPort } = this.#socket;
    return localAddress === undefined || localPort === undefined
      ? null
      : { address: localAddress.replace(/^::ffff:/, ''), port: localPort };
  }

  /** @param {Failure} failure */
  #end(failure) {
    this.#ended ??= failure;
    this.#wake?.();
  }

  /** @param {Buffer} bytes */
  send(bytes) {
    if (!this.#socket.destroyed) {
      this.#socket.write(bytes);
    }
  }

  /**
   * Returns the next message that is an answer; asynchronous messages in
   * between are stored.
   * @param {number} limit
   * @param {string} during
   * @returns {Promise<Frame>}
   */
  async next(limit, during) {
    for (;;) {
      const frame = this.#reader.next();
      if (frame === null) {
        await this.#more(limit, during);
      } else if (frame.type === 'S') {
        const [name, at] = wire.readString(frame.body, 0);
        this.parameters.set(name, wire.readString(frame.body, at)[0]);
      } else if (frame.type !== 'N' && frame.type !== 'A') {
        return frame;
      }
    }
  }

  /** @param {number} limit @param {string} during */
  async #more(limit, during) {
    if (this.#ended !== null) {
      throw this.#ended;
    }
    /** @type {Promise<void>} */
    const arrived = new Promise((resolve) => {
      this.#wake = resolve;
    });
    try {
      await this.#deadline.race(arrived, limit, during);
    } finally {
      this.#wake = null;
    }
  }

  /**
   * Logs in. Throws the server's error.
   * @param {Login} login
   * @param {number} limit
   */
  async login(login, limit) {
    this.send(wire.startup(login.parameters));
    for (;;) {
      const { type, body } = await this.next(limit, 'the login');
      if (type === 'R') {
        const reply = await login.answer(body);
        if (reply !== null) {
          this.send(reply);
        }
      } else if (type === 'E') {
        throw serverFailure(wire.readFields(body));
      } else if (type === 'v') {
        login.negotiated = true;
      } else if (type === 'K') {
        this.pid = body.readInt32BE(0);
      } else if (type === 'Z') {
        return;
      } else {
        throw new Failure('protocol', 'what answers there is no PostgreSQL');
      }
    }
  }

  /**
   * Sends messages up to one that ReadyForQuery answers, and reads the rows.
   * @param {Buffer} messages
   * @param {number} limit
   * @returns {Promise<Answer>}
   */
  async ask(messages, limit) {
    this.send(messages);
    /** @type {(string | null)[][]} */
    const rows = [];
    /** @type {string[]} */
    let columns = [];
    /** @type {Failure | null} */
    let failure = null;
    for (;;) {
      const { type, body } = await this.#nextOr(failure, limit);
      if (type === 'D') {
        rows.push(wire.readRow(body));
      } else if (type === 'T') {
        columns = wire.readColumns(body);
      } else if (type === 'E') {
        failure ??= serverFailure(wire.readFields(body));
      } else if (type === 'Z') {
        if (failure !== null) {
          throw failure;
        }
        return { rows, columns, status: String.fromCharCode(body[0]) };
      }
    }
  }

  /**
   * As next(), but reports a FATAL instead of the end that follows it.
   * @param {Failure | null} failure
   * @param {number} limit
   */
  async #nextOr(failure, limit) {
    try {
      return await this.next(limit, 'an answer');
    } catch (error) {
      throw failure ?? error;
    }
  }

  /**
   * @param {string} sql by the simple protocol
   * @param {number} limit
   */
  query(sql, limit) {
    return this.ask(wire.query(sql), limit);
  }

  /** Waits for the first answer to a start-up message, without logging in. */
  /** @param {Login} login @param {number} limit */
  async knock(login, limit) {
    this.send(wire.startup(login.parameters));
    for (;;) {
      const { type, body } = await this.next(limit, 'an answer');
      if (type === 'v') {
        login.negotiated = true;
      } else {
        return type === 'E' ? serverFailure(wire.readFields(body)) : null;
      }
    }
  }

  close() {
    if (!this.#socket.destroyed) {
      this.#socket.end(wire.terminate());
      this.#socket.destroySoon();
    }
  }
}

/**
 * Opens a socket.
 * @param {Route} route
 * @param {Deadline} deadline
 * @param {number} limit
 * @returns {Promise<net.Socket>}
 */
async function dial(route, deadline, limit) {
  const socket = net.connect(
    route.path === undefined
      ? { host: route.address, port: route.port, noDelay: true }
      : { path: route.path },
  );
  const connected = new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  try {
    await deadline.race(connected, limit, 'the TCP connection');
    return socket;
  } catch (error) {
    socket.destroy();
    throw asFailure(error, 'the TCP connection');
  } finally {
    socket.removeAllListeners('error');
    // Later errors have a listener of their own, or no meaning.
    socket.on('error', () => {});
  }
}

/**
 * Returns how long `fn` took.
 * @template T
 * @param {() => Promise<T>} fn
 * @returns {Promise<{value: T, millis: number}>}
 */
async function timed(fn) {
  const since = performance.now();
  const value = await fn();
  return { value, millis: rounded(performance.now() - since) };
}

module.exports = { Connection, dial, serverFailure, timed };
