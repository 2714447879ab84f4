// SPDX-License-Identifier: MIT

// Servers that are not PostgreSQL but speak as it does: what their errors lead
// to. A fixture answers as their documents say; none of them runs here.

const assert = require('node:assert/strict');
const { test } = require('node:test');

const { Pool, withTransactionRetry } = require('../../lib/index.js');
const { startFakeServer } = require('../support');
const { failureOf } = require('../support/suite.js');
const { wire } = require('../support/wire.js');

/** @typedef {{code: string, message: string}} Said */

/** What precedes the error of a statement that has begun. */
/** @type {Record<string, () => Buffer>} */
const STARTED = {
  P: wire.parseComplete,
  B: wire.bindComplete,
  D: wire.noData,
};
const NOTHING = Buffer.alloc(0);

/** @param {Said} said */
function asError({ code, message }) {
  return { S: 'ERROR', V: 'ERROR', C: code, M: message };
}

const IS_END = /^(commit|rollback)/i;

/** What a session of such a server does. */
class Session {
  #connection;
  #status = 'I';

  /** @param {any} connection */
  constructor(connection) {
    this.#connection = connection;
  }

  /** @param {any} unit */
  succeed(unit) {
    if (/^begin/i.test(unit.sql)) {
      this.#status = 'T';
    } else if (IS_END.test(unit.sql)) {
      this.#status = 'I';
    }
    this.#connection.reply(unit, { status: this.#status });
  }

  /** @param {any} unit @param {Said} says */
  fail(unit, says) {
    const isOpen = this.#status !== 'I' && !IS_END.test(unit.sql);
    this.#status = isOpen ? 'E' : 'I';
    this.#connection.send(
      ...Array.from(unit.types, (type) => STARTED[type]?.() ?? NOTHING),
      wire.errorResponse(asError(says)),
      wire.ready(this.#status),
    );
  }
}

/**
 * A server whose inserts, or whose COMMITs, fail the first times as it says.
 * @param {{says: Said, to: RegExp, times: number}} how
 */
async function startKin({ says, to, times }) {
  const seen = { inserts: 0, commits: 0, failed: 0 };
  const server = await startFakeServer({
    async script(/** @type {any} */ connection) {
      const session = new Session(connection);
      for (;;) {
        const unit = await connection.unit();
        if (unit.kind === 'end') {
          return;
        }
        seen.inserts += Number(/^insert/i.test(unit.sql));
        seen.commits += Number(/^commit/i.test(unit.sql));
        if (to.test(unit.sql) && seen.failed < times) {
          seen.failed += 1;
          session.fail(unit, says);
        } else {
          session.succeed(unit);
        }
      }
    },
  });
  const pool = new Pool({
    connectionString: server.url,
    logger: false,
    max: 1,
  });
  const close = async () => {
    await pool.end();
    await server.close();
  };
  return { pool, seen, close };
}

const CONFLICTS = [
  ['CockroachDB', '40001', 'restart transaction: RETRY_SERIALIZABLE'],
  ['Aurora DSQL', '40001', 'change conflicts with another transaction (OC000)'],
  ['Aurora DSQL, its own code', 'OC000', 'change conflicts (OC000)'],
  ['YugabyteDB', 'XX000', 'Transaction 5f expired or aborted by a conflict'],
];

for (const [name, code, message] of CONFLICTS) {
  test(`${name}: a conflict at COMMIT repeats the transaction`, async () => {
    const kin = await startKin({
      says: { code, message },
      to: /^commit/i,
      times: 2,
    });
    let runs = 0;
    await withTransactionRetry(() =>
      kin.pool.transaction(async (client) => {
        runs += 1;
        await client.query('insert into t values (1)');
      }),
    );
    assert.deepEqual([runs, kin.seen.inserts, kin.seen.commits], [3, 3, 3]);
    await kin.close();
  });

  test(`${name}: a conflict of one statement repeats it`, async () => {
    const kin = await startKin({
      says: { code, message },
      to: /^insert/i,
      times: 1,
    });
    await kin.pool.query('insert into t values (1)');
    assert.equal(kin.seen.inserts, 2);
    await kin.close();
  });
}

test('CockroachDB: a result that it calls ambiguous is not repeated', async () => {
  const kin = await startKin({
    says: { code: '40003', message: 'result is ambiguous: rpc error' },
    to: /^insert/i,
    times: 1,
  });
  const error = await failureOf(kin.pool.query('insert into t values (1)'));
  assert.equal(error.outcome, 'ambiguous');
  assert.equal(kin.seen.inserts, 1);
  await kin.close();
});

test('CockroachDB: a node that is drained passes the statement on', async () => {
  const kin = await startKin({
    says: { code: '57P01', message: 'server is shutting down' },
    to: /^insert/i,
    times: 1,
  });
  await kin.pool.query('insert into t values (1)');
  assert.equal(kin.seen.inserts, 2);
  await kin.close();
});
