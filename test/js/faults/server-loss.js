// SPDX-License-Identifier: MIT
// Backends and servers that go while something runs.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { eventually, startProxy, wire } = require('../../support/index.js');
const { fails, useServer, withPool } = require('./fixture.js');

/** @param {number} n a write that takes its time */
const slowly = (n) =>
  `insert into t select ${n} from (select pg_sleep(30)) as s`;

const ROLLED_BACK = { outcome: 'rolled_back', retryable: true };
const AMBIGUOUS = { outcome: 'ambiguous' };

describe('a server that goes', () => {
  const fixture = useServer();

  /**
   * Starts a write, has `kill` end its backend, and says what came of it.
   *
   * @param {any} runner
   * @param {number} n
   * @param {(pid: number) => unknown} kill
   */
  async function killedWrite(runner, n, kill) {
    const done = runner.query({ text: slowly(n), retry: false });
    done.catch(() => {});
    await kill(await fixture.backendRunning(`select ${n} from`));
    return done;
  }

  const nobodyThere = () =>
    eventually(async () => (await fixture.server.backends()).length === 0);

  /** Makes a commit wait for a standby of that name, or for none. */
  /** @param {string} standby */
  async function waitForNobody(standby) {
    const setting = `synchronous_standby_names = '${standby}'`;
    await eventually(async () => {
      await fixture.server.psql(`alter system set ${setting}`);
      await fixture.server.reload();
      return true;
    });
    const show = 'show synchronous_standby_names';
    await eventually(async () => (await fixture.server.psql(show)) === standby);
  }

  test('a backend killed in a write leaves it ambiguous, and the next call waits for recovery', () =>
    withPool(fixture.server.url, async (pool) => {
      await Promise.all([pool.query('select 1'), pool.query('select 2')]);
      const killed = killedWrite(pool, 1, (pid) =>
        process.kill(pid, 'SIGKILL'),
      );
      await fails(killed, {
        ...AMBIGUOUS,
        code: 'ECONNRESET',
        unit: 'statement',
      });
      // The other connection went with it; the server is in recovery now.
      assert.equal((await pool.query('select 3 as n')).rows[0].n, 3);
      assert.equal(await fixture.rows(1), 0);
    }));

  test('a backend killed in a transaction leaves it rolled back', () =>
    withPool(fixture.server.url, async (pool) => {
      const killed = pool.transaction(async (/** @type {any} */ client) => {
        await client.query('insert into t values (2)');
        await killedWrite(client, 2, (pid) => process.kill(pid, 'SIGKILL'));
      });
      await fails(killed, { ...ROLLED_BACK, unit: 'transaction' });
      assert.equal(await fixture.rows(2), 0);
    }));

  test('a fast stop rolls a running write back', () =>
    withPool(fixture.server.url, async (pool) => {
      const killed = killedWrite(pool, 3, () => fixture.server.stop('fast'));
      await fails(killed, { ...ROLLED_BACK, code: '57P01', unit: 'statement' });
      await fixture.server.start();
      assert.equal(await fixture.rows(3), 0);
    }));

  test('a write that a fast restart interrupts is repeated and done once', () =>
    withPool(fixture.server.url, async (pool) => {
      const text = 'insert into t select 4 from (select pg_sleep(0.5)) as s';
      const done = pool.query(text);
      await fixture.backendRunning('select 4 from');
      await fixture.server.restart('fast');
      assert.equal((await done).rowCount, 1);
      assert.equal(await fixture.rows(4), 1);
      assert.ok(pool.stats().retries >= 1);
    }));

  test('an immediate stop leaves a running write ambiguous', () =>
    withPool(fixture.server.url, async (pool) => {
      const killed = killedWrite(pool, 5, () =>
        fixture.server.stop('immediate'),
      );
      await fails(killed, AMBIGUOUS);
      await fixture.server.start();
      assert.equal(await fixture.rows(5), 0);
    }));

  test('a smart stop lets a running write finish and refuses new connections', () =>
    withPool({ connectionString: fixture.server.url, max: 1 }, async (pool) => {
      const text = 'insert into t select 6 from (select pg_sleep(0.4)) as s';
      const done = pool.query(text);
      await fixture.backendRunning('select 6 from');
      const stopped = fixture.server.stop('smart');
      const other = {
        connectionString: fixture.server.url,
        deadlineMillis: 300,
      };
      await withPool(other, async (refused) => {
        await fails(refused.query('select 1'), {
          outcome: 'not_executed',
          cause: '57P03',
        });
        assert.equal((await done).rowCount, 1);
        await pool.end();
        await stopped;
        await fixture.server.start();
      });
      assert.equal(await fixture.rows(6), 1);
    }));

  test('an idle connection that was terminated is invisible', () =>
    withPool({ connectionString: fixture.server.url, max: 1 }, async (pool) => {
      for (let n = 0; n < 5; n += 1) {
        await pool.query('select 1');
        assert.equal(await fixture.server.terminate('true'), 1);
        await nobodyThere();
        await pool.query({ text: 'insert into t values (8)', retry: false });
      }
      assert.equal(await fixture.rows(8), 5);
      assert.equal(pool.stats().retries, 0);
    }));

  test('a terminated write is rolled back', () =>
    withPool(fixture.server.url, async (pool) => {
      const killed = killedWrite(pool, 9, (pid) =>
        fixture.server.terminate(pid),
      );
      await fails(killed, { ...ROLLED_BACK, code: '57P01', unit: 'statement' });
      assert.equal(await fixture.rows(9), 0);
    }));

  test("a backend terminated between a transaction's statements rolls it back", () =>
    withPool(fixture.server.url, async (pool) => {
      const killed = pool.transaction(async (/** @type {any} */ client) => {
        await client.query('insert into t values (10)');
        await fixture.server.terminate(client.processID);
        await nobodyThere();
      });
      await fails(killed, {
        ...ROLLED_BACK,
        code: '57P01',
        unit: 'transaction',
      });
      assert.equal(await fixture.rows(10), 0);
    }));

  test('a terminated text of several statements with its own COMMIT is ambiguous', () =>
    withPool(fixture.server.url, async (pool) => {
      const text =
        'begin; insert into t values (11); commit; select pg_sleep(30)';
      const killed = pool.query({ text, retry: false });
      killed.catch(() => {});
      const pid = await fixture.backendRunning('values (11)');
      await fixture.server.terminate(pid);
      await fails(killed, { ...AMBIGUOUS, code: '57P01' });
      assert.equal(await fixture.rows(11), 1);
    }));

  for (const signal of ['SIGTERM', 'SIGKILL']) {
    const n = signal === 'SIGTERM' ? 12 : 13;
    test(`a backend that gets ${signal} while it commits leaves the outcome unknown`, () =>
      withPool(fixture.server.url, async (pool) => {
        await waitForNobody('nosuch');
        const killed = pool.transaction((/** @type {any} */ client) =>
          client.query(`insert into t values (${n})`),
        );
        killed.catch(() => {});
        try {
          const [{ pid }] = await eventually(async () => {
            const found = await fixture.server.backends(
              "wait_event = 'SyncRep'",
            );
            return found.length > 0 && found;
          });
          process.kill(pid, /** @type {NodeJS.Signals} */ (signal));
          await fails(killed, {
            ...AMBIGUOUS,
            code: 'HF_OUTCOME_UNKNOWN',
            unit: 'transaction',
            phase: 'commit',
          });
        } finally {
          await waitForNobody('');
        }
        assert.equal(await fixture.rows(n), 1);
      }));
  }

  for (const last of ['FATAL 57P01', 'nothing']) {
    const title = `a connection that ends with ${last} after CommandComplete`;
    const said = last !== 'nothing';
    test(`${title} is ambiguous`, async () => {
      const proxy = await startProxy(fixture.server);
      const url = proxy.urlFor(fixture.server.url);
      const error = { S: 'FATAL', V: 'FATAL', C: '57P01', M: 'terminating' };
      await withPool(url, async (pool) => {
        await pool.query('select 1');
        let completed = false;
        proxy.onMessage(({ direction, type, connection }) => {
          completed ||= direction === 'down' && type === 'C';
          if (completed && type === 'Z') {
            setImmediate(() => connection.cut('fin'));
            return said ? wire.errorResponse(error) : 'fin';
          }
        });
        const text = 'insert into t values (14)';
        await fails(pool.query({ text, retry: false }), {
          ...(said ? { ...AMBIGUOUS, code: '57P01' } : AMBIGUOUS),
        });
        proxy.onMessage(null);
      });
      await proxy.close();
    });
  }

  test('a read that loses its connection is repeated', () =>
    withPool(fixture.server.url, async (pool) => {
      const done = pool.query({
        text: 'select 7 as n, pg_sleep(0.3)',
        readOnly: true,
      });
      process.kill(await fixture.backendRunning('select 7 as n'), 'SIGKILL');
      assert.equal((await done).rows[0].n, 7);
    }));
});
