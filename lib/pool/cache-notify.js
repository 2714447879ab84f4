// SPDX-License-Identifier: MIT
'use strict';

// cacheNotifyChannel: other processes say by NOTIFY what the cache has to
// forget. An answer is kept only while that is heard: from LISTEN on, with a
// round trip every few seconds as proof, since a session can be dead without a
// word. Otherwise a cached call asks the server, and what was kept serves
// staleIfErrorMillis alone.

const { nowMillis, startTimer, stopTimer } = require('../platform/clock.js');
const { listenQuietly } = require('./listen.js');
const { warnOnce } = require('../platform/warn.js');

/** @typedef {import('./pool-core.js').PoolCore} PoolCore */

const PROVE_EVERY_MILLIS = 5000;
/** So many proofs that stay away: it may not be heard any more. */
const PROOFS_MISSING = 2;
const AGAIN_AFTER_MILLIS = 1000;

/** Labels of tags begin with it: see cache.js. */
const TAG = 't';

const nothing = () => {};

class CacheEar {
  #core;
  #channel;
  #proveEvery;
  /** @type {'begin' | 'opening' | 'open' | 'off'} */
  #state = 'begin';
  #listening = false;
  #provedAt = 0;
  #againAt = 0;
  /** @type {() => Promise<unknown>} */
  #prove = () => Promise.resolve();
  /** @type {ReturnType<typeof startTimer> | undefined} */
  #timer = undefined;

  /**
   * @param {PoolCore} core
   * @param {string} channel
   * @param {number} [proveEvery] in ms
   */
  constructor(core, channel, proveEvery = PROVE_EVERY_MILLIS) {
    this.#core = core;
    this.#channel = channel;
    this.#proveEvery = proveEvery;
  }

  /**
   * Returns what a call of query() has to ask for: nothing that was kept, while
   * nobody could have said that it is old.
   * @param {any} config
   * @returns {any}
   */
  adjust(config) {
    if (config?.cache === undefined || config.cache === null) {
      return config;
    }
    this.#begin();
    if (this.#hears() || typeof config.cache !== 'object') {
      return config;
    }
    const cache = { ...config.cache };
    if (typeof cache.ttlMillis === 'number' && cache.ttlMillis > 0) {
      cache.ttlMillis = 0;
    }
    // Getters and what it inherits stay as they are.
    return Object.create(config, { cache: { value: cache, enumerable: true } });
  }

  #hears() {
    const silentFor = nowMillis() - this.#provedAt;
    return this.#listening && silentFor < PROOFS_MISSING * this.#proveEvery;
  }

  /** The first call that caches begins to listen: nothing does at load. */
  #begin() {
    if (this.#state !== 'begin' || nowMillis() < this.#againAt) {
      return;
    }
    const core = this.#core;
    this.#state = 'opening';
    const subscriber = {
      channel: this.#channel,
      fn: (/** @type {any} */ { payload }) => this.#forget(payload),
      onReconnect: () => this.#onListening(),
      onLost: () => {
        this.#listening = false;
      },
    };
    listenQuietly(core, subscriber).then(
      (prove) => {
        this.#prove = prove;
        this.#state = 'open';
        this.#onListening();
      },
      (/** @type {any} */ error) => this.#onFailed(error),
    );
  }

  /** @param {any} error */
  #onFailed(error) {
    if (error?.retryable === true) {
      this.#state = 'begin';
      this.#againAt = nowMillis() + AGAIN_AFTER_MILLIS;
    } else if (!this.#core.pool.ending) {
      this.#giveUp(error?.message);
    }
  }

  /** @param {string} why */
  #giveUp(why) {
    this.#state = 'off';
    warnOnce(
      `cacheNotifyChannel: nothing is kept in the cache: ${why}`,
      'HF_CACHE_NOTIFY',
    );
  }

  /** What was said before was not heard: all that is kept may be old. */
  #onListening() {
    this.#forget('');
    this.#listening = true;
    this.#provedAt = nowMillis();
    this.#planProof();
  }

  #planProof() {
    stopTimer(this.#timer);
    this.#timer = startTimer(() => this.#seekProof(), this.#proveEvery);
    this.#timer.unref();
  }

  async #seekProof() {
    if (!this.#listening || this.#core.pool.ending) {
      return;
    }
    const askedAt = nowMillis();
    try {
      await this.#prove();
      this.#provedAt = askedAt;
    } catch {
      // The session is lost, which is told in its own way.
    }
    this.#planProof();
  }

  /** @param {string} tag '' = everything */
  #forget(tag) {
    if (!this.#core.pool.ending) {
      const labels = tag === '' ? [] : [TAG + tag];
      this.#core.invalidate(labels, nothing, nothing);
    }
  }
}

module.exports = { CacheEar };
