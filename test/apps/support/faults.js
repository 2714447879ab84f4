// SPDX-License-Identifier: MIT
// An application under load while its connections break, watched from outside:
// the demo's load over HTTP, the demo's faults, the demo's account.
//
// The application reads `item <n>`, writes unique numbers, one alone or two in
// a transaction, and answers a failed write with a status of 400 or more and
// the error's `code` and `outcome` as JSON.

const assert = require('node:assert/strict');
const { setTimeout: delay } = require('node:timers/promises');
const { judge, summarize } = require('../../../demo/account.js');
const { FaultMaker } = require('../../../demo/faults.js');
const { Load } = require('../../../demo/load.js');
const { send } = require('./http.js');

/** @typedef {import('./http.js').Request} Request */
/** @typedef {import('./http.js').Answer} Answer */
/** @typedef {import('../../../demo/account.js').Faults} Faults */

/**
 * The application's interface.
 * @typedef {object} Api
 * @property {(id: number) => Request} read answered with `item <id>`
 * @property {(answer: Answer) => unknown} [label] finds that in the answer;
 *   the body's `label` by default
 * @property {(number: number, slow: boolean) => Request} insert
 * @property {(first: number, second: number, slow: boolean) => Request} pair
 * @property {(answer: Answer) => {code?: unknown, outcome?: unknown,
 *   attempts?: unknown}} [failure] finds the error in a bad answer; the body, or
 *   its `error`, by default
 */

/**
 * @typedef {object} HealthSample
 * @property {number} from when it was asked for, in ms of Date.now()
 * @property {number} until when the answer was there
 * @property {number} httpStatus 0: none came
 * @property {string} status up, degraded or down; '' where there is none
 * @property {any} body
 */

/**
 * @typedef {object} Run
 * @property {import('../../../demo/account.js').Summary} summary
 * @property {import('../../../demo/account.js').Check[]} checks
 * @property {HealthSample[]} health
 * @property {Faults} faults
 * @property {number} spent failed writes and reads that could have gone again,
 *   had they not been tried as often as the application allows
 * @property {[string, number][]} messages of failed calls, the commonest first
 */

/** Connections of an application, unless it says otherwise. */
const POOL_SIZE = 10;
/** @type {Faults} */
const NO_FAULTS = {
  killing: false,
  kills: 0,
  busyKills: 0,
  restarting: false,
  restarts: 0,
  restartsWanted: 0,
  poolSize: POOL_SIZE,
};
const ITEMS = 1000;
const CALLERS = 8;
const HEALTH_EVERY_MILLIS = 100;
const KILL_EVERY_MILLIS = 250;
/** Faults go on even when the load stands still. */
const PROGRESS_MILLIS = 2000;
/** Attempts of a call by default. */
const ATTEMPTS = 3;

/** The tables, for an application without its own. */
const SCHEMA = `
  create table items (id int primary key, label text not null);
  insert into items select id, 'item ' || id
    from generate_series(1, ${ITEMS}) as id;
  create table writes (number bigint, pair bigint);`;

/** @param {Answer} answer */
function plainFailure({ body }) {
  return body?.error?.outcome || body?.error?.code ? body.error : (body ?? {});
}

/**
 * Sends a request; throws what a driver would throw.
 *
 * @param {string} base
 * @param {Api} api
 * @param {Request} request
 * @returns {Promise<Answer>}
 */
async function call(base, api, request) {
  const answer = await send(base, request);
  if (answer.status >= 400) {
    const { code, outcome, attempts } = (api.failure ?? plainFailure)(answer);
    const message = `${answer.status}: ${answer.text.slice(0, 200)}`;
    throw Object.assign(new Error(message), { code, outcome, attempts });
  }
  return answer;
}

/**
 * Whether each of its attempts met a fault: on a slow machine a statement runs
 * long enough for that.
 *
 * @param {any} error
 */
function isSpent({ outcome, attempts }) {
  return (
    ['not_executed', 'rolled_back'].includes(outcome) && attempts >= ATTEMPTS
  );
}

/** The demo's load, over HTTP. */
class HttpLoad {
  #load;
  #done;
  #settled = 0;
  #spent = 0;

  /**
   * @param {string} base
   * @param {Api} api
   * @param {number} [callers]
   */
  constructor(base, api, callers = CALLERS) {
    const ask = async (/** @type {Request} */ request) => {
      try {
        return await call(base, api, request);
      } catch (error) {
        this.#spent += isSpent(error) ? 1 : 0;
        throw error;
      } finally {
        this.#settled++;
      }
    };
    const settings = /** @type {any} */ ({ items: ITEMS, callers });
    const label = api.label ?? ((answer) => answer.body?.label);
    this.#load = new Load(settings, {
      read: async (id) =>
        /** @type {string} */ (label(await ask(api.read(id)))),
      insert: (number, slow) => ask(api.insert(number, slow)),
      pair: (one, two, slow) => ask(api.pair(one, two, slow)),
      stats: () => ({ retries: 0, connectionsLostBusy: null }),
      close: () => Promise.resolve(),
    });
    this.#done = this.#load.run();
  }

  /**
   * Waits until so many more calls have settled, most likely those in flight
   * now among them.
   *
   * @param {number} [calls]
   */
  async progress(calls = CALLERS * 4) {
    const wanted = this.#settled + calls;
    const end = Date.now() + PROGRESS_MILLIS;
    while (this.#settled < wanted && Date.now() < end) {
      await delay(5);
    }
  }

  /**
   * Waits for the calls under way, and compares what callers were told with
   * what the table holds.
   *
   * @param {import('./servers.js').Pooled} servers
   * @param {{table?: string, faults?: Partial<Faults>}} [options]
   * @returns {Promise<Run>}
   */
  async finish(servers, { table = 'writes', faults = {} } = {}) {
    this.#load.stop();
    await this.#done;
    const { type, ...report } = this.#load.takeReport();
    const rows = await servers.rowsOf(table);
    const summary = summarize({ ...report, ended: true }, rows);
    const all = { ...NO_FAULTS, ...faults };
    return {
      summary,
      checks: judge(summary, all),
      health: [],
      faults: all,
      spent: this.#spent,
      messages: this.#load.lastWords().messages,
    };
  }
}

/** Polls the health, one request at a time. */
class HealthWatch {
  #running = true;
  #done;
  /** @type {HealthSample[]} */
  samples = [];

  /** @param {string} base @param {string} path */
  constructor(base, path) {
    this.#done = this.#run(base, path);
  }

  /** @param {string} base @param {string} path */
  async #run(base, path) {
    while (this.#running) {
      this.samples.push(await askHealth(base, path));
      await delay(HEALTH_EVERY_MILLIS);
    }
  }

  async stop() {
    this.#running = false;
    await this.#done;
    return this.samples;
  }
}

/** @param {any} body @returns {string} of ours, or as terminus wraps it */
function statusIn(body) {
  const known = ['up', 'degraded', 'down'];
  const own = body?.details && Object.values(body.details)[0];
  const status = own ? /** @type {any} */ (own).status : body?.status;
  return known.includes(status) ? status : '';
}

/**
 * @param {string} base
 * @param {string} path
 * @returns {Promise<HealthSample>}
 */
async function askHealth(base, path) {
  const from = Date.now();
  let sample = { httpStatus: 0, status: '', body: /** @type {any} */ (null) };
  try {
    const { status, body } = await send(base, path);
    sample = { httpStatus: status, status: statusIn(body), body };
  } catch (error) {
    sample.body = String(error);
  }
  return { from, until: Date.now(), ...sample };
}

/**
 * Runs the load while backends are terminated and the pooler is restarted,
 * then compares what callers were told with what the table holds.
 *
 * @param {object} options
 * @param {import('./servers.js').Pooled} options.servers
 * @param {string} options.base URL of the application
 * @param {Api} options.api
 * @param {string} [options.health] its path; without one nobody asks
 * @param {string} options.applicationName whose backends to terminate
 * @param {string} [options.table] with a column `number`
 * @param {number} options.seconds
 * @param {number} [options.callers]
 * @param {number} [options.poolSize] of the application
 * @returns {Promise<Run>}
 */
async function runUnderFaults(options) {
  const { servers, base, api, seconds } = options;
  const load = new HttpLoad(base, api, options.callers);
  const watch = options.health ? new HealthWatch(base, options.health) : null;
  const maker = new FaultMaker({
    admin: servers.admin,
    pooler: servers,
    applications: [options.applicationName],
    seconds,
    killEveryMillis: KILL_EVERY_MILLIS,
    pace: () => load.progress(),
  });
  await maker.run();
  const health = (await watch?.stop()) ?? [];
  const faults = {
    killing: true,
    restarting: true,
    restartsWanted: maker.restartsWanted,
    poolSize: options.poolSize ?? POOL_SIZE,
    ...maker.counts,
  };
  const run = await load.finish(servers, { table: options.table, faults });
  return { ...run, health };
}

/**
 * Fails with all claims of the account that do not hold.
 *
 * @param {Run} run
 * @param {string[]} [except] ids of checks that don't apply
 */
function assertAccount(run, except = []) {
  const { not_executed: unsent, rolled_back: undone } = run.summary.failed;
  const allowed = unsent + undone === run.spent ? ['repeatable'] : [];
  const failed = run.checks
    .filter(({ ok }) => ok === false)
    .filter(({ id }) => !except.includes(id) && !allowed.includes(id))
    .map(({ text, detail }) => `${text}: ${detail}`);
  const seen = run.messages.map(([text, times]) => `${times} x ${text}`);
  assert.deepEqual(failed, [], `the calls that failed:\n${seen.join('\n')}`);
  assert.ok(!run.faults.killing || run.faults.kills > 0, 'no kills');
}

/**
 * Asserts that every health check was answered, with an HTTP status that fits,
 * and that none said `down` before the first fault.
 *
 * @param {Run} run
 * @param {import('./servers.js').Pooled} servers
 */
function assertHealth(run, servers) {
  assert.ok(run.health.length > 0, 'the health was never asked for');
  const firstOutage = servers.outages[0]?.from ?? Infinity;
  for (const sample of run.health) {
    const text = JSON.stringify(sample);
    assert.notEqual(sample.status, '', `no status: ${text}`);
    const wanted = sample.status === 'down' ? 503 : 200;
    assert.equal(sample.httpStatus, wanted, text);
    if (sample.status === 'down') {
      assert.ok(sample.until >= firstOutage, `down too early: ${text}`);
    }
  }
}

module.exports = {
  HttpLoad,
  SCHEMA,
  askHealth,
  assertAccount,
  assertHealth,
  runUnderFaults,
};
