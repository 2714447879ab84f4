// SPDX-License-Identifier: MIT
'use strict';

// The calls of a pool whose results may need types to be looked up. The end of
// the pool waits for them, since afterwards nothing can be asked.

const { nowMillis, startTimer, stopTimer } = require('../platform/clock.js');

class OpenResults {
  #count = 0;
  /** @type {(() => void) | null} */
  #onNone = null;

  /**
   * Counts a call that was sent, until its promise settles.
   * @param {import('./call.js').Call} call
   */
  add(call) {
    const { resolve, reject } = call;
    this.#count += 1;
    call.resolve = (value) => {
      resolve(value);
      this.#settled();
    };
    call.reject = (error) => {
      reject(error);
      this.#settled();
    };
  }

  #settled() {
    this.#count -= 1;
    if (this.#count === 0) {
      this.#onNone?.();
    }
  }

  /**
   * Calls back when no call is open: at once where none is, else with the time
   * that is left.
   * @param {number} millis how long to wait at most
   * @param {(left?: number) => void} done
   */
  whenNone(millis, done) {
    if (this.#count === 0) {
      done();
      return;
    }
    const endsAt = nowMillis() + millis;
    const timer = startTimer(() => this.#onNone?.(), millis);
    this.#onNone = () => {
      this.#onNone = null;
      stopTimer(timer);
      done(Math.max(1, Math.ceil(endsAt - nowMillis())));
    };
  }
}

module.exports = { OpenResults };
