// SPDX-License-Identifier: MIT
'use strict';

// Calls of the helpers, for the engine's budget of repetitions. It is told of
// them in batches: crossing into the addon costs as much as the rest of a call.

const { native } = require('#core');

const { nowMillis } = require('../platform/clock.js');

const COUNT_EVERY = 64;
let uncounted = 0;

/** Tells the engine of all calls; before it judges one. */
function flushCounts() {
  const now = nowMillis();
  for (; uncounted > 0; uncounted--) {
    native().retryCountCall(now);
  }
}

function countCall() {
  uncounted += 1;
  if (uncounted >= COUNT_EVERY) {
    flushCounts();
  }
}

module.exports = { countCall, flushCounts };
