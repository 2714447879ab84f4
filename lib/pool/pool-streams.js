// SPDX-License-Identifier: MIT
'use strict';

// The streams of a pool, each on a connection of its own: rows, and COPY.

const { OP } = require('../protocol/operations.js');
const { readCall } = require('./arguments.js');
const { copyRows } = require('./copy-rows.js');
const { CopyReadable, CopyWritable } = require('./copy-streams.js');
const { RowStream } = require('./row-stream.js');

/** @typedef {import('./pool-core.js').PoolCore} PoolCore */
/** @typedef {import('./call-settings.js').CallSettings} CallSettings */

/**
 * Sends the statement of a stream. Throws what is wrong with its arguments.
 * @param {PoolCore} core
 * @param {CallSettings | null} settings
 * @returns {(call: import('./stream-call.js').StreamCall, config: any) => void}
 */
function starter(core, settings) {
  return (call, config) => {
    core.refuseAfterEnd();
    call.settings = settings;
    call.deadline = core.defaults.deadline;
    call.timeout = core.defaults.timeout;
    call.flags = core.defaults.flags;
    readCall(call, config, undefined, core.names);
    call.run?.use(core.pool);
    call.acquire = core.defaults.acquire;
    core.submit(OP.QUERY, call);
  };
}

/**
 * Returns the rows of a statement. Never throws: what is wrong destroys the
 * stream.
 * @param {PoolCore} core
 * @param {any[]} given the arguments of stream()
 * @param {CallSettings | null} [settings]
 * @returns {RowStream}
 */
function streamRows(core, given, settings = null) {
  return new RowStream(core, core.types, starter(core, settings), given);
}

/**
 * Returns the data of a COPY. Never throws, either.
 * @param {PoolCore} core
 * @param {any[]} given the arguments of copyTo()
 * @param {CallSettings | null} [settings]
 * @returns {CopyReadable}
 */
function copyTo(core, given, settings = null) {
  return new CopyReadable(core, core.types, starter(core, settings), given);
}

/**
 * Returns what takes the data of a COPY; or, of rows, the promise of how many
 * were stored. Never throws, either.
 * @param {PoolCore} core
 * @param {any[]} given the arguments of copyFrom()
 * @param {CallSettings | null} [settings]
 * @returns {CopyWritable | Promise<number>}
 */
function copyFrom(core, given, settings = null) {
  const open = (/** @type {any[]} */ args) =>
    new CopyWritable(core, core.types, starter(core, settings), args);
  return given.length > 2 ? copyRows(open, given) : open(given);
}

module.exports = { copyFrom, copyTo, streamRows };
