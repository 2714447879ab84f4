// SPDX-License-Identifier: MIT
// One proxied connection: two lanes, one for each direction.

const { EventEmitter } = require('node:events');
const { FrameReader } = require('./frames.js');

/** @typedef {import('node:net').Socket} Socket */
/** @typedef {import('./proxy.js').Direction} Direction */
/** @typedef {import('./proxy.js').CutHow} CutHow */
/** @typedef {import('./proxy.js').ByteRule} ByteRule */
/**
 * @typedef {object} Controls
 * @property {boolean} paused
 * @property {number} delayMs
 * @property {number} dribbleBytes
 * @property {import('./proxy.js').MessageHook | null} hook
 * @property {Set<ByteRule>} rules
 */

// With more than this to deliver a lane stops reading, so that the sender's
// window fills up.
const HELD_BYTES = 256 * 1024;

/**
 * Carries bytes one way: source → frames → judged bytes → sink.
 */
class Lane {
  #link;
  #source;
  #sink;
  #controls;
  /** @type {Buffer} */
  #out = Buffer.alloc(0);
  #ended = false;
  #finished = false;
  #full = false;
  #scheduled = false;
  #arriving = 0;
  #due = 0;
  /** @type {WeakMap<ByteRule, number>} where each rule strikes */
  #limits = new WeakMap();
  stalled = false;
  /** Bytes delivered. */
  bytes = 0;
  /** @type {Lane | undefined} */
  opposite;

  /**
   * @param {Link} link
   * @param {Direction} direction
   * @param {Socket} source
   * @param {Socket} sink
   * @param {Controls} controls
   */
  constructor(link, direction, source, sink, controls) {
    this.#link = link;
    this.direction = direction;
    this.frames = new FrameReader(direction);
    this.#source = source;
    this.#sink = sink;
    this.#controls = controls;
    source.on('data', (chunk) => this.#arrive(chunk));
    source.on('end', () => this.#arrive(null));
    sink.on('drain', () => {
      this.#full = false;
      this.pump();
    });
  }

  /** @param {Buffer | null} chunk null is the end */
  #arrive(chunk) {
    const wait = this.#controls.delayMs;
    if (wait === 0 && this.#arriving === 0) {
      this.#take(chunk);
      return;
    }
    // Never before earlier messages, even when the delay was shortened.
    this.#due = Math.max(this.#due, Date.now() + wait);
    this.#arriving += 1;
    setTimeout(() => {
      this.#arriving -= 1;
      this.#take(chunk);
    }, this.#due - Date.now());
  }

  /** @param {Buffer | null} chunk */
  #take(chunk) {
    if (chunk === null) {
      this.#ended = true;
    } else {
      this.frames.push(chunk);
    }
    this.pump();
  }

  get #held() {
    return (
      this.stalled || this.#controls.paused || this.#full || this.#link.dead
    );
  }

  /** Delivers what may be delivered now. */
  pump() {
    while (!this.#held && !this.#scheduled) {
      if (this.#out.length === 0 && !this.#judge()) {
        break;
      }
      if (this.#out.length > 0 && !this.stalled) {
        this.#deliver();
      }
    }
    this.#end();
    this.#throttle();
  }

  #end() {
    const empty = this.#out.length === 0 && this.frames.size === 0;
    if (this.#ended && empty && !this.#held && !this.#finished) {
      this.#finished = true;
      this.#sink.end();
    }
  }

  #throttle() {
    if (this.#link.dead) {
      return;
    }
    if (this.#out.length + this.frames.size > HELD_BYTES && this.#held) {
      this.#source.pause();
    } else {
      this.#source.resume();
    }
  }

  /** Takes the next message. Returns whether there was one. */
  #judge() {
    const frame =
      this.frames.next() ?? (this.#ended ? this.frames.rest() : null);
    if (frame === null) {
      return false;
    }
    const verdict =
      this.#controls.hook?.({
        direction: this.direction,
        type: frame.type,
        length: frame.data.length,
        payload: frame.payload,
        connection: this.#link,
      }) ?? 'pass';
    if (verdict === 'drop') {
      return true;
    }
    if (verdict === 'fin' || verdict === 'rst') {
      this.#link.cut(verdict);
      return true;
    }
    this.#noteNegotiation(frame);
    this.stalled ||= verdict === 'stall';
    this.#out = Buffer.isBuffer(verdict) ? verdict : frame.data;
    return true;
  }

  /** @param {import('./frames.js').Frame} frame */
  #noteNegotiation(frame) {
    const { opposite } = this;
    if (opposite === undefined) {
      return;
    }
    if (frame.type === 'ssl' || frame.type === 'gss') {
      opposite.frames.expectAnswer = true;
    } else if (frame.type === 'answer' && frame.data[0] !== 0x4e) {
      this.frames.opaque = true;
      opposite.frames.opaque = true;
    }
  }

  /** The rule that applies first, and after how many bytes from now. */
  #nextRule() {
    /** @type {{rule: ByteRule | null, left: number}} */
    const first = { rule: null, left: Infinity };
    for (const rule of this.#controls.rules) {
      if (rule.direction !== this.direction) {
        continue;
      }
      const at = this.#limits.get(rule) ?? this.bytes + rule.bytes;
      this.#limits.set(rule, at);
      if (at - this.bytes >= 0 && at - this.bytes < first.left) {
        first.rule = rule;
        first.left = at - this.bytes;
      }
    }
    return first;
  }

  #deliver() {
    const { rule, left } = this.#nextRule();
    const most = this.#controls.dribbleBytes || Infinity;
    const size = Math.min(this.#out.length, left, most);
    if (size > 0) {
      const piece = this.#out.subarray(0, size);
      this.#out = this.#out.subarray(size);
      this.bytes += size;
      this.#full = !this.#sink.write(piece);
    }
    if (rule !== null && size === left) {
      this.#strike(rule);
    } else if (this.#out.length > 0 && size === most) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.pump();
      });
    }
  }

  /** @param {ByteRule} rule */
  #strike(rule) {
    this.#limits.set(rule, -1);
    if (rule.once) {
      this.#controls.rules.delete(rule);
    }
    if (rule.action === 'stall') {
      this.stalled = true;
    } else {
      this.#link.cut(rule.action);
    }
  }
}

/** Event: `close`, when both sockets are closed. */
class Link extends EventEmitter {
  #open = 2;
  #client;
  #server;
  /** Cut: nothing more is delivered. */
  dead = false;

  /**
   * @param {number} id counted from 1
   * @param {Socket} client
   * @param {Socket} server
   * @param {Controls} controls
   */
  constructor(id, client, server, controls) {
    super();
    this.id = id;
    this.#client = client;
    this.#server = server;
    /** What the client sends. */
    this.up = new Lane(this, 'up', client, server, controls);
    /** What the server sends. */
    this.down = new Lane(this, 'down', server, client, controls);
    this.up.opposite = this.down;
    this.down.opposite = this.up;
    for (const socket of [client, server]) {
      socket.on('error', () => this.#lost());
      socket.on('close', () => this.#closed());
    }
    client.resume();
    server.resume();
  }

  /** A socket broke: breaks the other one too. */
  #lost() {
    if (!this.dead) {
      this.cut('rst');
    }
  }

  #closed() {
    this.#open -= 1;
    if (this.#open === 0) {
      this.dead = true;
      this.emit('close');
    }
  }

  /** Ends a stall of this connection. */
  release() {
    this.up.stalled = false;
    this.down.stalled = false;
    this.up.pump();
    this.down.pump();
  }

  /** Stalls this connection alone, both ways. */
  stall() {
    this.up.stalled = true;
    this.down.stalled = true;
  }

  /**
   * Cuts the connection: what was held back is lost. 'fin' closes it towards
   * both sides in order, 'rst' resets it.
   *
   * @param {CutHow} how
   */
  cut(how) {
    this.dead = true;
    for (const socket of [this.#client, this.#server]) {
      if (how === 'rst' && socket.writableEnded) {
        // Node cannot reset what is shutting down: 'close' would never come.
        socket.destroy();
      } else if (how === 'rst') {
        socket.resetAndDestroy();
      } else {
        // Reads on: closing with unread data would send a reset.
        socket.end();
        socket.resume();
      }
    }
  }
}

module.exports = { Link };
