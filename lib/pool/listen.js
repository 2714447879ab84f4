// SPDX-License-Identifier: MIT
'use strict';

// listen(channel, fn): notifications on a session of one's own, one for all
// channels of a pool and besides the pool's own connections. When it is lost, another is acquired, past the pooler if
// one is in the way, and every channel listened to again. What was notified in
// between is lost, as it is for any client: onReconnect tells when to look.

const { checkKeys, readMillis } = require('./arguments.js');
const { startTimer, stopTimer } = require('../platform/clock.js');
const { internals } = require('./client.js');
const { usageError } = require('../errors/errors.js');
const { checkedChannel } = require('../options/channel.js');
const { escapeIdentifier } = require('../values/quote.js');
const { acquireToListen, endBeside } = require('./session.js');
const { warnOnce } = require('../platform/warn.js');

/** @typedef {import('./client.js').PoolClient} PoolClient */
/** @typedef {import('./pool-core.js').PoolCore} PoolCore */

const KNOWN = new Set(['onReconnect', 'deadlineMillis']);

const PAUSE_MIN_MILLIS = 50;
const PAUSE_MAX_MILLIS = 2000;

/**
 * @typedef {object} Subscriber
 * @property {string} channel
 * @property {(notification: any) => unknown} fn
 * @property {(() => unknown) | undefined} onReconnect
 * @property {() => void} [onLost] of the pool's own
 * @property {boolean} [quiet] the pool's own: it keeps no process alive
 */

/** @type {WeakMap<PoolCore, Ear>} */
const ears = new WeakMap();

/**
 * Calls a user's function: what it throws or rejects with is warned of once.
 * @param {((value: any) => unknown) | undefined} fn
 * @param {unknown} value
 */
function tell(fn, value) {
  const warn = (/** @type {unknown} */ error) =>
    warnOnce(
      `a function given to listen() failed: ${describe(error)}`,
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
 * @param {unknown} error
 * @returns {string}
 */
function describe(error) {
  try {
    return String(error);
  } catch {
    return 'something that cannot be shown';
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
  /** Whether its session keeps no process alive. */
  #quiet = false;
  /** End pauses. @type {Set<() => void>} */
  #wakes = new Set();
  /** Why there was no session, the last time. @type {unknown} */
  #why = undefined;

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
    this.#subscribers.add(subscriber);
    this.#balance();
    try {
      await this.#within(millis, this.#join(subscriber));
      this.#core.refuseAfterEnd();
    } catch (error) {
      this.#subscribers.delete(subscriber);
      if (this.#subscribers.size === 0) {
        this.close();
      } else {
        this.#balance();
      }
      this.#core.refuseAfterEnd(); // which says more than the loss of a session
      throw error;
    }
  }

  /**
   * Has a channel listened to. An outage is waited for.
   * @param {Subscriber} subscriber
   */
  async #join(subscriber) {
    let pause = PAUSE_MIN_MILLIS;
    while (this.#subscribers.has(subscriber) && !this.#closed) {
      try {
        if (this.#client === null) {
          // It listens to every channel there is.
          await (this.#opening ?? this.#begin(this.#open()));
        } else {
          await this.#listen(this.#client, subscriber.channel);
        }
        return;
      } catch (error) {
        const lost = this.#client === null && this.#opening !== null;
        if (!lost && /** @type {any} */ (error)?.retryable !== true) {
          throw error;
        }
        await this.#pause(pause);
        pause = Math.min(PAUSE_MAX_MILLIS, pause * 2);
      }
    }
  }

  /**
   * @param {number} millis
   * @param {Promise<void>} work
   * @returns {Promise<void>}
   */
  #within(millis, work) {
    if (millis === 0) {
      return work;
    }
    return new Promise((resolve, reject) => {
      const timer = startTimer(
        () =>
          reject(
            usageError('HF_DEADLINE', undefined, {
              outcome: 'not_executed',
              retryable: true,
              phase: 'acquire',
              elapsedMillis: millis,
              reason: 'there was no session to listen on by then',
              cause: this.#why,
            }),
          ),
        millis,
      );
      work.then(resolve, reject).finally(() => stopTimer(timer));
    });
  }

  /** A session that only the pool itself listens on keeps no process alive. */
  #balance() {
    const quiet =
      this.#client !== null && [...this.#subscribers].every((s) => s.quiet);
    if (quiet !== this.#quiet) {
      this.#quiet = quiet;
      if (quiet) {
        this.#core.port.drop();
      } else {
        this.#core.port.hold();
      }
    }
  }

  /**
   * Closes a session, since it still listens.
   * @param {PoolClient} client
   */
  #giveBack(client) {
    if (this.#client === client) {
      this.#client = null;
      this.#balance();
    }
    client.removeAllListeners();
    internals.release(client, true);
  }

  /**
   * Resolves when the session has answered, which it does after every
   * notification that came before.
   * @returns {Promise<unknown>}
   */
  prove() {
    return Promise.resolve(this.#client?.query('select 1'));
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
    this.#balance();
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
    for (const wake of this.#wakes) {
      wake();
    }
    if (ears.get(this.#core) === this) {
      ears.delete(this.#core);
    }
    if (this.#client !== null) {
      this.#giveBack(this.#client);
    }
    endBeside(this.#core).catch(() => {});
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
        this.#balance();
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
      acquireToListen(this.#core, resolve, reject);
    }).catch((error) => {
      this.#why = error;
      throw error;
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
      this.#why = error;
      client.removeAllListeners();
      // Once it listens, close() may have given it back.
      if (!listening || this.#client === client) {
        this.#giveBack(client);
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
    for (const { onLost } of this.#subscribers) {
      onLost?.();
    }
    this.#giveBack(client);
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
      const done = () => {
        this.#wakes.delete(done);
        stopTimer(timer);
        resolve();
      };
      // Half of it by chance: a fleet that lost its server comes back spread.
      const timer = startTimer(done, (millis * (1 + Math.random())) / 2);
      this.#wakes.add(done);
      if (this.#closed) {
        done();
      } else if ([...this.#subscribers].every(({ quiet }) => quiet)) {
        timer.unref();
      }
    });
  }
}

/**
 * Listens to a channel until the returned function is called.
 * @param {PoolCore} core
 * @param {string} channel
 * @param {(notification: any) => unknown} fn
 * @param {{onReconnect?: () => unknown, deadlineMillis?: number}} [options]
 * @returns {Promise<() => Promise<void>>}
 */
async function listen(core, channel, fn, options) {
  checkedChannel(channel, 'channel');
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
  const millis =
    options?.deadlineMillis === undefined
      ? core.defaults.deadline
      : readMillis(options.deadlineMillis, 'deadlineMillis');
  core.refuseAfterEnd();
  const ear = earOf(core);
  const subscriber = { channel, fn, onReconnect };
  await ear.add(subscriber, millis);
  return () => ear.remove(subscriber);
}

/**
 * @param {PoolCore} core
 * @returns {Ear}
 */
function earOf(core) {
  let ear = ears.get(core);
  if (ear === undefined) {
    ear = new Ear(core);
    ears.set(core, ear);
  }
  return ear;
}

/**
 * Listens for the pool itself, as long as it is open: the process may end.
 * @param {PoolCore} core
 * @param {{channel: string, fn: (notification: any) => unknown,
 *   onReconnect: () => unknown, onLost: () => void}} subscriber
 * @returns {Promise<() => Promise<unknown>>} asks the session for an answer
 */
async function listenQuietly(core, subscriber) {
  const ear = earOf(core);
  await ear.add({ ...subscriber, quiet: true }, core.defaults.deadline);
  return () => ear.prove();
}

/**
 * Ends all listening of a pool.
 * @param {PoolCore} core
 */
function stopListening(core) {
  ears.get(core)?.close();
}

module.exports = { listen, listenQuietly, stopListening };
