// SPDX-License-Identifier: MIT
'use strict';

// listen(channel, fn): notifications on a session of one's own, one for all
// channels of a pool. When it is lost, another is acquired, past the pooler if
// one is in the way, and every channel listened to again. What was notified in
// between is lost, as it is for any client: onReconnect tells when to look.

const { checkKeys } = require('./arguments.js');
const { startTimer, stopTimer } = require('./clock.js');
const { internals } = require('./client.js');
const { escapeIdentifier } = require('./quote.js');
const { warnOnce } = require('./warn.js');

/** @typedef {import('./client.js').PoolClient} PoolClient */
/** @typedef {import('./pool-core.js').PoolCore} PoolCore */

const KNOWN = new Set(['onReconnect']);

const PAUSE_MIN_MILLIS = 50;
const PAUSE_MAX_MILLIS = 2000;

/**
 * @typedef {object} Subscriber
 * @property {string} channel
 * @property {(notification: any) => unknown} fn
 * @property {(() => unknown) | undefined} onReconnect
 */

/** @type {WeakMap<PoolCore, Ear>} */
const ears = new WeakMap();

/**
 * Calls a user's function: what it throws or rejects with is warned of once.
 * @param {((value: any) => unknown) | undefined} fn
 * @param {unknown} value
 */
function tell(fn, value) {
  const warn = () =>
    warnOnce('a function given to listen() failed', 'HF_LISTENER');
  try {
    Promise.resolve(fn?.(value)).catch(warn);
  } catch {
    warn();
  }
}

/** The session of a pool that listens. */
class Ear {
  #core;
  /** @type {Set<Subscriber>} */
  #subscribers = new Set();
  /** @type {PoolClient | null} */
  #client = null;
  /** @type {Promise<void> | null} */
  #opening = null;
  #closed = false;
  /** Ends a pause. @type {() => void} */
  #wake = () => {};

  /** @param {PoolCore} core */
  constructor(core) {
    this.#core = core;
  }

  /**
   * @param {Subscriber} subscriber
   * @returns {Promise<void>}
   */
  async add(subscriber) {
    this.#subscribers.add(subscriber);
    try {
      if (this.#client === null) {
        // It listens to every channel there is.
        await (this.#opening ?? this.#begin(this.#open()));
      } else {
        await this.#listen(this.#client, subscriber.channel);
      }
      this.#core.refuseAfterEnd();
    } catch (error) {
      this.#subscribers.delete(subscriber);
      this.#core.refuseAfterEnd(); // which says more than the loss of a session
      throw error;
    }
  }

  /**
   * Makes this the only attempt to have a session until it settles.
   * @param {Promise<void>} work
   * @returns {Promise<void>}
   */
  #begin(work) {
    this.#opening = work.finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  /** @param {Subscriber} subscriber */
  async remove(subscriber) {
    if (!this.#subscribers.delete(subscriber)) {
      return;
    }
    if (this.#subscribers.size === 0) {
      this.close();
    } else if (!this.#channels().has(subscriber.channel)) {
      const name = escapeIdentifier(subscriber.channel);
      // A session that is lost listens to nothing anyway.
      await this.#client?.query(`UNLISTEN ${name}`)?.catch(() => {});
    }
  }

  /** Gives the session back; it is closed, since it still listens. */
  close() {
    this.#closed = true;
    this.#wake();
    ears.delete(this.#core);
    const client = this.#client;
    this.#client = null;
    if (client !== null) {
      client.removeAllListeners();
      internals.release(client, true);
    }
  }

  #channels() {
    return new Set([...this.#subscribers].map(({ channel }) => channel));
  }

  /**
   * @param {PoolClient} client
   * @param {string} channel
   * @returns {Promise<void>}
   */
  async #listen(client, channel) {
    await client.query(`LISTEN ${escapeIdentifier(channel)}`);
  }

  /**
   * Listens to every channel, also to those that are added meanwhile.
   * @param {PoolClient} client
   */
  async #listenAll(client) {
    /** @type {Set<string>} */
    const listening = new Set();
    for (;;) {
      const next = [...this.#channels()].find((name) => !listening.has(name));
      if (next === undefined) {
        this.#client = client; // from now on add() listens itself
        return;
      }
      await this.#listen(client, next);
      listening.add(next);
    }
  }

  /** @returns {Promise<void>} */
  async #open() {
    /** @type {PoolClient} */
    const client = await new Promise((resolve, reject) => {
      const options = { session: true };
      this.#core.acquire(options, undefined, resolve, reject);
    });
    let opening = true;
    let lost = false;
    let listening = false;
    client.on('error', () => {
      lost = true;
      if (!opening) {
        this.#onLost(client);
      }
    });
    client.on('notification', (/** @type {any} */ notification) =>
      this.#onNotification(notification),
    );
    try {
      await this.#listenAll(client);
      listening = true;
      if (lost || this.#closed) {
        throw new Error('the session was lost at once');
      }
      opening = false;
    } catch (error) {
      client.removeAllListeners();
      // Once it listens, close() may have given it back.
      if (!listening || this.#client === client) {
        this.#client = null;
        internals.release(client, true);
      }
      throw error;
    }
  }

  /** @param {any} notification */
  #onNotification(notification) {
    for (const { channel, fn } of this.#subscribers) {
      if (channel === notification.channel) {
        tell(fn, notification);
      }
    }
  }

  /** @param {PoolClient} client */
  #onLost(client) {
    if (this.#client !== client) {
      return; // still being opened, or closed: seen to there
    }
    this.#client = null;
    client.removeAllListeners();
    internals.release(client, true);
    this.#begin(this.#reopen()).catch(() => {});
  }

  /** Tries until it listens again, or nobody wants that any more. */
  async #reopen() {
    let pause = PAUSE_MIN_MILLIS;
    while (!this.#closed && !this.#core.pool.ending) {
      try {
        await this.#open();
        for (const { onReconnect } of this.#subscribers) {
          tell(onReconnect, undefined);
        }
        return;
      } catch {
        await this.#pause(pause);
        pause = Math.min(PAUSE_MAX_MILLIS, pause * 2);
      }
    }
  }

  /**
   * Waits, or until it is closed.
   * @param {number} millis
   * @returns {Promise<void>}
   */
  #pause(millis) {
    return new Promise((resolve) => {
      const timer = startTimer(() => resolve(), millis);
      this.#wake = () => {
        stopTimer(timer);
        resolve();
      };
      if (this.#closed) {
        this.#wake();
      }
    });
  }
}

/**
 * Listens to a channel until the returned function is called.
 * @param {PoolCore} core
 * @param {string} channel
 * @param {(notification: any) => unknown} fn
 * @param {{onReconnect?: () => unknown}} [options]
 * @returns {Promise<() => Promise<void>>}
 */
async function listen(core, channel, fn, options) {
  if (typeof channel !== 'string' || channel === '') {
    throw new TypeError('channel must be a string that is not empty');
  }
  if (options !== undefined && (!options || typeof options !== 'object')) {
    throw new TypeError('the options of listen() must be an object');
  }
  checkKeys(options ?? {}, KNOWN, 'listen()');
  const onReconnect = options?.onReconnect;
  for (const [name, given] of Object.entries({ fn, onReconnect })) {
    if (typeof given !== 'function' && (name === 'fn' || given !== undefined)) {
      throw new TypeError(`${name}, given to listen(), must be a function`);
    }
  }
  core.refuseAfterEnd();
  let ear = ears.get(core);
  if (ear === undefined) {
    ear = new Ear(core);
    ears.set(core, ear);
  }
  const subscriber = { channel, fn, onReconnect };
  await ear.add(subscriber);
  const heard = ear;
  return () => heard.remove(subscriber);
}

/**
 * Ends all listening of a pool.
 * @param {PoolCore} core
 */
function stopListening(core) {
  ears.get(core)?.close();
}

module.exports = { listen, stopListening };
