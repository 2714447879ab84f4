// SPDX-License-Identifier: MIT
'use strict';

// Events of the engine, as the objects `pg` emits.

const { errorFromMessage, readFields } = require('../errors/errors.js');
const { ERROR_AT, INT_AT } = require('../protocol/messages.js');
const { OUTCOME, PHASE, STATUS } = require('../protocol/policy.js');

/**
 * Returns the error of a connection that was lost.
 * @param {string} fields
 * @returns {Error}
 */
function connectionError(fields) {
  const ints = new Int32Array(ERROR_AT.INTS);
  ints[INT_AT.CHUNKS] = 1;
  ints[ERROR_AT.STATUS] = readFields(fields).C
    ? STATUS.SERVER_ERROR
    : STATUS.SOCKET_ERROR;
  ints[ERROR_AT.OUTCOME] = OUTCOME.NOT_EXECUTED;
  ints[ERROR_AT.RETRYABLE] = 1;
  ints[ERROR_AT.PHASE] = PHASE.AWAIT;
  return errorFromMessage(ints, 0, [fields], 0);
}

/**
 * Returns why a connection could not be opened.
 * @param {import('./listener.js').Event} event
 * @returns {Error}
 */
function connectError(event) {
  const ints = new Int32Array(ERROR_AT.INTS);
  ints[INT_AT.CHUNKS] = event.texts.length;
  ints[ERROR_AT.STATUS] = event.status;
  ints[ERROR_AT.OUTCOME] = OUTCOME.NOT_EXECUTED;
  ints[ERROR_AT.PHASE] = PHASE.CONNECT;
  ints[ERROR_AT.ERRNO] = event.errno;
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
  connectError,
  connectionError,
  noticeOf,
  notificationOf,
};
