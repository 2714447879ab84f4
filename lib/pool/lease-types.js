// SPDX-License-Identifier: MIT
'use strict';

// The types as a lease sees them: those of its pool, or those of its transaction
// once that has altered some.

const { joinSignal } = require('./arguments.js');
const { namedType } = require('./named-type.js');
const { ALTERS, lookupCall } = require('./type-lookup.js');
const { OP } = require('../protocol/operations.js');

class LeaseTypes {
  #lease;
  /** @type {import('./type-lookup.js').TypeLookup | null} */
  #own = null;

  /** @param {import('./lease-state.js').LeaseState} lease */
  constructor(lease) {
    this.#lease = lease;
  }

  get lookup() {
    return this.#own ?? this.#lease.core.lookup;
  }

  /** The lease begins. */
  begin() {
    this.#own = null;
  }

  /**
   * Notes what a statement may have altered: for the transaction until it ends,
   * then for all.
   * @param {import('./call.js').Call} call
   */
  note({ command }) {
    const { core, status } = this.#lease;
    if (core.lookup === null) {
      return;
    }
    const isOpen = status !== 'I';
    const alters =
      ALTERS.has(command) || (this.#own !== null && command === 'ROLLBACK');
    if (isOpen && alters) {
      this.#own = core.lookup.apart();
    } else if (alters || (!isOpen && this.#own !== null)) {
      this.#own = null;
      core.lookup.catalog.expire();
    }
  }

  /** Whether its transaction has failed, and so nothing can be asked there. */
  get isFailed() {
    return this.#lease.lease !== 0 && this.#lease.status === 'E';
  }

  /** Whether the catalogue can be asked on this connection. */
  get mayAsk() {
    const { closed, lease, refusesSql, status } = this.#lease;
    return lease !== 0 && closed === '' && !refusesSql && status !== 'E';
  }

  /**
   * Asks the catalogue, after all earlier statements.
   * @param {import('./type-lookup.js').Question} question
   * @returns {Promise<import('../values/results.js').Result>}
   */
  ask(question) {
    const lease = this.#lease;
    return new Promise((resolve, reject) => {
      const call = lookupCall(lease, question, resolve, reject);
      call.timeout = lease.core.defaults.timeout;
      joinSignal(call, lease.signal);
      call.submit(lease.core.port, OP.LEASE_QUERY, lease.lease);
      lease.begun();
    });
  }

  /**
   * Looks a type up by its name, as this connection sees it: that of a temporary
   * table, or of one that its transaction has made.
   * @param {unknown} name
   */
  named(name) {
    return namedType((question) => {
      this.#lease.refuseIfGone();
      return this.ask(question);
    }, name);
  }
}

module.exports = { LeaseTypes };
