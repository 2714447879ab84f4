// SPDX-License-Identifier: MIT
'use strict';

// The clients of a pool that are lent: granted, released, or taken back from
// users who forgot to.

const { internals, PoolClient } = require('./client.js');
const { rootsOf, thisCopy } = require('../platform/package-instance.js');
const { FLAG, OP } = require('../protocol/operations.js');

/** @typedef {import('../engine/waiters.js').Lease} Lease */
/** @typedef {import('../retry/context.js').JoinedRun} JoinedRun */
/** @typedef {import('./lease-state.js').LeaseState} LeaseState */

/** What must not be collected. */
const roots = rootsOf(thisCopy());

class Leases {
  #core;
  /** Of which kinds of leak was warned. @type {Set<boolean>} */
  #warned = new Set();

  /** @param {import('./pool-core.js').PoolCore} core */
  constructor(core) {
    this.#core = core;
  }

  /**
   * Gives a user the connection of a lease.
   * @param {Lease} lease
   * @param {JoinedRun | undefined} run
   * @param {{stack?: string} | undefined} stack where it was asked for;
   *   without one the client is an object of its own
   * @returns {PoolClient}
   */
  grant(lease, run, stack) {
    const core = this.#core;
    const { clients } = core;
    const client = stack
      ? clients.of(lease.connection)
      : new PoolClient(core, lease.connection);
    if (!stack) {
      const own = clients.find(lease.connection);
      const { types = null } = own ? internals.stateOf(own) : {};
      internals.stateOf(client).types = types;
    }
    internals.grant(client, lease, run, stack);
    clients.lend(lease.number, client);
    core.port.hold();
    roots.add(core);
    core.observer.granted(lease.number);
    core.pool.emit('acquire', client);
    return client;
  }

  /**
   * @param {any} client
   * @param {LeaseState} state
   * @param {number} lease
   * @param {unknown} error
   */
  release(client, state, lease, error) {
    const core = this.#core;
    const notices = core.noticesFlag(core.clients.find(state.serial));
    this.#giveBack(lease, (error === true ? FLAG.CLOSE : 0) | notices);
    this.#emitRelease(client, state, lease, error);
  }

  /**
   * The same when the engine has released it, with OP.FINISH.
   * @param {any} client
   * @param {LeaseState} state
   * @param {number} lease
   * @param {unknown} error
   */
  finished(client, state, lease, error) {
    this.#takeBack(lease);
    this.#emitRelease(client, state, lease, error);
  }

  /**
   * @param {any} client
   * @param {LeaseState} state
   * @param {number} lease
   * @param {unknown} error
   */
  #emitRelease(client, state, lease, error) {
    this.#core.observer.released(lease, state.processID, error);
    this.#core.pool.emit('release', error || undefined, client);
  }

  /**
   * @param {number} lease
   * @param {number} flags
   */
  #giveBack(lease, flags) {
    if (this.#takeBack(lease)) {
      this.#core.port.add(OP.RELEASE, 0, lease, null, flags);
    }
  }

  /**
   * @param {number} lease
   * @returns {boolean} whether it was lent
   */
  #takeBack(lease) {
    const core = this.#core;
    const isLent = core.clients.takeBack(lease);
    if (isLent) {
      core.port.drop();
      if (core.clients.lent === 0) {
        roots.delete(core);
      }
    }
    return isLent;
  }

  /**
   * The client of a lease was garbage-collected. Its connection is taken back
   * unless somebody would lose something by that.
   * @param {LeaseState} state
   * @param {number} lease
   * @param {{stack?: string} | undefined} stack
   */
  reclaim(state, lease, stack) {
    const { clients } = this.#core;
    if (state.lease !== lease || !clients.isLent(lease)) {
      return;
    }
    const isKept = state.holds;
    if (isKept) {
      clients.replace(lease, internals.standIn(state));
    } else {
      state.lease = 0;
      this.#giveBack(lease, 0);
    }
    this.#warnOfLeak(isKept, stack);
  }

  /**
   * @param {boolean} isKept
   * @param {{stack?: string} | undefined} stack
   */
  #warnOfLeak(isKept, stack) {
    if (this.#warned.has(isKept)) {
      return;
    }
    this.#warned.add(isKept);
    const what = isKept
      ? 'its connection stays out, for it listens or holds a session: keep ' +
        'the client, and release() it in the end'
      : 'its connection was taken back';
    process.emitWarning(
      `a client was garbage-collected without release(): ${what}`,
      {
        type: 'HoldfastWarning',
        code: 'HF_CLIENT_LEAKED',
        detail: stack?.stack,
      },
    );
  }

  /** The pool was ended: who still has a client has it without a connection. */
  clear() {
    const core = this.#core;
    for (let held = core.clients.lent; held > 0; held--) {
      core.port.drop();
    }
    roots.delete(core);
    core.clients.clear();
  }
}

module.exports = { Leases };
