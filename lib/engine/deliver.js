// SPDX-License-Identifier: MIT
'use strict';

// What the addon calls with its messages. It is in a file of its own, since a
// function keeps the variables of its file alive: the addon references this
// one, and must not keep a port alive by it.

/**
 * @param {WeakRef<import('./port.js').Port>} port
 * @returns {import('./native.js').Deliver}
 */
function deliverTo(port) {
  return (ints, nums, strings, messages) => {
    port.deref()?.receive(ints, nums, strings, messages);
  };
}

module.exports = { deliverTo };
