// SPDX-License-Identifier: MIT
'use strict';

// What the engine reports by itself, as the objects `pg` emits.

const { errorFromMessage, readFields } = require('../errors/errors.js');

/** enum hf_event */
const EVENT = Object.freeze({
  CONNECT: 0,
  REMOVE: 1,
  ERROR: 2,
  NOTICE: 3,
  NOTIFY: 4,
  WARNING: 5,
  LOST: 6,
  CONNECTING: 7,
  CONNECT_FAILED: 8,
  BREAKER: 9,
});

// The parts of an HF_MSG_ERROR that an event has: see holdfast.h.
const ERROR_INTS = 21;
const CHUNKS = 5;
const STATUS = 6;
const OUTCOME = 7;
const RETRYABLE = 8;
const PHASE = 10;
const ERRNO = 13;
const NOT_EXECUTED = 1;
const PHASE_CONNECT = 2;
const PHASE_AWAIT = 4;
const SERVER_ERROR = 2;
const SOCKET_ERROR = 3;

/**
 * Returns the error of a connection that died by itself.
 * @param {string} fields
 * @returns {Error}
 */
function connectionError(fields) {
  const ints = new Int32Array(ERROR_INTS);
  ints[CHUNKS] = 1;
  ints[STATUS] = readFields(fields).C ? SERVER_ERROR : SOCKET_ERROR;
  ints[OUTCOME] = NOT_EXECUTED;
  ints[RETRYABLE] = 1;
  ints[PHASE] = PHASE_AWAIT;
  return errorFromMessage(ints, 0, [fields], 0);
}

/**
 * Returns why a connection could not be opened.
 * @param {import('./listener.js').Event} event
 * @returns {Error}
 */
function connectError(event) {
  const ints = new Int32Array(ERROR_INTS);
  ints[CHUNKS] = event.texts.length;
  ints[STATUS] = event.status;
  ints[OUTCOME] = NOT_EXECUTED;
  ints[PHASE] = PHASE_CONNECT;
  ints[ERRNO] = event.errno;
  return errorFromMessage(ints, 0, event.texts, 0);
}

/**
 * Returns a notice with the fields `pg` gives it.
 * @param {string} text
 * @returns {object}
 */
function noticeOf(text) {
  const fields = readFields(text);
  return {
    length: text.length,
    name: 'notice',
    message: fields.M,
    severity: fields.S,
    code: fields.C,
    detail: fields.D,
    hint: fields.H,
    position: fields.P,
    internalPosition: fields.p,
    internalQuery: fields.q,
    where: fields.W,
    schema: fields.s,
    table: fields.t,
    column: fields.c,
    dataType: fields.d,
    constraint: fields.n,
    file: fields.F,
    line: fields.L,
    routine: fields.R,
  };
}

/**
 * Returns a notification as `pg` emits it.
 * @param {import('./listener.js').Event} event
 * @returns {object}
 */
function notificationOf(event) {
  const [channel, payload = ''] = event.texts;
  return {
    length: channel.length + payload.length,
    name: 'notification',
    processId: event.value,
    channel,
    payload,
  };
}

module.exports = {
  EVENT,
  connectError,
  connectionError,
  noticeOf,
  notificationOf,
};
