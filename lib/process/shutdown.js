// SPDX-License-Identifier: MIT
'use strict';

// installShutdownHooks(): ends the pools of getPool() when the process is told
// to end. Opt-in, since a process belongs to its application: other listeners
// run as ever, and what a signal does by default happens only where nobody
// else listens to it.

const { checkOptions } = require('../validate/keys.js');
const { checkBoolean, readDrainMillis } = require('../validate/values.js');
const { nowMillis } = require('../platform/clock.js');
const { until } = require('../platform/until.js');
const { logOf } = require('../observe/log.js');
const { distinctPools, openPools } = require('./registry.js');

const DRAIN_MILLIS = 5000;

/** How long cancelling and closing may take after the draining. */
const GRACE_MILLIS = 2000;

const KNOWN = new Set(['signals', 'drainMillis', 'beforeExit']);

/**
 * @typedef {object} ShutdownOptions
 * @property {string[]} [signals]
 * @property {number} [drainMillis]
 * @property {boolean} [beforeExit]
 */

/**
 * @param {any} options
 * @returns {{signals: NodeJS.Signals[], drain: number, beforeExit: boolean}}
 */
function readOptions(options = {}) {
  checkOptions(options, KNOWN, 'installShutdownHooks()');
  const { signals = ['SIGTERM', 'SIGINT'], beforeExit = true } = options;
  if (
    !Array.isArray(signals) ||
    signals.some((name) => !/^SIG[A-Z0-9]+$/.test(name))
  ) {
    throw new TypeError("signals must be a list of names, as ['SIGTERM']");
  }
  return {
    signals: /** @type {NodeJS.Signals[]} */ (signals),
    drain: readDrainMillis(options.drainMillis ?? DRAIN_MILLIS, 'drainMillis'),
    beforeExit: checkBoolean(beforeExit, 'beforeExit'),
  };
}

/**
 * Ends every shared pool; never rejects, and always settles.
 * @param {number} millis
 */
async function drainAll(millis) {
  const ends = openPools().map((pool) => pool.drain(millis));
  const endsAt = nowMillis() + millis + GRACE_MILLIS;
  await until(Promise.allSettled(ends), { endsAt }, ignore).catch(ignore);
}

function ignore() {}

/**
 * How many listeners of every signal are of the package signal-exit, which
 * many tools bring along. It ends the process only where nobody else listens,
 * so waiting for it to do so would be waiting for each other.
 * @returns {number}
 */
function waitingListeners() {
  const emitters = [
    /** @type {any} */ (globalThis)[Symbol.for('signal-exit emitter')],
    /** @type {any} */ (process).__signal_exit_emitter__,
  ];
  return emitters.reduce((sum, emitter) => {
    const count = emitter?.count;
    return sum + (Number.isInteger(count) && count > 0 ? count : 0);
  }, 0);
}

/**
 * Whether we have to end the process on a signal: no other listener will.
 * @param {NodeJS.Signals} signal
 * @returns {boolean}
 */
function isOurs(signal) {
  return process.listenerCount(signal) - waitingListeners() <= 1;
}

class Hooks {
  #drainMillis;
  /** Whether the last signal had other listeners. */
  #wasTheirs = false;
  /** @type {Map<string, (...values: any[]) => void>} */
  #listeners = new Map();
  /** @type {Promise<void> | null} */
  #draining = null;

  /** @param {ReturnType<typeof readOptions>} options */
  constructor({ signals, drain, beforeExit }) {
    this.#drainMillis = drain;
    for (const signal of signals) {
      this.#listen(signal, () => this.#onSignal(signal));
    }
    if (beforeExit) {
      this.#listen('beforeExit', () => this.#onBeforeExit());
    }
  }

  /**
   * @param {string} event
   * @param {() => void} listener
   */
  #listen(event, listener) {
    this.#listeners.set(event, listener);
    // First in line: a listener for once is gone when it has run.
    process.prependListener(/** @type {any} */ (event), listener);
  }

  /** @param {NodeJS.Signals} signal */
  async #onSignal(signal) {
    // Asked for before anybody's listener takes itself away.
    const alone = isOurs(signal);
    const again = this.#draining !== null;
    // A second signal means: now. Unless it comes from those who had the first
    // one and are done, as frameworks send it on.
    const now = again && !this.#wasTheirs;
    this.#wasTheirs = !alone;
    if (!again) {
      this.#begin(signal);
    }
    if (!now) {
      await this.#draining;
    }
    if (alone) {
      installed?.();
      process.kill(process.pid, signal);
    }
  }

  /** @param {NodeJS.Signals} signal */
  #begin(signal) {
    const pools = openPools();
    const log = logOf(pools[0]);
    log.info(
      { event: 'shutdown.start', signal },
      `${signal}: ending ${distinctPools().length} pools`,
    );
    this.#draining = drainAll(this.#drainMillis).then(() => {
      log.info({ event: 'shutdown.done' }, 'All pools are ended');
    });
  }

  #onBeforeExit() {
    // The event comes again when this has been waited for.
    if (openPools().length > 0) {
      this.#draining ??= drainAll(this.#drainMillis).finally(() => {
        this.#draining = null;
      });
    }
  }

  uninstall() {
    for (const [event, listener] of this.#listeners) {
      process.removeListener(event, listener);
    }
    this.#listeners.clear();
  }
}

/** @type {(() => void) | null} */
let installed = null;

/**
 * Ends the pools of getPool() on signals and before the process exits by
 * itself. A second call changes nothing.
 * @param {ShutdownOptions} [options]
 * @returns {() => void} takes the hooks away
 */
function installShutdownHooks(options) {
  const read = readOptions(options);
  if (installed === null) {
    const hooks = new Hooks(read);
    installed = () => {
      hooks.uninstall();
      installed = null;
    };
  }
  return installed;
}

module.exports = { installShutdownHooks };
