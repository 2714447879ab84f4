// SPDX-License-Identifier: MIT
'use strict';

// The client objects of a pool: one per connection, for its lifetime.
//
// While a client is leased, only its user references it. So when the user
// forgets to release it, it is garbage-collected, and its connection is taken
// back. Between leases the pool references it, with its listeners and
// properties.

/** @typedef {import('./client.js').PoolClient} PoolClient */

/**
 * @typedef {object} Entry
 * @property {PoolClient | null} idle
 * @property {WeakRef<PoolClient>} ref
 */

/** How many clients of closed connections are tolerated. */
const SPARE = 64;

class Clients {
  /** @type {Map<number, Entry>} by serial of the connection */
  #bySerial = new Map();
  /** @type {Map<number, WeakRef<PoolClient>>} */
  #byLease = new Map();
  /** By lease. @type {Map<number, PoolClient>} */
  #standIns = new Map();
  #create;
  #limit;

  /**
   * @param {number} max of connections
   * @param {(serial: number) => PoolClient} create
   */
  constructor(max, create) {
    this.#limit = 2 * max + SPARE;
    this.#create = create;
  }

  /**
   * Returns the client of a connection.
   * @param {number} serial
   * @returns {PoolClient}
   */
  of(serial) {
    const known = this.#bySerial.get(serial)?.ref.deref();
    if (known !== undefined) {
      return known;
    }
    const client = this.#create(serial);
    if (serial !== 0) {
      this.#prune();
      this.#bySerial.set(serial, { idle: client, ref: new WeakRef(client) });
    }
    return client;
  }

  /**
   * @param {number} serial
   * @returns {PoolClient | undefined}
   */
  find(serial) {
    return this.#bySerial.get(serial)?.ref.deref();
  }

  /**
   * @param {number} lease
   * @returns {PoolClient | undefined}
   */
  leased(lease) {
    return this.#byLease.get(lease)?.deref();
  }

  /**
   * From now on only the user references the client.
   * @param {number} lease
   * @param {PoolClient} client
   */
  lend(lease, client) {
    const entry = this.#bySerial.get(client.serial);
    const own = entry?.ref.deref() === client;
    if (own && entry !== undefined) {
      entry.idle = null;
    }
    this.#byLease.set(
      lease,
      own && entry !== undefined ? entry.ref : new WeakRef(client),
    );
  }

  /**
   * Takes a client back. Returns whether the lease was held.
   * @param {number} lease
   * @returns {boolean}
   */
  takeBack(lease) {
    const client = this.leased(lease);
    const entry = client && this.#bySerial.get(client.serial);
    if (client !== undefined && entry?.ref.deref() === client) {
      entry.idle = client;
    }
    this.#standIns.delete(lease);
    return this.#byLease.delete(lease);
  }

  /** How many are leased. */
  get lent() {
    return this.#byLease.size;
  }

  /** @returns {IterableIterator<PoolClient>} those that are leased */
  *leasedClients() {
    for (const ref of this.#byLease.values()) {
      const client = ref.deref();
      if (client !== undefined) {
        yield client;
      }
    }
  }

  /**
   * @param {number} lease
   * @returns {boolean}
   */
  isLent(lease) {
    return this.#byLease.has(lease);
  }

  /**
   * Replaces the client of a lease, which was garbage-collected, by one that
   * the pool references.
   * @param {number} lease
   * @param {PoolClient} client
   */
  replace(lease, client) {
    const entry = this.#bySerial.get(client.serial);
    const ref = new WeakRef(client);
    if (entry !== undefined && entry.ref === this.#byLease.get(lease)) {
      entry.ref = ref;
      entry.idle = client;
    }
    this.#byLease.set(lease, ref);
    this.#standIns.set(lease, client);
  }

  /**
   * The connection is closed.
   * @param {number} serial
   */
  remove(serial) {
    this.#bySerial.delete(serial);
  }

  clear() {
    this.#bySerial.clear();
    this.#byLease.clear();
    this.#standIns.clear();
  }

  /**
   * A shared pool may close connections without an event in every environment.
   */
  #prune() {
    if (this.#bySerial.size > this.#limit) {
      for (const [serial, entry] of this.#bySerial) {
        if (entry.idle !== null || entry.ref.deref() === undefined) {
          this.#bySerial.delete(serial);
        }
      }
    }
  }
}

module.exports = { Clients };
