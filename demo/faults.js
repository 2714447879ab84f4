// SPDX-License-Identifier: MIT

// What goes wrong in the demo, and when: backends are terminated, mostly busy
// ones, and the pooler is restarted.

const { performance } = require('node:perf_hooks');
const { setTimeout: sleep } = require('node:timers/promises');

const KILL_EVERY_MILLIS = 350;
/** One in so many kills hits an idle connection, on purpose. */
const IDLE_KILL_EVERY = 6;
const SECONDS_PER_RESTART = 7;
const FEWEST_RESTARTS = 2;
const TRIES_FOR_BUSY = 40;
const TRY_AGAIN_MILLIS = 5;

const BUSY = ['active', 'idle in transaction', 'idle in transaction (aborted)'];

// One statement chooses a backend, looks at its state and terminates it. The
// one that has been busy longest comes first: it is the most likely to be busy
// still when the signal arrives. Never a crash (kill -9): that would restart
// the whole cluster, which is another experiment.
const KILL = `
  select state, pg_terminate_backend(pid) as killed
  from (
    select pid, state
    from pg_stat_activity
    where application_name = $1
      and pid <> pg_backend_pid()
      and backend_type = 'client backend'
      and state = any($2)
    order by state = 'active' desc, query_start
    limit 1
  ) as chosen`;

class FaultMaker {
  #admin;
  #pooler;
  #applications;
  #seconds;
  #killEveryMillis;
  #pace;
  #running = true;
  #kills = 0;
  #busyKills = 0;
  #restarts = 0;

  /**
   * @param {object} options
   * @param {{query: (text: string, values: unknown[]) => Promise<any>}}
   *   options.admin a direct connection of a superuser
   * @param {{restart: (cut: boolean) => Promise<unknown>} | null}
   *   options.pooler
   * @param {string[]} options.applications whose backends to kill, in turn
   * @param {number} options.seconds how long the run takes
   * @param {number} [options.killEveryMillis]
   * @param {() => Promise<unknown>} [options.pace] waited for before each
   *   further kill: on a slow machine time alone would kill the same call
   *   again and again
   */
  constructor(options) {
    this.#admin = options.admin;
    this.#pooler = options.pooler;
    this.#applications = options.applications;
    this.#seconds = options.seconds;
    this.#killEveryMillis = options.killEveryMillis ?? KILL_EVERY_MILLIS;
    this.#pace = options.pace;
  }

  get restartsWanted() {
    return this.#pooler
      ? Math.max(
          FEWEST_RESTARTS,
          Math.floor(this.#seconds / SECONDS_PER_RESTART),
        )
      : 0;
  }

  get counts() {
    return {
      kills: this.#kills,
      busyKills: this.#busyKills,
      restarts: this.#restarts,
    };
  }

  stop() {
    this.#running = false;
  }

  /** Makes faults until the time is up or stop() is called. */
  async run() {
    await Promise.all([this.#killBackends(), this.#restartPooler()]);
  }

  async #killBackends() {
    const end = performance.now() + this.#seconds * 1000;
    for (let turn = 0; await this.#waitUntil(0, end); turn++) {
      const application = this.#applications[turn % this.#applications.length];
      const round = Math.floor(turn / this.#applications.length);
      const wantIdle = round % IDLE_KILL_EVERY === IDLE_KILL_EVERY - 1;
      await (wantIdle
        ? this.#kill(application, ['idle'])
        : this.#killBusy(application));
      await sleep(this.#killEveryMillis);
      await this.#pace?.();
    }
  }

  /** @param {string} application */
  async #killBusy(application) {
    for (let i = 0; i < TRIES_FOR_BUSY && this.#running; i++) {
      if (await this.#kill(application, BUSY)) {
        return;
      }
      await sleep(TRY_AGAIN_MILLIS);
    }
  }

  /** @param {string} application @param {string[]} states */
  async #kill(application, states) {
    const result = await this.#admin.query(KILL, [application, states]);
    const [victim] = result.rows;
    if (!victim?.killed) {
      return false;
    }
    this.#kills++;
    this.#busyKills += BUSY.includes(victim.state) ? 1 : 0;
    return true;
  }

  async #restartPooler() {
    const began = performance.now();
    const pause = (this.#seconds * 1000) / (this.restartsWanted + 1);
    for (let i = 0; i < this.restartsWanted && this.#pooler; i++) {
      const due = began + pause * (i + 1);
      if (!(await this.#waitUntil(due, Infinity))) {
        return;
      }
      // In turn: cutting everything off, and letting transactions end.
      await this.#pooler.restart(i % 2 === 0);
      this.#restarts++;
    }
  }

  /**
   * Waits until `due`; returns false once stopped or past `end`.
   * @param {number} due
   * @param {number} end
   */
  async #waitUntil(due, end) {
    while (this.#running && performance.now() < due) {
      await sleep(Math.min(100, due - performance.now() + 1));
    }
    return this.#running && performance.now() < end;
  }
}

module.exports = { FaultMaker };
