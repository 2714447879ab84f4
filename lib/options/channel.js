// SPDX-License-Identifier: MIT
'use strict';

/** The server cuts longer names off, in bytes: it would notify another one. */
const BYTES_MAX = 63;

/**
 * Throws what is not the name of a channel.
 * @param {unknown} channel
 * @param {string} key
 * @returns {string}
 */
function checkedChannel(channel, key) {
  if (typeof channel !== 'string' || channel === '') {
    throw new TypeError(`${key} must be a string that is not empty`);
  }
  if (channel.includes('\0')) {
    throw new TypeError(`${key} contains a NUL character`);
  }
  const bytes = Buffer.byteLength(channel);
  if (bytes > BYTES_MAX) {
    throw new TypeError(
      `${key} has ${bytes} bytes: the server takes names of ${BYTES_MAX} at most`,
    );
  }
  return channel;
}

module.exports = { checkedChannel };
