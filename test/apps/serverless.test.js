// SPDX-License-Identifier: MIT
// examples/serverless, invoked as Lambda does it: frozen after each
// invocation, and thawed for the next with its connections gone.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');
const { judge, summarize } = require('../../demo/account.js');
const { FaultMaker } = require('../../demo/faults.js');
const { eventually } = require('../support/index.js');
const { prepareApp } = require('./support/app.js');
const { startLambda } = require('./support/lambda.js');
const { ROOT } = require('./support/packed.js');
const { startPooled } = require('./support/servers.js');

const APPLICATION_NAME = 'example-serverless';
const OURS = `application_name = '${APPLICATION_NAME}'`;
const ROUNDS = 8;
const FAULT_SECONDS = 4;
const KILL_EVERY_MILLIS = 100;
const STATEMENT_SECONDS = 60;
/** The timeout where none is given. */
const POOL_DEADLINE_MILLIS = 8000;
/** After this PgBouncer closes idle clients. */
const CLIENT_IDLE_SECONDS = 1;

describe('a serverless function behind PgBouncer', () => {
  /** @type {import('./support/app.js').App} */
  let app;
  /** @type {import('./support/servers.js').Pooled} */
  let servers;
  /** @type {import('./support/servers.js').Pooled} */
  let impatient;
  /** @type {Awaited<ReturnType<typeof startLambda>>} */
  let lambda;
  /** @type {Account} */
  let account;

  before(async () => {
    const schema = fs.readFileSync(
      path.join(ROOT, 'examples/serverless/schema.sql'),
      'utf8',
    );
    [app, servers, impatient] = await Promise.all([
      prepareApp('examples/serverless'),
      startPooled({ schema }),
      startPooled({
        schema,
        pooler: { client_idle_timeout: CLIENT_IDLE_SECONDS },
      }),
    ]);
    lambda = await startLambda(app, ['runtime.js'], {
      NODE_ENV: 'production',
      DATABASE_URL: servers.url,
    });
    account = new Account();
  });

  after(() => lambda?.stop());

  test('the first invocation finds the connections warm', async () => {
    const first = await account.invoke(lambda, 'read');
    assert.equal(first.statusCode, 200, JSON.stringify(first.body));
    const { body } = await lambda.invoke({ action: 'health' });
    assert.equal(body.status, 'up');
    assert.equal(body.warmed, true);
  });

  /**
   * What happens while the process is frozen. In every case the next call
   * has to succeed, and a write must not be done twice.
   *
   * @type {[string, () => Promise<unknown>][]}
   */
  const MISHAPS = [
    ['its server connections are terminated', () => terminateAll(servers)],
    ['the pooler is restarted', () => servers.restart(true)],
    ['the server is restarted', () => servers.restartServer()],
  ];

  for (const [what, happen] of MISHAPS) {
    test(`when ${what} in its sleep, no call fails`, async () => {
      const actions = /** @type {const} */ (['read', 'one', 'two']);
      for (let round = 0; round < ROUNDS; round++) {
        await lambda.freeze();
        await happen();
        const action = actions[round % actions.length];
        const first = await account.invoke(lambda, action);
        assert.equal(first.statusCode, 200, JSON.stringify(first.body));
      }
      assert.equal(lambda.process.ended, null);
    });
  }

  test('when the pooler tires of it in its sleep, no call fails', async () => {
    const other = await startLambda(app, ['runtime.js'], {
      DATABASE_URL: impatient.url,
    });
    const own = new Account();
    for (const action of /** @type {const} */ (['one', 'read', 'two'])) {
      await other.freeze();
      await eventually(
        async () =>
          !(await impatient.pooler.admin('show clients')).includes(
            APPLICATION_NAME,
          ),
        { what: "the pooler's closing of idle clients" },
      );
      const first = await own.invoke(other, action);
      assert.equal(first.statusCode, 200, JSON.stringify(first.body));
    }
    own.check(await impatient.rowsOf('writes'));
    await other.stop();
  });

  test('it answers when its time is up, and leaves nothing running', async () => {
    const millis = 2000;
    const number = account.next();
    const {
      statusCode,
      body,
      millis: took,
    } = await lambda.invoke(
      { action: 'one', numbers: [number], seconds: STATEMENT_SECONDS },
      millis,
    );
    assert.ok(statusCode >= 500, JSON.stringify(body));
    assert.ok(took < STATEMENT_SECONDS * 500, `${took} ms`);
    account.failed(number, body);
    await eventually(
      async () =>
        (await servers.server.backends(`${OURS} and state = 'active'`))
          .length === 0,
      { what: 'the end of what was cancelled' },
    );
  });

  test('while the database is away it says so in time', async () => {
    await lambda.freeze();
    await servers.stopPooler();
    const millis = 1500;
    const number = account.next();
    const {
      statusCode,
      body,
      millis: took,
    } = await lambda.invoke({ action: 'one', numbers: [number] }, millis);
    assert.equal(statusCode, 503);
    assert.equal(body.outcome, 'not_executed');
    assert.ok(took < POOL_DEADLINE_MILLIS, `${took} ms`);
    account.failed(number, body);
    await lambda.freeze();
    await servers.startPooler();
    const next = await account.invoke(lambda, 'one');
    assert.equal(next.statusCode, 200, JSON.stringify(next.body));
  });

  test('under faults while it works, nothing is lost or doubled', async () => {
    const maker = new FaultMaker({
      admin: servers.admin,
      pooler: servers,
      applications: [APPLICATION_NAME],
      seconds: FAULT_SECONDS,
      killEveryMillis: KILL_EVERY_MILLIS,
    });
    let running = true;
    const faults = maker.run().finally(() => {
      running = false;
    });
    for (let turn = 0; running; turn++) {
      const action = turn % 2 === 0 ? 'two' : 'one';
      await account.invoke(lambda, action, { slow: true });
    }
    await faults;
    assert.ok(maker.counts.kills > 0);
    account.check(await servers.rowsOf('writes'));
    assert.equal(lambda.process.ended, null);
  });
});

/** @param {import('./support/servers.js').Pooled} servers */
async function terminateAll(servers) {
  await servers.server.terminate(OURS);
  await eventually(
    async () => (await servers.server.backends(OURS)).length === 0,
  );
}

/** What callers were told; compared with the table. */
class Account {
  #number = 0;
  #reads = { succeeded: 0, wrong: 0, failures: [] };
  /** @type {import('../../demo/account.js').Write[]} */
  #writes = [];

  next() {
    this.#number++;
    return this.#number;
  }

  /**
   * @param {Awaited<ReturnType<typeof startLambda>>} lambda
   * @param {'read' | 'one' | 'two'} action
   * @param {object} [more] of the event
   */
  async invoke(lambda, action, more = {}) {
    if (action === 'read') {
      const id = 1 + (this.#reads.succeeded % 1000);
      const answer = await lambda.invoke({ action, id });
      this.#reads.succeeded += answer.statusCode === 200 ? 1 : 0;
      this.#reads.wrong += answer.body?.label === `item ${id}` ? 0 : 1;
      return answer;
    }
    const numbers =
      action === 'two' ? [this.next(), this.next()] : [this.next()];
    const answer = await lambda.invoke({ action, numbers, ...more });
    const ok = answer.statusCode === 200;
    const { outcome = null, code = null } = ok ? {} : answer.body;
    const kind = action === 'two' ? 'pair' : 'insert';
    this.#writes.push({ kind, numbers, ok, outcome, code });
    return answer;
  }

  /** @param {number} number @param {{outcome: string, code: string}} error */
  failed(number, { outcome, code }) {
    const kind = 'insert';
    this.#writes.push({ kind, numbers: [number], ok: false, outcome, code });
  }

  /** @param {Map<number, number>} rows */
  check(rows) {
    const calls = this.#writes.length + this.#reads.succeeded;
    const summary = summarize(
      {
        reads: this.#reads,
        writes: this.#writes,
        started: calls,
        settled: calls,
        ended: true,
        retries: 0,
        connectionsLostBusy: null,
      },
      rows,
    );
    const checks = judge(summary, {
      killing: false,
      kills: calls,
      busyKills: 0,
      restarting: false,
      restarts: 0,
      restartsWanted: 0,
      poolSize: 2,
    });
    // Some calls were given too little time, on purpose.
    const except = ['repeatable', 'named'];
    const failed = checks
      .filter(({ id, ok }) => ok === false && !except.includes(id))
      .map(({ text, detail }) => `${text}: ${detail}`);
    assert.deepEqual(
      failed,
      [],
      JSON.stringify(this.#writes.filter((w) => !w.ok)),
    );
  }
}
