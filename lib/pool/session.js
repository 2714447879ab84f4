// SPDX-License-Identifier: MIT
'use strict';

// Sessions of one's own. Behind a pooler that multiplexes, LISTEN, session
// settings and advisory locks need a connection past it: a second pool, on
// directUrl, DIRECT_URL or DIRECT_DATABASE_URL, opened when it is first needed.

const { directConfig, weakerTls } = require('./direct-config.js');
const { refusal } = require('../errors/errors.js');
const { coreOf } = require('../observe/live.js');
const { warnOnce } = require('../platform/warn.js');

/** @typedef {import('./pool-core.js').PoolCore} PoolCore */

const DIRECT_VARIABLES = Object.freeze(['DIRECT_URL', 'DIRECT_DATABASE_URL']);

/** @type {WeakMap<PoolCore, import('./pool.js').Pool>} */
const directPools = new WeakMap();
/** Second pools have no second pool. @type {WeakSet<PoolCore>} */
const directCores = new WeakSet();

/**
 * @param {string} [text]
 * @returns {Error}
 */
function required(text) {
  return refusal('HF_SESSION_REQUIRED', text);
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
 * @param {PoolCore} core
 * @param {object} config
 * @param {string} name
 */
function poolOf(core, config, name) {
  try {
    return core.makePool(config);
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
  const { options } = /** @type {any} */ (core.pool);
  const config = directConfig(core.resolved, core.types, url, name);
  const pool = poolOf(core, config, name);
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
    throw directIsPooled();
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
function bypassPooler(core, config, values, resolve, reject) {
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
 * Opens a handle on the pool of one connection that listens for a target in
 * this process: besides the connections of other pools, whatever number of
 * threads and pools have such a handle. Functions do not tell them apart, only
 * whether there are any: that of one of them prepares the session.
 * @param {PoolCore} core
 * @returns {PoolCore}
 */
function openListening(core) {
  const { resolved, greets } = core;
  const functions = [typeof resolved.password === 'function', greets];
  const sizes = new Map([...resolved.engine, ['max', '1'], ['min', '0']]);
  const pool = core.makePool(undefined, {
    key: `listen ${resolved.key} ${functions}`,
    sizes: { written: [], learn() {}, valueOf: () => undefined },
    resolved: Object.create(resolved, {
      engine: { value: [...sizes] },
      cacheNotifyChannel: { value: undefined },
      warnings: { value: [] },
    }),
  });
  const inner = /** @type {PoolCore} */ (coreOf(pool));
  inner.hookedBy = core.pool;
  if (greets) {
    inner.greet();
  }
  return inner;
}

/**
 * Opens the session to listen on: besides the pool's own, or past the pooler
 * where one is known to be in the way.
 * @param {PoolCore} core
 * @param {boolean} pooled whether one was found
 * @returns {PoolCore}
 */
function openToListen(core, pooled) {
  if (!pooled && !hasSessions(core)) {
    return openListening(core);
  }
  core.refuseAfterEnd(); // opened later, it would be ended by nobody
  return openListening(/** @type {PoolCore} */ (coreOf(directPoolOf(core))));
}

/**
 * Returns what to say of a direct connection string that leads to a pooler.
 * @returns {Error}
 */
function directIsPooled() {
  return required(
    'the direct connection string leads to a pooler, too: set DIRECT_URL ' +
      'to the database itself',
  );
}

/**
 * Ends the pool past the pooler, if there is one.
 * @param {PoolCore} core
 * @returns {Promise<void>}
 */
async function endSessions(core) {
  const pool = directPools.get(core);
  directPools.delete(core);
  if (pool !== undefined && !pool.ending) {
    await pool.end();
  }
}

/** @param {PoolCore} core @returns {boolean} */
function hasSessions(core) {
  return directPools.has(core);
}

module.exports = {
  DIRECT_VARIABLES,
  acquireSession,
  directIsPooled,
  endSessions,
  hasSessions,
  openToListen,
  bypassPooler,
};
