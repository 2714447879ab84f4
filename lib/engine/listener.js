// SPDX-License-Identifier: MIT
'use strict';

// Events and questions that the engine sends to a pool.

const { EVENT_AT, INT_AT } = require('../protocol/messages.js');
const { FLAG } = require('../protocol/operations.js');

/**
 * What receives a pool's events and questions.
 * @typedef {object} Listener
 * @property {(event: Event) => void} onEvent
 * @property {(question: string) => Promise<string>} onAsk
 */

/**
 * Returns a listener that does not keep the other alive.
 * @param {Listener} listener
 * @returns {Listener}
 */
function weakly(listener) {
  const ref = new WeakRef(listener);
  return {
    onEvent: (event) => ref.deref()?.onEvent(event),
    onAsk: async (question) => {
      const asked = ref.deref();
      if (asked === undefined) {
        throw new Error('the pool was garbage-collected');
      }
      return await asked.onAsk(question);
    },
  };
}

/**
 * @typedef {object} Event
 * @property {number} kind enum hf_event
 * @property {number} connection
 * @property {number} value
 * @property {number} lease
 * @property {number} status enum hf_status of the failure, or 0
 * @property {number} errno positive, or 0
 * @property {number} processID of CONNECT
 * @property {boolean} pooled of CONNECT: whether a pooler is in the way
 * @property {string[]} texts
 */

const { ID_HIGH, CHUNKS } = INT_AT;

/**
 * Returns the event of an HF_MSG_EVENT.
 * @param {Int32Array} ints
 * @param {number} at
 * @param {string[]} strings
 * @param {number} first
 * @returns {Event}
 */
function readEvent(ints, at, strings, first) {
  return {
    kind: ints[at + EVENT_AT.KIND],
    connection: ints[at + ID_HIGH],
    value: ints[at + EVENT_AT.VALUE],
    lease: ints[at + EVENT_AT.LEASE],
    status: ints[at + EVENT_AT.STATUS],
    errno: ints[at + EVENT_AT.ERRNO],
    processID: ints[at + EVENT_AT.PID],
    pooled: ints[at + EVENT_AT.POOLED] === 1,
    texts: strings.slice(first, first + ints[at + CHUNKS]),
  };
}

/**
 * Has a pool answer a question. Never rejects: a failure is an answer too.
 * @param {Listener | undefined} pool
 * @param {string} question
 * @returns {Promise<{text: string, flags: number}>}
 */
async function askPool(pool, question) {
  try {
    if (pool === undefined) {
      throw new Error('the pool is gone');
    }
    const text = await pool.onAsk(question);
    if (text.includes('\0')) {
      throw new TypeError(`the ${question} contains a NUL character`);
    }
    return { text, flags: 0 };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      text: message.replaceAll('\0', ''),
      flags: FLAG.FAILED | (isPermanent(error) ? FLAG.FORCE : 0),
    };
  }
}

/**
 * A function that fails is called again, unless its error says that this is
 * useless: by `retryable: false`, or because it is a bug.
 * @param {any} error
 * @returns {boolean}
 */
function isPermanent(error) {
  return (
    error?.retryable === false ||
    error instanceof TypeError ||
    error instanceof ReferenceError ||
    error instanceof SyntaxError
  );
}

module.exports = { askPool, readEvent, weakly };
