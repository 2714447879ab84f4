// SPDX-License-Identifier: MIT
'use strict';

// The engine's clock: milliseconds of process.hrtime(), one for the whole
// process; and timers that nobody fakes.

const { nowMillis, startTimer, stopTimer } = require('#platform');

module.exports = { nowMillis, startTimer, stopTimer };
