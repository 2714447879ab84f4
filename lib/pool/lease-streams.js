// SPDX-License-Identifier: MIT
'use strict';

// The streams of a client: those of stream(), and the objects given to query()
// that speak pg's protocol, such as pg-cursor.

const { usageError } = require('../errors/errors.js');
const { OP } = require('../protocol/operations.js');
const { copyRows } = require('./copy-rows.js');
const { CopyReadable, CopyWritable } = require('./copy-streams.js');
const { RowStream } = require('./row-stream.js');
const { StreamCall } = require('./stream-call.js');
const { SubmittedConnection } = require('./submitted-connection.js');

const UNREAD =
  'the stream was not read to its end before its client was given up: read ' +
  'it inside the function, or leave it with destroy()';

const UNENDED =
  'the COPY had not finished when its client was given up: await that inside ' +
  'the function, or leave it with destroy()';

/**
 * Sends a statement of the client. Throws what is wrong with its arguments.
 * @callback Send
 * @param {number} kind
 * @param {StreamCall} call
 * @param {any} config
 * @returns {void}
 */

/**
 * @param {RowStream | CopyReadable | CopyWritable | SubmittedConnection} stream
 */
function givenUp(stream) {
  const isWritten = stream instanceof CopyWritable;
  const mayBeDone = !isWritten || stream.writableEnded;
  return usageError('HF_RELEASED', isWritten ? UNENDED : UNREAD, {
    outcome: mayBeDone ? 'ambiguous' : 'rolled_back',
    retryable: false,
    phase: 'await',
  });
}

class LeaseStreams {
  #state;
  #send;
  /**
   * Those that are not closed.
   * @type {Set<RowStream | CopyReadable | CopyWritable | SubmittedConnection>}
   */
  #open = new Set();
  /** @param {StreamCall} call @param {any} config */
  #start = (call, config) => this.#send(OP.LEASE_QUERY, call, config);

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
    const stream = new RowStream(this.#state, this.#types, this.#start, given);
    return this.#note(stream);
  }

  /**
   * @param {any[]} given the arguments of copyTo()
   * @returns {CopyReadable}
   */
  copyTo(given) {
    const copy = new CopyReadable(this.#state, this.#types, this.#start, given);
    return this.#note(copy);
  }

  /**
   * @param {any[]} given the arguments of copyFrom()
   * @returns {CopyWritable | Promise<number>}
   */
  copyFrom(given) {
    const open = (/** @type {any[]} */ args) =>
      this.#note(new CopyWritable(this.#state, this.#types, this.#start, args));
    return given.length > 2 ? copyRows(open, given) : open(given);
  }

  /**
   * Notes a stream until it is closed.
   * @template {RowStream | CopyReadable | CopyWritable} T
   * @param {T} stream
   * @returns {T}
   */
  #note(stream) {
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
    const begin = (
      /** @type {any} */ reader,
      /** @type {any} */ config,
      Kind = StreamCall,
    ) => {
      const call = new Kind(this.#state, config.types ?? this.#types, reader);
      this.#send(OP.LEASE_QUERY, call, config);
      return call;
    };
    const connection = new SubmittedConnection(query, begin);
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
      stream.destroy(givenUp(stream));
    }
  }
}

module.exports = { LeaseStreams };
