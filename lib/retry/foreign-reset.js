// SPDX-License-Identifier: MIT
'use strict';

// Reset, and deallocation of prepared statements, for connections that are not
// ours: pg's pool and Prisma's client.

const { refusal } = require('../errors/errors.js');
const { holdCalls } = require('./context.js');
const { nowMillis } = require('../platform/clock.js');
const { until } = require('../platform/until.js');

const CLEAR_ADVICE =
  'behind a transaction pooler the statements of server connections belong ' +
  'to whoever prepared them: DEALLOCATE ALL would run on whichever comes, and ' +
  'take away what others are about to use. {force: true} sends it all the same';

const PRISMA_ADVICE =
  'Prisma does not hand out its connections, so that nobody can tell whether ' +
  'a transaction pooler is behind them: resetDatabaseConnections({prisma}) ' +
  'opens new ones, without prepared statements. {force: true} sends ' +
  'DEALLOCATE ALL on one of them';

/** @param {any} pool */
function checkPool(pool) {
  if (
    typeof pool?.connect !== 'function' ||
    typeof pool.idleCount !== 'number' ||
    typeof pool.on !== 'function'
  ) {
    throw new TypeError('pool must be a pool of pg or of pg-holdfast');
  }
}

/** @param {any} prisma */
function checkPrisma(prisma) {
  if (
    typeof prisma?.$connect !== 'function' ||
    typeof prisma.$disconnect !== 'function'
  ) {
    throw new TypeError("prisma must be a client of Prisma's");
  }
}

/**
 * Takes each client that is idle now and passes it to `work`, which releases
 * it.
 * @param {any} pool
 * @param {(client: any) => Promise<void>} work
 * @param {Set<any>} handled
 * @returns {Promise<number>} how many there were
 */
async function eachIdle(pool, work, handled) {
  const taken = await Promise.all(
    Array.from({ length: pool.idleCount }, () => pool.connect()),
  );
  for (const client of taken) {
    handled.add(client);
  }
  await Promise.all(taken.map(work));
  return taken.length;
}

/**
 * Calls `work` with each client that is in use now, when it is next released.
 * @param {any} pool
 * @param {(client: any) => Promise<void>} work with a client taken back
 * @param {Set<any>} handled the clients that were seen to
 */
function whenReturned(pool, work, handled) {
  const inUse = pool.totalCount - pool.idleCount;
  if (inUse <= 0) {
    return;
  }
  const fresh = new Set();
  const onConnect = (/** @type {any} */ client) => fresh.add(client);
  let missing = inUse;
  const onRelease = (
    /** @type {unknown} */ _error,
    /** @type {any} */ client,
  ) => {
    if (fresh.has(client) || handled.has(client)) {
      return;
    }
    handled.add(client);
    missing -= 1;
    if (missing <= 0) {
      pool.off('connect', onConnect);
      pool.off('release', onRelease);
    }
    // After this event it is idle, or taken again.
    setImmediate(() => void takeAgain(pool, client, work));
  };
  pool.on('connect', onConnect);
  pool.on('release', onRelease);
}

/**
 * @param {any} pool
 * @param {any} wanted
 * @param {(client: any) => Promise<void>} work
 */
async function takeAgain(pool, wanted, work) {
  const others = [];
  try {
    for (let n = pool.idleCount; n > 0; n--) {
      const client = await pool.connect();
      if (client === wanted) {
        await work(client);
        return;
      }
      others.push(client);
    }
    retire(wanted);
  } catch {
    // The pool was ended, or cannot connect: there is nothing to do.
  } finally {
    for (const client of others) {
      client.release();
    }
  }
}

/**
 * Makes a client that was taken meanwhile close on its next release.
 * @param {any} client
 */
function retire(client) {
  const { release } = client;
  if (typeof release === 'function') {
    client.release = (/** @type {unknown} */ error) =>
      release.call(client, error ?? true);
  }
}

/**
 * Closes each connection of pg's pool: those that are idle now, those in use
 * when they come back. The pool itself goes on.
 * @param {any} pool
 * @returns {Promise<number>} how many were closed at once
 */
function resetPgPool(pool) {
  checkPool(pool);
  const handled = new Set();
  const close = (/** @type {any} */ client) =>
    Promise.resolve(client.release(true));
  whenReturned(pool, close, handled);
  return eachIdle(pool, close, handled);
}

/**
 * Whether a proxy is between us and the server of a client of pg's.
 * @param {any} client
 */
async function isProxied(client) {
  const { rows } = await client.query('select pg_backend_pid() as pid');
  return rows[0].pid !== client.processID;
}

/**
 * Deallocates the prepared statements of a client of pg. Where that is
 * impossible, it is closed.
 * @param {any} client
 */
async function deallocate(client) {
  await client.query('DEALLOCATE ALL');
  const known = client.connection?.parsedStatements;
  if (known === undefined) {
    client.release(true);
    return;
  }
  for (const name of Object.keys(known)) {
    delete known[name];
  }
  client.release();
}

/**
 * @param {any} pool
 * @param {boolean} force
 * @returns {Promise<number>} how many did so at once
 */
async function clearPgPool(pool, force) {
  checkPool(pool);
  const probe = await pool.connect();
  let proxied = true;
  try {
    proxied = await isProxied(probe);
  } finally {
    probe.release();
  }
  if (proxied && !force) {
    throw refusal('HF_SESSION_REQUIRED', CLEAR_ADVICE);
  }
  const handled = new Set();
  whenReturned(pool, deallocate, handled);
  return eachIdle(pool, deallocate, handled);
}

/**
 * Disconnects Prisma's client and connects it again. Calls of the retry
 * helpers wait until that is done.
 * @param {any} prisma
 * @returns {Promise<void>}
 */
function resetPrisma(prisma) {
  checkPrisma(prisma);
  return holdCalls(async () => {
    await prisma.$disconnect();
    await prisma.$connect();
  });
}

/**
 * @param {any} prisma
 * @param {boolean} force
 * @returns {Promise<number>}
 */
async function clearPrisma(prisma, force) {
  checkPrisma(prisma);
  if (!force) {
    throw refusal('HF_SESSION_REQUIRED', PRISMA_ADVICE);
  }
  await prisma.$executeRawUnsafe('DEALLOCATE ALL');
  return 1;
}

/**
 * Acquires a connection of the pool, to see whether that is possible.
 * @param {any} pool
 * @param {number} millis
 * @returns {Promise<void>}
 */
async function tryPool(pool, millis) {
  if (pool.totalCount >= (pool.options?.max ?? 10) && pool.idleCount === 0) {
    return; // all in use: the caller itself may hold one of them
  }
  const asked = pool.connect().then((/** @type {any} */ client) => {
    client.release();
  });
  const endsAt = nowMillis() + Math.max(1, millis);
  await until(
    asked,
    { endsAt },
    () => new Error(`no connection came within ${millis} ms`),
  );
}

module.exports = {
  checkPrisma,
  clearPgPool,
  clearPrisma,
  resetPgPool,
  resetPrisma,
  tryPool,
};
