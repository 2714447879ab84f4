// SPDX-License-Identifier: MIT
'use strict';

// Sessions of one's own. Behind a pooler that multiplexes, LISTEN, session
// settings and advisory locks need a connection past it: a second pool, on
// directUrl, DIRECT_URL or DIRECT_DATABASE_URL, opened when it is first needed.

const { directConfig, weakerTls } = require('./direct-config.js');
const { usageError } = require('../errors/errors.js');
const { coreOf } = require('../observe/live.js');
const { warnOnce } = require('../platform/warn.js');

/** @typedef {import('./pool-core.js').PoolCore} PoolCore */

const DIRECT_VARIABLES = Object.freeze(['DIRECT_URL', 'DIRECT_DATABASE_URL']);

/** @type {WeakMap<PoolCore, import('./pool.js').Pool>} */
const directPools = new WeakMap();
/** Pools of one connection, to listen on. @type {typeof directPools} */
const besides = new WeakMap();
/** Second pools have no second pool. @type {WeakSet<PoolCore>} */
const directCores = new WeakSet();

/**
 * @param {string} [text]
 * @returns {Error}
 */
function required(text) {
  return usageError('HF_SESSION_REQUIRED', text, {
    outcome: 'not_executed',
    retryable: false,
  });
}

/**
 * Returns the URL past the pooler, and what it was called.
 * @param {PoolCore} core
 * @returns {{url: string, name: string} | undefined}
 */
function directUrlOf(core) {
  const given = core.directUrl;
  if (given !== undefined) {
    return { url: given, name: 'directUrl' };
  }
  for (const name of DIRECT_VARIABLES) {
    const url = process.env[name];
    if (url !== undefined && url.trim() !== '') {
      return { url, name };
    }
  }
  return undefined;
}

/**
 * Makes a pool; what is wrong with its URL is told under the name it came by.
 * @param {typeof import('./pool.js').Pool} Pool
 * @param {object} config
 * @param {string} name
 */
function poolOf(Pool, config, name) {
  try {
    return new Pool(config);
  } catch (error) {
    if (error instanceof Error) {
      error.message = error.message.replace('connectionString', name);
    }
    throw error;
  }
}

/**
 * Opens the second pool. Throws what is wrong with its URL.
 * @param {PoolCore} core
 * @param {{url: string, name: string}} direct
 * @returns {import('./pool.js').Pool}
 */
function openDirect(core, { url, name }) {
  const { Pool } = require('./pool.js');
  const { options } = /** @type {any} */ (core.pool);
  const config = directConfig(core.resolved, core.types, url, name);
  const pool = poolOf(Pool, config, name);
  const { database } = /** @type {any} */ (pool.options);
  // A variable left over from another project must not lead astray.
  if (name !== 'directUrl' && database !== options.database) {
    throw required(
      `${name} leads to database ${database}, not to ${options.database}: ` +
        'set it to the same database without the pooler, or give directUrl',
    );
  }
  pool.on('error', (error, client) => {
    if (core.pool.listenerCount('error') > 0) {
      core.pool.emit('error', error, client);
    }
  });
  const inner = /** @type {PoolCore} */ (coreOf(pool));
  const weaker = weakerTls(core.resolved, inner.resolved, name);
  if (weaker !== undefined) {
    warnOnce(weaker, 'HF_DIRECT_TLS');
  }
  // Its connections are prepared as the pool's own.
  inner.hookedBy = core.pool;
  inner.greet();
  directCores.add(inner);
  directPools.set(core, pool);
  return pool;
}

/**
 * Returns the second pool; throws where there is none to be had.
 * @param {PoolCore} core
 * @returns {import('./pool.js').Pool}
 */
function directPoolOf(core) {
  if (directCores.has(core)) {
    throw required(
      'the direct connection string leads to a pooler, too: set DIRECT_URL ' +
        'to the database itself',
    );
  }
  const open = directPools.get(core);
  if (open !== undefined) {
    return open;
  }
  const direct = directUrlOf(core);
  if (direct === undefined) {
    throw required(
      'this needs a session of its own, and a connection pooler is in ' +
        'the way: set DIRECT_URL (or DIRECT_DATABASE_URL), for example ' +
        'to postgresql://user:password@host:5432/database',
    );
  }
  return openDirect(core, direct);
}

/**
 * Returns what to call when a statement of query() failed: one that cannot
 * have its settings behind the pooler goes past it, where there is a way.
 * @param {PoolCore} core
 * @param {any} config
 * @param {any} values
 * @param {(value: any) => void} resolve
 * @param {(error: any) => void} reject
 * @returns {(error: any) => void}
 */
function pastPooler(core, config, values, resolve, reject) {
  return (error) => {
    const isRefused =
      error?.code === 'HF_SESSION_REQUIRED' && error.phase === 'local';
    if (
      !isRefused ||
      directCores.has(core) ||
      directUrlOf(core) === undefined
    ) {
      reject(error);
      return;
    }
    try {
      const answer = directPoolOf(core).query(config, values);
      /** @type {Promise<any>} */ (answer).then(resolve, reject);
    } catch (failure) {
      reject(failure);
    }
  };
}

/**
 * Acquires a session past the pooler.
 * @param {PoolCore} core of the pool that is behind one
 * @param {import('./acquire.js').ConnectOptions} options
 * @param {{stack?: string} | undefined} stack
 * @param {(client: any) => void} resolve
 * @param {(error: any) => void} reject
 */
function acquireSession(core, options, stack, resolve, reject) {
  try {
    core.refuseAfterEnd(); // opened later, it would be ended by nobody
    const pool = directPoolOf(core);
    const inner = /** @type {PoolCore} */ (coreOf(pool));
    inner.acquire(options, stack, resolve, reject);
  } catch (error) {
    reject(error);
  }
}

/**
 * Opens a pool of one connection beside the pool's own, for listening: that
 * takes no connection away from calls.
 * @param {PoolCore} core
 * @returns {PoolCore}
 */
function besideOf(core) {
  const { BESIDE, Pool } = require('./pool.js');
  let pool = besides.get(core);
  if (pool === undefined) {
    const sizes = new Map([
      ...core.resolved.engine,
      ['max', '1'],
      ['min', '0'],
    ]);
    const resolved = Object.create(core.resolved, {
      engine: { value: [...sizes] },
      cacheNotifyChannel: { value: undefined },
      warnings: { value: [] },
    });
    pool = new Pool(undefined, { [BESIDE]: resolved });
    const inner = /** @type {PoolCore} */ (coreOf(pool));
    inner.hookedBy = core.pool;
    if (core.greets) {
      inner.greet();
    }
    inner.sessionsOf = core;
    besides.set(core, pool);
  }
  return /** @type {PoolCore} */ (coreOf(pool));
}

/**
 * Acquires a session to listen on: beside the pool's connections, or past the
 * pooler if one is in the way.
 * @param {PoolCore} core
 * @param {(client: any) => void} resolve
 * @param {(error: any) => void} reject
 */
function acquireToListen(core, resolve, reject) {
  const options = { session: true };
  try {
    if (hasSessions(core)) {
      acquireSession(core, options, undefined, resolve, reject);
    } else {
      besideOf(core).acquire(options, undefined, resolve, reject);
    }
  } catch (error) {
    reject(error);
  }
}

/**
 * Nobody listens any more.
 * @param {PoolCore} core
 * @returns {Promise<void>}
 */
async function endBeside(core) {
  const pool = besides.get(core);
  besides.delete(core);
  if (pool !== undefined && !pool.ending) {
    await pool.end();
  }
}

/**
 * Ends the second pools, if there are any.
 * @param {PoolCore} core
 * @returns {Promise<void>}
 */
async function endSessions(core) {
  const pool = directPools.get(core);
  directPools.delete(core);
  const listening = endBeside(core);
  if (pool !== undefined && !pool.ending) {
    await pool.end();
  }
  await listening;
}

/** @param {PoolCore} core @returns {boolean} */
function hasSessions(core) {
  return directPools.has(core);
}

/** @param {PoolCore} core @returns {boolean} whether there is what to end */
function hasSecondPools(core) {
  return directPools.has(core) || besides.has(core);
}

module.exports = {
  DIRECT_VARIABLES,
  acquireSession,
  acquireToListen,
  endBeside,
  endSessions,
  hasSecondPools,
  hasSessions,
  pastPooler,
};
