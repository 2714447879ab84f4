// SPDX-License-Identifier: MIT
'use strict';

// cacheNotifyChannel: other processes say by NOTIFY what the cache has to
// forget. The engine listens, forgets, and decides whether what is kept can be
// trusted (native/core/cache/trust.h); it is told to begin with the first call
// that caches.

const { listenForCache } = require('./listen.js');
const { warnOnce } = require('../platform/warn.js');

/** @typedef {import('./pool-core.js').PoolCore} PoolCore */

class CacheInvalidator {
  #core;
  #channel;
  #begun = false;

  /**
   * @param {PoolCore} core
   * @param {string} channel
   */
  constructor(core, channel) {
    this.#core = core;
    this.#channel = channel;
  }

  /**
   * The first call that caches begins to listen: nothing does at load.
   * @param {any} config of a call of query()
   */
  begin(config) {
    if (this.#begun || config?.cache === undefined || config.cache === null) {
      return;
    }
    this.#begun = true;
    listenForCache(this.#core, this.#channel).catch((error) => {
      if (!this.#core.pool.ending) {
        warnOnce(
          `cacheNotifyChannel: nothing is kept in the cache: ${error?.message}`,
          'HF_CACHE_NOTIFY',
        );
      }
    });
  }
}

module.exports = { CacheInvalidator };
