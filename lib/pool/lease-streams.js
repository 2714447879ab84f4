// SPDX-License-Identifier: MIT
'use strict';

// The streams of a client: those of stream(), and the objects given to query()
// that speak pg's protocol, such as pg-cursor.

const { OP } = require('../protocol/operations.js');
const { RowStream } = require('./row-stream.js');
const { StreamCall } = require('./stream-call.js');
const { SubmittedConnection } = require('./submitted-connection.js');

const UNREAD =
  'the stream was not read to its end before its client was given up: read ' +
  'it inside the function, or leave it with destroy()';

/**
 * Sends a statement of the client. Throws what is wrong with its arguments.
 * @callback Send
 * @param {number} kind
 * @param {StreamCall} call
 * @param {any} config
 * @returns {void}
 */

class LeaseStreams {
  #state;
  #send;
  /** Those that are not closed. @type {Set<RowStream | SubmittedConnection>} */
  #open = new Set();

  /**
   * @param {import('./lease-state.js').LeaseState} state
   * @param {Send} send
   */
  constructor(state, send) {
    this.#state = state;
    this.#send = send;
  }

  get #types() {
    return this.#state.types ?? this.#state.core.types;
  }

  /**
   * @param {any[]} given the arguments of stream()
   * @returns {RowStream}
   */
  stream(given) {
    const start = (/** @type {StreamCall} */ call, /** @type {any} */ config) =>
      this.#send(OP.LEASE_QUERY, call, config);
    const stream = new RowStream(this.#state, this.#types, start, given);
    this.#open.add(stream);
    stream.once('close', () => this.#open.delete(stream));
    return stream;
  }

  /**
   * Runs an object that speaks pg's protocol. As in pg, it gets the client's
   * parsers, and the last argument as its callback, unless it has its own.
   * @param {any} query
   * @param {any} values
   * @param {any} callback
   * @param {() => void} [onOver] called when the connection is free again
   * @returns {any} the object
   */
  submit(query, values, callback, onOver) {
    const onDone = typeof values === 'function' ? values : callback;
    if (!query.callback && onDone) {
      query.callback = onDone;
    }
    const result = query._result;
    if (result && !result._types) {
      result._types = this.#types;
    }
    const connection = new SubmittedConnection(query, (reader, config) => {
      const call = new StreamCall(this.#state, config.types, reader);
      this.#send(OP.LEASE_QUERY, call, config);
      return call;
    });
    this.#open.add(connection);
    const over = () => {
      this.#open.delete(connection);
      onOver?.();
    };
    connection.once('readyForQuery', over);
    const refused = query.submit(connection);
    if (refused) {
      // Nothing was sent, so nothing will end.
      connection.off('readyForQuery', over);
      process.nextTick(() => {
        over();
        query.handleError(refused, connection);
      });
    }
    return query;
  }

  /** Nobody can read them to their end while what follows waits for that. */
  destroy() {
    for (const stream of this.#open) {
      stream.destroy(new Error(UNREAD));
    }
  }
}

module.exports = { LeaseStreams };
