// SPDX-License-Identifier: MIT
'use strict';

// pg's Connection: what a Client has as `connection`. The engine speaks the
// protocol, so it is an emitter and nothing more.

const { EventEmitter } = require('node:events');

class Connection extends EventEmitter {}

const METHODS = 'query parse bind execute describe close flush sync end';
for (const name of METHODS.split(' ')) {
  Object.defineProperty(Connection.prototype, name, {
    configurable: true,
    writable: true,
    /** @returns {never} */
    value() {
      throw new TypeError(
        `connection.${name}() does not exist here: the engine speaks the ` +
          'protocol itself; use query() of a client or a pool',
      );
    },
  });
}

module.exports = { Connection };
