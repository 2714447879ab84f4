// SPDX-License-Identifier: MIT
'use strict';

// The engine's clock: milliseconds of process.hrtime(), one for the whole
// process; and timers that nobody fakes.

const { nowMillis, startTimer, stopTimer } = require('#platform');

/**
 * @param {number} one a moment; 0 = at no time
 * @param {number} other
 * @returns {number} the earlier of both
 */
function earlier(one, other) {
  return one > 0 && other > 0 ? Math.min(one, other) : one || other;
}

module.exports = { earlier, nowMillis, startTimer, stopTimer };
