// SPDX-License-Identifier: MIT
'use strict';

// The end of a pool: of its own connections, and of the sessions besides them.

const { callWith } = require('../engine/callbacks.js');
const { refusal } = require('../errors/errors.js');
const { OP } = require('../protocol/operations.js');
const { stopListening } = require('./listen.js');
const { endSessions, hasSessions } = require('./session.js');

/**
 * @param {import('./pool.js').State} state
 * @param {any} callback
 * @param {number} timeout 0 = drainMillis
 * @returns {Promise<void> | undefined}
 */
function end(state, callback, timeout) {
  const { core } = state;
  return callWith(callback, 'HoldfastEnd', (resolve, reject) => {
    if (state.ending) {
      throw refusal('HF_POOL_CLOSED', 'Called end on pool more than once');
    }
    state.ending = true;
    const listening = stopListening(core);
    const done = () => {
      state.ended = true;
      core.close();
      if (listening !== undefined || hasSessions(core)) {
        const ends = [listening, endSessions(core)];
        Promise.all(ends).then(() => resolve(undefined), reject);
        return;
      }
      resolve(undefined);
    };
    if (core.opened) {
      const limit = timeout || core.option('drainMillis');
      core.openResults.whenNone(limit, (left = timeout) => {
        core.command(OP.END, done, reject, { timeout: left });
      });
    } else {
      done();
    }
  });
}

module.exports = { end };
