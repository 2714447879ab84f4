// SPDX-License-Identifier: MIT
'use strict';

// pg's Connection as pg-cursor, pg-query-stream and pg's own Query drive it:
// Parse, Bind, Execute with a number of rows, Sync. Behind it is a stream of the
// engine; its rows, as text, answer each Execute.

const { EventEmitter } = require('node:events');

const { CopyInCall } = require('./copy-call.js');
const { SubmittedSocket, copyOf } = require('./submitted-socket.js');

/** Values stay the text that the server sent: the object has its own parsers. */
const RAW = Object.freeze({
  getTypeParser: () => (/** @type {string} */ text) => text,
});

const SYNC = -1;

/**
 * @typedef {object} Command
 * @property {number} rows how many an Execute still takes; SYNC
 * @property {number} given how many it got
 */

/**
 * The tag that ends an Execute. As in pg, that of a SELECT has the rows since
 * the last one.
 * @param {any} result
 * @param {number} given
 */
function tagOf({ command, rowCount }, given) {
  if (command === 'SELECT' || rowCount === null) {
    return command === 'SELECT' ? `SELECT ${given}` : String(command);
  }
  return command === 'INSERT'
    ? `INSERT 0 ${rowCount}`
    : `${command} ${rowCount}`;
}

/**
 * @callback Begin
 * @param {import('./stream-call.js').Reader} reader
 * @param {any} config
 * @param {any} [Kind] the class of the call, a StreamCall
 * @returns {any} the call; throws what is wrong
 */

class SubmittedConnection extends EventEmitter {
  #query;
  #begin;
  #text = '';
  /** @type {any[] | undefined} */
  #values = undefined;
  /** @type {import('./stream-call.js').StreamCall | null} */
  #call = null;
  /** @type {any[][]} */
  #portions = [];
  #at = 0;
  /** The result so far, with its columns. @type {any} */
  #result = null;
  #isDescribed = false;
  #isOver = false;
  /** @type {{error: any} | null} */
  #failure = null;
  #hasFailed = false;
  #isReady = false;
  /** @type {Command[]} */
  #commands = [];
  #isScheduled = false;
  /** @type {SubmittedSocket | null} */
  #socket = null;

  /**
   * @param {any} query the object given to query()
   * @param {Begin} begin
   */
  constructor(query, begin) {
    super();
    this.#query = query;
    this.#begin = begin;
  }

  // ---- what the object calls ------------------------------------------------

  /** @param {{text: string}} message */
  parse({ text }) {
    this.#text = text;
  }

  /** @param {{values?: any[] | null}} message */
  bind({ values }) {
    this.#values = values ?? undefined;
  }

  describe() {
    this.#start();
  }

  /** @param {{rows?: number}} message */
  execute({ rows }) {
    this.#start();
    this.#commands.push({ rows: rows || Number.POSITIVE_INFINITY, given: 0 });
    this.#schedule();
  }

  flush() {}

  /** Of the portal. Who closes it after an error waits for an answer, too. */
  close() {
    if (this.#isReady) {
      process.nextTick(() => this.emit('readyForQuery'));
    }
  }

  sync() {
    this.#commands.push({ rows: SYNC, given: 0 });
    this.#schedule();
  }

  /** @param {string} text */
  query(text) {
    const Kind = copyOf(text);
    if (Kind !== null) {
      this.#copy(text, Kind);
      return;
    }
    this.parse({ text });
    this.execute({});
    this.sync();
  }

  end() {
    throw new TypeError(
      'a Submittable cannot end the connection: call release() of the client',
    );
  }

  /** The socket, as far as pg-copy-streams reads and writes it. */
  get stream() {
    this.#socket ??= new SubmittedSocket({
      onData: (chunk) => this.#query.handleCopyData?.({ chunk }, this),
      onComplete: (text) => this.#query.handleCommandComplete?.({ text }, this),
      onReady: () => this.#ready(),
      onError: (error) => this.#fail(error),
    });
    return this.#socket;
  }

  /** Of COPY FROM: its data are not to be stored. */
  sendCopyFail() {
    this.#socket?.fail();
  }

  /** Nobody reads it any more. */
  destroy() {
    this.#call?.leave();
    this.#socket?.leave();
  }

  // ---- COPY -----------------------------------------------------------------

  /**
   * @param {string} text
   * @param {import('./submitted-socket.js').Kind} Kind
   */
  #copy(text, Kind) {
    try {
      this.stream.begin(this.#begin, { text }, Kind);
    } catch (error) {
      process.nextTick(() => {
        this.#fail(error);
        this.#ready();
      });
      return;
    }
    // Of COPY TO, when the object is destroyed; of COPY FROM it says so itself.
    this.#query.once?.('close', () => this.#socket?.dropAnswers());
    if (Kind === CopyInCall) {
      // The engine keeps data until the server takes them.
      process.nextTick(() => this.#query.handleCopyInResponse?.(this));
    }
  }

  // ---- the stream -----------------------------------------------------------

  #start() {
    if (this.#call !== null || this.#isOver) {
      return;
    }
    const reader = {
      onRows: (/** @type {any} */ result) => this.#onRows(result),
      onEnd: (/** @type {any} */ result) => {
        this.#isOver = true;
        this.#onRows(result);
      },
      onFailed: (/** @type {any} */ error) => {
        this.#isOver = this.#call?.isOver ?? true;
        this.#failure ??= { error };
        this.#pump();
      },
    };
    const config = {
      text: this.#text,
      values: this.#values,
      rowMode: 'array',
      types: RAW,
    };
    try {
      this.#call = this.#begin(reader, config);
    } catch (error) {
      this.#isOver = true;
      this.#failure = { error };
      this.#schedule();
    }
  }

  /** @param {any} result */
  #onRows(result) {
    this.#result = result;
    if (result.rows.length > 0) {
      this.#portions.push(result.rows);
    }
    this.#pump();
  }

  /** @returns {any[] | undefined} */
  #nextRow() {
    const portion = this.#portions[0];
    const row = portion?.[this.#at];
    this.#at += 1;
    if (portion === undefined || this.#at === portion.length) {
      this.#portions.shift();
      this.#at = 0;
      this.#call?.readMore();
    }
    return row;
  }

  // ---- its answers, in order ------------------------------------------------

  /** Not at once: a server does not answer within the call either. */
  #schedule() {
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      process.nextTick(() => {
        this.#isScheduled = false;
        this.#pump();
      });
    }
  }

  #pump() {
    this.#describe();
    if (this.#failure !== null && this.#portions.length === 0) {
      this.#fail(this.#failure.error);
    }
    while (this.#commands.length > 0 && this.#answer(this.#commands[0])) {
      this.#commands.shift();
    }
  }

  #describe() {
    if (this.#isDescribed || this.#result === null) {
      return;
    }
    this.#isDescribed = true;
    const { fields } = this.#result;
    if (fields.length === 0) {
      this.emit('noData');
    } else {
      this.#query.handleRowDescription?.({ fields });
      this.emit('rowDescription', { fields });
    }
  }

  /** @param {any} error */
  #fail(error) {
    if (!this.#hasFailed) {
      this.#hasFailed = true;
      this.#query.handleError(error, this);
    }
  }

  /**
   * @param {Command} command
   * @returns {boolean} whether it is answered
   */
  #answer(command) {
    if (command.rows === SYNC) {
      return this.#synced();
    }
    if (this.#hasFailed) {
      return true; // as a server: nothing is done up to the Sync
    }
    while (command.rows > 0) {
      const row = this.#nextRow();
      if (row === undefined) {
        return this.#completed(command);
      }
      command.rows -= 1;
      command.given += 1;
      this.#query.handleDataRow?.({ fields: row });
    }
    this.#query.handlePortalSuspended?.(this);
    return true;
  }

  /** @param {Command} command */
  #completed(command) {
    if (this.#failure !== null) {
      this.#fail(this.#failure.error);
      return true;
    }
    if (!this.#isOver) {
      return false;
    }
    if (this.#result.command === null) {
      this.#query.handleEmptyQuery?.(this);
    } else {
      const text = tagOf(this.#result, command.given);
      this.#query.handleCommandComplete?.({ text }, this);
    }
    return true;
  }

  #synced() {
    if (this.#call !== null && !this.#call.isOver) {
      this.#call.leave();
      return false;
    }
    this.#ready();
    return true;
  }

  #ready() {
    if (!this.#isReady) {
      this.#isReady = true;
      this.#portions = [];
      if (!this.#hasFailed) {
        this.#query.handleReadyForQuery?.(this);
      }
      this.emit('readyForQuery');
    }
  }
}

module.exports = { SubmittedConnection };
