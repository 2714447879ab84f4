// SPDX-License-Identifier: MIT
'use strict';

// exactlyOnce where the fate of a COMMIT stays unknown, with the reason.

const assert = require('node:assert');
const path = require('node:path');
const { test } = require('node:test');

const {
  findProgram,
  postgresFolder,
  serverAccount,
} = require('../support/account.js');
const { eventually, run, startPostgres, startProxy } = require('../support');
const { PAY, usePayments } = require('../support/payments.js');

const { cutCommit, open, paid, proxy, server } = usePayments();

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

const skip =
  findProgram('pg_resetwal', [postgresFolder()]) === null &&
  'this PostgreSQL comes without pg_resetwal';

test('it stays ambiguous when a promoted standby answers', {
  skip,
}, async () => {
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
