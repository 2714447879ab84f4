// SPDX-License-Identifier: MIT
'use strict';

// cacheNotifyChannel: other processes invalidate the cache by NOTIFY. The
// engine listens, invalidates, and decides whether the cache can be trusted
// (native/core/cache/trust.h). It begins with the first call that caches.

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
   * Begins to listen at the first call that caches, and not at load.
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
