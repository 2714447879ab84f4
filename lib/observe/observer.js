// SPDX-License-Identifier: MIT
'use strict';

// What a pool reports to tracers and to the log. Each entry point is
// behind one check, so that nothing is done without subscribers.

const { channels, traces } = require('./diagnostics.js');
const { connectError, connectionError } = require('../engine/events.js');
const { joinIncidents, leaveIncidents } = require('./incidents.js');
const { CIRCUIT, EVENT } = require('../protocol/messages.js');
const { sentence, shownText } = require('./slow-query.js');

/** Errors that the engine handles itself, unless it cannot. */
const CONFLICTS = new Set(['42P05', '26000']);

/**
 * What every message of a pool has.
 * @typedef {object} Origin
 * @property {string} pool
 * @property {Readonly<{host: unknown, port: unknown, database: unknown,
 *   user: unknown}>} target
 */

/** The context of `holdfast:query`. Its text is made when it is read. */
class QueryContext {
  /** @type {unknown} */
  error = undefined;
  /** @type {number | undefined} */
  durationMillis = undefined;
  /** @type {number | undefined} */
  rows = undefined;
  /** @type {string | null} */
  command = null;
  attempts = 0;
  #text;

  /**
   * @param {Origin} origin
   * @param {import('../pool/call.js').Call} call
   * @param {boolean} onClient
   */
  constructor(origin, call, onClient) {
    this.pool = origin.pool;
    this.target = origin.target;
    this.name = call.name === '' ? undefined : call.name;
    this.onClient = onClient;
    this.#text = call.text;
  }

  /** The statement, shortened and without values. */
  get text() {
    return shownText(this.#text);
  }

  toJSON() {
    return { ...this, text: this.text };
  }
}

class Observer {
  #log;
  #slowMillis;
  #logsSlow;
  /** @type {Origin} */
  #origin;
  /** Traced connects in progress. @type {Map<number, any>} */
  #connects = new Map();
  /** When leases were granted. @type {Map<number, number>} */
  #grants = new Map();

  /**
   * @param {import('./log.js').Log} log
   * @param {number} slowMillis 0 = off
   * @param {any} options pool.options: no secrets are read
   */
  constructor(log, slowMillis, { host, port, database, user }) {
    this.#log = log;
    this.#slowMillis = slowMillis;
    this.#logsSlow = slowMillis > 0 && log.listens('warn');
    const target = Object.freeze({ host, port, database, user });
    this.#origin = { pool: '', target };
  }

  /** What the pool is called; set when it is opened. */
  get pool() {
    return this.#origin.pool;
  }

  set pool(name) {
    this.#origin.pool = name;
    this.#log.pool = name;
    this.#log.incidents = joinIncidents(name, this.#log);
  }

  /**
   * Traces or times a statement that is about to be sent. Tracers get a message
   * at its start; the slow query log only takes the time, for it is on in every
   * development server and must cost next to nothing.
   * @param {import('../pool/call.js').Call} call
   * @param {boolean} onClient
   * @param {() => void} send hands it over, within the tracers' context; may
   *   throw
   */
  follow(call, onClient, send) {
    call.started = performance.now();
    if (traces.query.hasSubscribers) {
      this.#trace(call, onClient, send);
    } else {
      send();
    }
  }

  /** Whether statements are traced or timed. */
  get followsCalls() {
    return (
      this.#logsSlow ||
      (this.#slowMillis > 0 && channels.slow.hasSubscribers) ||
      traces.query.hasSubscribers ||
      traces.retry.hasSubscribers
    );
  }

  /**
   * @param {import('../pool/call.js').Call} call
   * @param {boolean} onClient
   * @param {() => void} submit may throw
   */
  #trace(call, onClient, submit) {
    const context = new QueryContext(this.#origin, call, onClient);
    const { resolve, reject } = call;
    const note = (/** @type {any} */ error) => {
      context.durationMillis = performance.now() - call.started;
      context.attempts = error?.attempts ?? call.attempts;
      context.rows = call.rows;
      context.command = call.command;
    };
    traces.query.follow(
      context,
      resolve,
      reject,
      (onResult, onError) => {
        call.resolve = (result) => {
          note(undefined);
          onResult(result);
        };
        call.reject = (error) => {
          note(error);
          onError(error);
        };
        try {
          submit();
        } catch (error) {
          note(error);
          throw error;
        }
      },
      undefined,
    );
  }

  /**
   * Called when a statement has ended, before its caller's promise settles.
   * @param {import('../pool/call.js').Call} call
   * @param {any} error
   */
  settled(call, error) {
    if (call.started === 0) {
      return;
    }
    const attempts = error?.attempts ?? call.attempts;
    const durationMillis = performance.now() - call.started;
    if (attempts > 1 && traces.retry.hasSubscribers) {
      const { pool, target } = this.#origin;
      const text = shownText(call.text);
      const retried = { pool, target, name: 'query', text, attempts, error };
      traces.retry.begin(retried);
      traces.retry.finish(retried);
    }
    // One that was never sent has waited for a connection, or for the server.
    const sent = error === undefined || attempts > 0;
    if (sent && this.#slowMillis > 0 && durationMillis >= this.#slowMillis) {
      this.#reportSlow(call, durationMillis, attempts, error);
    }
  }

  /**
   * @param {import('../pool/call.js').Call} call
   * @param {number} durationMillis
   * @param {number} attempts
   * @param {any} error
   */
  #reportSlow(call, durationMillis, attempts, error) {
    const { pool, target } = this.#origin;
    const code = error === undefined ? undefined : String(error.code);
    const text = shownText(call.text);
    const { rows } = call;
    const slow = { pool, durationMillis, attempts, rows, code, text };
    channels.slow.publish({ ...slow, target });
    const level = this.#log.incidents.explains(durationMillis)
      ? 'debug'
      : 'warn';
    this.#log[level]({ event: 'slow', ...slow }, sentence(slow));
  }

  /**
   * Traces a call of connect() that `start` begins.
   * @param {(client: any) => void} resolve
   * @param {(error: any) => void} reject
   * @param {(resolve: (client: any) => void, reject: (error: any) => void) =>
   *   void} start may throw
   */
  acquire(resolve, reject, start) {
    if (!traces.acquire.hasSubscribers) {
      start(resolve, reject);
      return;
    }
    /** @type {any} */
    const context = { ...this.#origin, error: undefined };
    const started = performance.now();
    const note = (/** @type {any} */ client) => {
      context.processID = client.processID;
      context.durationMillis = performance.now() - started;
    };
    const fail = (/** @type {any} */ error) => {
      context.durationMillis = performance.now() - started;
      reject(error);
    };
    traces.acquire.follow(context, resolve, fail, start, note);
  }

  /** @param {number} lease */
  granted(lease) {
    if (channels.release.hasSubscribers) {
      this.#grants.set(lease, performance.now());
    }
  }

  /**
   * @param {number} lease
   * @param {number | null} processID
   * @param {unknown} error what release() was given
   */
  released(lease, processID, error) {
    if (channels.release.hasSubscribers) {
      const granted = this.#grants.get(lease);
      const heldMillis =
        granted === undefined ? undefined : performance.now() - granted;
      channels.release.publish({
        ...this.#origin,
        processID,
        heldMillis,
        error: error || undefined,
      });
    }
    this.#grants.delete(lease);
  }

  /**
   * A call failed for good.
   * @param {any} error
   */
  failed(error) {
    if (CONFLICTS.has(error?.code)) {
      this.#log.warn(
        { event: 'conflict', code: error.code },
        'Database prepared statement conflict',
      );
    }
  }

  /** @param {import('../engine/listener.js').Event} event */
  onEvent(event) {
    switch (event.kind) {
      case EVENT.CONNECTING:
        this.#onConnecting(event.connection);
        break;
      case EVENT.CONNECT:
        this.#log.incidents.connected();
        this.#onConnectEnd(event, undefined);
        break;
      case EVENT.CONNECT_FAILED:
        this.#onConnectFailed(event);
        break;
      case EVENT.BREAKER:
        this.#onBreaker(event);
        break;
      case EVENT.ERROR:
        this.#onLost(event);
        break;
    }
  }

  /** @param {number} connection */
  #onConnecting(connection) {
    if (traces.connect.hasSubscribers) {
      const context = { ...this.#origin, connection, error: undefined };
      this.#connects.set(connection, context);
      traces.connect.begin(context);
    }
  }

  /**
   * @param {import('../engine/listener.js').Event} event
   * @param {unknown} error
   */
  #onConnectEnd(event, error) {
    const context = this.#connects.get(event.connection);
    if (context !== undefined) {
      this.#connects.delete(event.connection);
      context.durationMillis = event.value / 1000;
      context.error = error;
      traces.connect.finish(context);
    }
  }

  /** @param {import('../engine/listener.js').Event} event */
  #onConnectFailed(event) {
    const error = /** @type {any} */ (connectError(event));
    this.#log.incidents.connectFailed(error, event.value / 1000);
    this.#onConnectEnd(event, error);
  }

  /** @param {import('../engine/listener.js').Event} event */
  #onBreaker(event) {
    const closed = event.value === CIRCUIT.CLOSED;
    const error = closed ? undefined : /** @type {any} */ (connectError(event));
    channels.breaker.publish({
      ...this.#origin,
      state: closed ? 'closed' : 'open',
      error,
    });
    if (closed) {
      this.#log.incidents.breakerClosed();
    } else {
      this.#log.incidents.breakerOpened(error);
    }
  }

  /** @param {import('../engine/listener.js').Event} event */
  #onLost(event) {
    if (this.#log.listens('warn')) {
      const error = connectionError(event.texts[0] ?? '');
      this.#log.incidents.lost(event.connection, error);
    }
  }

  /** The pool is closed: nothing more is reported. */
  close() {
    this.#connects.clear();
    this.#grants.clear();
    leaveIncidents(this.pool, this.#log);
  }
}

module.exports = { Observer };
