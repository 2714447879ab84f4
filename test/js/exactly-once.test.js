// SPDX-License-Identifier: MIT
'use strict';

// exactlyOnce: COMMITs whose answer is lost, on real servers.

const assert = require('node:assert');
const path = require('node:path');
const { describe, test } = require('node:test');

const {
  Pool,
  retryQuery,
  withTransactionRetry,
} = require('../../lib/index.js');
const { postgresFolder, serverAccount } = require('../support/account.js');
const {
  eventually,
  findPgBouncer,
  run,
  startPgBouncer,
  startPostgres,
  startProxy,
} = require('../support');
const { before, useProxy, useServer } = require('../support/suite.js');

const server = useServer();
const proxy = useProxy(server);

before(async () => {
  await server.psql('create table paid (n int)');
});

/** @param {object} [options] @returns {any} */
function open(options) {
  return new Pool(
    /** @type {any} */ ({
      connectionString: proxy.urlFor(server.url),
      max: 2,
      pooler: 'none',
      ...options,
    }),
  );
}

/** @param {number} n how often it was paid */
async function paid(n) {
  return Number(await server.psql(`select count(*) from paid where n = ${n}`));
}

/**
 * Cuts the connection that next sends COMMIT: before the server has it, or
 * when it answered.
 *
 * @param {'before' | 'after'} when
 * @param {number} [times]
 */
function cutCommit(when, times = 1) {
  let left = times;
  /** @type {Set<any>} */
  const committing = new Set();
  const state = { cuts: 0 };
  proxy.onMessage((/** @type {any} */ message) => {
    const { direction, payload, connection } = message;
    if (direction === 'up') {
      if (!payload.includes('COMMIT') || left === 0) {
        return 'pass';
      }
      left -= 1;
      state.cuts += 1;
      if (when === 'before') {
        return 'rst';
      }
      committing.add(connection);
      return 'pass';
    }
    return committing.delete(connection) ? 'rst' : 'pass';
  });
  return state;
}

const PAY = 'insert into paid values ($1) returning n';

test('a COMMIT that was done is a success with the result in hand', async () => {
  const pool = open();
  const state = cutCommit('after');
  try {
    const { rows } = await pool.query({
      text: PAY,
      values: [1],
      exactlyOnce: true,
    });
    assert.deepStrictEqual(rows, [{ n: 1 }]);
    assert.strictEqual(state.cuts, 1);
    assert.strictEqual(await paid(1), 1);
  } finally {
    proxy.onMessage(null);
    await pool.end();
  }
});

test('without exactlyOnce the same loss is ambiguous', async () => {
  const pool = open();
  cutCommit('after');
  try {
    await assert.rejects(
      pool.transaction((/** @type {any} */ client) => client.query(PAY, [2])),
      { code: 'HF_OUTCOME_UNKNOWN', outcome: 'ambiguous' },
    );
    assert.strictEqual(await paid(2), 1);
  } finally {
    proxy.onMessage(null);
    await pool.end();
  }
});

test('a COMMIT that never arrived is repeated by query(), and paid once', async () => {
  const pool = open();
  const state = cutCommit('before');
  try {
    await pool.query({ text: PAY, values: [3], exactlyOnce: true });
    assert.strictEqual(state.cuts, 1);
    assert.strictEqual(await paid(3), 1);
  } finally {
    proxy.onMessage(null);
    await pool.end();
  }
});

test('transaction() rejects as rolled back, and runs again on request', async () => {
  const pool = open();
  let calls = 0;
  const pay = (/** @type {any} */ client) => {
    calls += 1;
    return client.query(PAY, [4]);
  };
  try {
    cutCommit('before');
    await assert.rejects(pool.transaction(pay, { exactlyOnce: true }), {
      code: 'HF_COMMIT_ROLLED_BACK',
      outcome: 'rolled_back',
      unit: 'transaction',
      retryable: true,
    });
    assert.strictEqual(calls, 1);
    assert.strictEqual(await paid(4), 0);
    cutCommit('before');
    await pool.transaction(pay, { exactlyOnce: true, retry: true });
    assert.strictEqual(calls, 3);
    assert.strictEqual(await paid(4), 1);
    cutCommit('before');
    await withTransactionRetry(() =>
      pool.transaction(pay, { exactlyOnce: true }),
    );
    assert.strictEqual(calls, 5);
    assert.strictEqual(await paid(4), 2);
  } finally {
    proxy.onMessage(null);
    await pool.end();
  }
});

test('a COMMIT that waits for a standby is ended, and stays ambiguous', async () => {
  const pool = open({ max: 1 });
  await server.psql("alter system set synchronous_standby_names = 'nosuch'");
  await server.reload();
  try {
    const call = pool
      .query({
        text: PAY,
        values: [5],
        exactlyOnce: true,
        deadlineMillis: 5000,
      })
      .then(assert.fail, (/** @type {any} */ error) => error);
    const [{ pid }] = await eventually(async () => {
      const found = await server.backends("wait_event = 'SyncRep'");
      return found.length > 0 && found;
    });
    proxy.killAll('rst');
    const error = await call;
    assert.strictEqual(error.outcome, 'ambiguous');
    await eventually(
      async () => (await server.backends(`pid = ${pid}`)).length === 0,
    );
  } finally {
    await server.psql('alter system reset synchronous_standby_names');
    await server.reload();
    await pool.end();
  }
  assert.strictEqual(await paid(5), 1);
});

test('a backend that is killed before COMMIT is a failure as ever, and repeated', async () => {
  const pool = open();
  let calls = 0;
  try {
    await pool.transaction(
      async (/** @type {any} */ client) => {
        calls += 1;
        await client.query(PAY, [6]);
        if (calls === 1) {
          await server.terminate(client.processID);
        }
      },
      { exactlyOnce: true, retry: true },
    );
    assert.strictEqual(calls, 2);
    assert.strictEqual(await paid(6), 1);
  } finally {
    await pool.end();
  }
});

test('a backend that dies in COMMIT with its server up again is asked about', async () => {
  const pool = open();
  await server.psql("alter system set synchronous_standby_names = 'nosuch'");
  await server.reload();
  try {
    const call = pool.query({ text: PAY, values: [7], exactlyOnce: true });
    await eventually(async () => {
      return (await server.backends("wait_event = 'SyncRep'")).length > 0;
    });
    await server.terminate("wait_event = 'SyncRep'");
    // Without that, nobody but this server would have what was committed.
    await server.psql('alter system reset synchronous_standby_names');
    await server.reload();
    const { rows } = await call;
    assert.deepStrictEqual(rows, [{ n: 7 }]);
  } finally {
    await server.psql('alter system reset synchronous_standby_names');
    await server.reload();
    await pool.end();
  }
  assert.strictEqual(await paid(7), 1);
});

test('it stays ambiguous, with the reason, where the server may not be asked', async () => {
  await server.psql(
    "create role clerk login password 'clerk'; grant all on paid to clerk; " +
      'revoke execute on function pg_control_system() from public',
  );
  const url = server.urlFor({ user: 'clerk', password: 'clerk' });
  const pool = open({ connectionString: proxy.urlFor(url) });
  try {
    await pool.query({ text: PAY, values: [8], exactlyOnce: true });
    cutCommit('after');
    await assert.rejects(
      pool.query({ text: PAY, values: [8], exactlyOnce: true }),
      (/** @type {any} */ error) => {
        assert.strictEqual(error.outcome, 'ambiguous');
        assert.match(error.reason, /pg_control_system/);
        return true;
      },
    );
    assert.strictEqual(await paid(8), 2);
  } finally {
    proxy.onMessage(null);
    await pool.end();
    await server.psql(
      'grant execute on function pg_control_system() to public',
    );
  }
});

/**
 * Starts a copy of the server that has been promoted: it is the same system,
 * on another timeline.
 */
async function startPromoted() {
  const promoted = await startPostgres();
  await promoted.stop();
  await run(
    path.join(postgresFolder(), 'pg_resetwal'),
    ['-l', '0000000200000000000000F0', '-D', promoted.dataDir],
    { ...serverAccount() },
  );
  await promoted.start();
  return promoted;
}

test('it stays ambiguous when a promoted standby answers', async () => {
  const promoted = await startPromoted();
  const forward = await startProxy(server);
  const url = forward.urlFor(server.url);
  const pool = open({ connectionString: url });
  forward.onMessage((/** @type {any} */ { direction, payload }) => {
    if (direction === 'up' && payload.includes('COMMIT')) {
      forward.retarget(promoted);
      return 'rst';
    }
    return 'pass';
  });
  try {
    await assert.rejects(
      pool.query({ text: PAY, values: [9], exactlyOnce: true }),
      (/** @type {any} */ error) => {
        assert.strictEqual(error.outcome, 'ambiguous');
        assert.match(error.reason, /replaced by a standby/);
        return true;
      },
    );
  } finally {
    await pool.end();
    await forward.close();
    await promoted.stop();
  }
});

test('errors of the statement itself are those of the statement', async () => {
  const pool = open();
  try {
    await assert.rejects(
      pool.query({ text: 'select 1/0', exactlyOnce: true }),
      { code: '22012' },
    );
    await assert.rejects(
      pool.query({ text: 'select', values: 'x', exactlyOnce: true }),
      TypeError,
    );
    const { rows } = await pool.query({
      text: 'select 1 as one',
      rowMode: 'array',
      exactlyOnce: true,
    });
    assert.deepStrictEqual(rows, [[1]]);
  } finally {
    await pool.end();
  }
});

test('nothing is sent when the deadline comes before the server', async () => {
  const pool = open();
  await proxy.refuse(true);
  try {
    await assert.rejects(
      pool.query({
        text: PAY,
        values: [20],
        exactlyOnce: true,
        deadlineMillis: 100,
      }),
      (/** @type {any} */ error) => {
        assert.strictEqual(error.outcome, 'not_executed', error.stack);
        return true;
      },
    );
  } finally {
    await proxy.refuse(false);
    await pool.end();
  }
  assert.strictEqual(await paid(20), 0);
});

test('a caller with more time outlasts the inquiry of one with less', async () => {
  const pool = open({ deadlineMillis: 200 });
  await proxy.refuse(true);
  try {
    const config = { text: PAY, values: [21], exactlyOnce: true };
    const short = assert.rejects(pool.query(config), {
      outcome: 'not_executed',
    });
    const long = pool.query({ ...config, deadlineMillis: 60_000 });
    await short;
    await proxy.refuse(false);
    await long;
    assert.strictEqual(await paid(21), 1);
  } finally {
    await proxy.refuse(false);
    await pool.end();
  }
});

test('it stays ambiguous where the pool ends before it can ask', async () => {
  const pool = open();
  /** @type {Promise<void> | undefined} */
  let ended;
  let committing = false;
  proxy.onMessage((/** @type {any} */ { direction, payload }) => {
    if (direction === 'up') {
      committing ||= payload.includes('COMMIT');
      return 'pass';
    }
    if (!committing) {
      return 'pass';
    }
    ended ??= pool.end();
    return 'rst';
  });
  try {
    await assert.rejects(
      pool.query({ text: PAY, values: [22], exactlyOnce: true }),
      (/** @type {any} */ error) => {
        assert.strictEqual(error.outcome, 'ambiguous', error.stack);
        assert.match(error.reason, /could not be asked/);
        return true;
      },
    );
  } finally {
    proxy.onMessage(null);
    await ended;
  }
  assert.strictEqual(await paid(22), 1);
});

test('after an await it joins the helper around it, where that is asked for', async () => {
  const pool = open();
  const state = cutCommit('before', 9);
  const work = async () => {
    await null;
    return pool.query({ text: PAY, values: [23], exactlyOnce: true });
  };
  try {
    await assert.rejects(
      retryQuery(work, {
        joinAsync: true,
        maxRetries: 1,
        baseMillis: 0,
        capMillis: 0,
      }),
      { outcome: 'rolled_back' },
    );
    assert.strictEqual(state.cuts, 2);
  } finally {
    proxy.onMessage(null);
    await pool.end();
  }
  assert.strictEqual(await paid(23), 0);
});

test('aborting the first caller aborts no other', async () => {
  const pool = open();
  const controller = new AbortController();
  try {
    const query = { text: 'select 1 as one', exactlyOnce: true };
    const first = pool.query({ ...query, signal: controller.signal });
    const second = pool.query(query);
    controller.abort();
    await assert.rejects(first, { code: 'HF_ABORTED' });
    assert.deepStrictEqual((await second).rows, [{ one: 1 }]);
    const third = pool.query({ ...query, deadlineMillis: 0 });
    assert.strictEqual((await third).rowCount, 1);
    await assert.rejects(
      async () => pool.query({ ...query, deadlineMillis: -1 }),
      TypeError,
    );
  } finally {
    await pool.end();
  }
});

const skip = findPgBouncer() === null && 'PgBouncer is not installed';

describe('through PgBouncer', { skip }, () => {
  test('the outcome is found through the same pooler', async () => {
    const bouncer = await startPgBouncer({ server, poolSize: 4 });
    const link = await startProxy(bouncer);
    const pool = new Pool(
      /** @type {any} */ ({
        connectionString: link.urlFor(bouncer.url),
        max: 2,
      }),
    );
    try {
      await pool.query('select 1');
      let cut = false;
      link.onMessage((/** @type {any} */ { direction, payload }) => {
        if (direction === 'up' && !cut && payload.includes('COMMIT')) {
          cut = true;
          return 'rst';
        }
        return 'pass';
      });
      await pool.query({ text: PAY, values: [10], exactlyOnce: true });
      assert.ok(cut);
      assert.strictEqual(await paid(10), 1);
    } finally {
      await pool.end();
      await link.close();
      await bouncer.stop();
    }
  });
});
