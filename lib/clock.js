// SPDX-License-Identifier: MIT
'use strict';

// The engine's clock: milliseconds of process.hrtime(), one for the whole
// process. Clock and timers are taken hold of at load, so that the fake timers
// of test runners do not stop deadlines.

const timers = require('node:timers');

const { setTimeout: startTimer, clearTimeout: stopTimer } = timers;
const { hrtime } = process;

/**
 * Returns now on the engine's clock.
 * @returns {number}
 */
function nowMillis() {
  const time = hrtime();
  return time[0] * 1e3 + time[1] / 1e6;
}

module.exports = { nowMillis, startTimer, stopTimer };
