// SPDX-License-Identifier: MIT
// A scriptable TCP proxy: stalls, delays, dribbles and cuts, by bytes or by
// message. Directions are 'up' (client to server) and 'down'.

const { EventEmitter } = require('node:events');
const net = require('node:net');
const { eventually } = require('./eventually.js');
const { Link } = require('./proxy-link.js');

/** @typedef {'up' | 'down'} Direction */
/** @typedef {'fin' | 'rst'} CutHow */
/** @typedef {'pass' | 'drop' | 'stall' | CutHow | Buffer} Verdict */

/**
 * @typedef {object} MessageInfo
 * @property {Direction} direction
 * @property {string} type see frames.js
 * @property {number} length of the whole message in bytes
 * @property {Buffer} payload
 * @property {Link} connection
 */

/** @typedef {(message: MessageInfo) => Verdict | void} MessageHook */

/**
 * @typedef {object} ByteRule
 * @property {Direction} direction
 * @property {number} bytes counted on each connection from the call on
 * @property {'stall' | CutHow} action
 * @property {boolean} [once] only the first connection that gets there
 */

/** What the links of one proxy have in common. */
class Controls {
  paused = false;
  delayMs = 0;
  dribbleBytes = 0;
  /** @type {MessageHook | null} */
  hook = null;
  /** @type {Set<ByteRule>} */
  rules = new Set();
}

/**
 * Events: `connection` and `close`, each with the link.
 */
class TcpProxy extends EventEmitter {
  #target;
  #controls = new Controls();
  /** @type {Set<Link>} */
  #links = new Set();
  /** @type {net.Server | null} */
  #listener = null;
  #count = 0;
  host = '127.0.0.1';
  port = 0;

  /** @param {{host?: string, port: number, path?: string}} target */
  constructor(target) {
    super();
    this.#target = target;
  }

  async listen() {
    const listener = net.createServer(
      { allowHalfOpen: true, pauseOnConnect: true, noDelay: true },
      (socket) => this.#accept(socket),
    );
    await new Promise((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(this.port, this.host, () => resolve(undefined));
    });
    // A test that failed before close() must not keep its process alive.
    listener.unref();
    const { port } = /** @type {net.AddressInfo} */ (listener.address());
    this.port = port;
    this.#listener = listener;
  }

  /** @param {net.Socket} client */
  #accept(client) {
    this.#count += 1;
    const server = net.connect({
      ...this.#target,
      allowHalfOpen: true,
      noDelay: true,
    });
    const link = new Link(this.#count, client, server, this.#controls);
    this.#links.add(link);
    link.once('close', () => {
      this.#links.delete(link);
      this.emit('close', link);
    });
    this.emit('connection', link);
  }

  /**
   * Forwards new connections to another target.
   *
   * @param {{host: string, port: number}} target
   */
  retarget({ host, port }) {
    this.#target = { host, port };
  }

  /** The connections that exist now. */
  get connections() {
    return [...this.#links];
  }

  /** How many connections there have been so far. */
  get connectionCount() {
    return this.#count;
  }

  /**
   * The same connection string, through the proxy.
   *
   * @param {string} url
   */
  urlFor(url) {
    const changed = new URL(url);
    changed.hostname = this.host;
    changed.port = String(this.port);
    return changed.href;
  }

  /** Stalls both directions of every connection, new ones too. */
  pause() {
    this.#controls.paused = true;
  }

  /** Ends pause() and every stall; what was held back is delivered. */
  resume() {
    this.#controls.paused = false;
    for (const link of this.#links) {
      link.release();
    }
  }

  /**
   * Delivers that many more bytes of each connection, then no more.
   *
   * @param {{direction: Direction, bytes: number, once?: boolean}} options
   */
  stallAfter(options) {
    return this.#addRule({ ...options, action: 'stall' });
  }

  /**
   * Delivers that many more bytes of each connection, then cuts it. A client
   * on libuv can see an 'rst' that comes with data as an end of file.
   *
   * @param {{direction: Direction, bytes: number, how?: CutHow,
   *   once?: boolean}} options
   */
  cutAfter({ how = 'rst', ...options }) {
    return this.#addRule({ ...options, action: how });
  }

  /** @param {ByteRule} rule */
  #addRule(rule) {
    this.#controls.rules.add(rule);
    return { clear: () => this.#controls.rules.delete(rule) };
  }

  /**
   * Shows every message to `fn`, which decides: 'pass' (or nothing), 'drop',
   * 'stall' (it and all after it), 'fin', 'rst', or a Buffer to send in its
   * place. null ends it.
   *
   * @param {MessageHook | null} fn
   */
  onMessage(fn) {
    this.#controls.hook = fn;
  }

  /**
   * Cuts every connection.
   *
   * @param {CutHow} [how]
   * @returns {number} how many
   */
  killAll(how = 'rst') {
    const links = this.connections;
    for (const link of links) {
      link.cut(how);
    }
    return links.length;
  }

  /**
   * Refuses new connections (ECONNREFUSED), or accepts them again.
   *
   * @param {boolean} refusing
   */
  async refuse(refusing) {
    if (!refusing && this.#listener === null) {
      await eventually(
        async () => {
          await this.listen();
          return true;
        },
        { what: `listening on port ${this.port} again` },
      );
    } else if (refusing && this.#listener !== null) {
      this.#listener.close();
      this.#listener = null;
    }
  }

  /** @param {number} ms what every byte takes longer, each way */
  delay(ms) {
    this.#controls.delayMs = ms;
  }

  /** @param {number} bytes the most that goes in one write; 0 = no limit */
  dribble(bytes) {
    this.#controls.dribbleBytes = bytes;
  }

  /** Removes every rule and hook and delivers everything. */
  async reset() {
    const { rules } = this.#controls;
    Object.assign(this.#controls, new Controls(), { rules });
    rules.clear();
    await this.refuse(false);
    this.resume();
  }

  async close() {
    await this.refuse(true);
    this.killAll('rst');
    await eventually(() => this.#links.size === 0, { interval: 2 });
  }
}

/**
 * Starts a proxy on a free loopback port.
 *
 * @param {{host?: string, port: number} | {path: string}} target
 * @returns {Promise<TcpProxy>}
 */
async function startProxy(target) {
  const proxy = new TcpProxy(
    /** @type {{host?: string, port: number, path?: string}} */ (target),
  );
  await proxy.listen();
  return proxy;
}

module.exports = { TcpProxy, startProxy };
