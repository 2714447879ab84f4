// SPDX-License-Identifier: MIT
'use strict';

// Reads the engine's messages: results and errors go to the requests that wait
// for them, events and questions to their pools.

const { rethrowLater } = require('./callbacks.js');
const { errorFromMessage, usageError } = require('../errors/errors.js');
const {
  ASK_AT,
  COPY_AT,
  ERROR_AT,
  INT_AT,
  LEASE_AT,
  MSG,
  OK_AT,
  OPENED_AT,
  RESULT,
  RESULT_AT,
  ROW_DESCRIPTION_AT,
} = require('../protocol/messages.js');
const { askPool, readEvent } = require('./listener.js');
const {
  readEmptyRows,
  readHead,
  readRows,
  readRowDescription,
} = require('../values/results.js');

/** @typedef {import('../values/rows.js').Message} Message */
/** @typedef {import('./waiters.js').ResultMeta} ResultMeta */
/** @typedef {import('./listener.js').Listener} Listener */

const { LENGTH, ID_LOW, ID_HIGH, NUMS, CHUNKS } = INT_AT;
const { MORE, WROTE, CACHED, STALE, HOLDS, PART } = RESULT;
const {
  FLAGS: RESULT_FLAGS,
  ROW_DESCRIPTION: RESULT_ROW_DESCRIPTION,
  ATTEMPTS: RESULT_ATTEMPTS,
  CONNECTION: RESULT_CONNECTION,
  TRANSACTION: RESULT_TRANSACTION,
} = RESULT_AT;
const MSG_RESULT = MSG.RESULT;
const CLEARS_ALL = 1;

/**
 * Returns the error of a message. One that cannot be read still rejects its
 * call: a promise that never settles would be worse than a vague error.
 * @param {Message} message
 * @returns {Error}
 */
function errorOf({ ints, at, strings, first }) {
  try {
    return errorFromMessage(ints, at, strings, first);
  } catch (cause) {
    return usageError('HF_OUTCOME_UNKNOWN', 'the error could not be read', {
      outcome: 'ambiguous',
      retryable: false,
      phase: 'await',
      attempts: 1,
      cause,
    });
  }
}

/**
 * Whether a result's columns were never described, or its text did not fit into
 * strings. Its rows would be wrong.
 * @param {Message} message
 * @param {unknown} description
 * @returns {boolean}
 */
function isUnreadable({ ints, at, strings, first }, description) {
  if (description === undefined && ints[at + RESULT_ROW_DESCRIPTION] !== 0) {
    return true;
  }
  for (let i = first + ints[at + CHUNKS] - 1; i >= first; i--) {
    if (strings[i] === null) {
      return true;
    }
  }
  return false;
}

/** @param {number} attempts @returns {Error} */
function unreadable(attempts) {
  return usageError(
    'HF_RESULT_TOO_LARGE',
    'the result came, but there is no memory for it: use LIMIT, or select ' +
      'large values in parts',
    { outcome: 'ambiguous', retryable: false, phase: 'await', attempts },
  );
}

/**
 * Hands the engine the answer to a question.
 * @callback Answer
 * @param {number} pool
 * @param {number} low
 * @param {number} high the question's number
 * @param {string} text
 * @param {number} flags
 * @returns {void}
 */

class Inbox {
  #waiters;
  #pools;
  #answer;
  /** @type {Map<number, import('../values/results.js').RowDescription>} */
  #descriptions = new Map();
  /** @type {ResultMeta} */
  #meta = {
    connection: 0,
    attempts: 0,
    more: false,
    part: false,
    transaction: 0,
    wrote: false,
    holds: false,
    failed: null,
  };

  /**
   * @param {import('./waiters.js').Waiters} waiters
   * @param {Map<number, Listener>} pools by number
   * @param {Answer} answer
   */
  constructor(waiters, pools, answer) {
    this.#waiters = waiters;
    this.#pools = pools;
    this.#answer = answer;
  }

  /**
   * Never throws: an error in one message does not affect the others.
   * @param {Int32Array} ints
   * @param {Float64Array} nums
   * @param {string[]} strings
   * @param {number} messages
   */
  read(ints, nums, strings, messages) {
    /** @type {Message} */
    const message = { ints, at: 0, nums, num: 0, strings, first: 0 };
    for (let i = 0; i < messages; i++) {
      try {
        if (ints[message.at] === MSG_RESULT) {
          this.#onResult(message);
        } else {
          this.#onOther(message);
        }
      } catch (error) {
        rethrowLater(error);
      }
      const { at } = message;
      message.num += ints[at + NUMS];
      message.first += ints[at + CHUNKS];
      message.at += ints[at + LENGTH];
    }
  }

  /** @param {Message} message */
  #onResult(message) {
    const { ints, at } = message;
    const low = ints[at + ID_LOW];
    const high = ints[at + ID_HIGH];
    const more = (ints[at + RESULT_FLAGS] & MORE) !== 0;
    const waiter = more
      ? this.#waiters.find(low, high)
      : this.#waiters.take(low, high);
    if (waiter?.onResult === undefined || waiter.types === undefined) {
      return;
    }
    const description = this.#descriptions.get(
      ints[at + RESULT_ROW_DESCRIPTION],
    );
    const asArray = waiter.rowAsArray === true;
    const result = readHead(message, description, asArray);
    const meta = this.#meta;
    meta.connection = ints[at + RESULT_CONNECTION];
    meta.attempts = ints[at + RESULT_ATTEMPTS];
    meta.more = more;
    meta.part = (ints[at + RESULT_FLAGS] & PART) !== 0;
    meta.transaction = ints[at + RESULT_TRANSACTION];
    meta.wrote = (ints[at + RESULT_FLAGS] & WROTE) !== 0;
    meta.holds = (ints[at + RESULT_FLAGS] & HOLDS) !== 0;
    meta.failed = null;
    if ((ints[at + RESULT_FLAGS] & CACHED) !== 0) {
      result.cached = true;
      result.stale = (ints[at + RESULT_FLAGS] & STALE) !== 0;
    }
    if (isUnreadable(message, description)) {
      meta.failed = { thrown: unreadable(ints[at + RESULT_ATTEMPTS]) };
    } else if (description === undefined) {
      result.rows = readEmptyRows(message, asArray);
    } else {
      try {
        const types = waiter.typesOn?.(meta.connection) ?? waiter.types;
        result.rows = readRows(message, description, asArray, types);
      } catch (thrown) {
        meta.failed = { thrown }; // by a type parser of the caller's
      }
    }
    waiter.onResult(result, meta);
  }

  /** @param {Message} message */
  #onOther(message) {
    switch (message.ints[message.at]) {
      case MSG.ROW_DESCRIPTION:
        this.#onRowDescription(message);
        break;
      case MSG.COPY:
        this.#onCopy(message);
        break;
      case MSG.EVENT:
        this.#onEvent(message);
        break;
      case MSG.ASK:
        this.#onAsk(message);
        break;
      default:
        this.#onAnswer(message);
    }
  }

  /** @param {Message} message */
  #onAnswer(message) {
    const { ints, at, strings, first } = message;
    const waiter = this.#waiters.take(ints[at + ID_LOW], ints[at + ID_HIGH]);
    if (waiter === null) {
      return;
    }
    switch (ints[at]) {
      case MSG.ERROR:
        waiter.onError(
          errorOf(message),
          ints[at + ERROR_AT.TRANSACTION] ?? 0,
          ints[at + ERROR_AT.CONNECTION] ?? 0,
        );
        break;
      case MSG.LEASE:
        waiter.onLease?.({
          number: ints[at + LEASE_AT.NUMBER],
          connection: ints[at + LEASE_AT.CONNECTION],
          processID: ints[at + LEASE_AT.PID],
          pooled: ints[at + LEASE_AT.POOLED] === 1,
        });
        break;
      case MSG.OPENED: {
        const options = ints[at + CHUNKS] > 0 ? strings[first] : '';
        waiter.onOpened?.(ints[at + OPENED_AT.EXISTING] === 1, options);
        break;
      }
      case MSG.HEALTH:
        waiter.onHealth?.(
          ints.slice(at, at + ints[at + LENGTH]),
          ints[at + ERROR_AT.STATUS] === 0 ? null : errorOf(message),
          ints[at + ERROR_AT.CONNECTION],
        );
        break;
      case MSG.OK:
        waiter.onOk?.(ints[at + OK_AT.STATUS]);
        break;
    }
  }

  /** @param {Message} message */
  #onRowDescription(message) {
    const id = message.ints[message.at + ROW_DESCRIPTION_AT.ID];
    if (id === CLEARS_ALL) {
      // The engine describes the columns of results in flight again.
      this.#descriptions = new Map();
    } else {
      this.#descriptions.set(id, readRowDescription(message));
    }
  }

  /**
   * Data of a COPY, or room for more of them.
   * @param {Message} message
   */
  #onCopy({ ints, at, strings, first }) {
    const waiter = this.#waiters.find(ints[at + ID_LOW], ints[at + ID_HIGH]);
    if (ints[at + CHUNKS] > 0) {
      waiter?.onData?.(strings[first]);
    } else {
      waiter?.onTaken?.(ints[at + COPY_AT.TAKEN]);
    }
  }

  /** @param {Message} message */
  #onEvent({ ints, at, strings, first }) {
    const pool = this.#pools.get(ints[at + ID_LOW]);
    pool?.onEvent(readEvent(ints, at, strings, first));
  }

  /**
   * Has a pool answer a question of the engine's.
   * @param {Message} message
   */
  #onAsk({ ints, at, strings, first }) {
    const number = ints[at + ASK_AT.POOL];
    const asked = askPool(this.#pools.get(number), strings[first]);
    const [low, high] = [ints[at + ID_LOW], ints[at + ID_HIGH]];
    asked.then(({ text, flags }) => {
      this.#answer(number, low, high, text, flags);
    });
  }
}

module.exports = { Inbox };
