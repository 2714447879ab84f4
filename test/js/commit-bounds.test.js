// SPDX-License-Identifier: MIT
'use strict';

// COMMIT ends within the caller's bounds, and exactlyOnce calls done only what
// is replicated where that is asked for.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { beforeEach, test } = require('node:test');
const { Pool, withTransactionRetry } = require('../../lib/index.js');
const {
  findProgram,
  postgresFolder,
  serverAccount,
} = require('../support/account.js');
const { makeFolder } = require('../support/run-folder.js');
const { eventually } = require('../support/index.js');
const {
  before,
  failureOf,
  useProxy,
  useServer,
} = require('../support/suite.js');

const server = useServer();
const proxy = useProxy(server);
/** @type {any} */
let pool;
let n = 0;

before(async () => {
  await server.psql('create table paid (n int)');
});

beforeEach(() => {
  n += 1;
  pool = new Pool({
    connectionString: proxy.urlFor(server.url),
    max: 2,
    pooler: 'none',
    logger: false,
  });
});

/** The engine commits by itself where the server is known. */
async function meetServer() {
  await pool.query({
    text: 'insert into paid values (0)',
    exactlyOnce: true,
  });
}

/**
 * COMMIT waits for a standby that never comes.
 * @param {Function} fn
 * @param {boolean} [isKnown] the pool has met the server
 */
async function withoutStandby(fn, isKnown = false) {
  if (isKnown) {
    await meetServer();
  }
  await server.psql("alter system set synchronous_standby_names = 'nosuch'");
  await server.reload();
  await eventually(
    async () =>
      (await server.psql('show synchronous_standby_names')) === 'nosuch',
  );
  try {
    await fn();
  } finally {
    await server.psql('alter system reset synchronous_standby_names');
    await server.reload();
    await pool.end();
  }
}

const pay = (/** @type {any} */ client) =>
  client.query('insert into paid values ($1)', [n]);

async function paid() {
  return Number(await server.psql(`select count(*) from paid where n = ${n}`));
}

/** Long enough to come to COMMIT, which without it would never end. */
const BOUND = 1500;

/** Statements that wait for the standby. */
async function waitingForStandby() {
  return await eventually(async () => {
    const found = await server.backends("wait_event = 'SyncRep'");
    return found.length > 0 && found;
  });
}

/** Returns a signal that is aborted as soon as COMMIT waits. */
function abortedInCommit() {
  const controller = new AbortController();
  waitingForStandby().then(() => controller.abort());
  return controller.signal;
}

test('deadlineMillis of transaction() bounds COMMIT', () =>
  withoutStandby(async () => {
    const error = await failureOf(
      pool.transaction(pay, { deadlineMillis: BOUND }),
    );
    assert.equal(error.code, 'HF_DEADLINE');
    assert.equal(error.outcome, 'ambiguous');
    assert.equal(error.unit, 'transaction');
    assert.equal(error.phase, 'commit');
  }));

test('a signal of transaction() bounds COMMIT', () =>
  withoutStandby(async () => {
    const signal = abortedInCommit();
    const error = await failureOf(pool.transaction(pay, { signal }));
    assert.equal(error.code, 'HF_ABORTED');
    assert.equal(error.outcome, 'ambiguous');
  }));

test('timeoutMillis of transaction() bounds COMMIT', () =>
  withoutStandby(async () => {
    const error = await failureOf(
      pool.transaction(pay, { timeoutMillis: BOUND }),
    );
    assert.equal(error.code, 'HF_QUERY_TIMEOUT');
    assert.equal(error.outcome, 'ambiguous');
  }));

test("the time-out of the pool's statements bounds COMMIT", () =>
  withoutStandby(async () => {
    const own = new Pool({
      connectionString: server.url,
      query_timeout: BOUND,
      logger: false,
    });
    const error = await failureOf(own.transaction(pay));
    assert.equal(error.outcome, 'ambiguous');
    await own.end();
  }));

test('deadline and signal of a helper around bound COMMIT', () =>
  withoutStandby(async () => {
    const late = await failureOf(
      withTransactionRetry(() => pool.transaction(pay), {
        deadlineMillis: BOUND,
      }),
    );
    assert.equal(late.outcome, 'ambiguous');
    await eventually(
      async () => !(await server.backends("wait_event = 'SyncRep'")).length,
    );
    const aborted = await failureOf(
      withTransactionRetry(() => pool.transaction(pay), {
        signal: abortedInCommit(),
      }),
    );
    assert.equal(aborted.outcome, 'ambiguous');
  }));

/**
 * @param {string} bound
 * @param {string} code
 * @param {boolean} isKnown the pool has met the server
 */
function expectBound(bound, code, isKnown) {
  return withoutStandby(async () => {
    const error = await failureOf(
      pool.query({
        text: 'insert into paid values ($1)',
        values: [n],
        exactlyOnce: true,
        [bound]: bound === 'signal' ? abortedInCommit() : BOUND,
      }),
    );
    // After a time-out of COMMIT alone the server is asked.
    assert.equal(error.code, code);
    assert.equal(error.outcome, 'ambiguous');
  }, isKnown);
}

for (const [bound, code] of [
  ['deadlineMillis', 'HF_DEADLINE'],
  ['timeoutMillis', 'HF_QUERY_TIMEOUT'],
  ['signal', 'HF_ABORTED'],
]) {
  test(`${bound} bounds a query with exactlyOnce in COMMIT`, () =>
    expectBound(bound, code, false));
  test(`${bound} bounds it on a server that is known, too`, () =>
    expectBound(bound, code, true));
}

test('a plain insert whose wait for a standby we cut short is ambiguous', () =>
  withoutStandby(async () => {
    const error = await failureOf(
      pool.query({
        text: 'insert into paid values ($1)',
        values: [n],
        timeoutMillis: BOUND,
      }),
    );
    assert.equal(error.code, 'HF_QUERY_TIMEOUT');
    assert.equal(error.outcome, 'ambiguous');
    assert.equal(await paid(), 1);
  }));

for (const isKnown of [false, true]) {
  const where = isKnown ? ', on a server that is known' : '';
  test(`the deadline of a query with exactlyOnce bounds its statement${where}`, async () => {
    if (isKnown) {
      await meetServer();
    }
    const error = await failureOf(
      pool.query({
        text: 'insert into paid select $1::int from pg_sleep(20)',
        values: [n],
        exactlyOnce: true,
        deadlineMillis: BOUND,
      }),
    );
    assert.equal(error.code, 'HF_DEADLINE');
    assert.equal(error.outcome, 'rolled_back');
    assert.equal(await paid(), 0);
    await pool.end();
  });
}

for (const isKnown of [false, true]) {
  const where = isKnown ? ', on a server that is known' : '';
  test(`exactlyOnce whose answer comes after its deadline is not committed${where}`, async () => {
    if (isKnown) {
      await meetServer();
    }
    const text = 'insert into paid select $1::int from pg_sleep(0.3)';
    const query = {
      text,
      values: [n],
      exactlyOnce: true,
      deadlineMillis: BOUND,
    };
    const failing = failureOf(pool.query(query));
    const running = async () => (await server.backends(`query = '${text}'`))[0];
    await eventually(running);
    proxy.pause(); // a cancel cannot reach the server, nor its answer us
    try {
      const error = await failing;
      assert.equal(error.code, 'HF_DEADLINE');
      assert.equal(error.outcome, 'rolled_back');
    } finally {
      proxy.resume();
    }
    await pool.end(); // and with it what was still open
    assert.equal(await paid(), 0);
  });
}

test("the pool's own deadline never ends what the function takes", async () => {
  const own = new Pool({
    connectionString: server.url,
    deadlineMillis: 100,
    logger: false,
  });
  // Connecting may take longer.
  await own.query({ text: 'select 1', deadlineMillis: 60_000 });
  await own.transaction(async (/** @type {any} */ client) => {
    await pay(client);
    await client.query('select pg_sleep(0.3)');
  });
  assert.equal(await paid(), 1);
  await own.end();
  await pool.end();
});

test('exactlyOnce stays ambiguous when no standby has the commit', () =>
  withoutStandby(async () => {
    const call = failureOf(
      pool.query({
        text: 'insert into paid values ($1)',
        values: [n],
        exactlyOnce: true,
        deadlineMillis: 3000,
      }),
    );
    const [{ pid }] = await waitingForStandby();
    await server.terminate(pid);
    const error = await call;
    assert.equal(error.outcome, 'ambiguous');
    assert.match(error.reason, /standbys|time/);
    assert.equal(await paid(), 1);
  }));

test('exactlyOnce does not trust a COMMIT whose wait was cancelled', () =>
  withoutStandby(async () => {
    const call = failureOf(
      pool.transaction(pay, { exactlyOnce: true, deadlineMillis: 4000 }),
    );
    const [{ pid }] = await waitingForStandby();
    await server.psql(`select pg_cancel_backend(${pid})`);
    const error = await call;
    assert.equal(error.outcome, 'ambiguous');
  }));

const receiver = findProgram('pg_receivewal', [postgresFolder()]);

/** A standby that only keeps WAL, under the name that is waited for. */
function startReceiver() {
  const child = spawn(
    receiver,
    [
      ...['--synchronous', '-D', makeFolder('w'), '-U', server.user],
      ...['-d', `host=${server.socketDir} port=${server.port}`],
    ],
    {
      stdio: 'ignore',
      env: { ...process.env, PGAPPNAME: 'nosuch' },
      ...serverAccount(),
    },
  );
  const ended = new Promise((resolve) => child.once('close', resolve));
  return {
    stop() {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

const skip = receiver === null && 'this PostgreSQL comes without pg_receivewal';
test('exactlyOnce succeeds when a standby gets the commit after all', {
  skip,
}, async () => {
  await withoutStandby(async () => {
    const done = pool.query({
      text: 'insert into paid values ($1) returning n',
      values: [n],
      exactlyOnce: true,
    });
    const [{ pid }] = await waitingForStandby();
    await server.terminate(pid);
    const receiver = startReceiver();
    const { rows } = await done;
    assert.deepEqual(rows, [{ n }]);
    await receiver.stop();
  });
  assert.equal(await paid(), 1);
});
