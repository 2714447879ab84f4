// SPDX-License-Identifier: MIT
'use strict';

// listen(channel, fn): notifications, on a session in addition to the pool's.
// The engine has one such session for each target, however many pools and
// threads listen; it replaces a lost one and reports that
// (native/core/features/listener.h). The subscribers are kept here.

const { argumentError } = require('../validate/argument-error.js');
const { FLAG, OP } = require('../protocol/operations.js');
const { checkKeys, readMillis } = require('./arguments.js');
const { usageError } = require('../errors/errors.js');
const { checkedChannel } = require('../options/channel.js');
const { rootsOf, thisCopy } = require('../platform/package-instance.js');
const { directIsPooled, openToListen } = require('./session.js');
const { textOf, warnOnce } = require('../platform/warn.js');

/** @typedef {import('./pool-core.js').PoolCore} PoolCore */

const KNOWN = new Set(['onReconnect', 'deadlineMillis']);

/**
 * @typedef {object} Subscriber
 * @property {string} channel
 * @property {(notification: any) => unknown} fn
 * @property {(() => unknown) | undefined} onReconnect
 */

/** @type {WeakMap<PoolCore, NotificationListener>} */
const listeners = new WeakMap();

/** What must not be collected. */
const roots = rootsOf(thisCopy());

/**
 * Calls a user's function; when it throws or rejects, that causes one warning.
 * @param {((value: any) => unknown) | undefined} fn
 * @param {unknown} value
 */
function callSafely(fn, value) {
  const warn = (/** @type {unknown} */ error) =>
    warnOnce(
      `a function given to listen() failed: ${textOf(error)}`,
      'HF_LISTENER',
      /** @type {any} */ (error)?.stack,
    );
  try {
    Promise.resolve(fn?.(value)).catch(warn);
  } catch (error) {
    warn(error);
  }
}

/**
 * @param {number} millis
 * @param {unknown} cause
 */
function deadlineError(millis, cause) {
  return usageError('HF_DEADLINE', undefined, {
    outcome: 'not_executed',
    retryable: true,
    phase: 'acquire',
    elapsedMillis: millis,
    reason: 'no session to listen on was open by then',
    cause,
  });
}

/** The subscribers of a pool, and the session that the engine has for them. */
class NotificationListener {
  #core;
  /**
   * Subscribers that listen, by channel.
   * @type {Map<string, Set<Subscriber>>}
   */
  #channels = new Map();
  /** How many listen, or are starting to. */
  #count = 0;
  /** How many keep the process alive. */
  #held = 0;
  /** @type {PoolCore | undefined} */
  #session = undefined;
  /** Whether a pooler was detected. */
  #pooled = false;

  /** @param {PoolCore} core */
  constructor(core) {
    this.#core = core;
  }

  /**
   * @param {Subscriber} subscriber
   * @param {number} millis how long it may take; 0 = no limit
   * @returns {Promise<void>}
   */
  async add(subscriber, millis) {
    await this.#listen([subscriber.channel], {
      deadline: millis,
      onListening: () => this.#enter(subscriber),
    });
    if (this.#core.pool.ending) {
      this.#leave(subscriber);
      this.#core.refuseAfterEnd();
    }
  }

  /**
   * Makes the engine invalidate the pool's cache on notifications.
   * @param {string} channel
   */
  async addCache(channel) {
    const number = this.#core.open();
    await this.#listen([channel, String(number)], {
      flags: FLAG.CACHE,
      counted: false,
    });
  }

  /**
   * @param {string[]} fields
   * @param {{deadline?: number, flags?: number, counted?: boolean,
   *   onListening?: () => void}} given
   */
  async #listen(fields, given) {
    this.#count += 1;
    try {
      await this.#listenDirectly(fields, given);
    } catch (error) {
      this.#count -= 1;
      if (this.#count === 0) {
        void this.close();
      }
      this.#core.refuseAfterEnd(); // which is more specific than a lost session
      throw error;
    }
  }

  /**
   * A pooler is detected when the session is opened; then a direct one is
   * opened.
   * @param {string[]} fields
   * @param {{deadline?: number, flags?: number, counted?: boolean,
   *   onListening?: () => void}} given
   */
  async #listenDirectly(fields, given) {
    for (;;) {
      const pooled = this.#pooled;
      try {
        await this.#command(OP.LISTEN, fields, given);
        return;
      } catch (/** @type {any} */ error) {
        if (pooled !== this.#pooled && !this.#core.pool.ending) {
          continue; // another call has detected the pooler
        }
        this.#settle(error, given.deadline ?? 0);
      }
    }
  }

  /**
   * Throws the caller's error, unless the next attempt goes another way.
   * @param {any} error
   * @param {number} millis
   */
  #settle(error, millis) {
    if (error.code === 'HF_DEADLINE') {
      throw deadlineError(millis, error.cause);
    }
    if (error.code !== 'HF_SESSION_REQUIRED' || error.phase !== 'local') {
      throw error;
    }
    if (this.#pooled) {
      throw directIsPooled();
    }
    this.#bypassPooler();
  }

  #bypassPooler() {
    const direct = openToListen(this.#core, true);
    void this.#session?.pool.end();
    this.#pooled = true;
    this.#setSession(direct);
  }

  /** @param {PoolCore} session */
  #setSession(session) {
    session.listener = this;
    this.#session = session;
  }

  /**
   * @param {number} kind
   * @param {string[]} fields
   * @param {{deadline?: number, flags?: number, counted?: boolean,
   *   onListening?: () => void}} [given]
   * @returns {Promise<void>}
   */
  #command(kind, fields, given = {}) {
    if (this.#session === undefined) {
      this.#setSession(openToListen(this.#core, this.#pooled));
    }
    const session = /** @type {PoolCore} */ (this.#session);
    return new Promise((resolve, reject) => {
      const done = () => {
        given.onListening?.(); // before the next notification
        resolve();
      };
      session.command(kind, done, reject, { ...given, fields });
    });
  }

  /** @param {Subscriber} subscriber that listens from now on */
  #enter(subscriber) {
    const others = this.#channels.get(subscriber.channel) ?? new Set();
    this.#channels.set(subscriber.channel, others.add(subscriber));
    this.#held += 1;
    this.#core.port.hold();
    roots.add(this);
  }

  /**
   * @param {Subscriber} subscriber
   * @returns {boolean} whether it listened
   */
  #leave(subscriber) {
    const others = this.#channels.get(subscriber.channel);
    if (!others?.delete(subscriber)) {
      return false;
    }
    if (others.size === 0) {
      this.#channels.delete(subscriber.channel);
    }
    this.#count -= 1;
    this.#release(1);
    return true;
  }

  /** @param {number} count of those that kept the process alive */
  #release(count) {
    for (let i = 0; i < count; i++) {
      this.#core.port.drop();
    }
    this.#held -= count;
    if (this.#held === 0) {
      roots.delete(this);
    }
  }

  /** @param {Subscriber} subscriber */
  async remove(subscriber) {
    if (!this.#leave(subscriber)) {
      return;
    }
    if (this.#count === 0) {
      void this.close();
    } else {
      // A lost session does not listen anyway.
      await this.#command(OP.UNLISTEN, [subscriber.channel]).catch(() => {});
    }
  }

  /**
   * The last subscriber has left.
   * @returns {Promise<void>}
   */
  async close() {
    this.#release(this.#held);
    this.#channels.clear();
    if (listeners.get(this.#core) === this) {
      listeners.delete(this.#core);
    }
    const session = this.#session?.pool;
    if (session !== undefined && !session.ending) {
      await session.end();
    }
  }

  /** @param {any} notification */
  onNotification(notification) {
    for (const { fn } of this.#channels.get(notification.channel) ?? []) {
      callSafely(fn, notification);
    }
  }

  /** @param {string} channel notifications in between were missed */
  onResumed(channel) {
    for (const { onReconnect } of this.#channels.get(channel) ?? []) {
      callSafely(onReconnect, undefined);
    }
  }
}

/**
 * Listens to a channel; the returned function stops it.
 * @param {PoolCore} core
 * @param {string} channel
 * @param {(notification: any) => unknown} fn
 * @param {{onReconnect?: () => unknown, deadlineMillis?: number}} [options]
 * @returns {Promise<() => Promise<void>>}
 */
async function listen(core, channel, fn, options) {
  checkedChannel(channel, 'channel');
  if (options !== undefined && (!options || typeof options !== 'object')) {
    throw argumentError('the options of listen() must be an object');
  }
  checkKeys(options ?? {}, KNOWN, 'listen()');
  const onReconnect = options?.onReconnect;
  for (const [name, given] of Object.entries({ fn, onReconnect })) {
    if (typeof given !== 'function' && (name === 'fn' || given !== undefined)) {
      throw argumentError(`${name}, given to listen(), must be a function`);
    }
  }
  const millis =
    options?.deadlineMillis === undefined
      ? core.defaults.deadline
      : readMillis(options.deadlineMillis, 'deadlineMillis');
  core.refuseAfterEnd();
  const listener = listenerOf(core);
  const subscriber = { channel, fn, onReconnect };
  await listener.add(subscriber, millis);
  return () => listener.remove(subscriber);
}

/**
 * @param {PoolCore} core
 * @returns {NotificationListener}
 */
function listenerOf(core) {
  let listener = listeners.get(core);
  if (listener === undefined) {
    listener = new NotificationListener(core);
    listeners.set(core, listener);
  }
  return listener;
}

/**
 * Listens for the pool's cache while the pool is open; it does not keep the
 * process alive. Rejects where that is impossible; an outage is waited out.
 * @param {PoolCore} core
 * @param {string} channel
 */
async function listenForCache(core, channel) {
  core.refuseAfterEnd();
  await listenerOf(core).addCache(channel);
}

/**
 * Ends all listening of a pool.
 * @param {PoolCore} core
 * @returns {Promise<void> | undefined} undefined: nobody listened
 */
function stopListening(core) {
  return listeners.get(core)?.close();
}

module.exports = {
  NotificationListener,
  listen,
  listenForCache,
  stopListening,
};
