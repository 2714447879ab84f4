// SPDX-License-Identifier: MIT
'use strict';

// HOLDFAST_TOP: whether this process shows its pools to `npx pg-holdfast top`.
// Without the variable nothing of it is loaded.

const { thisCopy } = require('../platform/package-instance.js');
const { textOf, warnOnce } = require('../platform/warn.js');

const ON = ['1', 'true'];
const OFF = ['', '0', 'false'];
const PORT_MAX = 65_535;

/** @param {string} why */
function warn(why) {
  warnOnce(`HOLDFAST_TOP: ${why}`, 'HF_OPTIONS');
}

/**
 * Returns the port to listen on, 0 for any, and nothing where it is off.
 * @param {string | undefined} text
 * @returns {number | undefined}
 */
function portOf(text = '') {
  if (OFF.includes(text)) {
    return undefined;
  }
  if (ON.includes(text)) {
    return 0;
  }
  const port = /^\d+$/.test(text) ? Number(text) : 0;
  if (port > 0 && port <= PORT_MAX) {
    return port;
  }
  warn(`neither 1 nor a port: ${JSON.stringify(text.slice(0, 20))}`);
  return undefined;
}

/** Called when a pool opens: the first one starts it, if it is wanted. */
function offerTop() {
  const { HOLDFAST_TOP: text } = process.env;
  if (text === undefined) {
    return;
  }
  // Not by this module: it may be loaded again, by a reload or a bundler.
  const copy = thisCopy();
  if (copy.top) {
    return;
  }
  copy.top = true;
  const port = portOf(text);
  if (port !== undefined) {
    require('./server.js')
      .startServer(port)
      .catch((/** @type {unknown} */ error) => warn(textOf(error)));
  }
}

module.exports = { offerTop };
