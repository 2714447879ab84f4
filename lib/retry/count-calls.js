// SPDX-License-Identifier: MIT
'use strict';

// Counts calls of the helpers for the engine's retry budget. They are reported
// in batches: a call of the addon costs as much as the rest of a helper's call.

const { native } = require('#core');

const { nowMillis } = require('../platform/clock.js');

const COUNT_EVERY = 64;
let uncounted = 0;

/** Reports all calls to the engine, before it judges one. */
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
